package migration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// step carries out step i, unless it is found done.
func (r *run) step(ctx context.Context, i int) (did bool, err error) {
	s := r.line.steps[i]
	ran := false
	err = r.retry(ctx, r.event(i, Retrying), func() error {
		done, err := r.prepare(ctx, i)
		if err != nil || done || s.Batch != nil {
			return err
		}
		ran = true
		if err := r.exec(ctx, s.Step, s.SQL); err != nil {
			return err
		}
		return r.reached(ctx, i)
	})
	if err == nil && s.Batch != nil {
		return r.batch(ctx, i)
	}
	if err != nil && ran {
		err = errors.Join(err, r.cleanUp(ctx, i))
	}
	return ran, r.located(i, err)
}

// prepare makes sure that step i can begin, unless it is done.
func (r *run) prepare(ctx context.Context, i int) (done bool, err error) {
	s := r.line.steps[i]
	c, err := r.read(ctx, s.Step)
	if err != nil {
		return false, err
	}
	if s.Batch == nil && len(s.After) > 0 && holds(c, s.After) {
		return true, nil
	}
	if holds(c, s.Before) {
		return false, nil
	}
	if len(s.Repair) > 0 {
		if err := r.repair(ctx, s.Step); err != nil {
			return false, err
		}
		if c, err = r.read(ctx, s.Step); err != nil {
			return false, err
		}
		if len(s.After) > 0 && holds(c, s.After) { // it was to be removed
			return true, nil
		}
	}
	return false, r.mismatch(i, c, s.Before)
}

// reached checks that the catalogue shows the result of step i.
func (r *run) reached(ctx context.Context, i int) error {
	c, err := r.read(ctx, r.line.steps[i].Step)
	if err != nil {
		return err
	}
	return r.mismatch(i, c, r.line.steps[i].After)
}

func (r *run) mismatch(i int, c *catalog.Catalog, states []State) error {
	for _, state := range states {
		if !state.holds(c) {
			return r.staleAt(i, state.object(), state.found(c), state.Definition)
		}
	}
	return nil
}

// cleanUp removes what a failed step has left, as far as it can: an invalid
// unique index still refuses rows. The next run removes the rest.
func (r *run) cleanUp(ctx context.Context, i int) error {
	s := r.line.steps[i]
	if len(s.Repair) == 0 || ctx.Err() != nil {
		return nil //nolint:nilerr // the error before says more
	}
	c, err := r.read(ctx, s.Step)
	if err != nil || holds(c, s.After) || holds(c, s.Before) {
		return nil //nolint:nilerr // the error before says more
	}
	if err := r.repair(ctx, s.Step); err != nil {
		return fmt.Errorf("and what it left could not be removed: %w", err)
	}
	return nil
}

func (r *run) repair(ctx context.Context, s *Step) error {
	alone := *s
	alone.Transaction = false
	return r.exec(ctx, &alone, s.Repair)
}

// read reads the tables of a step.
func (r *run) read(ctx context.Context, s *Step) (*catalog.Catalog, error) {
	return catalog.Read(ctx, r.session.work, catalog.Options{Tables: s.tables()})
}

// exec executes statements under the step's rules.
func (r *run) exec(ctx context.Context, s *Step, statements []string) error {
	if !s.Transaction {
		for _, statement := range statements {
			if err := r.alone(ctx, s, statement); err != nil {
				return err
			}
		}
		return nil
	}
	timeout, err := r.approach(ctx, s)
	if err != nil {
		return err
	}
	if err := r.session.wait(ctx, timeout); err != nil {
		return err
	}
	tx, err := r.session.work.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			_ = tx.Rollback() // the error before says more
			return err
		}
	}
	return tx.Commit()
}

// alone executes a statement outside a transaction. A statement under a SHARE
// UPDATE EXCLUSIVE lock waits for all older transactions but blocks no one:
// once it has its table's lock, it may take its time.
func (r *run) alone(ctx context.Context, s *Step, statement string) error {
	timeout, err := r.approach(ctx, s)
	if err != nil {
		return err
	}
	if s.Lock == ShareUpdateExclusive {
		if err := r.probe(ctx, s.Table, s.Lock); err != nil {
			return err
		}
		timeout = 0
	}
	if err := r.session.wait(ctx, timeout); err != nil {
		return err
	}
	_, err = r.session.work.ExecContext(ctx, statement)
	return err
}

// approach waits for the locks of a step on several tables, one at a time and
// without holding any. It returns how long to wait for all of them together.
func (r *run) approach(ctx context.Context, s *Step) (time.Duration, error) {
	if len(s.Also) == 0 {
		return r.o.LockTimeout, nil
	}
	for _, table := range append([]catalog.Name{s.Table}, s.Also...) {
		if err := r.probe(ctx, table, s.Lock); err != nil {
			return 0, err
		}
	}
	return r.session.brief, nil
}

// probe takes a table's lock for a moment.
func (r *run) probe(ctx context.Context, table catalog.Name, lock Lock) error {
	if err := r.session.wait(ctx, r.o.LockTimeout); err != nil {
		return err
	}
	tx, err := r.session.work.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "LOCK TABLE ONLY "+table.String()+" IN "+string(lock)+" MODE")
	if back := tx.Rollback(); err == nil {
		return back
	}
	return err
}

// The pauses between retries.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

// retry calls f again while it fails to get a lock. It reports the event with
// each retry, unless the event has no kind.
func (r *run) retry(ctx context.Context, event Event, f func() error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := f()
		if err == nil || !Transient(err) {
			return err
		}
		if n > r.o.Retries {
			return &gaveUpError{n, err}
		}
		// Between half of it and all of it, so that two runs do not keep
		// meeting.
		event.Retry, event.Reason, event.Pause = n, err, pause/2+rand.N(pause/2)
		r.result.Retries++
		if event.Kind != "" {
			r.emit(event)
		}
		if err := sleep(ctx, event.Pause); err != nil {
			return err
		}
		if r.o.Apply {
			if err := r.session.alive(ctx); err != nil {
				return err
			}
		}
		pause = min(2*pause, lastPause)
	}
}

// located wraps an error with step i, unless it names a step already.
func (r *run) located(i int, err error) error {
	var known *StepError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return r.at(i, err)
}
