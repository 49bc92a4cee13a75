package distribute_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/internal/draw"
)

// TestWhatCitusRefuses finds in the dry run what Citus does not take, and nothing
// else, and leaves nothing behind.
func TestWhatCitusRefuses(t *testing.T) {
	t.Parallel()
	p := newPlace(t, append(jobs[:len(jobs):len(jobs)], "CREATE TABLE kinds (id int PRIMARY KEY)")...)
	for _, test := range []struct {
		reason, make, drop string
		refused            string // the table; empty where Citus takes all
	}{
		{"nothing that it refuses", "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('x'); CREATE DOMAIN few AS int CHECK (VALUE < 9); " +
			"CREATE FUNCTION even(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0'; " +
			"CREATE TABLE more (id serial PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, p pair, m mood, f few, g int GENERATED ALWAYS AS (id + 1) STORED CHECK (even(g) OR true))",
			"DROP TABLE more; DROP FUNCTION even; DROP TYPE pair, mood; DROP DOMAIN few", ""},
		{"a column of a range type", "CREATE TYPE numbers AS RANGE (subtype = int); ALTER TABLE jobs ADD r numbers",
			"ALTER TABLE jobs DROP r; DROP TYPE numbers", "public.jobs"},
		{"one of a shared table", "CREATE TYPE numbers AS RANGE (subtype = int); ALTER TABLE kinds ADD r numbers",
			"ALTER TABLE kinds DROP r; DROP TYPE numbers", "public.kinds"},
		{"a domain over a range type", "CREATE TYPE numbers AS RANGE (subtype = int); CREATE DOMAIN some_numbers AS numbers; ALTER TABLE jobs ADD r some_numbers[]",
			"ALTER TABLE jobs DROP r; DROP DOMAIN some_numbers; DROP TYPE numbers", "public.jobs"},
		{"parts of parts", "CREATE TABLE lines (id int, tenant_id int NOT NULL REFERENCES tenants, n int, PRIMARY KEY (id, n)) PARTITION BY RANGE (id); " +
			"CREATE TABLE lines_1 PARTITION OF lines DEFAULT PARTITION BY LIST (n); CREATE TABLE lines_2 PARTITION OF lines_1 DEFAULT",
			"DROP TABLE lines", "public.lines"},
		{"a default of two sequences", "CREATE SEQUENCE a; CREATE SEQUENCE b; ALTER TABLE jobs ADD s bigint DEFAULT nextval('a') + nextval('b')",
			"ALTER TABLE jobs DROP s; DROP SEQUENCE a, b", "public.jobs: s"},
		{"a sequence for columns of two types", "CREATE SEQUENCE a; ALTER TABLE jobs ADD s bigint DEFAULT nextval('a'); ALTER TABLE jobs ADD r int DEFAULT nextval('a')",
			"ALTER TABLE jobs DROP s, DROP r; DROP SEQUENCE a", "public.jobs: r"},
		{"the row type of another table", "CREATE TABLE alone (a int); ALTER TABLE jobs ADD a alone", "ALTER TABLE jobs DROP a; DROP TABLE alone", "public.jobs"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			p.do(t, test.make)
			before := p.inventory(t)
			for _, way := range draw.One(t, bothWays) {
				o := p.options(way)
				o.Run.Apply = false
				o.Keys.Shared = []catalog.Name{{Schema: "public", Name: "kinds"}}
				if test.reason == "the row type of another table" {
					o.Keys.Skip = []catalog.Name{{Schema: "public", Name: "alone"}}
				}
				_, err := tenancy.Distribute(t.Context(), p.db, o)
				assert.NotContains(t, p.report.String(), "not tried")
				if test.refused == "" {
					assert.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, distribution.ErrUndecided)
				assert.ErrorContains(t, err, "blocker: "+test.refused+": Citus ")
				assert.NotContains(t, err.Error(), "tenancy_trial")
			}
			assert.Empty(t, before.Differences(p.inventory(t)))
			var left int
			require.NoError(t, p.sql.QueryRow(`SELECT sum(result::int) FROM run_command_on_all_nodes(
				$$SELECT count(*) FROM pg_class WHERE relname ~ '^tenancy_trial'$$)`).Scan(&left))
			assert.Zero(t, left)
			p.do(t, test.drop)
		})
	}
}

// TestTrialIsInTheWay lets another session change the rows of the workers' catalogues
// that Citus changes in the trial. Citus would take the tables: they are tried again.
func TestTrialIsInTheWay(t *testing.T) {
	t.Parallel()
	p := newPlace(t, jobs...)
	worker := on(t, p.cluster, 1)
	tx, err := worker.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }() // where the test has failed
	_, err = tx.Exec("GRANT USAGE ON SCHEMA public TO CURRENT_USER")
	require.NoError(t, err)
	_, err = tx.Exec("ALTER ROLE " + roleOf(t, p.cluster.OwnerDSN) + " CONNECTION LIMIT -1")
	require.NoError(t, err)

	ended := make(chan error, 1)
	o := p.options(distribution.StepByStep)
	o.Run.Apply = false
	go func() {
		_, err := tenancy.Distribute(t.Context(), p.db, o)
		ended <- err
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := worker.QueryRow("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waiting)
		return err == nil && waiting || len(ended) > 0
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, tx.Commit())
	require.NoError(t, <-ended)
	assert.NotContains(t, p.report.String(), "not tried")
}
