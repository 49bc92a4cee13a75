package migration_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/migration"
)

const sqlUnfilled = `SELECT count(*) FROM shop."Items" WHERE tenant_id IS NULL`

// A run that is ended between or in its batches goes on with the rest.
func TestBatchIsResumed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reason string
		stop   func(cancel context.CancelFunc) error
	}{
		{"canceled in a batch", func(cancel context.CancelFunc) error { cancel(); return nil }},
		{"ended between batches", func(context.CancelFunc) error { return errors.New("stop") }},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, 2000)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := apply()
			o.BatchBlocks = 5
			batches := 0
			var throttled error
			o.Progress = func(e migration.Event) {
				if e.Kind == migration.BatchDone {
					require.Positive(t, e.StepLeft, "some batches are left")
					require.GreaterOrEqual(t, e.Left, e.StepLeft)
					if batches++; batches == 3 {
						throttled = test.stop(cancel)
					}
				}
			}
			o.Throttle = func(context.Context) error { return throttled }
			result, err := migration.Execute(ctx, b.db, b.plan, o)
			require.Error(t, err)
			require.Positive(t, result.Rows)
			require.Equal(t, `shop."Items": fill tenant_id`, result.Failed)
			left := b.count(t, sqlUnfilled)
			require.EqualValues(t, 2000-result.Rows, left, "what is committed is committed")
			require.Positive(t, left)

			result = b.execute(t)
			require.EqualValues(t, left, result.Rows)
			b.requireFilled(t, 2000)
		})
	}
}

// Rows that arrive after the end of a pass are met in the next.
func TestBatchFollowsAGrowingTable(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 1000)
	o := apply()
	o.BatchBlocks = 10
	passes := 0
	o.Progress = func(e migration.Event) {
		passes = max(passes, e.Pass)
		if e.Kind == migration.BatchDone && e.Pass == 1 && e.Blocks == e.Of {
			b.exec(t, `INSERT INTO shop."Items" (user_id) SELECT n % 30 + 1 FROM generate_series(1, 1000) AS n`)
		}
	}
	_, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, 2, passes)
	b.requireFilled(t, 2000)
}

func TestBatchThatCannotFill(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	b.exec(t, `ALTER TABLE shop."Items" DROP CONSTRAINT items_user_id_fkey;
		UPDATE shop."Items" SET user_id = 1000 WHERE id <= 3`)
	b.plan.Phases[3].Steps = b.plan.Phases[3].Steps[1:]
	b.plan.Seal(b.read(t))
	result, err := migration.Execute(t.Context(), b.db, b.plan, apply())
	require.ErrorIs(t, err, migration.ErrUnfilled)
	require.ErrorContains(t, err, "3 rows")
	require.EqualValues(t, 97, result.Rows)
	require.Equal(t, 3, b.count(t, sqlUnfilled))
}

// Row-level security must not hide what is to be filled.
func TestBatchUnderRowSecurity(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	b.exec(t, `ALTER TABLE shop."Items" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
	b.plan.Seal(b.read(t))
	_, err := migration.Execute(t.Context(), b.db, b.plan, apply())
	require.ErrorContains(t, err, "42501")
}

// Where the steps before a batch leave no trace, what is left of it says how far
// the plan has come.
func TestBatchAmidStepsThatCancelOut(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	b.exec(t, `ALTER TABLE shop."Items" ADD COLUMN tenant_id uuid`)
	build, drop := buildIndex(items, "temporary"), buildIndex(items, "temporary")
	build.SQL = []string{`CREATE INDEX CONCURRENTLY temporary ON shop."Items" USING btree (user_id)`}
	build.After[0].Definition = "USING btree (user_id)"
	drop.Name, drop.SQL, drop.Undo, drop.Repair = "drop it", drop.Undo, build.SQL, nil
	drop.Before, drop.After = build.After, build.Before
	b.plan = &migration.Plan{Phases: []migration.Phase{{Name: "all", Steps: []migration.Step{build, fill(), drop}}}}
	b.plan.Seal(b.read(t))
	o := migration.Options{Apply: true}
	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, stepNames(b.plan), result.Done)
	result, err = migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, stepNames(b.plan), result.Skipped)
}
