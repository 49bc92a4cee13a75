package tenancygin_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/middleware/tenancygin"
)

func ExampleMiddleware() {
	chain := middleware.New(middleware.Config[string]{AllowStrangers: true},
		middleware.Subdomain("example.com", known))
	router := gin.New()
	tenants := router.Group("/", tenancygin.Middleware(chain))
	tenants.GET("/", func(c *gin.Context) {
		scope, _ := tenancy.From(c.Request.Context())
		c.String(http.StatusOK, "%v", scope.LogValue())
	})
	fmt.Println(ask(router, "http://acme.example.com/"))
	fmt.Println(ask(router, "http://unknown.example.com/"))
	// Output:
	// 200 acme
	// 404 Not Found
}

// tenantOfToken returns the tenant that a signed token names. With a library for
// JWT, verify the signature and return the claim.
func tenantOfToken(r *http.Request) (string, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", nil // no token, no tenant
	}
	tenant, signature, _ := strings.Cut(token, ".")
	if !hmac.Equal([]byte(signature), []byte(sign(tenant))) {
		return "", middleware.ErrMalformed
	}
	return tenant, nil
}

func sign(tenant string) string {
	mac := hmac.New(sha256.New, []byte("the server's secret"))
	mac.Write([]byte(tenant))
	return hex.EncodeToString(mac.Sum(nil))
}

// The tenant comes from a signed token, and from nothing else.
func ExampleMiddleware_token() {
	chain := middleware.New(middleware.Config[string]{AllowStrangers: true},
		middleware.Claim("token", tenantOfToken, known))
	router := gin.New()
	router.Use(tenancygin.Middleware(chain))
	router.GET("/orders", func(c *gin.Context) {
		scope, _ := tenancy.From(c.Request.Context()) // or db.WithContext(c.Request.Context())
		c.String(http.StatusOK, "%v", scope.LogValue())
	})
	for _, token := range []string{"acme." + sign("acme"), "globex." + sign("acme"), ""} {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 acme
	// 400 Bad Request
	// 404 Not Found
}
