package tenancyotel_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancyotel"
)

func TestSpansNameTheTenant(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(tenancyotel.SpanProcessor{}), sdktrace.WithSyncer(exporter))
	tracer := provider.Tracer("test")
	ctx := context.Background()
	attributesOf := func(do func()) []attribute.KeyValue {
		exporter.Reset()
		do()
		spans := exporter.GetSpans()
		require.Len(t, spans, 1)
		return spans[0].Attributes
	}
	for _, test := range []struct {
		reason string
		ctx    context.Context
		want   []attribute.KeyValue
	}{
		{"no scope", ctx, nil},
		{"one tenant", tenancy.With(ctx, 7), []attribute.KeyValue{tenancyotel.Key.String("7")}},
		{"a set", tenancy.WithSet(ctx, "acme", "globex"), []attribute.KeyValue{tenancyotel.Key.StringSlice([]string{"acme", "globex"})}},
		{"a bypass", tenancy.Bypass(ctx, "a report"), []attribute.KeyValue{tenancyotel.Key.String("bypass")}},
		{"an invalid tenant", tenancy.With(ctx, 0), nil},
	} {
		assert.Equal(t, test.want, attributesOf(func() {
			_, span := tracer.Start(test.ctx, "statement")
			span.End()
		}), test.reason)
		assert.Equal(t, test.want, attributesOf(func() {
			started, span := tracer.Start(ctx, "request")
			if s, ok := tenancy.From(test.ctx); ok && s.Err() == nil {
				switch id, one := s.Tenant(); {
				case one:
					started = tenancy.With(started, id)
				case s.IsBypass():
					started = tenancy.Bypass(started, s.Reason())
				default:
					started = tenancy.WithSet(started, s.Tenants()[0], s.Tenants()[1])
				}
			}
			tenancyotel.Annotate(started)
			span.End()
		}), test.reason)
	}
	tenancyotel.Annotate(tenancy.With(ctx, 7)) // no span: nothing happens
}
