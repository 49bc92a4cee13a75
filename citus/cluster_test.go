package citus_test

import (
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var update = flag.Bool("update", false, "rewrite the golden plans")

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db citus.Querier, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// shop are tables of each kind, and rows of 40 tenants.
var shop = []string{
	`CREATE TABLE plain (id int)`,
	`CREATE TABLE countries (code text PRIMARY KEY, name text)`,
	`CREATE TABLE users (tenant_id int, id int, name text, code text REFERENCES countries, PRIMARY KEY (tenant_id, id))`,
	`CREATE TABLE orders (tenant_id int, id int, user_id int, amount int, PRIMARY KEY (tenant_id, id),
		FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id))`,
	`BEGIN; SET LOCAL citus.enable_local_reference_table_foreign_keys = off;
		SELECT create_reference_table('countries'); COMMIT`,
	`SELECT create_distributed_table('users', 'tenant_id', colocate_with => 'none')`,
	`SELECT create_distributed_table('orders', 'tenant_id', colocate_with => 'users')`,
	`INSERT INTO countries VALUES ('IT', 'Italy')`,
	`INSERT INTO users SELECT g, i, 'name', 'IT' FROM generate_series(1, 40) g, generate_series(1, 3) i`,
	`INSERT INTO orders SELECT tenant_id, id, id, 10 FROM users`,
}

func newShop(t *testing.T) (cluster *tenancytest.Cluster, owner *sql.DB) {
	t.Helper()
	cluster = tenancytest.Citus(t)
	owner = open(t, cluster.OwnerDSN)
	run(t, owner, shop...)
	return cluster, owner
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	cluster, owner := newShop(t)
	app := open(t, cluster.DSN)
	info, err := citus.Detect(t.Context(), app)
	require.NoError(t, err)
	t.Logf("Citus %s, extension %s, PostgreSQL %d", info.Version, info.Extension, info.Postgres)
	assert.Regexp(t, `^\d+\.\d+`, info.Version)
	assert.Regexp(t, `^\d+\.\d+-\d+$`, info.Extension)
	assert.Greater(t, info.Postgres, 140000)
	assert.Equal(t, []any{true, true, len(cluster.Nodes) - 1}, []any{info.Coordinator, info.CoordinatorKnown, info.Workers})

	nodes, err := citus.Nodes(t.Context(), app)
	require.NoError(t, err)
	require.Len(t, nodes, len(cluster.Nodes))
	assert.True(t, nodes[0].Coordinator && nodes[0].Active && nodes[0].Primary && !nodes[0].HoldsShards)
	for i, n := range nodes[1:] {
		assert.Equal(t, citus.Address{Host: cluster.Nodes[i+1].Host, Port: cluster.Nodes[i+1].Port}, n.Address)
		assert.True(t, n.HoldsShards && n.Synced && !n.Coordinator)
	}

	tables, err := citus.Tables(t.Context(), app)
	require.NoError(t, err)
	require.Len(t, tables, 3)
	assert.Equal(t, citus.Table{Schema: "public", Name: "countries", Kind: citus.Reference, Colocation: tables[0].Colocation, Shards: 1}, tables[0])
	assert.Equal(t, citus.Table{Schema: "public", Name: "orders", Kind: citus.Distributed, Column: "tenant_id",
		Colocation: tables[2].Colocation, Shards: tenancytest.CitusShards}, tables[1])
	assert.NotEqual(t, tables[0].Colocation, tables[1].Colocation)

	links, err := citus.Health(t.Context(), owner)
	require.NoError(t, err)
	require.Len(t, links, len(nodes)*len(nodes))
	for _, link := range links {
		assert.True(t, link.OK, "%s to %s", link.From, link.To)
	}

	shards, err := citus.Shards(t.Context(), app, "users")
	require.NoError(t, err)
	require.Len(t, shards, tenancytest.CitusShards)
	usage, err := citus.Usage(t.Context(), app)
	require.NoError(t, err)
	require.Len(t, usage, len(nodes)) // the coordinator has a copy of the reference table
	count, bytes := 0, int64(0)
	for _, u := range usage {
		count, bytes = count+u.Shards, bytes+u.Bytes
	}
	assert.Equal(t, 2*tenancytest.CitusShards+len(nodes), count)
	assert.GreaterOrEqual(t, bytes, int64(count)*8192)
	_, err = citus.Shards(t.Context(), app, "absent")
	require.Error(t, err)
}

// Tables that the caller's own transaction has distributed are seen.
func TestTablesInTheTransaction(t *testing.T) {
	t.Parallel()
	owner := open(t, tenancytest.Citus(t).OwnerDSN)
	tx, err := owner.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	run(t, tx, `CREATE TABLE fresh (tenant_id int)`, `SELECT create_distributed_table('fresh', 'tenant_id')`)
	tables, err := citus.Tables(t.Context(), tx)
	require.NoError(t, err)
	require.Len(t, tables, 1)
	assert.Equal(t, citus.Distributed, tables[0].Kind)
}

func TestPlainPostgres(t *testing.T) {
	t.Parallel()
	db := open(t, tenancytest.Postgres(t).DSN)
	_, err := citus.Detect(t.Context(), db)
	require.ErrorIs(t, err, citus.ErrNotInstalled)
	route, err := citus.Explain(t.Context(), db, "SELECT relname FROM pg_class WHERE oid = $1", 1)
	require.NoError(t, err)
	assert.Equal(t, citus.Route{Local: true}, route)
	_, err = citus.Explain(t.Context(), db, "SELECT 1; CREATE TEMP TABLE x ()")
	require.ErrorIs(t, err, citus.ErrNotExplainable)
	_, err = citus.TaskCount(t.Context(), db, "SELECT * FROM absent")
	require.ErrorContains(t, err, "absent")
}

var (
	placeHost = regexp.MustCompile(`host=\S+ port=\d+ dbname=\w+`)
	shardName = regexp.MustCompile(`_1\d{5}\b`)
)

// The cluster's plans are what the golden ones say, and no row is changed.
func TestExplain(t *testing.T) {
	t.Parallel()
	_, owner := newShop(t)
	before := rows(t, owner)
	for _, p := range citus.Planned {
		got, err := citus.Explain(t.Context(), owner, p.SQL, p.Args...)
		require.NoError(t, err, p.Name)
		got.Nodes = nil
		assert.Equal(t, p.Want, got, "%s: %s", p.Name, p.Reason)
		if *update {
			var plan []byte
			require.NoError(t, owner.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON, COSTS OFF) "+p.SQL, p.Args...).Scan(&plan))
			plan = placeHost.ReplaceAll(plan, []byte("host=10.0.0.1 port=5432 dbname=app"))
			plan = shardName.ReplaceAll(plan, []byte("_102008"))
			require.NoError(t, os.WriteFile(filepath.Join("testdata", p.Name+".json"), append(plan, '\n'), 0o644))
		}
	}
	assert.Equal(t, before, rows(t, owner))

	_, err := citus.Explain(t.Context(), owner, "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = 1")
	require.ErrorContains(t, err, "repartition", "Citus refuses it")
	conn, err := owner.Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	run(t, conn, `SET citus.explain_distributed_queries = off`)
	_, err = citus.Explain(t.Context(), conn, "SELECT * FROM users")
	require.ErrorIs(t, err, citus.ErrNotExplainable)
	run(t, conn, `RESET citus.explain_distributed_queries; SET citus.explain_all_tasks = on`)
	route, err := citus.Explain(t.Context(), conn, "SELECT * FROM users")
	require.NoError(t, err)
	assert.Len(t, route.Nodes, 2)
}

func rows(t *testing.T, db *sql.DB) (counts [3]int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM users WHERE name = 'name'), (SELECT count(*) FROM orders),
		(SELECT count(*) FROM countries WHERE name = 'Italy')`).Scan(&counts[0], &counts[1], &counts[2]))
	return counts
}
