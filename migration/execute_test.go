package migration_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/migration"
)

func TestExecute(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 1000)
	result := b.execute(t)
	require.Equal(t, stepNames(b.plan), result.Done)
	require.Empty(t, result.Skipped)
	require.EqualValues(t, 1000, result.Rows)
	b.requireFilled(t, 1000)

	after := b.structure(t)
	again := b.execute(t)
	require.Empty(t, again.Done)
	require.Equal(t, stepNames(b.plan), again.Skipped)
	require.Equal(t, after, b.structure(t))

	undone := b.undo(t)
	require.Contains(t, undone.Done, `shop."Items": add tenant_id`)
	require.Empty(t, b.undo(t).Done)
	b.execute(t)
	require.Equal(t, after, b.structure(t))
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	names := stepNames(b.plan)

	result, err := migration.Execute(t.Context(), b.db, b.plan, migration.Options{})
	require.NoError(t, err)
	require.Equal(t, names[:1], result.Would)
	require.Equal(t, names, result.Remaining)
	require.Equal(t, &migration.Barrier{Phase: "backfill", Text: "Every running version writes tenant_id."}, result.Barrier)
	require.Empty(t, result.Done)

	o := apply()
	o.Apply = false
	result, err = migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, names, result.Would)
	require.Nil(t, result.Barrier)
	require.Equal(t, b.before, b.structure(t))

	b.execute(t)
	after := b.structure(t)
	result, err = migration.Undo(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, reversed(names), result.Would)
	require.Equal(t, after, b.structure(t))
}

func TestBarriers(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	names := stepNames(b.plan)
	var events []migration.Event
	o := migration.Options{Apply: true, Progress: func(e migration.Event) { events = append(events, e) }}

	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, "backfill", result.Barrier.Phase)
	require.Equal(t, names[:1], result.Done)
	require.Equal(t, names[1:], result.Remaining)
	last := events[len(events)-1]
	require.Equal(t, migration.Event{Kind: migration.AtBarrier, Phase: "backfill", Barrier: result.Barrier.Text}, last)

	o.Passed = []string{"backfill"}
	result, err = migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, "swap", result.Barrier.Phase)
	require.Equal(t, names[:1], result.Skipped)
	require.Equal(t, names[1:9], result.Done)
	require.Equal(t, names[9:], result.Remaining)

	// On the way back the barriers are asked for one after the other.
	result, err = migration.Undo(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, "swap", result.Barrier.Phase)
	require.Empty(t, result.Done)
	o.Passed = []string{"swap"}
	result, err = migration.Undo(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	require.Equal(t, "backfill", result.Barrier.Phase)
	require.Equal(t, names[:1], result.Remaining)
	b.undo(t)
}

func TestProgress(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 1000)
	o := apply()
	o.BatchBlocks = 10
	var kinds []migration.EventKind
	var batches []migration.Event
	o.Progress = func(e migration.Event) {
		if e.Kind == migration.BatchDone {
			batches = append(batches, e)
			return
		}
		kinds = append(kinds, e.Kind)
	}
	_, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.NoError(t, err)
	for i := range stepNames(b.plan) {
		require.Equal(t, []migration.EventKind{migration.StepStarted, migration.StepDone}, kinds[2*i:2*i+2])
	}
	require.Greater(t, len(batches), 2)
	require.EqualValues(t, 10, batches[0].Blocks)
	last := batches[len(batches)-1]
	require.Equal(t, last.Of, last.Blocks)
	require.EqualValues(t, 1000, last.Rows)
	require.Equal(t, 1, last.Pass)
}

func TestThrottleEndsARun(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	stop := errors.New("not now")
	o := apply()
	calls := 0
	o.Throttle = func(context.Context) error {
		if calls++; calls > 3 {
			return stop
		}
		return nil
	}
	result, err := migration.Execute(t.Context(), b.db, b.plan, o)
	require.ErrorIs(t, err, stop)
	require.Equal(t, stepNames(b.plan)[:3], result.Done)
	require.Equal(t, stepNames(b.plan)[3:], result.Remaining)
	b.execute(t)
}

func TestNothingStaysOnThePool(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 10)
	const settings = `SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN ('application_name')`
	require.Zero(t, b.count(t, settings))
	b.execute(t)
	failed := apply()
	failed.Throttle = func(context.Context) error { return errors.New("stop") }
	_, err := migration.Undo(t.Context(), b.db, b.plan, failed)
	require.Error(t, err)
	for range 4 {
		conn, err := b.db.Conn(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		var n int
		require.NoError(t, conn.QueryRowContext(t.Context(), settings).Scan(&n))
		require.Zero(t, n)
		require.NoError(t, conn.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&n))
		require.Zero(t, n)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reason, sql, text string
	}{
		{"a column that the plan does not know", `ALTER TABLE shop."Items" ADD COLUMN other int`, "make a new plan"},
		{"a view on its table", `CREATE VIEW shop.more AS SELECT id FROM shop.users`, "make a new plan"},
		{"an object of the plan with another definition", `ALTER TABLE shop."Items" ADD COLUMN tenant_id text`,
			`column tenant_id of shop."Items": found "text", expected none`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, 1)
			b.exec(t, test.sql)
			before := b.structure(t)
			result, err := migration.Execute(t.Context(), b.db, b.plan, apply())
			require.ErrorIs(t, err, migration.ErrStale)
			require.ErrorContains(t, err, test.text)
			require.Empty(t, result.Done)
			require.Equal(t, before, b.structure(t))
		})
	}

	b := newBundle(t, 1)
	b.exec(t, `CREATE TABLE shop.unrelated (id int)`)
	b.execute(t)
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 1)
	for _, test := range []struct {
		reason string
		change func(*migration.Plan, *migration.Options)
	}{
		{"an unknown phase", func(_ *migration.Plan, o *migration.Options) { o.Passed = []string{"swop"} }},
		{"a negative timeout", func(_ *migration.Plan, o *migration.Options) { o.LockTimeout = -time.Second }},
		{"not sealed", func(p *migration.Plan, _ *migration.Options) { p.Fingerprint = "" }},
		{"a step twice", func(p *migration.Plan, _ *migration.Options) {
			p.Phases[0].Steps = append(p.Phases[0].Steps, p.Phases[0].Steps[0])
		}},
		{"a phase twice", func(p *migration.Plan, _ *migration.Options) { p.Phases[1].Name = "expand" }},
		{"nothing to do", func(p *migration.Plan, _ *migration.Options) { p.Phases[0].Steps[0].SQL = nil }},
		{"both", func(p *migration.Plan, _ *migration.Options) { p.Phases[1].Steps[0].SQL = []string{"SELECT"} }},
		{"both undo and none", func(p *migration.Plan, _ *migration.Options) { p.Phases[0].Steps[0].NoUndo = "no" }},
	} {
		plan, o := testPlan(), apply()
		plan.Fingerprint = b.plan.Fingerprint
		if test.change(plan, &o); o.LockTimeout > 0 {
			o.LockTimeout = time.Second
		}
		_, err := migration.Execute(t.Context(), b.db, plan, o)
		require.ErrorIs(t, err, migration.ErrInvalidPlan, test.reason)
	}
	require.Equal(t, b.before, b.structure(t))

	result, err := migration.Execute(t.Context(), b.db, &migration.Plan{}, migration.Options{Apply: true})
	require.NoError(t, err, "nothing to do")
	require.Empty(t, result.Done)
}
