package migration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/migration"
)

// Wherever the server process is ended, before a statement or after one whose
// answer never arrives, the next run completes the plan, and the same holds on
// the way back.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	const rows = 300
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("after=", after), func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, rows)
			b.execute(t)
			complete := b.structure(t)
			o := apply()
			o.BatchBlocks = 2
			first, stride := draw.Points(t, 9)
			for at := 1 + first; ; at += stride {
				b.reset(t, rows)
				db, k := newKiller(t, b, at, after)
				_, err := migration.Execute(t.Context(), db, b.plan, o)
				if !k.killed.Load() {
					require.NoError(t, err)
					require.Greater(t, at, 30)
					break
				}
				b.execute(t)
				require.Equal(t, complete, b.structure(t), "statement %d", at)
				b.requireFilled(t, rows)
			}
			for at := 1 + first; ; at += stride {
				b.reset(t, rows)
				b.execute(t)
				db, k := newKiller(t, b, at, after)
				_, err := migration.Undo(t.Context(), db, b.plan, o)
				if !k.killed.Load() {
					require.NoError(t, err)
					require.Greater(t, at, 20)
					break
				}
				b.undo(t)
				require.Equal(t, rows, b.count(t, `SELECT count(*) FROM shop."Items"`))
			}
		})
	}
}

// From each point the way back leads to the beginning, and the way forth to the
// end.
func TestUndoFromEachPoint(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	b.execute(t)
	complete := b.structure(t)
	b.undo(t)
	first, stride := draw.Points(t, 4)
	for done := first; done < len(stepNames(b.plan)); done += stride {
		o := apply()
		steps := 0
		o.Throttle = func(context.Context) error {
			if steps++; steps > done {
				return errors.New("stop")
			}
			return nil
		}
		result, err := migration.Execute(t.Context(), b.db, b.plan, o)
		require.Error(t, err)
		require.Len(t, result.Done, done)
		b.undo(t)
		b.execute(t)
		require.Equal(t, complete, b.structure(t))

		steps = 0
		result, err = migration.Undo(t.Context(), b.db, b.plan, o)
		require.Error(t, err)
		require.Len(t, result.Remaining, len(stepNames(b.plan))-done)
		b.undo(t)
	}
}

// A plan that was taken back in part can be carried out again.
func TestExecuteAfterAnUndoInPart(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	b.execute(t)
	complete := b.structure(t)
	first, stride := draw.Points(t, 4)
	for done := first; done < len(stepNames(b.plan)); done += stride {
		o := apply()
		steps := 0
		o.Throttle = func(context.Context) error {
			if steps++; steps > done {
				return errors.New("stop")
			}
			return nil
		}
		_, err := migration.Undo(t.Context(), b.db, b.plan, o)
		require.Error(t, err)
		_, err = migration.Execute(t.Context(), b.db, b.plan, apply())
		require.NoError(t, err, "%d steps taken back", done)
		require.Equal(t, complete, b.structure(t))
	}
}

// An invalid index that a build has left, or a drop, is built again, and is removed on
// the way back.
func TestInvalidLeftovers(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(testing.TB, *bundle){"a build": halfBuilt, "a drop": halfDropped} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLeftovers(t, leave)
		})
	}
}

func halfBuilt(t testing.TB, b *bundle) {
	t.Helper()
	_, err := b.db.ExecContext(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY users_tenant ON shop.users USING btree ((1))`)
	require.ErrorContains(t, err, "23505")
}

// halfDropped cancels the drop of an index while it waits for the second time: for
// a reader that began when no statement was to use the index any more.
func halfDropped(t testing.TB, b *bundle) {
	t.Helper()
	b.exec(t, `CREATE UNIQUE INDEX users_tenant ON shop.users USING btree (tenant_id, id)`)
	read := func() *sql.Tx {
		tx, err := b.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), `SELECT FROM shop.users`)
		require.NoError(t, err)
		return tx
	}
	until := func(condition string) {
		t.Helper()
		require.Eventually(t, func() bool {
			return b.count(t, `SELECT count(*) FROM `+condition) == 1
		}, 10*time.Second, 10*time.Millisecond)
	}
	const dropping = `pg_stat_activity WHERE datname = current_database() AND query LIKE 'DROP INDEX C%' AND wait_event = 'virtualxid'`
	first, dropped := read(), make(chan error, 1)
	go func() {
		_, err := b.db.ExecContext(t.Context(), `DROP INDEX CONCURRENTLY shop.users_tenant`)
		dropped <- err
	}()
	until(dropping)
	second := read()
	require.NoError(t, first.Rollback())
	until(`pg_index WHERE indexrelid = 'shop.users_tenant'::regclass AND NOT indislive`)
	until(dropping)
	b.exec(t, `SELECT pg_cancel_backend(pid) FROM `+dropping)
	require.ErrorContains(t, <-dropped, "57014")
	require.NoError(t, second.Rollback())
}

func testLeftovers(t *testing.T, leave func(testing.TB, *bundle)) {
	b := newBundle(t, 100)
	o := apply()
	o.Passed = []string{"backfill"}
	steps := 0
	o.Throttle = func(context.Context) error {
		if steps++; steps > 5 {
			return errors.New("stop")
		}
		return nil
	}
	_, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.Error(t, err)
	leave(t, b)
	b.execute(t)
	b.undo(t)

	steps = 0
	_, err = migration.Execute(t.Context(), b.db, b.plan, o)
	require.Error(t, err)
	leave(t, b)
	b.undo(t)
}

func TestNoUndo(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	b.plan.Phases[1].Steps[3].Undo = nil
	b.plan.Phases[1].Steps[3].NoUndo = "because"
	b.execute(t)
	o := apply()
	for _, o.Apply = range []bool{false, true} {
		result, err := migration.Undo(t.Context(), b.db, b.plan, o)
		require.ErrorIs(t, err, migration.ErrNoUndo)
		require.ErrorContains(t, err, "because")
		require.Equal(t, `shop."Items": set tenant_id NOT NULL`, result.Failed)
	}
	b.execute(t)
}
