package tenancygin_test

import (
	"fmt"
	"net/http"

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
