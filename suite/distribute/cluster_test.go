package distribute_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/suite/internal/fault"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// TestWorkerStopped cuts the power of a worker at some of the statements: the
// tables are what they were, or what they were to become, and the next run says
// what is wrong, or comes to the end.
func TestWorkerStopped(t *testing.T) {
	skipShort(t)
	t.Parallel()
	cluster := tenancytest.OwnCitus(t)
	s := newShop(t, cluster, rows(4, 8, 40))
	before, sums := s.dump(t), s.sums(t)
	o := passed(options(distribution.Transactional))
	plan := s.plan(t, o)
	worker := cluster.Nodes[1]
	stops := []int{statement(plan, "create_reference_table"), statement(plan, "public.tasks', 'account_id'"), statement(plan, "COMMIT")}
	for _, n := range stops {
		pool, b, err := fault.Open(cluster.OwnerDSN, fault.CancelAt, n, func() { worker.Stop(t) })
		require.NoError(t, err)
		_, err = migration.Execute(t.Context(), pool, plan, o.Run)
		require.NotEmpty(t, b.Struck())
		t.Logf("at %.60s: %v", b.Struck(), err)
		_ = pool.Close()
		if err != nil {
			require.Equal(t, before, s.dump(t), "at %s", b.Struck())
			_, err = tenancy.Distribute(t.Context(), s.db, o, models...)
			require.ErrorIs(t, err, distribution.ErrUndecided)
			require.ErrorContains(t, err, "cannot be reached")
		}
		worker.Start(t)
		s.recover(t)
		require.Equal(t, sums, s.sums(t))
		if err == nil {
			s.finish(t, s.takeBack(plan, o.Run))
		}
		require.Equal(t, before, s.dump(t))
	}
	s.finish(t, s.distribute(o))
	require.Equal(t, sums, s.sums(t))

	// The way back, and a worker that is gone when it begins.
	worker.Stop(t)
	_, err := tenancy.Undistribute(t.Context(), s.db, tenancy.DistributeOptions{Run: migration.Options{Apply: true}})
	require.ErrorContains(t, err, "cannot be reached")
	worker.Start(t)
	s.recover(t)
	s.finish(t, s.undistribute())
	require.Equal(t, sums, s.sums(t))
}

// TestWorkerLostInCommit cuts the power of a worker that has prepared its part,
// while another still prepares: the transaction is committed, and that part follows
// when the worker is back.
func TestWorkerLostInCommit(t *testing.T) {
	skipShort(t)
	t.Parallel()
	cluster := tenancytest.OwnCitus(t)
	s := newShop(t, cluster, rows(4, 8, 40))
	before, sums := s.dump(t), s.sums(t)
	o := passed(options(distribution.Transactional))
	plan := s.plan(t, o)
	admin := open(t, cluster.AdminDSN)
	require.NoError(t, admin.Exec("ALTER ROLE "+roleOf(t, cluster.OwnerDSN)+" SET synchronous_commit = on").Error)
	lost, slow := on(t, cluster, 1), on(t, cluster, 2)
	count := func(node *sql.DB, of string) (n int) {
		assert.NoError(t, node.QueryRow("SELECT count(*) FROM "+of).Scan(&n))
		return n
	}
	waiting := func(n int) func() bool {
		return func() bool { return count(slow, "pg_stat_activity WHERE wait_event = 'SyncRep'") == n }
	}
	do := func(statements ...string) {
		for _, statement := range statements {
			_, err := slow.Exec(statement)
			assert.NoError(t, err, statement)
		}
	}
	var cut sync.WaitGroup
	pool, b, err := fault.Open(cluster.OwnerDSN, fault.CancelAt, statement(plan, "COMMIT"), func() {
		// Whatever the slow worker writes waits for a standby that there is not.
		do("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
		cut.Go(func() { do("SELECT pg_logical_emit_message(true, 'tenancy', 'waits')") })
		assert.Eventually(t, waiting(1), 10*time.Second, 10*time.Millisecond)
		cut.Go(func() {
			assert.Eventually(t, waiting(2), 10*time.Second, 10*time.Millisecond)
			assert.NotZero(t, count(lost, "pg_prepared_xacts"))
			cluster.Nodes[1].Stop(t)
			do("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
		})
	})
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), pool, plan, o.Run)
	cut.Wait()
	require.NotEmpty(t, b.Struck())
	require.NoError(t, pool.Close())
	require.NoError(t, err)
	require.NotEqual(t, before, s.dump(t))
	cluster.Nodes[1].Start(t)
	require.NotZero(t, count(lost, "pg_prepared_xacts"))
	s.recover(t)
	require.Zero(t, count(lost, "pg_prepared_xacts"))
	require.Equal(t, sums, s.sums(t))
	s.finish(t, s.takeBack(plan, o.Run))
	require.Equal(t, before, s.dump(t))
	require.Equal(t, sums, s.sums(t))
}

