package distribute_test

import (
	"bytes"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// A place is a database on a cluster, made of SQL alone.
type place struct {
	cluster *tenancytest.Cluster
	db      *gorm.DB
	sql     *sql.DB
	app     string // the application's role
	report  bytes.Buffer
}

func newPlace(t testing.TB, statements ...string) *place {
	t.Helper()
	return placeOn(t, tenancytest.Citus(t), statements)
}

func placeOn(t testing.TB, cluster *tenancytest.Cluster, statements []string) *place {
	t.Helper()
	p := &place{cluster: cluster}
	p.db = open(t, p.cluster.OwnerDSN)
	pool, err := p.db.DB()
	require.NoError(t, err)
	p.sql, p.app = pool, roleOf(t, p.cluster.DSN)
	p.do(t, statements...)
	return p
}

// do executes statements; app in braces is the application's role.
func (p *place) do(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		statement = strings.ReplaceAll(statement, "{app}", p.app)
		_, err := p.sql.Exec(statement)
		require.NoError(t, err, statement)
	}
}

// options of a place: everything is confirmed.
func (p *place) options(way distribution.Way) tenancy.DistributeOptions {
	o := tenancy.DistributeOptions{Plan: distribution.Options{Way: way, OnDelete: catalog.NoAction, OnUpdate: catalog.NoAction}}
	p.report.Reset()
	o.Out = &p.report
	return passed(o)
}

func (p *place) plan(t testing.TB, o tenancy.DistributeOptions) *migration.Plan {
	t.Helper()
	analysis, err := tenancy.PlanDistribution(t.Context(), p.db, o)
	require.NoError(t, err)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	return plan
}

func (p *place) distribute(t testing.TB, o tenancy.DistributeOptions) {
	t.Helper()
	result, err := tenancy.Distribute(t.Context(), p.db, o)
	require.NoError(t, err)
	require.Nil(t, result.Barrier)
}

func (p *place) undistribute(t testing.TB) {
	t.Helper()
	p.report.Reset()
	_, err := tenancy.Undistribute(t.Context(), p.db, tenancy.DistributeOptions{Run: migration.Options{Apply: true}, Out: &p.report})
	require.NoError(t, err)
}

// takeBack is the undo of a plan that was kept.
func (p *place) takeBack(t testing.TB, plan *migration.Plan, o tenancy.DistributeOptions) {
	t.Helper()
	var err error
	o.Run.Passed, err = distribution.Passed(plan, o.Run.Passed)
	require.NoError(t, err)
	_, err = migration.Undo(t.Context(), p.sql, plan, o.Run)
	require.NoError(t, err)
}

// inventory is all that the catalogue says of the tables and what hangs on them.
func (p *place) inventory(t testing.TB) catalog.Inventory {
	t.Helper()
	tx, err := p.sql.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	inventory, err := catalog.Take(t.Context(), tx, nil)
	require.NoError(t, err)
	return inventory
}

// jobs are two tables of tenants, and rows.
var jobs = []string{
	"CREATE TABLE tenants (id int PRIMARY KEY)",
	"CREATE TABLE jobs (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, n int)",
	"INSERT INTO tenants VALUES (1), (2), (3)",
	"INSERT INTO jobs SELECT g, 1 + g % 3, g FROM generate_series(1, 30) AS g",
}

