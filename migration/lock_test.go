package migration_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/migration"
)

// begin opens a transaction that the test ends.
func begin(t *testing.T, db *sql.DB, statement string) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	_, err = tx.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	return tx
}

func TestSecondOperator(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	o := apply()
	o.Throttle = func(ctx context.Context) error {
		o.Throttle = nil
		other := b.open(t)
		_, err := migration.Execute(ctx, other, b.plan, apply())
		require.ErrorIs(t, err, migration.ErrRunning)
		require.ErrorContains(t, err, "process ")
		_, err = migration.Undo(ctx, other, b.plan, apply())
		require.ErrorIs(t, err, migration.ErrRunning)
		_, err = migration.Execute(ctx, other, b.plan, migration.Options{})
		require.NoError(t, err, "a dry run is in nobody's way")
		return nil
	}
	_, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	b.undo(t)
}

// The statement of a run that was cut off may go on for a while: it is waited for.
func TestOrphanIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	tx := begin(t, b.open(t), `SELECT pg_advisory_xact_lock(x'676f726d'::int, 2)`)
	time.AfterFunc(500*time.Millisecond, func() { _ = tx.Rollback() })
	b.execute(t)
}

func TestLostLockEndsTheRun(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	other, calls := b.open(t), 0
	o := apply()
	o.Throttle = func(ctx context.Context) error {
		if calls++; calls == 4 {
			_, err := other.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks
				WHERE locktype = 'advisory' AND objid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			require.NoError(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	}
	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.ErrorIs(t, err, migration.ErrLockLost)
	require.Equal(t, stepNames(b.plan)[:3], result.Done)
	b.execute(t)
}

func TestPoolOfOneIsRefused(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	b.db.SetMaxOpenConns(1)
	_, err := migration.Execute(t.Context(), b.db, b.plan, apply())
	require.ErrorIs(t, err, migration.ErrRefused)
	_, err = migration.Execute(t.Context(), b.db, b.plan, migration.Options{})
	require.NoError(t, err)
}

func TestNoDSNInErrors(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("pgx", "host=127.0.0.1 port=1 user=somebody password=secret dbname=hidden")
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), db, testPlan(), migration.Options{})
	require.EqualError(t, err, "migration: cannot connect to the database")
}

// A step gets its lock as soon as another session lets go of it, and tells of its
// retries.
func TestLockTimeoutAndRetry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reason, lock string
		held         int // steps that are done when the lock is in the way
	}{
		{"ALTER TABLE behind a reader", `SELECT FROM shop."Items"`, 0},
		{"a batch behind a row lock", `SELECT FROM shop."Items" WHERE id = 7 FOR UPDATE`, 1},
		{"the catalogue behind ALTER TABLE", `LOCK TABLE shop."Items"`, 2},
		{"a concurrent build behind VACUUM or DDL", `LOCK TABLE shop.users IN SHARE UPDATE EXCLUSIVE MODE`, 5},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, 10)
			steps := 0
			var tx *sql.Tx
			var retries []migration.Event
			o := apply()
			o.LockTimeout = 50 * time.Millisecond
			o.Progress = func(e migration.Event) {
				switch e.Kind {
				case migration.StepStarted:
					if steps++; steps == test.held+1 {
						tx = begin(t, b.open(t), test.lock)
					}
				case migration.Retrying:
					if retries = append(retries, e); len(retries) == 3 {
						require.NoError(t, tx.Rollback())
					}
				}
			}
			result, err := migration.Execute(t.Context(), b.db, b.plan, o)
			require.NoError(t, err)
			require.Equal(t, stepNames(b.plan), result.Done)
			require.Len(t, retries, 3)
			require.Equal(t, 3, result.Retries)
			require.Equal(t, stepNames(b.plan)[test.held], retries[0].Step)
			require.ErrorContains(t, retries[0].Reason, "55P03")
			require.Less(t, retries[0].Pause, retries[2].Pause)
			b.requireFilled(t, 10)
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	tx := begin(t, b.open(t), `SELECT FROM shop."Items"`)
	o := apply()
	o.LockTimeout, o.Retries = 20*time.Millisecond, 2
	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.ErrorContains(t, err, "given up after 3 tries")
	require.ErrorContains(t, err, `shop.\"Items\": add tenant_id`)
	require.Equal(t, stepNames(b.plan)[0], result.Failed)
	require.Equal(t, stepNames(b.plan), result.Remaining)
	require.NoError(t, tx.Rollback())

	b.execute(t)
	tx = begin(t, b.open(t), `SELECT FROM shop."Items"`)
	result, err = migration.Undo(t.Context(), b.db, b.plan, o)
	require.ErrorContains(t, err, "given up after 3 tries")
	require.Equal(t, 2, result.Retries, "retries do not multiply")
	require.NoError(t, tx.Rollback())
	b.undo(t)
}

