package citus_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prepared are statements of one tenant, and whether the sixth execution goes to all
// shards where the server chooses its plans.
var prepared = []struct {
	sql  string
	args []any
	all  bool
}{
	{sql: `SELECT * FROM users WHERE tenant_id = $1 AND (tenant_id = $2 AND id = $3)`, args: []any{7, 7, 1}},
	{sql: `SELECT * FROM orders JOIN users ON users.tenant_id = orders.tenant_id AND users.id = orders.user_id
		WHERE orders.tenant_id = $1 AND (users.id = $2)`, args: []any{7, 1}},
	{sql: `UPDATE users SET name = $1 WHERE tenant_id = $2 AND (id = $3)`, args: []any{"n", 7, 1}},
	{sql: `UPDATE users SET name = $1 WHERE tenant_id = $2 AND (id IN (SELECT user_id FROM orders WHERE orders.tenant_id = $3))`, args: []any{"n", 7, 7}},
	{sql: `UPDATE users SET name = $1 WHERE tenant_id = $2 AND (tenant_id = $3 AND id = $4)`, args: []any{"n", 7, 7, 1}, all: true},
	{sql: `UPDATE users SET name = $1 WHERE tenant_id = $2 AND (EXISTS (SELECT FROM orders WHERE orders.tenant_id = users.tenant_id AND user_id = users.id))`,
		args: []any{"n", 7}, all: true},
	{sql: `UPDATE orders SET amount = $1 FROM users WHERE orders.tenant_id = $2 AND users.tenant_id = orders.tenant_id AND users.id = orders.user_id`,
		args: []any{1, 7}, all: true},
	{sql: `DELETE FROM orders WHERE tenant_id = $1 AND (tenant_id = $2 AND id = $3)`, args: []any{7, 7, 99}, all: true},
}

// TestPreparedStatements executes them as often as makes the server try a plan for
// any tenant: some go to all shards by it, unless the server is told to make no
// such plans.
func TestPreparedStatements(t *testing.T) {
	if testing.Short() {
		t.Skip("the run without -short has it")
	}
	t.Parallel()
	cluster, _ := newShop(t)
	const strict = " options='-c citus.multi_task_query_log_level=error"
	chosen, custom := open(t, cluster.DSN+strict+"'"), open(t, cluster.DSN+strict+" -c plan_cache_mode=force_custom_plan'")
	chosen.SetMaxOpenConns(1)
	custom.SetMaxOpenConns(1)
	for _, test := range prepared {
		for i := 1; i <= 6; i++ {
			_, err := custom.ExecContext(t.Context(), test.sql, test.args...)
			require.NoError(t, err, test.sql)
			_, err = chosen.ExecContext(t.Context(), test.sql, test.args...)
			if i == 6 && test.all {
				assert.ErrorContains(t, err, "multi-task query", test.sql)
			} else {
				assert.NoError(t, err, test.sql)
			}
		}
	}
}
