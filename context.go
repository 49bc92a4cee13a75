package tenancy

import "context"

// scopeKey is the context's key of the scope.
type scopeKey struct{}

// With returns a context whose statements are scoped to one tenant: an id (uuid.UUID, a
// string, any integer) or a value that is a tenant, such as &Account{…} with its
// `tenancy:"tenant"` key, or a [Tenanter]. A [Scope] of one tenant is accepted, too,
// and costs nothing to enter again; the permissions of [Switch] and [Trust] are not
// passed on with it.
//
// Inside a set or a bypass it narrows the scope. Inside another tenant's context the
// first statement is refused with [ErrTenantMismatch]; use [Switch] to change the
// tenant on purpose. For an id that cannot be a tenant's, the first statement is
// refused with [ErrInvalidTenant].
func With(ctx context.Context, tenant any) context.Context {
	return context.WithValue(ctx, scopeKey{}, narrow("With", scopeOf(ctx), newSingle("With", tenant)))
}

// WithSet returns a context whose reads, updates and deletes span several tenants; a
// create must name its own. The tenants are ids or values as for [With]. A slice of
// them is spread: WithSet(ctx, ids...). WithSet[any] takes several types at once. It
// narrows like [With]. With an empty set, the first statement is refused with
// [ErrInvalidTenant].
func WithSet[T any](ctx context.Context, tenants ...T) context.Context {
	return context.WithValue(ctx, scopeKey{}, narrow("WithSet", scopeOf(ctx), newSet(tenants)))
}

// Switch returns a context of another tenant, whatever the scope was before. It
// requires a reason; without one, the first statement is refused with
// [ErrInvalidTenant].
func Switch(ctx context.Context, tenant any, reason string) context.Context {
	return context.WithValue(ctx, scopeKey{}, newSingle("Switch", tenant).because("Switch", reason))
}

// Bypass returns a context for deliberate work across tenants, raw SQL included. Rows
// of different tenants still never meet in a join, a preload or an association. It
// requires a reason, which [Config.OnBypass] gets with each statement; without one, the
// first statement is refused with [ErrInvalidTenant].
func Bypass(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope{kind: scopeBypass}.because("Bypass", reason))
}

// Trust returns a context whose raw SQL (Raw, Exec) is scoped by its author. The scope
// stays the same, and applies to all other statements. It requires a reason, which
// [Config.OnBypass] gets with each raw statement. Outside a scope, the first statement
// is refused with [ErrNoTenant].
func Trust(ctx context.Context, reason string) context.Context {
	outer := scopeOf(ctx)
	if outer == nil {
		return context.WithValue(ctx, scopeKey{}, &scope{err: &ScopeError{Op: "Trust", Err: ErrNoTenant, Detail: "Trust keeps the scope of its context: call With first"}})
	}
	trusted := *outer
	trusted.trusted = true
	return context.WithValue(ctx, scopeKey{}, trusted.because("Trust", reason))
}

// From returns the scope of a context, and false if it has none. The scope may be an
// invalid one: see [Scope.Err].
func From(ctx context.Context) (Scope, bool) {
	s := scopeOf(ctx)
	return Scope{s}, s != nil
}

func scopeOf(ctx context.Context) *scope {
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// migratorKey marks the context of the migrator's own statements.
type migratorKey struct{}

func migrating(ctx context.Context) bool {
	return ctx != nil && ctx.Value(migratorKey{}) != nil
}
