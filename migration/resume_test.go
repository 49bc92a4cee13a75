package migration_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

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
			stride := 1
			if testing.Short() {
				stride = 7
			}
			for at := 1; ; at += stride {
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
			for at := 1; ; at += stride {
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
	for done := range len(stepNames(b.plan)) {
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
	for done := range len(stepNames(b.plan)) {
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

// An invalid index that a build has left is built anew, and is removed on the way
// back.
func TestInvalidLeftovers(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	leave := func() {
		_, err := b.db.ExecContext(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY users_tenant ON shop.users USING btree ((1))`)
		require.ErrorContains(t, err, "23505")
	}
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
	leave()
	b.execute(t)
	b.undo(t)

	steps = 0
	_, err = migration.Execute(t.Context(), b.db, b.plan, o)
	require.Error(t, err)
	leave()
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
