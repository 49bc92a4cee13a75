package tenancyotel_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancyotel"
)

func Example() {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(tenancyotel.SpanProcessor{}),
		sdktrace.WithSyncer(exporter),
	)
	tracer := provider.Tracer("shop")

	// A span of the server, which starts before the tenant is known.
	request, server := tracer.Start(context.Background(), "GET /orders")
	tenancyotel.Annotate(tenancy.With(request, "acme"))

	// A span of a statement, in the tenant's context.
	_, statement := tracer.Start(tenancy.With(request, "acme"), "SELECT orders")
	statement.End()
	server.End()

	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name, span.Attributes[0].Key, span.Attributes[0].Value.AsString())
	}
	// Output:
	// SELECT orders tenant.id acme
	// GET /orders tenant.id acme
}