// TestWorkerStoppedOnline cuts the power of a worker while a table is copied
// online, which leaves it half-way: its rows are all there, and the next run says
// what is wrong, and then goes on.
func TestWorkerStoppedOnline(t *testing.T) {
	skipShort(t)
	t.Parallel()
	cluster := tenancytest.OwnCitus(t)
	s := newShop(t, cluster, rows(4, 8, 40))
	sums := s.sums(t)
	o := passed(options(distribution.StepByStep))
	o.Plan.Online = true
	worker := cluster.Nodes[2]
	var stopped string
	o.Run.Progress = func(e migration.Event) {
		if stopped == "" && e.Kind == migration.StepStarted && strings.HasPrefix(e.Step, "public.projects: spread") {
			stopped = e.Step
			worker.Stop(t)
		}
	}
	result, err := tenancy.Distribute(t.Context(), s.db, o, models...)
	require.Error(t, err)
	require.Equal(t, stopped, result.Failed)
	_, err = tenancy.Distribute(t.Context(), s.db, o, models...)
	require.Error(t, err, "the worker is still away")
	worker.Start(t)
	s.recover(t)
	require.Equal(t, sums, s.sums(t))
	require.Contains(t, s.dump(t), distribution.JournalTable)
	o.Run.Progress = nil
	s.finish(t, s.distribute(o))
	require.Equal(t, sums, s.sums(t))
	require.Equal(t, len(tables)-1, countOf(s.dump(t), "  distribution HASH"))
	require.NotContains(t, s.dump(t), "distribution MANAGED")
}

// on opens the database on a node itself, as a superuser who waits for what he
// commits.
func on(t testing.TB, cluster *tenancytest.Cluster, node int) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(cluster.AdminDSN)
	require.NoError(t, err)
	config.Host, config.Port = cluster.Nodes[node].Host, uint16(cluster.Nodes[node].Port)
	config.RuntimeParams["synchronous_commit"] = "on"
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// statement is the number of the statement among those that change something,
// beginning with 1.
func statement(plan *migration.Plan, part string) int {
	n := 0
	for _, sql := range append(slices.Clone(plan.Phases[0].Steps[0].SQL), "COMMIT") {
		if strings.HasPrefix(sql, "LOCK") || strings.HasPrefix(sql, "SELECT") && !strings.Contains(sql, "create_") {
			continue
		}
		if n++; strings.Contains(sql, part) {
			return n
		}
	}
	return 0
}

