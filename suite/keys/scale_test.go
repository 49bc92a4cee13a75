//go:build unix

package keys_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// counter counts the queries of a transaction.
type counter struct {
	*sql.Tx
	queries int
}

func (c *counter) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.queries++
	return c.Tx.QueryContext(ctx, query, args...)
}

// manyTables makes a schema with so many tables. Each has a primary key, two
// uniques and two foreign keys; each fifth has to find its tenant.
func manyTables(t testing.TB, db *sql.DB, tables int) (schema string) {
	t.Helper()
	schema = fmt.Sprintf("scale%d", worlds.Add(1))
	execute(t, db, "CREATE SCHEMA "+schema)
	execute(t, db, "CREATE TABLE "+schema+".accounts (id uuid PRIMARY KEY)")
	t.Cleanup(func() { dropTables(t, db, schema, tables) })
	for first := 1; first <= tables; first += locked {
		execute(t, db, fmt.Sprintf(`
DO $$ BEGIN
	PERFORM set_config('search_path', '%s', true);
	FOR n IN %d..%d LOOP
		EXECUTE format('CREATE TABLE t%%s (id bigint PRIMARY KEY, code text UNIQUE, email text, parent_id bigint NOT NULL, other_id bigint, %%s
			FOREIGN KEY (parent_id) REFERENCES t%%s ON DELETE CASCADE, FOREIGN KEY (other_id) REFERENCES t%%s)',
			n, CASE WHEN n %% 5 > 0 THEN 'tenant_id uuid NOT NULL REFERENCES accounts,' END, greatest(n - 1, 1), (n + 1) / 2);
		EXECUTE format('CREATE UNIQUE INDEX ON t%%s (lower(email)) WHERE email IS NOT NULL', n);
	END LOOP;
END $$`, schema, first, min(first+locked-1, tables)))
	}
	return schema
}

// locked is for how many tables a transaction gets locks on any server.
const locked = 100

func dropTables(t testing.TB, db *sql.DB, schema string, tables int) {
	for last := tables; last > 0; last -= locked {
		execute(t, db, fmt.Sprintf(`
DO $$ BEGIN
	FOR n IN REVERSE %d..%d LOOP
		EXECUTE format('DROP TABLE %s.t%%s CASCADE', n);
	END LOOP;
END $$`, last, max(last-locked+1, 1), schema))
	}
	execute(t, db, "DROP SCHEMA "+schema+" CASCADE")
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.Exec(statement)
	require.NoError(t, err, statement)
}

// planTables plans keys for a schema of [manyTables].
func planTables(t testing.TB, q catalog.Querier, schema string) *migration.Plan {
	t.Helper()
	c, err := catalog.Read(context.Background(), q, catalog.Options{Schemas: []string{schema}})
	require.NoError(t, err)
	analysis, err := keys.Analyze(c, keys.Options{})
	require.NoError(t, err)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	return plan
}

// TestQueriesOfPlan plans few tables and many with the same number of queries.
func TestQueriesOfPlan(t *testing.T) {
	t.Parallel()
	db := openServer(t)
	few, many := 10, 1000
	if testing.Short() {
		many = 100
	}
	queries := map[int]int{}
	for _, tables := range []int{few, many} {
		schema := manyTables(t, db, tables)
		tx, err := db.Begin()
		require.NoError(t, err)
		q := &counter{Tx: tx}
		plan := planTables(t, q, schema)
		require.NoError(t, tx.Rollback())
		queries[tables] = q.queries

		steps := map[string]int{}
		for _, phase := range plan.Phases {
			steps[phase.Name] = len(phase.Steps)
		}
		assert.Equal(t, map[string]int{
			keys.Expand:   tables / 5,
			keys.Backfill: tables / 5 * 4,     // fill, check, validate, set
			keys.Build:    tables * (4 + 2*2), // indexes, foreign keys
			keys.Swap:     tables * (1 + 2*2),
			keys.Contract: tables * (1 + 2 + 1), // constraint, index, stand-in
		}, steps)
	}
	assert.Equal(t, queries[few], queries[many])
	assert.LessOrEqual(t, queries[few], 13)
}

