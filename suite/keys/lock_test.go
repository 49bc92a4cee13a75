package keys_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/migration"
)

// hold opens a transaction as an application has it that writes to a table.
func (s *shop) hold(t testing.TB, table catalog.Name) *sql.Tx {
	t.Helper()
	tx, err := s.db.BeginTx(context.Background(), nil)
	require.NoError(t, err)
	_, err = tx.Exec("LOCK TABLE " + table.String() + " IN ROW EXCLUSIVE MODE")
	require.NoError(t, err)
	return tx
}

// tableOf is the table of a step.
func tableOf(plan *migration.Plan, name string) catalog.Name {
	for _, phase := range plan.Phases {
		for _, step := range phase.Steps {
			if step.Name == name {
				return step.Table
			}
		}
	}
	return catalog.Name{}
}

const sqlTerminateWaiting = `
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'tenancy migration' AND wait_event_type = 'Lock'`

// TestTerminatedWhileWaiting ends the server's process at each step that waits
// for a transaction of the application.
func TestTerminatedWhileWaiting(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := newShop(t)
	for _, run := range []way{migration.Execute, migration.Undo} {
		blocked, terminated := map[string]bool{}, 0
		for again := true; again; {
			var holder *sql.Tx
			var stop context.CancelFunc
			var ended chan bool
			release := func() {
				if holder == nil {
					return
				}
				stop()
				if <-ended {
					terminated++
				}
				_ = holder.Rollback()
				holder = nil
			}
			o := apply(s.plan)
			o.Progress = func(e migration.Event) {
				release()
				if e.Kind == migration.StepStarted && !blocked[e.Step] {
					blocked[e.Step] = true
					holder, ended = s.hold(t, tableOf(s.plan, e.Step)), make(chan bool, 1)
					var ctx context.Context
					ctx, stop = context.WithCancel(t.Context())
					go func() { ended <- s.terminateWaiting(ctx) }()
				}
			}
			_, err := run(t.Context(), s.db, s.plan, o)
			release()
			again = err != nil
			require.Equal(t, s.rows, s.data(t, false))
		}
		require.Greater(t, terminated, 20)
		if s.dump(t) == s.after {
			s.requireAfter(t, "carried out")
		} else {
			s.requireBefore(t, "taken back")
		}
	}
	s.requireBefore(t, "taken back")
}

// terminateWaiting waits for a run to wait, and says whether it ended it.
func (s *shop) terminateWaiting(ctx context.Context) bool {
	for ctx.Err() == nil {
		var n int
		if err := s.db.QueryRowContext(ctx, sqlTerminateWaiting).Scan(&n); err == nil && n > 0 {
			return true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return false
}

// TestLockTimeouts holds a lock for a while at each second step that waits for it: the run waits,
// lets the application through, and tries again.
func TestLockTimeouts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for n, run := range []way{migration.Execute, migration.Undo} {
		var holder *sql.Tx
		steps, retries := n, 0
		o := apply(s.plan)
		o.LockTimeout = 20 * time.Millisecond
		o.Progress = func(e migration.Event) {
			if holder != nil && e.Retry != 1 {
				require.NoError(t, holder.Rollback())
				holder = nil
			}
			switch e.Kind {
			case migration.Retrying:
				retries++
			case migration.StepStarted:
				if !conflicts(s.plan, e.Step) {
					return
				}
				if steps++; steps%2 == 0 {
					holder = s.hold(t, tableOf(s.plan, e.Step))
				}
			}
		}
		result, err := run(t.Context(), s.db, s.plan, o)
		require.NoError(t, err)
		require.Equal(t, retries, result.Retries)
		require.Greater(t, retries, 10)
	}
	s.requireBefore(t, "taken back")
}

// conflicts says whether a step waits for who writes to its table. Others wait
// for nobody, or for all older transactions, without a limit and without a lock
// that is in anybody's way.
func conflicts(plan *migration.Plan, name string) bool {
	for _, phase := range plan.Phases {
		for _, step := range phase.Steps {
			if step.Name == name {
				return step.Batch == nil && step.Lock != migration.ShareUpdateExclusive && len(step.Undo) == 1
			}
		}
	}
	return false
}

// TestLockNeverReleased is for the transaction that somebody forgot: the run ends
// with an error that says where, and the next one goes on from there.
func TestLockNeverReleased(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, stride := draw.Points(t, 3)
	for _, run := range []way{migration.Execute, migration.Undo} {
		for {
			var holder *sql.Tx
			steps := 0
			o := apply(s.plan)
			o.LockTimeout, o.Retries = 10*time.Millisecond, 1
			o.Progress = func(e migration.Event) {
				if holder != nil && e.Kind != migration.Retrying { // there was nothing to do
					require.NoError(t, holder.Rollback())
					holder = nil
				}
				if e.Kind != migration.StepStarted {
					return
				}
				if steps++; steps > 3 && steps%stride == first && conflicts(s.plan, e.Step) {
					holder = s.hold(t, tableOf(s.plan, e.Step))
				}
			}
			result, err := run(t.Context(), s.db, s.plan, o)
			if holder != nil {
				require.NoError(t, holder.Rollback())
			}
			if err == nil {
				break
			}
			require.ErrorContains(t, err, "given up after 2 tries")
			require.ErrorContains(t, err, "55P03")
			require.Equal(t, result.Remaining[0], result.Failed)
			require.Equal(t, s.rows, s.data(t, false))
		}
	}
	s.requireBefore(t, "taken back")
}

const sqlWaiting = `
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'tenancy migration' AND wait_event_type = 'Lock'`

// TestApplicationIsNoVictim has a transaction of the application hold what a step
// waits for, and then take what the step locks besides: the step must not hold the
// one while it waits for the other, for the server might end the application's
// transaction to resolve the deadlock.
func TestApplicationIsNoVictim(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	others := map[string]catalog.Name{}
	for _, phase := range s.plan.Phases {
		for _, step := range phase.Steps {
			if len(step.Also) > 0 {
				others[step.Name] = step.Also[0]
			}
		}
	}
	require.Greater(t, len(others), 5)
	met := 0
	o := apply(s.plan)
	done := make(chan error, 1)
	o.Progress = func(e migration.Event) {
		if other, is := others[e.Step]; is && e.Kind == migration.StepStarted {
			tx := s.hold(t, other)
			go func() { done <- s.embrace(tx, tableOf(s.plan, e.Step)) }()
		}
		if _, is := others[e.Step]; is && e.Kind == migration.StepDone {
			require.NoError(t, <-done)
			met++
		}
	}
	_, err := migration.Execute(t.Context(), s.db, s.plan, o)
	require.NoError(t, err)
	require.Len(t, others, met)
	s.requireAfter(t, "carried out")
}

// embrace takes a second lock as soon as somebody waits for the first.
func (s *shop) embrace(tx *sql.Tx, table catalog.Name) error {
	defer func() { _ = tx.Rollback() }()
	for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
		if err := s.db.QueryRow(sqlWaiting).Scan(&waiting); err != nil {
			return err
		}
	}
	_, err := tx.Exec("SET LOCAL lock_timeout = '300ms'; LOCK TABLE " + table.String() + " IN ROW EXCLUSIVE MODE")
	return err
}
