package tenancy_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func scopeOf(ctx context.Context) tenancy.Scope {
	scope, _ := tenancy.From(ctx)
	return scope
}

func TestWithScope(t *testing.T) {
	t.Parallel()
	ctx, id := t.Context(), uuid.New()
	one := scopeOf(tenancy.With(ctx, id))
	two := scopeOf(tenancy.With(ctx, uuid.New()))
	tests := []struct {
		scope  tenancy.Scope
		want   error
		reason string
	}{
		{one, nil, "the scope of one tenant"},
		{scopeOf(tenancy.Switch(ctx, id, "a test")), nil, "of one that was switched to"},
		{scopeOf(tenancy.Trust(tenancy.With(ctx, id), "a test")), nil, "of one that is trusted"},
		{scopeOf(tenancy.WithSet(ctx, id)), tenancy.ErrInvalidTenant, "a set, be it of one"},
		{scopeOf(tenancy.Bypass(ctx, "a test")), tenancy.ErrInvalidTenant, "a bypass"},
		{scopeOf(tenancy.With(ctx, 0)), tenancy.ErrInvalidTenant, "no tenant"},
		{tenancy.Scope{}, tenancy.ErrInvalidTenant, "the zero scope"},
	}
	for _, tt := range tests {
		got := scopeOf(tenancy.With(ctx, tt.scope))
		require.ErrorIs(t, got.Err(), tt.want, tt.reason)
		assert.False(t, got.IsTrusted(), tt.reason)
		assert.Empty(t, got.Reason(), tt.reason)
		assert.False(t, got.IsBypass(), tt.reason)
		if tt.want == nil {
			tenant, _ := got.Tenant()
			assert.Equal(t, id.String(), tenant, tt.reason)
		}
	}

	assert.NoError(t, scopeOf(tenancy.With(tenancy.With(ctx, id), one)).Err(), "the same tenant again")
	assert.ErrorIs(t, scopeOf(tenancy.With(tenancy.With(ctx, id), two)).Err(), tenancy.ErrTenantMismatch)
	assert.ErrorIs(t, scopeOf(tenancy.With(tenancy.WithSet(ctx, id), two)).Err(), tenancy.ErrTenantMismatch)
	assert.ElementsMatch(t, scopeOf(tenancy.WithSet(ctx, one, two)).Tenants(),
		append(one.Tenants(), two.Tenants()...), "in a set")

	switched := scopeOf(tenancy.Switch(tenancy.With(ctx, two), one, "a test"))
	assert.NoError(t, switched.Err())
	assert.Equal(t, "a test", switched.Reason())
	assert.Empty(t, one.Reason(), "the scope that was given is not changed")
}

// The operation in an error is the function that was called.
func TestScopeErrorsNameTheFunctionThatMadeTheScope(t *testing.T) {
	t.Parallel()
	ctx, id := t.Context(), uuid.New()
	own := tenancy.With(ctx, id)
	for op, refused := range map[string][]context.Context{
		"With":    {tenancy.With(ctx, 0), tenancy.With(own, uuid.New())},
		"WithSet": {tenancy.WithSet[any](ctx), tenancy.WithSet(ctx, 0), tenancy.WithSet(own, uuid.New()), tenancy.WithSet(ctx, []uuid.UUID{id})},
		"Switch":  {tenancy.Switch(ctx, 0, "a test"), tenancy.Switch(ctx, id, "")},
		"Bypass":  {tenancy.Bypass(ctx, "")},
		"Trust":   {tenancy.Trust(ctx, "a test"), tenancy.Trust(own, "")},
	} {
		for i, ctx := range refused {
			var scoped *tenancy.ScopeError
			require.ErrorAs(t, scopeOf(ctx).Err(), &scoped, "%s %d", op, i)
			assert.Equal(t, op, scoped.Op, "%d", i)
			assert.NotEmpty(t, scoped.Detail, "%s %d", op, i)
		}
	}
}

func TestWithSetTakesASlice(t *testing.T) {
	t.Parallel()
	ids := []uuid.UUID{uuid.New(), uuid.New()}
	assert.Equal(t, []string{ids[0].String(), ids[1].String()}, scopeOf(tenancy.WithSet(t.Context(), ids...)).Tenants())
}

// Entering a scope costs what context.WithValue costs.
func TestWithScopeAllocations(t *testing.T) {
	scope := scopeOf(tenancy.With(t.Context(), uuid.New()))
	ctx := t.Context()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sink = tenancy.With(ctx, scope) }), 1.0)
}

var sink context.Context
