package migration

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Execute carries the plan out, beginning at the step that the catalogue shows.
// Without [Options].Apply it only says what it would do. It needs a pool of at
// least two connections, whose role owns the tables.
//
// It may end at any point, by its context, an error or a crash of the program:
// the next run continues from there, and finds what an interrupted step has left.
// Errors that waiting and retries do not mend are returned, most often as a
// [StepError]. The [Result] says in any case how far the run came. A barrier that
// is not confirmed is not an error.
//
// Between steps, and between batches, it holds a single lock: an advisory lock
// that keeps a second operator out ([ErrRunning]).
func Execute(ctx context.Context, db *sql.DB, plan *Plan, o Options) (*Result, error) {
	return carryOut(ctx, db, plan, o, (*run).forward)
}

// A run carries a plan out or takes it back.
type run struct {
	plan    *Plan
	o       Options
	session *session
	line    *timeline
	result  *Result

	forecast forecast
}

func carryOut(ctx context.Context, db *sql.DB, plan *Plan, o Options,
	way func(*run, context.Context, *catalog.Catalog) error) (*Result, error) {
	r := &run{plan: plan, result: &Result{}}
	err := plan.Validate()
	if err == nil {
		r.o, err = o.complete(plan)
	}
	if err != nil {
		return r.result, err
	}
	r.line = plan.timeline()
	if r.session, err = openSession(ctx, db, plan, r.o); err != nil {
		return r.result, err
	}
	defer r.session.close()
	c, err := r.survey(ctx)
	if err != nil {
		return r.result, err
	}
	return r.result, way(r, ctx, c)
}

// survey reads everything that the plan names, and checks whether the run may
// begin.
func (r *run) survey(ctx context.Context) (c *catalog.Catalog, err error) {
	tables := ordered(r.plan.tables())
	if len(tables) == 0 {
		return &catalog.Catalog{}, nil
	}
	err = r.retry(ctx, Event{}, func() error {
		c, err = catalog.Read(ctx, r.session.work, catalog.Options{Tables: tables})
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("migration: %w", err)
	case c.Version < 140000:
		return nil, &detailError{ErrRefused, "the server is older than PostgreSQL 14"}
	case c.Replica && r.o.Apply:
		return nil, &detailError{ErrRefused, "the server is a standby"}
	case r.plan.Fingerprint == "":
		return nil, invalid("it has no fingerprint: see Plan.Seal")
	case r.plan.fingerprint(c) != r.plan.Fingerprint:
		return nil, &detailError{ErrStale, "its tables have changed since in what it does not change itself;" +
			" make a new plan, which begins with what is there"}
	}
	return c, nil
}

// forward carries out what is still to do.
func (r *run) forward(ctx context.Context, c *catalog.Catalog) error {
	r.forecast.now = time.Now
	done, err := r.stand(ctx, c)
	for i, s := range r.line.steps {
		if done[i] && err == nil {
			r.result.Skipped = append(r.result.Skipped, s.Name)
		} else {
			r.result.Remaining = append(r.result.Remaining, s.Name)
		}
	}
	if err != nil {
		return err
	}
	for i, s := range r.line.steps {
		if done[i] {
			continue
		}
		if r.barred(&r.plan.Phases[s.phase]) {
			return nil
		}
		if err := r.do(ctx, i, r.step); err != nil {
			return err
		}
	}
	return nil
}

// barred reports whether the run ends before the phase's barrier.
func (r *run) barred(phase *Phase) bool {
	if !r.stops(phase) {
		return false
	}
	r.result.Barrier = &Barrier{Phase: phase.Name, Text: phase.Barrier}
	r.emit(Event{Kind: AtBarrier, Phase: phase.Name, Barrier: phase.Barrier})
	return true
}

// stops reports whether a phase has a barrier that is not confirmed.
func (r *run) stops(phase *Phase) bool {
	return phase.Barrier != "" && !slices.Contains(r.o.Passed, phase.Name)
}

// do wraps a step with its events and its result: carry returns whether it had
// anything to do.
func (r *run) do(ctx context.Context, i int, carry func(context.Context, int) (bool, error)) error {
	s := r.line.steps[i]
	if !r.o.Apply {
		r.result.Would = append(r.result.Would, s.Name)
		return nil
	}
	if err := r.between(ctx); err != nil {
		return err
	}
	started := r.event(i, StepStarted)
	r.foretell(&started, i, 1)
	r.emit(started)
	r.forecast.start()
	rows := r.result.Rows
	did, err := carry(ctx, i)
	if err != nil {
		r.result.Failed = s.Name
		return err
	}
	if did && s.Batch == nil {
		r.forecast.saw(s.Estimate())
	}
	event := r.event(i, StepDone)
	event.Rows = r.result.Rows - rows
	r.foretell(&event, i, 0)
	if did {
		r.result.Done = append(r.result.Done, s.Name)
	} else {
		event.Kind = StepSkipped
		r.result.Skipped = append(r.result.Skipped, s.Name)
	}
	r.result.Remaining = r.result.Remaining[1:]
	r.emit(event)
	return nil
}

// between pauses between steps and batches, and checks that no other run has
// begun.
func (r *run) between(ctx context.Context) error {
	if r.o.Throttle != nil {
		if err := r.o.Throttle(ctx); err != nil {
			return err
		}
	}
	return r.session.alive(ctx)
}

func (r *run) event(i int, kind EventKind) Event {
	s := r.line.steps[i]
	return Event{Kind: kind, Phase: r.plan.Phases[s.phase].Name, Step: s.Name}
}

func (r *run) emit(event Event) {
	if r.o.Progress != nil {
		r.o.Progress(event)
	}
}