// attached are objects of all kinds that hang on a table, with what is said of them.
var attached = []string{
	"CREATE FUNCTION next_jobs(t int) RETURNS SETOF jobs LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM jobs WHERE tenant_id = t; END $$",
	"CREATE FUNCTION label(j jobs) RETURNS text LANGUAGE plpgsql IMMUTABLE COST 7 AS $$ BEGIN RETURN j.n::text; END $$",
	"CREATE FUNCTION labels(j jobs[]) RETURNS int LANGUAGE sql AS 'SELECT cardinality(j)'",
	"CREATE FUNCTION counted(t int) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM jobs WHERE tenant_id = t; END",
	"CREATE FUNCTION plain_body(t int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM jobs WHERE tenant_id = t'",
	"CREATE PROCEDURE take(j jobs) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN NULL; END $$",
	"CREATE VIEW v AS SELECT n, tenant_id FROM jobs",
	"CREATE FUNCTION from_view() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v'",
	"CREATE VIEW w WITH (security_barrier) AS SELECT n, tenant_id FROM v WHERE n > 0",
	"CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT n FROM w",
	"CREATE UNIQUE INDEX m_n ON m (n)", "COMMENT ON INDEX m_n IS 'of m'", "COMMENT ON MATERIALIZED VIEW m IS 'counted'",
	"CREATE MATERIALIZED VIEW empty AS SELECT n FROM jobs WITH NO DATA",
	"CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO jobs VALUES (new.n + 1000, new.tenant_id, new.n); RETURN new; END $$",
	"CREATE TRIGGER put INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION put()", "COMMENT ON TRIGGER put ON v IS 'puts'",
	"ALTER VIEW v ALTER COLUMN n SET DEFAULT 5", "COMMENT ON COLUMN v.n IS 'number'",
	"CREATE RULE nothing AS ON DELETE TO v DO INSTEAD NOTHING", "COMMENT ON RULE nothing ON v IS 'keeps'",
	"CREATE RULE keep AS ON DELETE TO jobs WHERE false DO NOTHING", "COMMENT ON RULE keep ON jobs IS 'keeps, too'",
	"CREATE RULE off AS ON DELETE TO jobs WHERE false DO NOTHING", "ALTER TABLE jobs DISABLE RULE off",
	"CREATE STATISTICS jobs_st (ndistinct) ON tenant_id, n FROM jobs", "COMMENT ON STATISTICS jobs_st IS 'st'", "ALTER STATISTICS jobs_st SET STATISTICS 200",
	"ALTER TABLE jobs ADD CONSTRAINT positive CHECK (n > 0) NO INHERIT", "COMMENT ON CONSTRAINT positive ON jobs IS 'more than nothing'",
	"CREATE INDEX jobs_n ON jobs ((n + 1))", "ALTER INDEX jobs_n ALTER COLUMN 1 SET STATISTICS 50", "COMMENT ON INDEX jobs_n IS 'of n'",
	"COMMENT ON CONSTRAINT jobs_pkey ON jobs IS 'the key'", "COMMENT ON INDEX jobs_pkey IS 'its index'", "COMMENT ON CONSTRAINT jobs_tenant_id_fkey ON jobs IS 'whose'",
	"ALTER TABLE jobs ALTER COLUMN n SET STATISTICS 33", "ALTER TABLE jobs ALTER COLUMN n SET (n_distinct = 5)", "ALTER TABLE jobs SET (fillfactor = 60)",
	"ALTER TABLE jobs ADD note text COLLATE \"C\"", "ALTER TABLE jobs ALTER COLUMN note SET STORAGE EXTERNAL", "COMMENT ON COLUMN jobs.note IS 'said'",
	"COMMENT ON FUNCTION label(jobs) IS 'a label; it''s one'", "COMMENT ON PROCEDURE take(jobs) IS 'takes'", "COMMENT ON VIEW w IS 'w'",
	"REVOKE ALL ON FUNCTION label(jobs) FROM PUBLIC", "GRANT EXECUTE ON FUNCTION label(jobs) TO {app} WITH GRANT OPTION",
	"REVOKE ALL ON v FROM {app}", "GRANT SELECT (n) ON v TO {app}", "REVOKE DELETE ON jobs FROM CURRENT_USER", "REVOKE SELECT ON jobs FROM {app}",
	"GRANT SELECT (id) ON jobs TO PUBLIC",
	"CREATE POLICY everybody ON jobs USING (n > 0)", "COMMENT ON POLICY everybody ON jobs IS 'all'", "ALTER TABLE jobs ENABLE ROW LEVEL SECURITY",
}

// A wayTo spread tables.
type wayTo struct {
	name   string
	way    distribution.Way
	online bool
}

// place is a cluster of the test's own where tables are copied online: Citus can do
// that for one database of a server at a time.
func (w wayTo) place(t testing.TB, statements []string) *place {
	t.Helper()
	if w.online {
		return placeOn(t, tenancytest.OwnCitus(t), statements)
	}
	return newPlace(t, statements...)
}

var bothWays = []distribution.Way{distribution.Transactional, distribution.StepByStep}

