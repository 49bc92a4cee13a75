//go:build cgo

package sqlguard

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// The tenant of copied rows is their own column's only where that is certain to be
// the tenant's.
func TestTenantOfCopiedRows(t *testing.T) {
	t.Parallel()
	ctx := tenancy.With(context.Background(), tenantA)
	g := New(Options{VerifyAll: true})
	for _, c := range []struct{ sql, selected, reason string }{
		{"INSERT INTO archive (id) SELECT id FROM orders", `id, "orders"."tenant_id" FROM`, "each row has one"},
		{"INSERT INTO archive (id) SELECT o.id FROM orders o LEFT JOIN items i ON i.id = o.id", `o.id, "o"."tenant_id" FROM`, "the join keeps it"},
		{"INSERT INTO archive (id) SELECT o.id FROM countries c JOIN orders o ON c.code = o.status", `o.id, "o"."tenant_id" FROM`, "the second table has one"},
		{"INSERT INTO archive (id) SELECT b.id FROM app.bills b", `b.id, "b"."tenant_id" FROM`, "another schema"},
		{"INSERT INTO archive (id) SELECT id FROM app.bills", `id, "app"."bills"."tenant_id" FROM`, "another schema without an alias"},
		{"INSERT INTO archive (id) SELECT 1 FROM countries c LEFT JOIN orders o ON c.code = o.status", "1, $1 FROM", "it may be null"},
		{"INSERT INTO archive (id) SELECT c.code::int FROM orders o RIGHT JOIN countries c ON c.code = o.status", "c.code::int, $1 FROM", "it may be null"},
		{"INSERT INTO archive (id) SELECT count(*) FROM orders", "count(*), $1 FROM", "no row's column in an aggregate"},
		{"INSERT INTO archive (id) SELECT user_id FROM orders GROUP BY user_id", "user_id, $1 FROM", "no row's column in a group"},
		{"INSERT INTO archive (id) SELECT 1 FROM orders HAVING true", "1, $1 FROM", "no row's column in a group"},
		{"INSERT INTO archive (id) SELECT 1 FROM orders ORDER BY count(*)", "1, $1 FROM", "no row's column in an aggregate"},
		{"INSERT INTO archive (id) SELECT x.id FROM (SELECT id FROM orders) x", "x.id, $1 FROM", "the tenant is out of sight"},
		{"INSERT INTO archive (id) SELECT o.a FROM orders o (a)", "o.a, $1 FROM", "the column may be called otherwise"},
		{"INSERT INTO archive (id) SELECT user_id FROM labels", "user_id, $", "text compares what it does not spell"},
		{"INSERT INTO labels (user_id) SELECT user_id FROM labels", "user_id, $", "text compares what it does not spell"},
		{"INSERT INTO archive (id) SELECT 1", "1, $1", "no rows"},
		{"INSERT INTO archive (id) SELECT code::int FROM countries", "code::int, $1 FROM", "rows of no tenant"},
	} {
		sql, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), c.sql, nil))
		require.NoError(t, err, c.sql)
		assert.Contains(t, sql, c.selected, "%s: %s", c.sql, c.reason)
	}
}
