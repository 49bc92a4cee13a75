//go:build cgo

package sqlguard

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// askOneByOne sends a statement for each tenant in one transaction: what it
// should see and do under a set of them.
func (w *world) askOneByOne(t *testing.T, g *Guard, x text) (a answer) {
	t.Helper()
	ctx := context.Background()
	tx, err := w.shared.Begin(ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	for _, id := range []any{tenantA, tenantB} {
		scope := scopeOf(t, tenancy.With(ctx, id))
		sql, vars, err := g.Scope(ctx, statementOf(scope, x.sql, x.args))
		require.NoError(t, err, x)
		rows, err := tx.Query(ctx, sql, vars...)
		require.NoError(t, err, x)
		lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return sprint(values), err
		})
		require.NoError(t, err, x)
		a.rows = append(a.rows, lines...)
		a.affected += rows.CommandTag().RowsAffected()
	}
	a.own, a.foreign = dump(t, tx, "="), dump(t, tx, "<>")
	return a
}

func TestSetIsAnsweredAsTenantByTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := New(Options{VerifyAll: true})
	scope := scopeOf(t, tenancy.WithSet(context.Background(), tenantA, tenantB))
	for _, x := range readTexts(t, "set.sql") {
		sql, vars, err := g.Scope(context.Background(), statementOf(scope, x.sql, x.args))
		if !assert.NoError(t, err, x) {
			continue
		}
		want, got := w.askOneByOne(t, g, x), ask(t, w.shared, sql, vars)
		assert.Empty(t, got.message, "%s\nsent: %s", x, sql)
		assert.Equal(t, sorted(want.rows), sorted(got.rows), "%s\nsent: %s", x, sql)
		assert.Equal(t, want.affected, got.affected, "%s\nsent: %s", x, sql)
		if got.own != "" {
			assert.Equal(t, want.own, got.own, "%s\nsent: %s", x, sql)
			assert.Equal(t, want.foreign, got.foreign, "%s\nsent: %s", x, sql)
		}
	}
}

// TestSetIsAskedOnce compares with a database that holds the set's rows alone.
func TestSetIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := New(Options{VerifyAll: true})
	scope := scopeOf(t, tenancy.WithSet(context.Background(), tenantA, tenantB))
	for _, x := range readTexts(t, "set_once.sql") {
		sql, vars, err := g.Scope(context.Background(), statementOf(scope, x.sql, x.args))
		if !assert.NoError(t, err, x) {
			continue
		}
		got := ask(t, w.shared, sql, vars)
		tx, err := w.shared.Begin(context.Background())
		require.NoError(t, err)
		for _, table := range []string{"items", "orders", "users"} {
			_, err := tx.Exec(context.Background(), "DELETE FROM "+table+" WHERE tenant_id = $1", tenantC)
			require.NoError(t, err)
		}
		rows, err := tx.Query(context.Background(), x.sql, x.args...)
		require.NoError(t, err, x)
		want, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return sprint(values), err
		})
		require.NoError(t, err, x)
		require.NoError(t, tx.Rollback(context.Background()))
		assert.Empty(t, got.message, "%s\nsent: %s", x, sql)
		assert.Equal(t, sorted(append([]string(nil), want...)), sorted(got.rows), "%s\nsent: %s", x, sql)
		assert.Equal(t, rows.CommandTag().RowsAffected(), got.affected, "%s\nsent: %s", x, sql)
	}
}

func TestSetRefusals(t *testing.T) {
	t.Parallel()
	g := New(Options{VerifyAll: true})
	scope := scopeOf(t, tenancy.WithSet(context.Background(), tenantA, tenantB))
	var refused strings.Builder
	for _, x := range readTexts(t, "set_refused.sql") {
		sql, _, err := g.Scope(context.Background(), statementOf(scope, x.sql, x.args))
		if assert.Error(t, err, "%s\nsent: %s", x, sql) {
			writeRefusal(t, &refused, x, err)
		}
	}
	golden(t, "testdata/set_refused.golden", refused.String())
}

// TestSetSeesNothingOfOthers sends the whole corpus for two of three tenants.
func TestSetSeesNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := New(Options{VerifyAll: true})
	scope := scopeOf(t, tenancy.WithSet(context.Background(), tenantA, tenantB))
	others := func(dump string) []string {
		return slices.DeleteFunc(strings.Split(dump, "\n"), func(line string) bool { return !strings.Contains(line, tenantC.String()) })
	}
	sent, refused := 0, 0
	for _, x := range slices.Concat(readTexts(t, "corpus/*.sql"), readTexts(t, "attack.sql")) {
		sql, vars, err := g.Scope(context.Background(), statementOf(scope, x.sql, x.args))
		if err != nil {
			refused++
			continue
		}
		sent++
		got := ask(t, w.shared, sql, vars)
		for _, row := range append(got.rows, got.message) {
			assert.NotContains(t, row, "carol", "%s\nsent: %s", x, sql)
			assert.NotContains(t, row, tenantC.String(), "%s\nsent: %s", x, sql)
		}
		if got.foreign != "" {
			assert.Equal(t, others(w.foreign), others(got.foreign), "%s\nsent: %s", x, sql)
		}
	}
	t.Logf("%d sent, %d refused", sent, refused)
	assert.Greater(t, sent, refused)
}

func TestSetCreates(t *testing.T) {
	t.Parallel()
	g := New(Options{VerifyAll: true})
	scope := scopeOf(t, tenancy.WithSet(context.Background(), tenantA, tenantB))
	const sql = "INSERT INTO users (tenant_id, id, name) VALUES ($1, 100, 'a'), ($2, 101, 'b') " +
		"ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name"
	got, vars, err := g.Scope(context.Background(), statementOf(scope, sql, []any{tenantA, tenantB}))
	require.NoError(t, err)
	assert.Equal(t, sql+` WHERE "users"."tenant_id" = EXCLUDED."tenant_id"`, got)
	assert.Equal(t, []any{tenantA, tenantB}, vars)
	// From the cache, with another tenant's value.
	_, _, err = g.Scope(context.Background(), statementOf(scope, sql, []any{tenantA, tenantC}))
	assert.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	assert.Equal(t, Stats{Hits: 1, Misses: 1, Size: 1, Bytes: g.Stats().Bytes}, g.Stats())
}
