// Package tenancygin is the adapter of package middleware for gin.
//
//	tenants := router.Group("/", tenancygin.Middleware(chain))
//	tenants.GET("/projects", func(c *gin.Context) {
//		err := db.WithContext(c.Request.Context()).Find(&projects).Error
//		…
//	})
//
// The tenant is in the request's context: give GORM c.Request.Context(). A
// gin.Context itself has none of the request's values, unless the engine has
// ContextWithFallback, and a statement under it is refused for want of a tenant.
//
// gin uses its contexts again, and a request's context ends with the request. What
// goes on after it, such as a goroutine, takes neither with it, but a context that
// has the tenant and no end:
//
//	ctx := context.WithoutCancel(c.Request.Context())
//	go export(db.WithContext(ctx))
package tenancygin

import (
	"github.com/gin-gonic/gin"

	"github.com/gorm-tenancy/tenancy/middleware"
)

// Middleware returns gin's middleware for a chain. The handlers after it see the
// tenant's request, and once they are done the context has the one that came in.
// A request that is refused is answered as the chain says, and aborted; one that
// names no tenant goes to the chain's Config.Public, which may be another
// gin.Engine.
//
// gin has chosen the route before: with [middleware.Path] the prefix belongs to
// the group, such as "/t/:tenant", and the handlers' c.Request.URL has it no
// more.
//
// It panics when the chain is nil. It is safe for concurrent use.
func Middleware(chain middleware.Resolver) gin.HandlerFunc {
	if chain == nil {
		panic("tenancygin: Middleware: the chain is nil")
	}
	return func(c *gin.Context) {
		came := c.Request
		scoped, err := chain.Resolve(c.Writer.Header(), came)
		if err != nil {
			chain.Refuse(c.Writer, came, err)
			c.Abort()
			return
		}
		defer func() { c.Request = came }()
		c.Request = scoped
		c.Next()
	}
}
