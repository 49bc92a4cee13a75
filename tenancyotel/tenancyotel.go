// Package tenancyotel names the tenant in OpenTelemetry traces: each recording
// span gets the attribute tenant.id, and never a metric, where each tenant would
// be a time series of its own.
//
// [SpanProcessor] does so for each span that is started in a tenant's context,
// those of GORM's statements and of outgoing calls among them. The span of an HTTP
// server is started before the tenant is known: [Annotate] adds the attribute to a
// span that runs already.
package tenancyotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/gorm-tenancy/tenancy"
)

// Key is the attribute's key. Its value is the tenant's id in canonical spelling,
// the ids of a set as a list, or "bypass". OpenTelemetry's semantic conventions
// have no name for it.
const Key = attribute.Key("tenant.id")

// Attribute returns the attribute of a context; false if it has no scope, or
// an invalid one.
func Attribute(ctx context.Context) (attribute.KeyValue, bool) {
	s, ok := tenancy.From(ctx)
	switch {
	case !ok || s.Err() != nil:
		return attribute.KeyValue{}, false
	case s.IsBypass():
		return Key.String("bypass"), true
	}
	if id, ok := s.Tenant(); ok {
		return Key.String(id), true
	}
	return Key.StringSlice(s.Tenants()), true
}

// Annotate adds the attribute to the context's span, when that records and the
// context has a scope.
func Annotate(ctx context.Context) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	if a, ok := Attribute(ctx); ok {
		span.SetAttributes(a)
	}
}

// SpanProcessor adds the attribute to each span as it starts. Register it with
// sdktrace.WithSpanProcessor. The zero value is ready, and safe for concurrent
// use.
type SpanProcessor struct{}

var _ sdktrace.SpanProcessor = SpanProcessor{}

// OnStart implements sdktrace.SpanProcessor.
func (SpanProcessor) OnStart(parent context.Context, span sdktrace.ReadWriteSpan) {
	if a, ok := Attribute(parent); ok {
		span.SetAttributes(a)
	}
}

// OnEnd implements sdktrace.SpanProcessor.
func (SpanProcessor) OnEnd(sdktrace.ReadOnlySpan) {}

// Shutdown implements sdktrace.SpanProcessor.
func (SpanProcessor) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdktrace.SpanProcessor.
func (SpanProcessor) ForceFlush(context.Context) error { return nil }
