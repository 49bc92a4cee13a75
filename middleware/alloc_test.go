package middleware_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/middleware"
)

// costly is a tenant of the size that a registry's has, found in no time.
type costly struct {
	id uuid.UUID
	_  [14]string // it makes up the size
}

func (c *costly) TenancyID() any { return &c.id }

type valueKey struct{}

// nothing is a variable, so that the compiler does not see that it is nothing.
var nothing http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// Any middleware that gives a request a value in its context allocates twice: the
// context, and the request that refers to it. The chain adds none.
func TestAllocations(t *testing.T) {
	known := costly{id: uuid.New()}
	lookup := func(context.Context, string) (costly, error) { return known, nil }
	config := middleware.Config[costly]{
		Member:    func(*http.Request, costly) (bool, error) { return true, nil },
		Suspended: func(costly) bool { return false },
		Proxies:   []netip.Prefix{loopback},
	}
	next := nothing
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/t/acme/projects", nil)
	r.Host = "acme.example.com:8080"
	r.Header = http.Header{"X-Tenant": {"acme"}, "Cookie": {"tenant=acme"}}

	plain := testing.AllocsPerRun(100, func() {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, &known)))
	})
	require.InDelta(t, 2, plain, 0)
	tests := []struct {
		source middleware.Source[costly]
		more   float64
		reason string
	}{
		{middleware.Subdomain(base, lookup, "www"), 0, ""},
		{middleware.Domain(lookup, "example.org"), 0, ""},
		{middleware.Header("X-Tenant", lookup), 0, ""},
		{middleware.Claim("session", func(*http.Request) (string, error) { return "acme", nil }, lookup), 0, ""},
		{middleware.Path("/t/", lookup), 1, "the URL without its prefix"},
		{middleware.Cookie("tenant", lookup), 0, ""},
	}
	for _, tt := range tests {
		handler := middleware.New(config, tt.source).Handler(next)
		got := testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) })
		t.Logf("%s: %v allocations, %v without the chain", tt.source, got, plain)
		assert.LessOrEqual(t, got-plain, tt.more, "%s %s", tt.source, tt.reason)
	}
}

func BenchmarkHandler(b *testing.B) {
	handler := middleware.New(open(), middleware.Subdomain(base, bySlug)).
		Handler(nothing)
	w, r := httptest.NewRecorder(), get("acme.example.com:8080", http.Header{})
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
}
