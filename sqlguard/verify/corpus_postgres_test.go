//go:build cgo

package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const corpusDump = `SELECT 'accounts', id, accounts::text FROM accounts
UNION ALL SELECT 'users', tenant_id, users::text FROM users
UNION ALL SELECT 'orders', tenant_id, orders::text FROM orders
UNION ALL SELECT 'tags', tenant_id, tags::text FROM tags
UNION ALL SELECT 'user_tags', tenant_id, user_tags::text FROM user_tags
UNION ALL SELECT 'notes', tenant_id, notes::text FROM notes
UNION ALL SELECT 'docs', tenant_id, docs::text FROM docs
UNION ALL SELECT 'nodes', tenant_id, nodes::text FROM nodes
UNION ALL SELECT 'bills', tenant_id, bills::text FROM app.bills
UNION ALL SELECT 'events', 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', events::text FROM events
UNION ALL SELECT 'countries', 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', countries::text FROM countries`

// What passes is answered as if the tenant were alone.
func TestCorpusOnPostgres(t *testing.T) {
	t.Parallel()
	w := newTwin(t, "schema.sql.txt", corpusDump)
	n := 0
	for _, s := range corpus(t) {
		if !s.yes {
			continue
		}
		n++
		sql, vars := bind(s.sql)
		difference, failed := w.differ(t, sql, vars)
		if difference != "" || failed {
			t.Errorf("%s:%d %s: %s (fails: %v)\n%s", s.file, s.line, s.reason, difference, failed, sql)
			if failed {
				t.Log(w.run(t, w.alone, sql, vars).code)
			}
		}
	}
	require.Greater(t, n, 150)
}