const (
	filledRows = 100_000
	batch      = 20 // blocks
)

// TestBackfillInBatches fills a large table: each transaction changes the rows of
// its range of blocks and no others, and holds as many locks at the end as at the
// beginning.
func TestBackfillInBatches(t *testing.T) {
	t.Parallel()
	db := openServer(t)
	schema := fmt.Sprintf("scale%d", worlds.Add(1))
	notes := schema + "notes"
	t.Cleanup(func() { execute(t, db, "DROP SCHEMA "+schema+", "+notes+" CASCADE") })
	execute(t, db, "CREATE SCHEMA "+schema)
	execute(t, db, "CREATE SCHEMA "+notes)
	execute(t, db, strings.NewReplacer("scale.", schema+".", "notes.", notes+".").Replace(`
CREATE TABLE scale.accounts (id bigint PRIMARY KEY);
INSERT INTO scale.accounts SELECT generate_series(1, 10);
CREATE TABLE scale.users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES scale.accounts);
INSERT INTO scale.users SELECT i, 1 + i % 10 FROM generate_series(1, 1000) AS i;
CREATE TABLE scale.orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES scale.users, note text) WITH (autovacuum_enabled = off);
CREATE INDEX ON scale.orders (user_id);
INSERT INTO scale.orders SELECT i, 1 + i % 1000, 'note ' || i FROM generate_series(1, `+fmt.Sprint(filledRows)+`) AS i;

-- Where each row was, and what each transaction holds when it has changed its rows.
CREATE TABLE notes.places AS SELECT id, (ctid::text::point)[0]::bigint AS block FROM scale.orders;
CREATE TABLE notes.held (locks bigint);
CREATE FUNCTION notes.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO notes.held SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid();
	RETURN NULL;
END $$;
CREATE TRIGGER held AFTER UPDATE ON scale.orders EXECUTE FUNCTION notes.hold();
ANALYZE scale.users, scale.orders;`))

	options := migration.Options{Apply: true, Passed: []string{keys.Backfill}, BatchBlocks: batch}
	result, err := migration.Execute(t.Context(), db, planTables(t, db, schema), options)
	require.NoError(t, err)
	require.EqualValues(t, filledRows, result.Rows)

	var blocks, transactions, widest, most, wrong int
	require.NoError(t, db.QueryRow(fmt.Sprintf(`
SELECT (SELECT max(block) + 1 FROM %[2]s.places), count(*), max(last - first + 1), max(rows)
FROM (
	SELECT min(block) AS first, max(block) AS last, count(*) AS rows
	FROM %[1]s.orders JOIN %[2]s.places USING (id) GROUP BY orders.xmin::text
) AS transactions`, schema, notes)).Scan(&blocks, &transactions, &widest, &most))
	assert.Equal(t, (blocks+batch-1)/batch, transactions)
	assert.LessOrEqual(t, widest, batch, "blocks of a transaction")
	assert.LessOrEqual(t, most, 2*batch*filledRows/blocks, "rows of a transaction")

	var first, last int
	require.NoError(t, db.QueryRow("SELECT min(locks), max(locks) FROM "+notes+".held").Scan(&first, &last))
	t.Logf("%d transactions of at most %d rows, with %d to %d locks", transactions, most, first, last)
	assert.LessOrEqual(t, last, 25, "locks of a transaction")
	require.NoError(t, db.QueryRow(fmt.Sprintf(
		"SELECT count(*) FROM %[1]s.orders AS o JOIN %[1]s.users AS u ON u.id = o.user_id WHERE o.tenant_id IS DISTINCT FROM u.tenant_id", schema)).Scan(&wrong))
	assert.Zero(t, wrong, "rows with another tenant than their user's")
}

// BenchmarkPlan reports the CPU time of reading the catalogue, of the analysis
// and of the plan, in milliseconds: the server's time is not this program's.
func BenchmarkPlan(b *testing.B) {
	for _, tables := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("%d tables", tables), func(b *testing.B) {
			db := openServer(b)
			schema := manyTables(b, db, tables)
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				planTables(b, db, schema)
			}
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is the time that the program has had so far, in user and in kernel mode.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
