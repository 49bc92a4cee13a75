package middleware

import "context"

// tenantKey is the context's key of the tenant that a lookup returned.
type tenantKey struct{}

// tenantContext is a context with a tenant of whatever type and its scope, in one
// allocation.
type tenantContext[T any] struct {
	context.Context                 // of the request
	scoped          context.Context // has the tenant's scope, and nothing that the other has not
	tenant          T
}

// Value implements context.Context.
func (c *tenantContext[T]) Value(key any) any {
	if key == (tenantKey{}) {
		return c
	}
	if value := c.scoped.Value(key); value != nil {
		return value
	}
	return c.Context.Value(key)
}

// From returns the tenant that a chain's lookup returned; false outside the chain's
// handlers, and for another type than the chain's. [tenancy.From] returns the scope.
func From[T any](ctx context.Context) (T, bool) {
	c, ok := ctx.Value(tenantKey{}).(*tenantContext[T])
	if !ok {
		var none T
		return none, false
	}
	return c.tenant, true
}