// recover does what Citus does by itself each minute: it commits, or rolls back,
// what a worker has prepared that was stopped before its commit.
func (s *shop) recover(t testing.TB) {
	t.Helper()
	admin, err := sql.Open("pgx", s.cluster.AdminDSN)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.Eventually(t, func() bool {
		_, err := admin.Exec("SELECT recover_prepared_transactions()")
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
}

// TestLockTimeout finds a table in use: nothing has changed, and the next run
// comes to the end.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	before, sums := s.dump(t), s.sums(t)
	reader, err := s.sql.Begin()
	require.NoError(t, err)
	_, err = reader.Exec("SELECT FROM tasks")
	require.NoError(t, err)
	for _, way := range draw.One(t, bothWays) {
		o := passed(options(way))
		o.Run.LockTimeout, o.Run.Retries = 50*time.Millisecond, 1
		_, err = tenancy.Distribute(t.Context(), s.db, o, models...)
		var state interface{ SQLState() string }
		require.ErrorAs(t, err, &state)
		require.Equal(t, "55P03", state.SQLState())
		if way == distribution.Transactional {
			require.Equal(t, before, s.dump(t))
		}
		require.Equal(t, sums, s.sums(t))
	}
	require.NoError(t, reader.Rollback())
	s.finish(t, s.distribute(passed(options(distribution.StepByStep))))
	require.Equal(t, sums, s.sums(t))
}

// TestTruncateTrap shows what Citus' own function does to a local table that is
// two foreign keys away, and that the plan's does not.
func TestTruncateTrap(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), nil)
	for _, sql := range []string{
		"CREATE TABLE a (account_id bigint PRIMARY KEY)",
		"CREATE TABLE b (account_id bigint PRIMARY KEY REFERENCES a)",
		"CREATE TABLE unrelated (id int, account_id bigint REFERENCES b)",
		"INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)", "INSERT INTO unrelated VALUES (1, 1), (2, NULL)",
		"SELECT create_distributed_table('a', 'account_id', colocate_with => 'none')",
		"SELECT create_distributed_table('b', 'account_id', colocate_with => 'a')",
	} {
		_, err := s.sql.Exec(sql)
		require.NoError(t, err, sql)
	}
	left := func(q interface{ QueryRow(string, ...any) *sql.Row }) (n int) {
		require.NoError(t, q.QueryRow("SELECT count(*) FROM unrelated").Scan(&n))
		return n
	}
	_, err := s.sql.Exec(distribution.EmptySQL(catalog.Name{Schema: "public", Name: "a"}))
	require.ErrorContains(t, err, "would empty unrelated")
	require.Equal(t, 2, left(s.sql))

	tx, err := s.sql.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("SELECT truncate_local_data_after_distributing_table('a')")
	require.NoError(t, err)
	require.Zero(t, left(tx), "Citus has mended its function: this package need not")
	require.NoError(t, tx.Rollback())

	// The planner does not let it come so far.
	o := options(distribution.Transactional)
	o.Keys.Skip = []catalog.Name{{Schema: "public", Name: "unrelated"}}
	_, err = tenancy.PlanDistribution(t.Context(), s.db, o, models...)
	require.NoError(t, err)
	_, err = tenancy.Distribute(t.Context(), s.db, o, models...)
	require.ErrorContains(t, err, "unrelated_account_id_fkey")
}

