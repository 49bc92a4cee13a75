package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// nothing is a variable, so that the compiler does not see that it is nothing.
var nothing http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// A tenant that the registry has in its cache costs no query, and two allocations
// beyond those of a context's value and the request that has it.
func TestResolutionCost(t *testing.T) {
	w := newWorld(t)
	w.signUp(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.tenants.Listen(ctx) }()
	defer func() { cancel(); <-done }() //nolint:errcheck // it is the context's
	require.Eventually(t, w.tenants.IsListening, 30*time.Second, time.Millisecond)

	queries := 0
	require.NoError(t, w.data.lookups.Callback().Query().Before("*").Register("test:count", func(*gorm.DB) { queries++ }))
	handler := middleware.New(middleware.Config[registry.Tenant]{
		AllowStrangers: true,
		Suspended:      registry.Tenant.IsSuspended,
		Unknown:        []error{registry.ErrNotFound},
	}, middleware.Subdomain(w.site.Hostname(), w.tenants.LookupSlug)).Handler(nothing)
	answer, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, w.on("acme", "/"), nil)
	handler.ServeHTTP(answer, r)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Positive(t, queries, "the first request asks")

	queries = 0
	plain := testing.AllocsPerRun(100, func() {
		nothing.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), visitorKey{}, w)))
	})
	got := testing.AllocsPerRun(100, func() { handler.ServeHTTP(answer, r) })
	assert.Zero(t, queries)
	t.Logf("%v allocations, %v for a value in the context", got, plain)
	assert.LessOrEqual(t, got-plain, 2.0)
}
