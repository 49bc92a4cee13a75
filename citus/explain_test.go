package citus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planned is what each statement of the golden plans is to be read as. The plans
// are Citus's own: TestExplain asks a cluster for them, and writes them with
// -update.
var planned = []struct {
	Name, SQL string
	Args      []any
	Want      Route // without nodes
	Reason    string
}{
	{"select", "SELECT * FROM users WHERE tenant_id = $1", []any{1}, Route{Tasks: 1, Jobs: 1}, "one tenant"},
	{"select_all", "SELECT * FROM users", nil, Route{Tasks: 8, Jobs: 1}, "every shard"},
	{"select_two", "SELECT * FROM users WHERE tenant_id IN ($1, $2)", []any{1, 2}, Route{Tasks: 2, Jobs: 1}, "two tenants on two shards"},
	{"select_any", "SELECT * FROM users WHERE tenant_id = ANY($1)", []any{[]int{1, 2}}, Route{Tasks: 2, Jobs: 1}, "the values of an array prune as well"},
	{"join", "SELECT * FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1", []any{1}, Route{Tasks: 1, Jobs: 1}, "colocated"},
	{"reference", "SELECT * FROM countries", nil, Route{Tasks: 1, Jobs: 1}, "one copy is read"},
	{"reference_update", "UPDATE countries SET name = $1", []any{"x"}, Route{Tasks: 1, Jobs: 1}, "one task writes all copies"},
	{"local", "SELECT * FROM plain", nil, Route{Local: true}, "Citus has no part in it"},
	{"constant", "SELECT 1", nil, Route{}, "no table"},
	{"insert", "INSERT INTO users (tenant_id, id, name) VALUES ($1, $2, $3) RETURNING id", []any{1, 100, "x"}, Route{Tasks: 1, Jobs: 1}, "one row"},
	{"insert_batch", "INSERT INTO users (tenant_id, id) VALUES ($1, 100), ($1, 101)", []any{1}, Route{Tasks: 1, Jobs: 1}, "rows of one tenant"},
	{"insert_two", "INSERT INTO users (tenant_id, id) VALUES ($1, 100), ($2, 100)", []any{1, 2}, Route{Tasks: 2, Jobs: 1}, "rows of two tenants"},
	{"upsert", "INSERT INTO users (tenant_id, id) VALUES ($1, 1) ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name", []any{1}, Route{Tasks: 1, Jobs: 1}, "one row"},
	{"update", "UPDATE users SET name = $2 WHERE tenant_id = $1", []any{1, "x"}, Route{Tasks: 1, Jobs: 1}, "one tenant"},
	{"update_all", "UPDATE users SET name = $1", []any{"x"}, Route{Tasks: 8, Jobs: 1}, "every shard"},
	{"delete", "DELETE FROM users WHERE tenant_id = $1 AND id = $2", []any{1, 1}, Route{Tasks: 1, Jobs: 1}, "one tenant"},
	{"cte", "WITH x AS MATERIALIZED (SELECT * FROM users WHERE tenant_id = $1) SELECT * FROM x JOIN orders o USING (tenant_id) WHERE tenant_id = $1", []any{1}, Route{Tasks: 1, Jobs: 1}, "one tenant in both"},
	{"cte_two", "WITH x AS MATERIALIZED (SELECT * FROM users WHERE tenant_id = $1) SELECT * FROM x JOIN orders o ON o.user_id = x.id WHERE o.tenant_id = $2", []any{1, 2}, Route{Tasks: 2, Jobs: 2}, "each part is one task, on a shard of its own"},
	{"cte_all", "WITH x AS MATERIALIZED (SELECT tenant_id, count(*) FROM users GROUP BY 1 LIMIT 3) SELECT * FROM x JOIN orders o ON o.user_id = x.tenant_id WHERE o.tenant_id = $1", []any{1}, Route{Tasks: 9, Jobs: 2}, "a subplan over all shards"},
	{"cte_update", "WITH x AS (UPDATE users SET name = 'y' WHERE tenant_id = $1 RETURNING *) SELECT * FROM x", []any{1}, Route{Tasks: 1, Jobs: 1}, "one tenant"},
	{"cte_update_all", "WITH x AS (UPDATE users SET name = 'y' RETURNING *) SELECT count(*) FROM x", nil, Route{Tasks: 9, Jobs: 2}, "a subplan that writes all shards"},
	{"union_two", "SELECT id FROM users WHERE tenant_id = $1 UNION SELECT user_id FROM orders WHERE tenant_id = $2", []any{1, 2}, Route{Tasks: 3, Jobs: 3}, "two shards, and their results"},
	{"insert_select", "INSERT INTO orders (tenant_id, id, user_id) SELECT tenant_id, id + 1000, id FROM users WHERE tenant_id = $1", []any{1}, Route{Tasks: 1, Jobs: 1}, "pushed down"},
	{"insert_select_pulled", "INSERT INTO orders (tenant_id, id, user_id) SELECT tenant_id, id + 1000, id FROM users LIMIT 5", nil, Route{Tasks: 8, Jobs: 1, Scatters: true}, "rows come to the coordinator first"},
	{"insert_select_local", "INSERT INTO users (tenant_id, id) SELECT $1::int, id FROM plain", []any{1}, Route{Local: true, Scatters: true}, "only the execution tells the shards"},
	{"local_join", "SELECT * FROM users JOIN plain ON plain.id = users.id WHERE tenant_id = $1", []any{1}, Route{Tasks: 1, Jobs: 1, Local: true}, "the local table's rows are sent along"},
	{"nothing", "SELECT * FROM users WHERE tenant_id = $1 AND false", []any{1}, Route{Tasks: 1, Jobs: 1}, "planned all the same"},
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for _, p := range planned {
		text, err := os.ReadFile(filepath.Join("testdata", p.Name+".json"))
		require.NoError(t, err)
		got, err := parsePlan(text)
		require.NoError(t, err, p.Name)
		if p.Name != "nothing" { // where the node gives no plan
			assert.Equal(t, p.Want.Jobs > 0, len(got.Nodes) > 0, p.Name)
		}
		got.Nodes = nil
		assert.Equal(t, p.Want, got, "%s: %s", p.Name, p.Reason)
	}
}

