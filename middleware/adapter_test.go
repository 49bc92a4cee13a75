package middleware_test

import (
	"net/http"
	"testing"

	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// TestHandler runs the adapters' suite with Chain.Handler, which is net/http's.
func TestHandler(t *testing.T) {
	t.Parallel()
	tenancytest.RunAdapter(t, func(chain *middleware.Chain[string], next http.Handler, after func(*http.Request)) http.Handler {
		handler := chain.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { after(r) }()
			handler.ServeHTTP(w, r)
		})
	})
}