// TestHalfWay sends statements of all kinds between a table that is spread and one
// that is not: those fail that phase convert names, and no others.
func TestHalfWay(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	o := options(distribution.StepByStep)
	plan := s.plan(t, o)
	o = passed(o)
	stop := errors.New("far enough")
	done := false
	o.Run.Progress = func(e migration.Event) {
		done = done || e.Kind == migration.StepDone && e.Step == "public.projects: spread as HASH (account_id)"
	}
	o.Run.Throttle = func(context.Context) error {
		if done {
			return stop
		}
		return nil
	}
	_, err := migration.Execute(t.Context(), s.sql, plan, o.Run)
	require.ErrorIs(t, err, stop)
	for _, test := range []struct {
		kind, sql string
		fails     bool
	}{
		{"join", "SELECT count(*) FROM projects p JOIN tasks t ON t.account_id = p.account_id AND t.project_id = p.id WHERE p.account_id = 1", false},
		{"left join", "SELECT count(*) FROM tasks t LEFT JOIN projects p ON t.account_id = p.account_id AND t.project_id = p.id WHERE t.account_id = 1", false},
		{"IN", "SELECT count(*) FROM tasks WHERE account_id = 1 AND project_id IN (SELECT id FROM projects WHERE account_id = 1)", false},
		{"IN, the other way round", "SELECT count(*) FROM projects WHERE account_id = 1 AND id IN (SELECT project_id FROM tasks WHERE account_id = 1)", false},
		{"UPDATE with IN", "UPDATE tasks SET title = title WHERE account_id = 1 AND project_id IN (SELECT id FROM projects WHERE account_id = 1)", false},
		{"INSERT … SELECT", "INSERT INTO tasks (account_id, project_id, title) SELECT account_id, id, 'new' FROM projects WHERE account_id = 1", false},
		{"two statements of a transaction", "UPDATE projects SET name = name WHERE account_id = 1; UPDATE tasks SET title = title WHERE account_id = 1", false},
		{"EXISTS", "SELECT count(*) FROM projects p WHERE account_id = 1 AND EXISTS (SELECT FROM tasks t WHERE t.account_id = p.account_id AND t.project_id = p.id)", true},
		{"EXISTS, the other way round", "SELECT count(*) FROM tasks t WHERE account_id = 1 AND EXISTS (SELECT FROM projects p WHERE t.account_id = p.account_id AND t.project_id = p.id)", true},
		{"a subquery in SELECT", "SELECT (SELECT count(*) FROM tasks t WHERE t.account_id = p.account_id AND t.project_id = p.id) FROM projects p WHERE account_id = 1", true},
		{"LATERAL", "SELECT FROM projects p, LATERAL (SELECT FROM tasks t WHERE t.account_id = p.account_id AND t.project_id = p.id LIMIT 1) x WHERE account_id = 1", true},
		{"DELETE with EXISTS", "DELETE FROM tasks t WHERE account_id = 1 AND NOT EXISTS (SELECT FROM projects p WHERE p.account_id = t.account_id AND p.id = t.project_id)", true},
	} {
		tx, err := s.sql.Begin()
		require.NoError(t, err)
		for sql := range strings.SplitSeq(test.sql, "; ") {
			_, err = tx.Exec(sql)
			assert.Equal(t, test.fails, err != nil, "%s: %v", test.kind, err)
		}
		require.NoError(t, tx.Rollback())
	}
	o.Run.Throttle, o.Run.Progress = nil, nil
	_, err = migration.Execute(t.Context(), s.sql, plan, o.Run)
	require.NoError(t, err)
}

// TestNeeds compares the locks that a node is said to need with those that a
// transaction holds at its end.
func TestNeeds(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	admin, err := sql.Open("pgx", s.cluster.AdminDSN)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	for _, way := range []string{"there", "back"} {
		analysis := s.analysis(t, way)
		plan, err := analysis.Plan()
		require.NoError(t, err)
		tx, err := s.sql.Begin()
		require.NoError(t, err)
		for _, statement := range plan.Phases[0].Steps[0].SQL {
			_, err := tx.Exec(statement)
			require.NoError(t, err, statement)
		}
		held := map[string]int{}
		found, err := admin.Query(`SELECT nodename || ':' || nodeport, result::int FROM run_command_on_all_nodes(
			'SELECT max(n) FROM (SELECT count(*) AS n FROM pg_locks WHERE NOT fastpath AND database IS NOT DISTINCT FROM (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid) AS sessions')
			JOIN pg_dist_node USING (nodeid)`)
		require.NoError(t, err)
		for found.Next() {
			var node string
			var n int
			require.NoError(t, found.Scan(&node, &n))
			held[node] = n
		}
		require.NoError(t, found.Err())
		for _, need := range analysis.Needs() {
			t.Logf("%s %s: %d locks by estimate, %d held", way, need.Node, need.Locks, held[need.Node.String()])
			assert.GreaterOrEqual(t, need.Locks, held[need.Node.String()], "%s %s", way, need.Node)
			assert.Less(t, need.Locks, 5*held[need.Node.String()], "%s %s: an estimate that refuses what would fit", way, need.Node)
		}
		require.NoError(t, tx.Rollback())
		s.finish(t, s.distribute(passed(options(distribution.Transactional))))
	}
}