// What is not understood is an error, never one task.
func TestPlansThatSayNothing(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		`[{"Plan": {"Custom Plan Provider": "Citus Adaptive", "citus.explain_distributed_queries": false}}]`: "switched off",
		`[{"Plan": {"Custom Plan Provider": "Citus Adaptive", "Distributed Query": {}}}]`:                    "no job",
		`{"Plan": 1}`:       "another form",
		`Custom Scan (...)`: "no JSON",
	} {
		_, err := parsePlan([]byte(text))
		assert.Error(t, err, reason)
	}
	route, err := parsePlan([]byte(`[{"Plan": {"Custom Plan Provider": "Citus Something New", "Distributed Query": {"Job": {"Task Count": 1}}}}]`))
	require.NoError(t, err)
	assert.False(t, route.SingleShard(), "a provider that is not known")
	route, err = parsePlan([]byte(`[{"Plan": {"Custom Plan Provider": "Citus Adaptive", "Distributed Query": {"Job": {"Task Count": 1,
		"Dependent Jobs": [{"Map Task Count": 4, "Merge Task Count": 4}]}}}}]`))
	require.NoError(t, err)
	assert.False(t, route.SingleShard(), "a repartition join")
}

// The second statement of a text would be executed.
func TestOneStatementIsExplained(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		"SELECT 1; DELETE FROM users", "SELECT 1;;", "SELECT 'open;", "SELECT 1 /* open;",
		"SELECT 1 /* /* */ ; DELETE FROM users -- */ */", `SELECT 'a\'; DELETE FROM users --'`,
	} {
		assert.ErrorIs(t, requireSingle(statement), ErrNotExplainable, statement)
	}
	for _, statement := range []string{
		"SELECT 1", "SELECT 1;", "SELECT 1 ; -- end", `SELECT ';' AS ";" /* ; */ -- ;`, "SELECT $1", "SELECT 1 /* /* */ */",
	} {
		assert.NoError(t, requireSingle(statement), statement)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "10.0.0.1:5432", nodeAddress("host=10.0.0.1 port=5432 dbname=app"))
	assert.Equal(t, "[::1]:5432", Address{"::1", 5432}.String())
	assert.Equal(t, `"app"."Odd ""one"`, Table{Schema: "app", Name: `Odd "one`}.String())
}

func TestRebalanceDetails(t *testing.T) {
	t.Parallel()
	var s RebalanceStatus
	require.NoError(t, s.readDetails([]byte(`{"tasks": [
		{"LSN": {"lag": null}, "size": {"source": 8192, "target": 4096}, "hosts": {"source": "a:1", "target": "b:2"}, "phase": "Copying Data", "state": "running", "message": "", "retried": 0},
		{"state": "runnable", "retried": 2, "message": "ERROR: no", "command": "SELECT 1", "task_id": 3}],
		"task_state_counts": {"done": 2, "running": 1, "runnable": 3}}`)))
	assert.Equal(t, RebalanceStatus{
		Moves: 6, Done: 2, Errors: []string{"ERROR: no"},
		Running: []RebalanceMove{{From: "a:1", To: "b:2", Phase: "Copying Data", Bytes: 8192, Copied: 4096}},
	}, s)
	assert.True(t, RebalanceStatus{}.Ended())
	assert.False(t, RebalanceStatus{State: RebalanceCancelling}.Ended())
	require.Error(t, s.readDetails([]byte("none")))
}
