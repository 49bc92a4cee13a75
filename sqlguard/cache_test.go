//go:build cgo

package sqlguard

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestCacheIsBoundedInEntries(t *testing.T) {
	t.Parallel()
	c := newCache(3)
	for i := range 10 {
		c.put(shape{sql: fmt.Sprint(i)}, &plan{})
		c.get(shape{sql: "0"})
	}
	assert.Equal(t, 3, c.stats().Size)
	_, ok := c.get(shape{sql: "0"})
	assert.True(t, ok, "it was used last")
	_, ok = c.get(shape{sql: "5"})
	assert.False(t, ok)
}

func TestCacheIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	c := newCache(100)
	long := strings.Repeat("x", 90<<10)
	for i := range 100 {
		c.put(shape{sql: fmt.Sprint(i) + long}, &plan{})
	}
	stats := c.stats()
	assert.LessOrEqual(t, stats.Bytes, 100*bytesPerEntry)
	assert.Less(t, stats.Size, 10)
	c.put(shape{sql: strings.Repeat("y", 1<<20)}, &plan{})
	_, ok := c.get(shape{sql: strings.Repeat("y", 1<<20)})
	assert.False(t, ok, "it would take an eighth of the room")
}

func TestNoCache(t *testing.T) {
	t.Parallel()
	g := New(Options{CacheSize: -1})
	ctx := tenancy.With(context.Background(), tenantA)
	for range 3 {
		_, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), shortText, shortVars))
		require.NoError(t, err)
	}
	assert.Equal(t, Stats{Misses: 3}, g.Stats())
}

// TestCacheHoldsNoTenant: one text serves all tenants, and what depends on the
// values is judged each time.
func TestCacheHoldsNoTenant(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	a := scopeOf(t, tenancy.With(context.Background(), tenantA))
	b := scopeOf(t, tenancy.With(context.Background(), tenantB))
	scope := func(s tenancy.Scope, sql string, vars ...any) (string, []any, error) {
		return g.Scope(context.Background(), statementOf(s, sql, vars))
	}
	const read = "SELECT * FROM users WHERE id = $1"
	sqlA, varsA, err := scope(a, read, 1)
	require.NoError(t, err)
	sqlB, varsB, err := scope(b, read, 1)
	require.NoError(t, err)
	assert.Equal(t, sqlA, sqlB)
	assert.Equal(t, []any{1, tenantA}, varsA)
	assert.Equal(t, []any{1, tenantB}, varsB)
	assert.Equal(t, uint64(1), g.Stats().Hits)

	const named = "SELECT * FROM users WHERE tenant_id = $1"
	for range 2 {
		sql, vars, err := scope(a, named, tenantA)
		require.NoError(t, err)
		assert.Equal(t, named, sql)
		assert.Equal(t, []any{tenantA}, vars)
		sql, vars, err = scope(b, named, tenantA)
		require.NoError(t, err)
		assert.Equal(t, `SELECT * FROM users WHERE "users"."tenant_id" = $2 AND (tenant_id = $1)`, sql)
		assert.Equal(t, []any{tenantA, tenantB}, vars)
		_, _, err = scope(b, named, "no id")
		require.NoError(t, err)
	}

	const create = "INSERT INTO users (tenant_id, id, name) VALUES ($1, 1, 'x')"
	for range 2 {
		_, _, err := scope(a, create, tenantA)
		require.NoError(t, err)
		_, _, err = scope(b, create, tenantA)
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
		_, _, err = scope(a, create, tenantA.String())
		require.NoError(t, err)
		_, _, err = scope(a, create, nil)
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	}
	const constant = "INSERT INTO users (tenant_id, id, name) VALUES ('11111111-1111-4111-8111-111111111111', 1, 'x')"
	for range 2 {
		_, _, err := scope(a, constant)
		require.NoError(t, err)
		_, _, err = scope(b, constant)
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	}
}

// TestCacheHoldsNoProof: a text that was proven with one tenant's values is not
// for another's.
func TestCacheHoldsNoProof(t *testing.T) {
	t.Parallel()
	const (
		bound    = "INSERT INTO archive (tenant_id, id) SELECT x.tenant_id, 1 FROM (SELECT $1::uuid AS tenant_id) x"
		constant = "INSERT INTO archive (tenant_id, id) SELECT x.tenant_id, 1 FROM (SELECT '11111111-1111-4111-8111-111111111111'::uuid AS tenant_id) x"
		copied   = "INSERT INTO archive (tenant_id, id) SELECT u.tenant_id, u.id FROM users u WHERE u.name = $1"
	)
	g := New(Options{})
	a := scopeOf(t, tenancy.With(context.Background(), tenantA))
	b := scopeOf(t, tenancy.With(context.Background(), tenantB))
	for _, try := range []struct {
		reason string
		scope  tenancy.Scope
		sql    string
		vars   []any
		refuse bool
	}{
		{"the own", a, bound, []any{tenantA}, false},
		{"another's by the same text", a, bound, []any{tenantB}, true},
		{"the own of another", b, bound, []any{tenantB}, false},
		{"written by hand", a, constant, nil, false},
		{"written by another hand", b, constant, nil, true},
		{"of a row in sight", a, copied, []any{"x"}, false},
		{"of a row in another's sight", b, copied, []any{"x"}, false},
	} {
		_, _, err := g.Scope(context.Background(), statementOf(try.scope, try.sql, try.vars))
		if try.refuse {
			assert.ErrorIs(t, err, tenancy.ErrUnscopedSQL, try.reason)
		} else {
			assert.NoError(t, err, try.reason)
		}
	}
	assert.Equal(t, uint64(4), g.Stats().Hits)
}

// TestCacheKnowsItsTables: a text that was rewritten for other tables is
// rewritten again.
func TestCacheKnowsItsTables(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	ctx := tenancy.With(context.Background(), tenantA)
	stmt := statementOf(scopeOf(t, ctx), "SELECT * FROM users", nil)
	_, vars, err := g.Scope(ctx, stmt)
	require.NoError(t, err)
	assert.Len(t, vars, 1)

	shared := stmt
	shared.Table = func(schema, name string) (tenancy.TenantTable, bool) { return tenancy.TenantTable{Name: name}, true }
	_, vars, err = g.Scope(ctx, shared)
	require.NoError(t, err)
	assert.Empty(t, vars)

	unknown := stmt
	unknown.Table = func(schema, name string) (tenancy.TenantTable, bool) { return tenancy.TenantTable{}, false }
	_, _, err = g.Scope(ctx, unknown)
	require.ErrorIs(t, err, tenancy.ErrUndeclared)

	_, vars, err = g.Scope(ctx, stmt)
	require.NoError(t, err)
	assert.Equal(t, []any{tenantA}, vars)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	g := New(Options{CacheSize: 16, VerifyAll: true})
	texts := readTexts(t, "corpus/cte.sql")
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			id := []any{tenantA, tenantB}[i%2]
			ctx := tenancy.With(context.Background(), id)
			scope, _ := tenancy.From(ctx)
			for _, x := range texts {
				_, vars, err := g.Scope(ctx, statementOf(scope, x.sql, x.args))
				assert.NoError(t, err, x)
				for _, v := range vars {
					assert.Equal(t, id, v, x)
				}
			}
		})
	}
	wait.Wait()
}