// While a concurrent build waits for an older transaction, the lock timeout does
// not end it; the context does, and what it leaves is removed.
func TestConcurrentBuildWaits(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	tx := begin(t, b.open(t), `LOCK TABLE shop.users IN ROW EXCLUSIVE MODE`)
	o := apply()
	o.LockTimeout = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Progress = func(e migration.Event) {
		if e.Kind == migration.StepStarted && e.Step == "shop.users: build users_tenant" {
			time.AfterFunc(time.Second, cancel)
		}
	}
	_, err := migration.Execute(ctx, b.db, b.plan, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, defUnique+" INVALID", b.read(t).Definition(users, "index", "users_tenant"))
	time.AfterFunc(500*time.Millisecond, func() { _ = tx.Rollback() })
	o.Progress = nil
	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Contains(t, result.Done, "shop.users: build users_tenant")
}

// A unique index that cannot be built is not left behind: it would refuse rows.
func TestFailedBuildLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	step := &b.plan.Phases[2].Steps[0]
	step.SQL = []string{`CREATE UNIQUE INDEX CONCURRENTLY users_tenant ON shop.users USING btree (tenant_id)`}
	result, err := migration.Execute(t.Context(), b.db, b.plan, apply())
	require.ErrorContains(t, err, "23505")
	require.NotContains(t, err.Error(), "00000000", "no values")
	require.Equal(t, step.Name, result.Failed)
	require.Empty(t, b.read(t).Definition(users, "index", "users_tenant"))
}

// A step that is executed but does not do what it says is found out.
func TestStepThatMissesItsAim(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	b.plan.Phases[0].Steps[0].SQL = []string{`ALTER TABLE shop."Items" ADD COLUMN tenant_id text`}
	_, err := migration.Execute(t.Context(), b.db, b.plan, apply())
	require.ErrorIs(t, err, migration.ErrStale)
	require.ErrorContains(t, err, `found "text", expected "uuid"`)
}

// Who changes the same row of the catalogue at the same time is no reason to give
// up.
func TestCatalogueChangedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	step := &b.plan.Phases[0].Steps[0]
	step.SQL = append([]string{`GRANT SELECT ON shop."Items" TO PUBLIC`}, step.SQL...)
	tx := begin(t, b.open(t), `GRANT INSERT ON shop."Items" TO PUBLIC`)
	var reasons []string
	o := apply()
	o.LockTimeout = 20 * time.Second
	o.Progress = func(e migration.Event) {
		switch e.Kind {
		case migration.StepStarted:
			if e.Step == step.Name && len(reasons) == 0 {
				time.AfterFunc(500*time.Millisecond, func() { _ = tx.Commit() })
			}
		case migration.Retrying:
			reasons = append(reasons, e.Reason.Error())
		}
	}
	_, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Len(t, reasons, 1)
	require.Contains(t, reasons[0], "tuple concurrently updated")
	b.requireFilled(t, 10)
}
