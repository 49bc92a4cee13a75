package tenancy

import "context"

// enforcementKey marks a context whose statements are enforced.
type enforcementKey struct{}

// WithEnforcement returns a context whose statements are enforced, whatever
// [Config.Mode] and [Config.Modes] say: they are scoped to the context's tenant, or
// refused, as under [Enforce]. So are those that they nest, and those of every
// context that is made from it; nothing takes it back. A nil ctx stands for
// context.Background.
//
// It is for code that relies on being scoped, such as one that deletes a tenant's
// rows or decides about access. It leaves the scope as it is: without one a
// statement is [ErrNoTenant]. Where no table is observed it changes nothing, and
// costs nothing.
func WithEnforcement(ctx context.Context) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	if isEnforced(ctx) {
		return ctx
	}
	return context.WithValue(ctx, enforcementKey{}, true)
}

// isEnforced reports whether a context's statements are enforced by its own word.
func isEnforced(ctx context.Context) bool {
	return ctx != nil && ctx.Value(enforcementKey{}) != nil
}
