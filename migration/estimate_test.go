package migration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEstimates(t *testing.T) {
	t.Parallel()
	const gigabyte = 1 << 30
	plan := &Plan{Phases: []Phase{
		{Name: "a", Steps: []Step{
			{Name: "check", SQL: []string{"ALTER TABLE t ADD CONSTRAINT c CHECK (x) NOT VALID"}, Lock: AccessExclusive, Blocks: "everything, for a moment"},
			{Name: "fill", Batch: &Batch{}, Bytes: gigabyte, Lock: RowExclusive},
			{Name: "validate", SQL: []string{"ALTER TABLE t VALIDATE CONSTRAINT c"}, Bytes: gigabyte, Lock: ShareUpdateExclusive},
		}},
		{Name: "b", Barrier: "deploy", Steps: []Step{
			{Name: "index", SQL: []string{"CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)"}, Bytes: gigabyte, Lock: ShareUpdateExclusive},
			{Name: "key", SQL: []string{"ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES u (x)"}, Bytes: gigabyte, Lock: ShareRowExclusive, Blocks: "writes to it, while the table is read"},
			{Name: "done", SQL: []string{"CREATE INDEX"}, Bytes: 100 * gigabyte, Lock: AccessExclusive, Done: true},
		}},
	}}
	var took []string
	for _, s := range plan.steps() {
		took = append(took, s.time())
	}
	assert.Equal(t, []string{"-", "4 min", "11 s", "41 s", "11 s", "69 min"}, took)
	assert.Equal(t, []string{
		"Time: about 5 min by the sizes of the tables, without waiting for locks and barriers.",
		`Longest lock: SHARE ROW EXCLUSIVE, in step 5 (key), which blocks writes to it, while the table is read: about 11 s.`,
	}, plan.outlook())

	plan.Phases[1].Steps[1].Done = true
	longest, held := plan.LongestLock()
	require.NotNil(t, longest)
	assert.Equal(t, "check", longest.Name)
	assert.Zero(t, held)
	plan.Phases[0].Steps[0].Done = true
	longest, _ = plan.LongestLock()
	assert.Nil(t, longest)
	assert.Contains(t, plan.outlook()[1], "none that makes others wait")
	assert.Equal(t, []string{"a moment", "2 s", "2 min", "3 h"}, []string{span(0), span(1500 * time.Millisecond), span(2 * time.Minute), span(150 * time.Minute)})
}

// TestForecast expects batches to replace the guess: for their step, and for the
// steps after it up to a barrier that is not passed.
func TestForecast(t *testing.T) {
	t.Parallel()
	plan := &Plan{Phases: []Phase{
		{Name: "a", Steps: []Step{{Name: "fill", Batch: &Batch{}, Bytes: 100 * changePace}, {Name: "read", SQL: []string{"VALIDATE CONSTRAINT"}, Bytes: 10 * readPace}}},
		{Name: "b", Barrier: "deploy", Steps: []Step{{Name: "index", SQL: []string{"CREATE INDEX"}, Bytes: 20 * buildPace}}},
	}}
	clock := time.Unix(0, 0)
	r := &run{plan: plan, line: plan.timeline(), forecast: forecast{now: func() time.Time { return clock }}}
	left := func(share float64) (step, all float64) {
		var event Event
		r.foretell(&event, 0, share)
		return event.StepLeft.Seconds(), event.Left.Seconds()
	}
	step, all := left(1)
	assert.Equal(t, []float64{100, 110}, []float64{step, all}, "by the sizes")
	r.forecast.start()
	clock = clock.Add(20 * time.Second) // a tenth of the table: twice as long as guessed
	r.forecast.saw(10 * time.Second)
	step, all = left(0.9)
	assert.Equal(t, []float64{180, 200}, []float64{step, all})
	r.o.Passed = []string{"b"}
	_, all = left(0.9)
	assert.InDelta(t, 240, all, 1e-6)
	r.forecast = forecast{}
	step, all = left(1)
	assert.Zero(t, step+all, "on the way back")
}
