package migration

import (
	"context"
	"slices"
	"time"
)

// Options say how a plan is carried out. The zero value changes nothing.
type Options struct {
	// Apply lets the run change the database. False is a dry run: it only reads, and
	// the result says how far the plan is and what would be done.
	Apply bool

	// Passed names the phases whose barrier is confirmed. Execute stops before a phase
	// whose barrier is not named. Undo stops before it takes back the phase before
	// such a barrier: the version deployed for the barrier may need what would be
	// undone. Once that version is gone, name the phase here.
	Passed []string

	// LockTimeout is how long a statement waits for a lock, and so how long it may
	// make others queue behind it. Zero: 2 seconds. Concurrent builds of indexes get
	// their table's lock within that time. Then they wait for older transactions as
	// long as the context allows, which blocks no one.
	LockTimeout time.Duration

	// Retries is how often a step or a batch is tried again after a lock timeout, a
	// deadlock or a concurrent change of the catalogue, with pauses that grow to ten
	// seconds. Zero: 20; negative: never.
	Retries int

	// StatementTimeout is the longest that a statement may run. Zero: no limit.
	StatementTimeout time.Duration

	// BatchBlocks is how many blocks of a table, usually of 8 kB, a batch covers. A
	// batch is a transaction: while it runs, other writers of the same rows wait.
	// Zero: 100, which is some ten thousand rows and tenths of a second.
	BatchBlocks int64

	// BatchPause is how long to sleep between batches. Zero: not at all.
	BatchPause time.Duration

	// Throttle is called between batches and between steps. The run pauses until it
	// returns, and ends if it returns an error. Nil: nothing is called.
	Throttle func(ctx context.Context) error

	// Progress is called with each event, from the caller's goroutine. Nil: nothing is
	// called.
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

// An EventKind says what an [Event] is about.
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

	// For batches: the pass over the table, the blocks done in it, and the table's
	// blocks.
	Pass       int
	Blocks, Of int64

	// StepLeft is how long the step still takes. Left is how long the run still takes,
	// up to the end or the next barrier that is not confirmed. Both are set when a
	// step begins or ends, and after each batch. They are estimates from sizes until
	// the run has measured the server's speed. Undo has none.
	StepLeft, Left time.Duration

	// For retries: its number, the pause before it, and the error that caused it.
	Retry  int
	Pause  time.Duration
	Reason error

	Barrier string // what must be true, or no longer be
}

// A Result says how far a run came. It is also returned with an error. Its lists hold
// names of steps in the order in which the run met them.
type Result struct {
	// Done are the steps that this run carried out or took back.
	Done []string
	// Skipped are the steps that were found done, or found undone, or have nothing to
	// take back.
	Skipped []string
	// Would are the steps that a run with the same options and Apply would carry out,
	// or take back. It is set by a dry run only.
	Would []string
	// Remaining are the steps that are still to do, or to take back.
	Remaining []string
	// Failed is the step that returned the error; empty if none did.
	Failed string
	// Barrier is the barrier that the run stopped at, which is not an error; nil if it
	// did not stop.
	Barrier *Barrier

	Rows    int64 // changed in batches
	Retries int
}

// A Barrier is where a run stopped: confirm it in [Options].Passed.
type Barrier struct {
	Phase string
	Text  string
}
