package distribute_test

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/suite/internal/fault"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var (
	kind   = flag.String("kind", "", "of the fault tests: the one kind of fault there is, by the end of its name; empty for all in turn")
	reads  = flag.Bool("reads", false, "of the fault tests: fail at statements that read, too")
	stride = flag.Int("stride", 0, "of the fault tests: fail at each n-th statement only; zero for a few of them")
	offset = flag.Int("offset", 0, "of the fault tests: which kind of fault is the first; with -stride 1 and each of 0 to 6, every statement meets every kind")
)

// strideOf is the flag's, or the other one.
func strideOf(few int) int {
	if *stride > 0 {
		return *stride
	}
	return few
}

// skipShort leaves out tests of what the server does, in which the race detector
// sees little: the run with it is the short one.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the run without -short has it")
	}
}

// A way is a call that is disturbed.
type way func(context.Context, *gorm.DB) error

func (s *shop) distribute(o tenancy.DistributeOptions) way {
	return func(ctx context.Context, db *gorm.DB) error {
		_, err := tenancy.Distribute(ctx, db, o, models...)
		return err
	}
}

func (s *shop) undistribute() way {
	return func(ctx context.Context, db *gorm.DB) error {
		_, err := tenancy.Undistribute(ctx, db, tenancy.DistributeOptions{Run: migration.Options{Apply: true}})
		return err
	}
}

// plan is what there is to do.
func (s *shop) plan(t testing.TB, o tenancy.DistributeOptions) *migration.Plan {
	t.Helper()
	analysis, err := tenancy.PlanDistribution(t.Context(), s.db, o, models...)
	require.NoError(t, err)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	return plan
}

// takeBack is the undo of a plan.
func (s *shop) takeBack(plan *migration.Plan, run migration.Options) way {
	return func(ctx context.Context, db *gorm.DB) error {
		pool, err := db.DB()
		if err == nil {
			_, err = migration.Undo(ctx, pool, plan, run)
		}
		return err
	}
}

// disturbed calls with a fault at the n-th statement, which it returns; empty when
// the call came to its end before.
func (s *shop) disturbed(t testing.TB, call way, f fault.Fault, n int) (struck string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithCancel(t.Context())
		open := fault.Open
		if *reads {
			open = fault.OpenAll
		}
		pool, b, err := open(s.cluster.OwnerDSN, f, n, cancel)
		require.NoError(t, err)
		db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		require.NoError(t, db.Use(tenancy.New(tenancy.Config{Column: "account_id", Models: models})))
		err = call(ctx, db)
		cancel()
		_ = pool.Close()
		if errors.Is(err, migration.ErrRunning) && time.Now().Before(deadline) {
			continue
		}
		struck = b.Struck()
		t.Logf("%s statement %d, %.80q: %v", f, n, struck, err)
		if struck == "" {
			require.NoError(t, err)
		} else if err == nil {
			// What never got to the server database/sql sends again, where it is no
			// part of a transaction: that is so of the journal, and of what is read.
			require.True(t, *reads || f == fault.CancelIn || f == fault.KillIn || strings.Contains(struck, distribution.JournalTable), "%s %s must fail", f, struck)
		}
		return struck
	}
}

// finish calls until the run before has let go.
func (s *shop) finish(t testing.TB, call way) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := call(t.Context(), s.db)
		if errors.Is(err, migration.ErrRunning) && time.Now().Before(deadline) {
			continue
		}
		require.NoError(t, err)
		return
	}
}

var faults = []fault.Fault{fault.CutBefore, fault.CutAfter, fault.KillBefore, fault.KillAfter, fault.CancelAt, fault.CancelIn, fault.KillIn}

// faultAt takes them in turn, as the flags say.
func faultAt(i int) fault.Fault {
	for _, f := range faults {
		if *kind != "" && strings.HasSuffix(string(f), *kind) {
			return f
		}
	}
	return faults[(*offset+i)%len(faults)]
}

// TestTransactionCut fails at statements of the transactional way, there and back:
// nothing has changed then, or all of it.
func TestTransactionCut(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	o := passed(options(distribution.Transactional))
	plan := s.plan(t, o)
	before, sums := s.dump(t), s.sums(t)
	s.finish(t, s.distribute(o))
	spread := s.dump(t)
	s.finish(t, s.undistribute())
	plain := s.dump(t)
	s.finish(t, s.distribute(o))
	s.finish(t, s.takeBack(plan, o.Run))
	for _, walk := range []struct {
		there, back way
		from, to    string
	}{
		{s.distribute(o), s.takeBack(plan, o.Run), before, spread},
		{s.undistribute(), s.distribute(o), spread, plain},
	} {
		if walk.from == spread {
			s.finish(t, s.distribute(o))
		}
		for n, i := 1, 0; ; n, i = n+strideOf(17), i+1 {
			struck := s.disturbed(t, walk.there, faultAt(i), n)
			require.Equal(t, sums, s.sums(t), "%s %s", faultAt(i), struck)
			now := s.dump(t)
			require.Contains(t, []string{walk.from, walk.to}, now, "%s %s", faultAt(i), struck)
			if struck == "" {
				require.Equal(t, walk.to, now)
				require.Greater(t, i, 1)
				break
			}
			if now == walk.to {
				s.finish(t, walk.back)
				require.Equal(t, walk.from, s.dump(t))
			}
		}
	}
}