// TestWeigh compares the shards that tenants are said to come to with those that
// they are in.
func TestWeigh(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(30, 60, 120))
	weight, err := s.analysis(t, "there").Weigh(t.Context(), s.sql, 30)
	require.NoError(t, err)
	require.Len(t, weight.Tenants, 30)
	s.finish(t, s.distribute(passed(options(distribution.Transactional))))
	rows := map[int64]int64{}
	for _, tenant := range weight.Tenants {
		var shard int64
		require.NoError(t, s.sql.QueryRow(`SELECT count(*) FROM pg_dist_shard AS s, pg_dist_shard AS own
			WHERE s.logicalrelid = 'accounts'::regclass AND own.shardid = get_shard_id_for_distribution_column('accounts', $1::bigint)
				AND s.shardminvalue::bigint < own.shardminvalue::bigint`, tenant.Tenant).Scan(&shard))
		assert.Equal(t, shard, tenant.Shard, "tenant %s", tenant.Tenant)
		rows[shard] += tenant.Rows
	}
	again, err := s.analysis(t, "back").Weigh(t.Context(), s.sql, 30)
	require.NoError(t, err)
	assert.Equal(t, weight.Rows, again.Rows, "counted in shards")
	for _, n := range rows {
		assert.LessOrEqual(t, n, rows[weight.Shard]+rows[weight.Shard]/2, "the largest shard, by bytes")
	}
}

func (s *shop) analysis(t testing.TB, way string) *distribution.Analysis {
	t.Helper()
	if way == "there" {
		analysis, err := tenancy.PlanDistribution(t.Context(), s.db, options(distribution.Transactional), models...)
		require.NoError(t, err)
		return analysis
	}
	c, err := catalog.Read(t.Context(), s.sql, catalog.Options{})
	require.NoError(t, err)
	cluster, err := distribution.Survey(t.Context(), s.sql)
	require.NoError(t, err)
	return distribution.AnalyzeBack(c, cluster)
}

// TestUnchanged runs an application before, in the cluster and on plain tables
// again: each statement of a tenant goes to one shard, and the answers are the
// same.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(6, 12, 60))
	_, err := tenancy.PlanKeys(t.Context(), s.db, keys.Options{}, models...)
	require.NoError(t, err)
	s.finish(t, s.distribute(passed(options(distribution.Transactional))))
	spread := s.use(t)
	s.finish(t, s.undistribute())
	assert.Equal(t, spread, s.use(t))
}

// use is the application as one of its users.
func (s *shop) use(t *testing.T) (answers []string) {
	t.Helper()
	app := open(t, s.cluster.DSN+" options='-c citus.multi_task_query_log_level=error'")
	require.NoError(t, app.Use(tenancy.New(tenancy.Config{Column: "account_id", Models: models})))
	for account := int64(1); account <= 3; account++ {
		db := app.WithContext(tenancy.With(t.Context(), account))
		require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
			var projects []*Project
			require.NoError(t, tx.Preload("Tasks").Preload("Managers.Country").Order("projects.id").Find(&projects).Error)
			for _, p := range projects {
				answers = append(answers, fmt.Sprint(p.Name, len(p.Tasks), len(p.Managers)))
			}
			made := &Project{Number: 1000, Name: "new", Tasks: []*Task{{Title: "one"}, {Title: "two"}}, Managers: projects[0].Managers}
			require.NoError(t, tx.Create(made).Error)
			require.NoError(t, tx.Model(made).Update("name", "newer").Error)
			made.Number = 1001
			require.NoError(t, tx.Save(made).Error)
			var n int64
			require.NoError(t, tx.Model(&Task{}).Joins("JOIN projects ON projects.id = tasks.project_id").Where("projects.name = ?", "newer").Count(&n).Error)
			answers = append(answers, fmt.Sprint(n))
			require.NoError(t, tx.Select("Tasks", "Managers").Delete(made).Error)
			require.NoError(t, tx.Model(&Project{}).Count(&n).Error)
			answers = append(answers, fmt.Sprint(n))
			return nil
		}))
	}
	return answers
}