var ways = []wayTo{
	{"transactional", distribution.Transactional, false},
	{"step by step", distribution.StepByStep, false},
	{"online", distribution.StepByStep, true},
}

// TestEverythingComesBack moves a table on which objects of all kinds hang, there
// and back each way: the catalogue says the same of all of them.
func TestEverythingComesBack(t *testing.T) {
	t.Parallel()
	for _, test := range draw.One(t, ways) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := test.place(t, slices.Concat(jobs, attached))
			before := p.inventory(t)
			o := p.options(test.way)
			o.Plan.Online = test.online
			plan := p.plan(t, o)
			p.distribute(t, o)
			assert.Contains(t, p.report.String(), "function public.next_jobs(integer)")
			spread := p.inventory(t)
			p.undistribute(t)
			assert.Contains(t, p.report.String(), "function public.next_jobs(integer)")
			assert.Empty(t, spread.Differences(p.inventory(t)), "after Undistribute")
			var label string
			require.NoError(t, p.sql.QueryRow("SELECT label(jobs.*) FROM jobs WHERE id = 7").Scan(&label))
			assert.Equal(t, "7", label)
			p.takeBack(t, plan, o)
			assert.Empty(t, before.Differences(p.inventory(t)), "after Undistribute and Undo of the kept plan")
			p.distribute(t, o)
			p.takeBack(t, plan, o)
			assert.Empty(t, before.Differences(p.inventory(t)), "after Undo")
		})
	}
}

// parts is a partitioned table with all that its parts can have of their own, and
// strange names.
var parts = []string{
	"CREATE SCHEMA \"Über\"", "CREATE SCHEMA aside", "GRANT USAGE ON SCHEMA aside TO {app}",
	"CREATE TABLE \"Über\".\"Te''nants\" (id bigint PRIMARY KEY, \"Select\" text)",
	"CREATE TABLE aside.events (id bigserial, tenant_id bigint NOT NULL REFERENCES \"Über\".\"Te''nants\", at date NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
	"CREATE TABLE aside.events_1 PARTITION OF aside.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
	"CREATE TABLE aside.\"Events 2\" PARTITION OF aside.events DEFAULT",
	"CREATE INDEX events_kind ON aside.events (lower(kind))", "CREATE INDEX own ON aside.events_1 (kind) WHERE kind > 'a'",
	"CREATE TABLE aside.lines (id bigint PRIMARY KEY, event_id bigint, event_at date, FOREIGN KEY (event_id, event_at) REFERENCES aside.events (id, at))",
	"CREATE VIEW aside.\"All\" AS SELECT tableoid::regclass AS part, count(*) AS n FROM aside.events GROUP BY 1",
	"COMMENT ON TABLE aside.events_1 IS 'one'", "COMMENT ON INDEX aside.own IS 'own'", "COMMENT ON COLUMN aside.events_1.kind IS 'kind of one'",
	"REVOKE SELECT ON aside.events_1 FROM {app}", "GRANT UPDATE (kind) ON aside.\"Events 2\" TO {app}",
	"ALTER TABLE aside.events_1 ENABLE ROW LEVEL SECURITY", "CREATE POLICY \"Kinds\" ON aside.events_1 FOR SELECT TO {app} USING (kind = 'x')",
	"CREATE FUNCTION aside.row_of(aside.events_1) RETURNS text LANGUAGE sql AS 'SELECT $1.kind'",
	"INSERT INTO \"Über\".\"Te''nants\" VALUES (1), (2), (3)",
	"INSERT INTO aside.events (tenant_id, at, kind) SELECT 1 + g % 3, date '2020-06-01' + g * 30, 'k' || g FROM generate_series(1, 30) AS g",
	"INSERT INTO aside.lines SELECT id, id, at FROM aside.events",
}

// TestPartsComeBack moves a partitioned table there and back.
func TestPartsComeBack(t *testing.T) {
	t.Parallel()
	for _, way := range draw.One(t, bothWays) {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, parts...)
			before := p.inventory(t)
			plan := p.plan(t, p.options(way))
			p.distribute(t, p.options(way))
			spread := p.inventory(t)
			p.undistribute(t)
			assert.Empty(t, spread.Differences(p.inventory(t)), "after Undistribute")
			p.takeBack(t, plan, p.options(way))
			assert.Empty(t, before.Differences(p.inventory(t)), "after Undistribute and Undo of the kept plan")
			p.distribute(t, p.options(way))
			p.takeBack(t, plan, p.options(way))
			assert.Empty(t, before.Differences(p.inventory(t)), "after Undo")
		})
	}
}

