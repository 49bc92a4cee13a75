package migration

import (
	"context"
	"slices"
	"time"
)

// Options say how a plan is carried out. The zero value changes nothing.
type Options struct {
	// Apply is to change the database. False is a dry run: it is read alone, and
	// the result says where it stands and what would be done.
	Apply bool

	// Passed names the phases whose barrier is confirmed. Execute stops before a
	// phase with a barrier that is not named; Undo stops before it takes back a
	// phase that such a phase follows, until its barrier is taken back and named:
	// the versions deployed for it may need what would be undone.
	Passed []string

	// LockTimeout is how long a statement waits for a lock, and so how long it may
	// make others queue behind it. Zero: 2 seconds. Builds of indexes outside of a
	// transaction get their table's lock within that time, and then wait for older
	// transactions as long as the context lets them, which holds nobody up.
	LockTimeout time.Duration

	// Retries is how often a step or a batch is tried again after it got no lock
	// in time, fell to a deadlock, or met another change of the catalogue, with
	// pauses that grow to ten seconds.
	// Zero: 20; negative: never.
	Retries int

	// StatementTimeout is the longest that a statement may run, however much it
	// has to read. Zero: no limit.
	StatementTimeout time.Duration

	// BatchBlocks is how many blocks of a table, of 8 kB most often, a batch
	// covers, which is a transaction: for as long as it runs, others wait who
	// change the same rows. Zero: 100, some ten thousand rows and tenths of a
	// second.
	BatchBlocks int64

	// BatchPause is how long to sleep between batches. Zero: not at all.
	BatchPause time.Duration

	// Throttle is called between batches and between steps: it pauses the run for
	// as long as it does not return, and ends it by an error. Nil: nothing is
	// called.
	Throttle func(ctx context.Context) error

	// Progress is told what happens, from the goroutine that called. Nil: nobody
	// is.
	Progress func(Event)
}

// complete fills in the defaults on a copy.
func (o Options) complete(p *Plan) (Options, error) {
	if o.LockTimeout < 0 || o.StatementTimeout < 0 || o.BatchBlocks < 0 || o.BatchPause < 0 {
		return o, invalid("the options have a negative LockTimeout, StatementTimeout, BatchBlocks or BatchPause")
	}
	for _, name := range o.Passed {
		if !slices.ContainsFunc(p.Phases, func(phase Phase) bool { return phase.Name == name }) {
			return o, invalid("Options.Passed names a phase %q, which the plan does not have", name)
		}
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.Retries == 0 {
		o.Retries = 20
	}
	if o.BatchBlocks == 0 {
		o.BatchBlocks = defaultBatchBlocks
	}
	return o, nil
}

// An EventKind is what an [Event] tells.
type EventKind string

// The kinds of events.
const (
	StepStarted EventKind = "step started"
	BatchDone   EventKind = "batch done"
	Retrying    EventKind = "retrying"
	StepDone    EventKind = "step done"
	StepSkipped EventKind = "step skipped" // it was done, or undone, before
	AtBarrier   EventKind = "barrier"      // the run ends here
)

// An Event is what happened. Fields that do not concern its kind are zero.
type Event struct {
	Kind  EventKind
	Phase string
	Step  string // empty at a barrier

	Rows int64 // changed by this step so far

	// Of a batch: the pass over the table, the blocks done in it, and the blocks
	// that it has.
	Pass       int
	Blocks, Of int64

	// StepLeft is how long the step still takes, and Left how long the run does, up to
	// the next barrier that is not passed or the end: when a step begins, when a batch is
	// done, and when a step is done. They are estimates by the sizes until batches and
	// steps have shown how fast the server is. Undo has none.
	StepLeft, Left time.Duration

	// Of a retry: which it is, after what pause it begins, and the error before.
	Retry  int
	Pause  time.Duration
	Reason error

	Barrier string // what must be true, or no longer be
}

// A Result says how far a run came. It is returned with an error, too. Its lists
// hold names of steps in the order in which they are met.
type Result struct {
	// Done are the steps that this run carried out or took back.
	Done []string
	// Skipped are the steps that were found done, or undone, or have nothing to
	// take back.
	Skipped []string
	// Would are the steps that a run with the same options and Apply would carry
	// out, or take back. It is for the dry run alone.
	Would []string
	// Remaining are the steps that are still to do, or to take back.
	Remaining []string
	// Failed is the step that returned the error; empty when none did.
	Failed string
	// Barrier is where the run stopped, which is no failure; nil if it did not.
	Barrier *Barrier

	Rows    int64 // changed in batches
	Retries int
}

// A Barrier is what a run stopped at: confirm it in [Options].Passed.
type Barrier struct {
	Phase string
	Text  string
}
