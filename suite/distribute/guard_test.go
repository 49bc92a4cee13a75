package distribute_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/migration"
)

// beforeLast puts a statement before the last one, which compares the inventories.
func beforeLast(statements []string, statement string) []string {
	return slices.Insert(slices.Clone(statements), len(statements)-1, statement)
}

// TestLossEndsTheRun has something lost, or come by, in the transaction that moves the
// tables: the run finds it by itself, and nothing has changed.
func TestLossEndsTheRun(t *testing.T) {
	t.Parallel()
	losses := []string{
		"COMMENT ON TABLE public.jobs IS NULL", "GRANT SELECT ON public.jobs TO PUBLIC", "DROP INDEX public.jobs_n",
		"ALTER TABLE public.jobs ALTER n DROP DEFAULT", "DROP VIEW public.v", "ALTER TABLE public.jobs DISABLE ROW LEVEL SECURITY",
		"DROP POLICY everybody ON public.jobs", "DROP FUNCTION public.label(public.jobs)", "DROP STATISTICS public.jobs_st",
		"ALTER TABLE public.tenants ADD COLUMN more int",
	}
	p := newPlace(t, append(jobs[:len(jobs):len(jobs)],
		"COMMENT ON TABLE jobs IS 'to do'", "CREATE INDEX jobs_n ON jobs (n)", "ALTER TABLE jobs ALTER n SET DEFAULT 1",
		"CREATE VIEW v AS SELECT n FROM jobs", "ALTER TABLE jobs ENABLE ROW LEVEL SECURITY", "CREATE POLICY everybody ON jobs USING (true)",
		"CREATE FUNCTION label(j jobs) RETURNS text LANGUAGE sql AS 'SELECT $1.n::text'",
		"CREATE STATISTICS jobs_st (ndistinct) ON tenant_id, n FROM jobs")...)
	before := p.inventory(t)
	o := p.options(distribution.Transactional)
	forward := p.plan(t, o)
	own := forward.Phases[0].Steps[0].SQL
	for _, loss := range losses {
		forward.Phases[0].Steps[0].SQL = beforeLast(own, loss)
		_, err := migration.Execute(t.Context(), p.sql, forward, o.Run)
		assert.ErrorContains(t, err, "the structure would not be what it was", loss)
		assert.Empty(t, before.Differences(p.inventory(t)), loss)
	}

	p.distribute(t, o)
	spread := p.inventory(t)
	c, err := catalog.Read(t.Context(), p.sql, catalog.Options{})
	require.NoError(t, err)
	cluster, err := distribution.Survey(t.Context(), p.sql)
	require.NoError(t, err)
	back, err := distribution.AnalyzeBack(c, cluster).Plan()
	require.NoError(t, err)
	own = back.Phases[0].Steps[0].SQL
	for _, loss := range losses {
		back.Phases[0].Steps[0].SQL = beforeLast(own, loss)
		_, err := migration.Execute(t.Context(), p.sql, back, migration.Options{Apply: true})
		assert.ErrorContains(t, err, "the structure would not be what it was", loss)
		assert.Empty(t, spread.Differences(p.inventory(t)), loss)
	}
}

// TestRightsInShardsEndTheRun gives everybody more on a worker than on the coordinator,
// which no default privilege explains, so that it is not revoked: the run says so.
func TestRightsInShardsEndTheRun(t *testing.T) {
	t.Parallel()
	const alone = "SET citus.enable_ddl_propagation = off; SET citus.enable_manual_changes_to_shards = on; "
	for _, way := range []distribution.Way{distribution.Transactional, distribution.StepByStep} {
		t.Run("way "+string(way), func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, append(jobs[:len(jobs):len(jobs)], "REVOKE ALL ON jobs FROM {app}")...)
			worker := on(t, p.cluster, 1)
			var shard string
			o := p.options(way)
			o.Run.Progress = func(e migration.Event) {
				if e.Kind != migration.StepStarted || !strings.Contains(e.Step, "check rights") {
					return
				}
				if assert.NoError(t, worker.QueryRow(`SELECT shard_name('jobs', min(shardid)) FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
					WHERE logicalrelid = 'jobs'::regclass AND groupid = (SELECT groupid FROM pg_dist_local_group)`).Scan(&shard)) {
					_, err := worker.Exec(alone + "GRANT SELECT ON " + shard + " TO PUBLIC")
					assert.NoError(t, err)
				}
			}
			_, err := tenancy.Distribute(t.Context(), p.db, o)
			require.ErrorContains(t, err, "public.jobs has SELECT for PUBLIC")
			_, err = worker.Exec(alone + "REVOKE SELECT ON " + shard + " FROM PUBLIC")
			require.NoError(t, err)
			o.Run.Progress = nil
			p.distribute(t, o)
		})
	}
}
