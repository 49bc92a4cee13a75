package keys_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/suite/internal/fault"
)

// A way is one of the two directions.
type way func(context.Context, *sql.DB, *migration.Plan, migration.Options) (*migration.Result, error)

// disturbed runs with a fault at the n-th statement, which it returns. What the
// run leaves of its connections may take the server a moment to notice.
func (s *shop) disturbed(t testing.TB, move way, f fault.Fault, at int) (statement string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	db, b, err := fault.Open(s.dsn, f, at, cancel)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	plan := s.saved(t)
	o := apply(plan)
	o.BatchBlocks = 4
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		result, err := move(ctx, db, plan, o)
		if errors.Is(err, migration.ErrRunning) && time.Now().Before(deadline) {
			continue
		}
		statement = b.Struck()
		if statement == "" {
			require.NoError(t, err, "%+v", result)
		} else if err == nil {
			require.Contains(t, []fault.Fault{fault.CancelIn}, f, "%s %s must fail", f, statement)
		}
		return statement
	}
}

// saved is the plan as it comes from a file.
func (s *shop) saved(t testing.TB) *migration.Plan {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, s.plan.WriteJSON(&file))
	plan := new(migration.Plan)
	require.NoError(t, json.NewDecoder(&file).Decode(plan))
	return plan
}

// finish runs to the end.
func (s *shop) finish(t testing.TB, move way, plan *migration.Plan) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		result, err := move(t.Context(), s.db, plan, apply(plan))
		if errors.Is(err, migration.ErrRunning) && time.Now().Before(deadline) {
			continue
		}
		require.NoError(t, err, "%+v", result)
		require.Nil(t, result.Barrier)
		return
	}
}

// TestKilledAtEachStatement lets a run fail at each statement, before it and
// after it, and the next one at the statement that follows, to the end: nothing
// is lost on the way there, and nothing on the way back.
func TestKilledAtEachStatement(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := newShop(t)
	s.walk(t, migration.Execute)
	s.requireAfter(t, "carried out")
	s.walk(t, migration.Undo)
	s.requireBefore(t, "taken back")
}

// walk runs until nothing is left to do. Where a run that failed has led nowhere
// new, being in a transaction or in an undo that begins again, the next one gets
// as far as the statement after.
func (s *shop) walk(t testing.TB, move way) {
	t.Helper()
	faults := [][]fault.Fault{{fault.CutBefore, fault.CutAfter}, {fault.CancelAt, fault.KillAfter}, {fault.KillBefore, fault.CancelIn, fault.CutAfter}}
	seen := map[string]bool{s.dump(t): true}
	for rounds, at := 0, 1; ; rounds, at = rounds+1, at+1 {
		for _, f := range faults[rounds%len(faults)] {
			statement := s.disturbed(t, move, f, at)
			if statement == "" {
				require.Greater(t, rounds, 50)
				return
			}
			require.Equal(t, s.rows, s.data(t, false), "%s %s", f, statement)
		}
		if now := s.dump(t); !seen[now] {
			seen[now], at = true, 0
		}
	}
}

var stride = flag.Int("stride", 37, "of TestResumption: stop at each n-th statement only")

// TestResumption stops a run at a statement, and lets another one come to the end
// that nobody disturbs: with the plan as it was saved; for who has lost it, with
// a new one that is made of what is there; or with that one's SQL.
func TestResumption(t *testing.T) {
	t.Parallel()
	for _, stopped := range draw.One(t, []struct {
		name string
		run  way
	}{{"on the way", migration.Execute}, {"on the way back", migration.Undo}}) {
		t.Run(stopped.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			resume := []func(testing.TB){s.resumeSaved, s.resumeNew, s.resumeByHand}
			for n, at := 0, 1; ; n, at = n+1, at+*stride {
				s.reset(t)
				if stopped.name == "on the way back" {
					resume[0] = s.resumeUndo
					s.finish(t, migration.Execute, s.plan)
				}
				statement := s.disturbed(t, stopped.run, fault.CutAfter, at)
				if statement == "" {
					require.Greater(t, at, 60)
					return
				}
				t.Run(fmt.Sprintf("%d %.60s", at, statement), func(t *testing.T) { resume[n%len(resume)](t) })
			}
		})
	}
}

func (s *shop) resumeSaved(t testing.TB) {
	t.Helper()
	s.finish(t, migration.Execute, s.saved(t))
	s.requireAfter(t, "with the saved plan")
	s.finish(t, migration.Undo, s.saved(t))
	s.requireBefore(t, "with the saved plan")
}

// resumeUndo takes the plan back first: one that was cut off within a step's undo
// is stale for Execute, which says so.
func (s *shop) resumeUndo(t testing.TB) {
	t.Helper()
	s.finish(t, migration.Undo, s.saved(t))
	s.requireBefore(t, "with the saved plan")
	s.resumeSaved(t)
}

func (s *shop) resumeNew(t testing.TB) {
	t.Helper()
	plan := s.newPlan(t)
	s.finish(t, migration.Execute, plan)
	s.requireAlike(t)
	s.finish(t, migration.Undo, plan)
	require.Equal(t, s.rows, s.data(t, false))
	s.finish(t, migration.Execute, plan)
	s.requireAlike(t)
}

// resumeByHand executes the statements that a new plan has left, once rows are
// filled.
func (s *shop) resumeByHand(t testing.TB) {
	t.Helper()
	plan := s.newPlan(t)
	o := apply(plan)
	o.Passed = slices.DeleteFunc(o.Passed, func(phase string) bool { return phase != keys.Backfill })
	_, err := migration.Execute(t.Context(), s.db, plan, o)
	require.NoError(t, err)
	plan = s.newPlan(t)
	for _, phase := range plan.Phases {
		for _, step := range phase.Steps {
			if step.Done {
				continue
			}
			require.Nil(t, step.Batch)
			for _, statement := range step.SQL {
				_, err := s.db.ExecContext(t.Context(), statement)
				require.NoError(t, err, statement)
			}
		}
	}
	s.requireAlike(t)
}

// requireAlike is requireAfter but for what new things are called until they take
// the old ones' places: of a pair that is there no more nobody knows the names.
func (s *shop) requireAlike(t testing.TB) {
	t.Helper()
	require.Equal(t, unsuffixed(s.after), unsuffixed(s.dump(t)))
	require.Equal(t, s.tenantsRows, s.data(t, true))
	require.Empty(t, s.newPlan(t).Phases)
}

var newName = regexp.MustCompile(`_tenant\b`)

// unsuffixed is a structure without what the new names end in, its lines in order.
func unsuffixed(dump string) string {
	lines := strings.Split(newName.ReplaceAllString(dump, ""), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