// TestViewThatNeedsRowType finds before anything is changed that Citus does not
// take views that call functions of a table's row type.
func TestViewThatNeedsRowType(t *testing.T) {
	t.Parallel()
	p := newPlace(t, append(jobs[:len(jobs):len(jobs)],
		"CREATE FUNCTION label(j jobs) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT j.n::text'",
		"CREATE VIEW labelled AS SELECT label(jobs.*) AS label FROM jobs",
		"CREATE MATERIALIZED VIEW labels AS SELECT label FROM labelled")...)
	before := p.inventory(t)
	_, err := tenancy.Distribute(t.Context(), p.db, p.options(distribution.Transactional))
	require.ErrorIs(t, err, distribution.ErrUndecided)
	assert.ErrorContains(t, err, "function public.label(public.jobs)")
	assert.Empty(t, before.Differences(p.inventory(t)))
}

// TestNothingIsDroppedThatCannotComeBack refuses the way back while an object hangs
// on a table that the plan cannot make again.
func TestNothingIsDroppedThatCannotComeBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t, jobs...)
	p.distribute(t, p.options(distribution.Transactional))
	for _, test := range []struct{ reason, make, drop, what string }{
		{"a column of another table", "CREATE TABLE others (j jobs)", "DROP TABLE others", "column j of table public.others"},
		{"a type", "CREATE TYPE pair AS (one jobs, two jobs)", "DROP TYPE pair", "of composite type public.pair"},
		{"a domain", "CREATE DOMAIN known AS jobs CHECK ((VALUE).n > 0)", "DROP DOMAIN known", "type public.known"},
		{"an aggregate", "CREATE AGGREGATE last(jobs) (SFUNC = array_append, STYPE = jobs[])", "DROP AGGREGATE last(jobs)", "function public.last(public.jobs)"},
		{"a cast", "CREATE FUNCTION text_of(jobs) RETURNS text LANGUAGE sql AS 'SELECT $1.n::text'; CREATE CAST (jobs AS text) WITH FUNCTION text_of(jobs)",
			"DROP FUNCTION text_of(jobs) CASCADE", "cast from public.jobs to text"},
		{"an operator", "CREATE FUNCTION same(jobs, jobs) RETURNS bool LANGUAGE sql AS 'SELECT $1.n = $2.n'; CREATE OPERATOR === (LEFTARG = jobs, RIGHTARG = jobs, FUNCTION = same)",
			"DROP OPERATOR === (jobs, jobs); DROP FUNCTION same", "operator public.===(public.jobs,public.jobs)"},
		{"a default that calls a function that hangs", "CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM jobs; END; CREATE TABLE others (n bigint DEFAULT counted())",
			"DROP TABLE others; DROP FUNCTION counted", "default value for column n of table public.others"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			p.do(t, test.make)
			before := p.inventory(t)
			var report bytes.Buffer
			_, err := tenancy.Undistribute(t.Context(), p.db, tenancy.DistributeOptions{Out: &report, Run: migration.Options{Apply: true}})
			require.ErrorIs(t, err, distribution.ErrUndecided)
			assert.Contains(t, report.String(), test.what)
			assert.Empty(t, before.Differences(p.inventory(t)))
			p.do(t, test.drop)
		})
	}
	// What comes by after the plan was made is found by the run.
	c, err := catalog.Read(t.Context(), p.sql, catalog.Options{})
	require.NoError(t, err)
	cluster, err := distribution.Survey(t.Context(), p.sql)
	require.NoError(t, err)
	plan, err := distribution.AnalyzeBack(c, cluster).Plan()
	require.NoError(t, err)
	p.do(t, "CREATE TABLE others (j jobs)")
	_, err = migration.Execute(t.Context(), p.sql, plan, migration.Options{Apply: true})
	require.ErrorContains(t, err, "column j of table public.others")
	p.do(t, "DROP TABLE others")
	p.undistribute(t)
}