// extras are what undistribute_table forgets, or changes.
var extras = []string{
	"CREATE VIEW open_tasks WITH (security_barrier, security_invoker) AS SELECT id, title FROM tasks",
	"CREATE VIEW open_titles AS SELECT title FROM open_tasks",
	"CREATE MATERIALIZED VIEW task_counts AS SELECT project_id, count(*) AS n FROM tasks GROUP BY project_id",
	"CREATE UNIQUE INDEX task_counts_project ON task_counts (project_id)",
	"COMMENT ON TABLE tasks IS 'what is to do; it''s much'", "COMMENT ON COLUMN tasks.title IS 'in words'",
	"COMMENT ON CONSTRAINT tasks_title_check ON tasks IS 'not empty'", "COMMENT ON INDEX tasks_project IS 'fast'",
	"COMMENT ON VIEW open_tasks IS 'view'", "COMMENT ON COLUMN open_tasks.title IS 'column of a view'",
	"CREATE RULE keep AS ON DELETE TO tasks WHERE false DO NOTHING",
	"ALTER TABLE tasks ADD CONSTRAINT short CHECK (length(title) < 3) NOT VALID",
	"CREATE POLICY everybody ON tasks USING (id > 0)", "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY",
	"CREATE STATISTICS both_of ON id, project_id FROM tasks",
	"CREATE UNIQUE INDEX managers_identity ON managers (account_id, email)", "ALTER TABLE managers REPLICA IDENTITY USING INDEX managers_identity",
	"ALTER TABLE projects CLUSTER ON projects_number",
	"REVOKE ALL ON managers FROM %[1]s", "GRANT SELECT (id) ON managers TO %[1]s WITH GRANT OPTION", "REVOKE DELETE ON open_tasks FROM %[1]s",
	"GRANT SELECT ON task_counts TO PUBLIC",
}

// TestBackWhole compares what pg_dump writes of tables before they are spread, and
// after they are brought back.
func TestBackWhole(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	app := roleOf(t, s.cluster.DSN)
	for _, sql := range extras {
		if strings.Contains(sql, "%[1]s") {
			sql = fmt.Sprintf(sql, app)
		}
		_, err := s.sql.Exec(sql)
		require.NoError(t, err, sql)
	}
	for _, way := range draw.One(t, bothWays) {
		if way == distribution.StepByStep { // whose first phases, package keys', update rows
			_, err := s.sql.Exec("ALTER TABLE tasks DROP CONSTRAINT short, ADD CONSTRAINT short CHECK (length(title) < 30) NOT VALID")
			require.NoError(t, err)
		}
		before := s.pgDump(t)
		o := passed(options(way))
		plan := s.plan(t, o)
		s.finish(t, s.distribute(o))
		spread := s.pgDump(t)
		s.finish(t, s.undistribute())
		require.Equal(t, spread, s.pgDump(t), "after Undistribute")
		s.finish(t, s.distribute(o))
		s.finish(t, s.takeBack(plan, o.Run))
		require.Equal(t, before, s.pgDump(t), "after the undo")
	}
}

func roleOf(t testing.TB, dsn string) (role string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRow("SELECT current_user").Scan(&role))
	return role
}

// pgDump is the structure as pg_dump writes it, its statements in order: it writes
// them as the catalogue has them.
func (s *shop) pgDump(t testing.TB) string {
	t.Helper()
	program := pgDumpProgram()
	if program == "" {
		t.Skip("no pg_dump of the server's version is installed")
	}
	out, err := exec.Command(program, "--schema-only", "--schema=public", withoutZone(s.cluster.OwnerDSN)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var kept []string
	for statement := range strings.SplitSeq(string(out), ";\n") {
		var lines []string
		for line := range strings.Lines(statement) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) {
				lines = append(lines, line)
			}
		}
		kept = append(kept, strings.Join(lines, " "))
	}
	slices.Sort(kept)
	return strings.Join(kept, "\n")
}

// withoutZone is a DSN as libpq understands it.
func withoutZone(dsn string) string {
	return strings.NewReplacer(" timezone=UTC", "", "&timezone=UTC", "", "?timezone=UTC", "").Replace(dsn)
}

// pgDumpProgram is the newest pg_dump.
func pgDumpProgram() string {
	for _, glob := range []string{"/usr/lib/postgresql/*/bin/pg_dump", "/usr/pgsql-*/bin/pg_dump"} {
		if found, _ := filepath.Glob(glob); len(found) > 0 { // the patterns are well-formed
			return found[len(found)-1]
		}
	}
	found, _ := exec.LookPath("pg_dump") // empty when there is none
	return found
}