// TestStepCut fails at statements of the other way, one run after the other, to
// the end: each begins where the last one ended. Then back.
func TestStepCut(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	o := passed(options(distribution.StepByStep))
	o.Plan.Online = true
	before, sums := s.dump(t), s.sums(t)
	s.walk(t, s.distribute(o), sums)
	require.NotContains(t, s.dump(t), distribution.JournalTable)
	require.Equal(t, len(tables)-1, countOf(s.dump(t), "  distribution HASH"))
	require.Empty(t, s.leftovers(t))

	// A run that ended on the way is taken back with the keys that it made.
	s.finish(t, s.undistribute())
	s2 := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
	require.Equal(t, before, s2.dump(t))
	o.Plan.Online = false
	struck := s2.disturbed(t, s2.distribute(o), fault.KillAfter, 80)
	require.NotEmpty(t, struck)
	require.Contains(t, s2.dump(t), distribution.JournalTable)
	s2.walk(t, goBack(o), sums)
	require.Equal(t, before, s2.dump(t))
}

// goBack takes back a run that was begun.
func goBack(o tenancy.DistributeOptions) way {
	return func(ctx context.Context, db *gorm.DB) error {
		_, err := tenancy.Undistribute(ctx, db, tenancy.DistributeOptions{Run: o.Run})
		return err
	}
}

// TestStepBack fails at statements of the way back from a run that has all but
// forgotten its plan, so that every step is taken back. With -stride, also where
// tables were copied online.
func TestStepBack(t *testing.T) {
	skipShort(t)
	t.Parallel()
	online := []bool{false, true}
	if *stride == 0 {
		online = online[:1]
	}
	for _, online := range online {
		t.Run(map[bool]string{false: "offline", true: "online"}[online], func(t *testing.T) {
			t.Parallel()
			s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
			o := passed(options(distribution.StepByStep))
			o.Plan.Online = online
			before, sums := s.dump(t), s.sums(t)
			analysis, err := tenancy.PlanDistribution(t.Context(), s.db, o, models...)
			require.NoError(t, err)
			plan, err := analysis.Plan()
			require.NoError(t, err)
			s.finish(t, s.distribute(o))
			require.NoError(t, analysis.NewJournal().Save(t.Context(), s.sql, plan))
			s.walk(t, goBack(o), sums)
			require.Equal(t, before, s.dump(t))
		})
	}
}

// walk disturbs runs until one comes to its end. Where one has led nowhere new,
// the next fails one statement later.
func (s *shop) walk(t testing.TB, call way, sums map[string]string) {
	t.Helper()
	seen := map[string]bool{s.dump(t): true}
	for i, n := 0, strideOf(11); ; i, n = i+1, n+1 {
		f := faultAt(i)
		struck := s.disturbed(t, call, f, n)
		require.Equal(t, sums, s.sums(t), "%s %s", f, struck)
		if struck == "" {
			require.Greater(t, i, 1)
			return
		}
		if now := s.dump(t); !seen[now] {
			seen[now], n = true, strideOf(11)-1
		}
	}
}

// TestJournal carries on from a plan that is the role's own, and from no other:
// who may write such a table, or make one, would have its SQL carried out.
func TestJournal(t *testing.T) {
	t.Parallel()
	s := newShop(t, tenancytest.Citus(t), nil)
	analysis, err := tenancy.PlanDistribution(t.Context(), s.db, options(distribution.StepByStep), models...)
	require.NoError(t, err)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	journal := analysis.NewJournal()
	require.NoError(t, journal.Save(t.Context(), s.sql, plan))
	kept, err := journal.Load(t.Context(), s.sql)
	require.NoError(t, err)
	require.Equal(t, plan, kept)

	app := roleOf(t, s.cluster.DSN)
	var may bool
	require.NoError(t, s.sql.QueryRow("SELECT has_table_privilege($1, 'tenancy_distribution', 'SELECT, INSERT, UPDATE, DELETE')", app).Scan(&may))
	require.False(t, may, "default privileges of the application")
	_, err = s.sql.Exec("GRANT UPDATE ON tenancy_distribution TO " + app)
	require.NoError(t, err)
	_, err = tenancy.Distribute(t.Context(), s.db, options(distribution.StepByStep), models...)
	require.ErrorIs(t, err, distribution.ErrJournal)
	_, err = s.sql.Exec("REVOKE UPDATE ON tenancy_distribution FROM " + app)
	require.NoError(t, err)
	admin := open(t, s.cluster.AdminDSN)
	_, err = tenancy.Undistribute(t.Context(), admin, tenancy.DistributeOptions{})
	require.ErrorIs(t, err, distribution.ErrJournal, "a superuser carries out no other role's plan")
	require.NoError(t, journal.Forget(t.Context(), s.sql))
}
