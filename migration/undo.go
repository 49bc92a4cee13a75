package migration

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Undo takes back the steps that are done, the last one first. Without
// [Options].Apply it only says what it would take back. Like [Execute] it may
// end at any point and be run again. Barriers hold in the other direction: see
// [Options].Passed. It ends with [ErrNoUndo] before a step that cannot be taken
// back.
func Undo(ctx context.Context, db *sql.DB, plan *Plan, o Options) (*Result, error) {
	return carryOut(ctx, db, plan, o, (*run).backward)
}

// backward takes back what is done.
func (r *run) backward(ctx context.Context, c *catalog.Catalog) error {
	done, err := r.standBack(c)
	if err != nil {
		return err
	}
	steps := r.line.steps
	for _, s := range slices.Backward(steps[done:]) {
		r.result.Skipped = append(r.result.Skipped, s.Name)
	}
	for _, s := range slices.Backward(steps[:done]) {
		r.result.Remaining = append(r.result.Remaining, s.Name)
	}
	for i := done - 1; i >= 0; i-- {
		if next := steps[i].phase + 1; next < len(r.plan.Phases) && r.barred(&r.plan.Phases[next]) {
			return nil
		}
		if steps[i].NoUndo != "" && !r.o.Apply {
			r.result.Failed = steps[i].Name
			return r.noUndo(i)
		}
		if err := r.do(ctx, i, r.stepBack); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) noUndo(i int) error {
	err := r.at(i, ErrNoUndo)
	err.Detail = r.line.steps[i].NoUndo
	return err
}

// stepBack takes step i back, unless it is found undone.
func (r *run) stepBack(ctx context.Context, i int) (did bool, err error) {
	s := r.line.steps[i]
	err = r.retry(ctx, r.event(i, Retrying), func() error {
		undone, err := r.isUndone(ctx, i)
		if err != nil || undone {
			return err
		}
		if s.NoUndo != "" {
			return r.noUndo(i)
		}
		if len(s.Undo) == 0 {
			return nil
		}
		did = true
		return r.undo(ctx, i)
	})
	return did, r.located(i, err)
}

// isUndone reports whether there is nothing to take back. It first removes what
// an interrupted step has left.
func (r *run) isUndone(ctx context.Context, i int) (bool, error) {
	s := r.line.steps[i]
	c, err := r.read(ctx, s.Step)
	if err != nil || r.line.undone(c, i) {
		return err == nil, err
	}
	if len(s.Repair) == 0 || holds(c, s.After) {
		return false, nil
	}
	if err := r.repair(ctx, s.Step); err != nil {
		return false, err
	}
	if c, err = r.read(ctx, s.Step); err != nil {
		return false, err
	}
	return r.line.undone(c, i), nil
}

// undo executes the undo of step i, and checks its result.
func (r *run) undo(ctx context.Context, i int) error {
	s := r.line.steps[i]
	if err := r.exec(ctx, s.Step, s.Undo); err != nil {
		return err
	}
	c, err := r.read(ctx, s.Step)
	if err != nil || len(s.Before) == 0 || s.neutral() || r.line.undone(c, i) {
		return err
	}
	for _, state := range s.Before {
		if !state.holds(c) {
			return r.staleAt(i, state.object(), state.found(c), state.Definition)
		}
	}
	return errors.New("its undo has changed nothing")
}
