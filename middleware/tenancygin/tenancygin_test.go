package tenancygin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/middleware/tenancygin"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	tenancytest.RunAdapter(t, func(chain *middleware.Chain[string], next http.Handler, after func(*http.Request)) http.Handler {
		engine := gin.New()
		engine.Use(func(c *gin.Context) {
			defer func() { after(c.Request) }()
			c.Next()
		}, tenancygin.Middleware(chain))
		engine.Any("/*path", gin.WrapH(next))
		return engine
	})
}

func known(_ context.Context, key string) (string, error) {
	if key != "acme" && key != "globex" {
		return "", middleware.ErrUnknown
	}
	return key, nil
}

func ask(handler http.Handler, target string) (int, string) {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w.Code, w.Body.String()
}

func TestPublicRoutesBesideTenants(t *testing.T) {
	t.Parallel()
	site := gin.New()
	site.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "site") })
	chain := middleware.New(middleware.Config[string]{AllowStrangers: true, Public: site},
		middleware.Subdomain("example.com", known))
	engine := gin.New()
	engine.GET("/health", func(c *gin.Context) {
		_, ok := tenancy.From(c.Request.Context())
		c.String(http.StatusOK, "up %v", ok)
	})
	tenants := engine.Group("/", tenancygin.Middleware(chain))
	after := 0
	tenants.GET("/", func(c *gin.Context) {
		tenant, _ := middleware.From[string](c.Request.Context())
		c.String(http.StatusOK, "tenant "+tenant)
	}, func(*gin.Context) { after++ })
	tests := []struct {
		target string
		status int
		body   string
		reason string
	}{
		{"http://acme.example.com/", 200, "tenant acme", "a tenant's route"},
		{"http://globex.example.com/", 200, "tenant globex", "another's"},
		{"http://example.com/", 200, "site", "the public site's"},
		{"http://acme.example.com/health", 200, "up false", "a route beside the group"},
		{"http://unknown.example.com/health", 200, "up false", "a route beside the group, whatever the host"},
		{"http://unknown.example.com/", 404, "Not Found\n", "an unknown tenant"},
		{"http://a_b.example.com/", 400, "Bad Request\n", "a malformed host"},
	}
	for _, tt := range tests {
		status, body := ask(engine, tt.target)
		assert.Equal(t, tt.status, status, tt.reason)
		assert.Equal(t, tt.body, body, tt.reason)
	}
	assert.Equal(t, 2, after, "handlers of refused requests do not run")
}

func TestPathWithinGroup(t *testing.T) {
	t.Parallel()
	chain := middleware.New(middleware.Config[string]{AllowStrangers: true}, middleware.Path("/t/", known))
	engine := gin.New()
	engine.Group("/t/:tenant", tenancygin.Middleware(chain)).GET("/projects", func(c *gin.Context) {
		tenant, _ := middleware.From[string](c.Request.Context())
		c.String(http.StatusOK, fmt.Sprint(tenant, " ", c.Param("tenant"), " ", c.Request.URL.Path))
	})
	for target, want := range map[string]string{
		"/t/acme/projects":          "acme acme /projects",
		"/t/globex/projects":        "globex globex /projects",
		"/t/unknown/projects":       "Not Found\n",
		"/t/acm%65/projects":        "Bad Request\n",
		"/t/acme%2fglobex/projects": "404 page not found",
	} {
		_, body := ask(engine, target)
		assert.Equal(t, want, body, target)
	}
}

// gin cleans paths where it is told to, and redirects before the chain; what reaches
// the chain is judged as with net/http.
func TestPathIsNotRedirectedElsewhere(t *testing.T) {
	t.Parallel()
	for _, fix := range []bool{false, true} {
		chain := middleware.New(middleware.Config[string]{AllowStrangers: true}, middleware.Path("/t/", known))
		engine := gin.New()
		engine.RedirectFixedPath, engine.RemoveExtraSlash, engine.UseRawPath = fix, fix, fix
		engine.Group("/t/:tenant", tenancygin.Middleware(chain)).Any("/*path", func(c *gin.Context) {
			tenant, _ := middleware.From[string](c.Request.Context())
			c.Header("Location", c.Request.URL.Path+"/")
			c.String(http.StatusFound, tenant)
		})
		for _, target := range []string{
			"/t/acme//t/globex/notes", "/t/acme//evil.example/x", "/t/acme/%2fevil.example/x", "/t/acme/%5cevil.example/x",
			"/t/acme/../globex/notes", "/t/acme/%2e%2e/globex/notes", "/t/acme/..;/globex/notes", "/t/acme/;/t/globex/notes",
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				w := httptest.NewRecorder()
				engine.ServeHTTP(w, httptest.NewRequest(method, "http://x"+target, nil))
				assert.Equal(t, http.StatusBadRequest, w.Code, "%s %s: %s", method, target, w.Header())
				assert.Empty(t, w.Header().Get("Location"), "%s %s", method, target)
			}
		}
	}
}

// Work that goes on after the request keeps the tenant, and not the request's end.
func TestWorkAfterTheRequest(t *testing.T) {
	t.Parallel()
	chain := middleware.New(middleware.Config[string]{AllowStrangers: true}, middleware.Subdomain("example.com", known))
	engine := gin.New()
	contexts := make(chan context.Context, 1)
	engine.GET("/", tenancygin.Middleware(chain), func(c *gin.Context) {
		contexts <- context.WithoutCancel(c.Request.Context())
	})
	ctx, end := context.WithCancel(t.Context())
	r := httptest.NewRequest(http.MethodGet, "http://acme.example.com/", nil).WithContext(ctx)
	engine.ServeHTTP(httptest.NewRecorder(), r)
	end() // as net/http does when it has answered
	kept := <-contexts
	assert.NoError(t, kept.Err())
	scope, _ := tenancy.From(kept)
	id, _ := scope.Tenant()
	assert.Equal(t, "acme", id)
}

// A gin.Context that GORM is given by mistake has no tenant, or the right one.
func TestContextItself(t *testing.T) {
	t.Parallel()
	for _, fallback := range []bool{false, true} {
		chain := middleware.New(middleware.Config[string]{AllowStrangers: true}, middleware.Subdomain("example.com", known))
		engine := gin.New()
		engine.ContextWithFallback = fallback
		var kept *gin.Context
		engine.GET("/", tenancygin.Middleware(chain), func(c *gin.Context) {
			kept = c
			scope, ok := tenancy.From(c)
			id, _ := scope.Tenant()
			c.String(http.StatusOK, fmt.Sprint(ok, " ", id))
		})
		_, body := ask(engine, "http://acme.example.com/")
		assert.Equal(t, map[bool]string{false: "false ", true: "true acme"}[fallback], body)
		_, ok := tenancy.From(kept)
		assert.False(t, ok, "a context that is kept has no tenant once its request is done")
	}
}

func TestNoChain(t *testing.T) {
	t.Parallel()
	assert.Panics(t, func() { tenancygin.Middleware(nil) })
}
