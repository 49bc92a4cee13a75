package migration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// The errors of this package. They are possibly wrapped, most often in a [StepError]
// that says where: use [errors.Is]. Their texts hold no DSN and no values of rows.
var (
	// ErrInvalidPlan: the plan or the options contradict themselves.
	ErrInvalidPlan = errors.New("migration: invalid plan")

	// ErrRefused: the server or the pool cannot carry out plans: a standby, PostgreSQL
	// before 14, or a pool of a single connection.
	ErrRefused = errors.New("migration: refused")

	// ErrStale: the catalogue is not what the plan was made for. Make a new plan: it
	// begins with the state of the database.
	ErrStale = errors.New("migration: the plan is stale")

	// ErrRunning: another session is carrying out a plan in this database.
	ErrRunning = errors.New("migration: another session is carrying out a plan in this database")

	// ErrLockLost: the connection that holds the lock against other operators was
	// lost. Run again: finished steps are found done.
	ErrLockLost = errors.New("migration: the lock against a second operator was lost")

	// ErrUnfilled: rows are left that a batch's statement does not change.
	ErrUnfilled = errors.New("migration: rows cannot be filled")

	// ErrNoUndo: the step cannot be taken back.
	ErrNoUndo = errors.New("migration: the step cannot be undone")
)

// A StepError says which step failed. Unwrap gives the reason: one of this
// package's errors, the driver's or the context's.
type StepError struct {
	Phase  string // the phase's name
	Step   string // the step's name
	Detail string // what was found and what to do; empty where Err says enough
	Err    error  // the reason
}

// Error implements error.
func (e *StepError) Error() string {
	text := e.Err.Error()
	if !strings.HasPrefix(text, "migration: ") {
		text = "migration: " + text
	}
	text += " (step " + quoted(e.Step) + " of phase " + quoted(e.Phase) + ")"
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the reason.
func (e *StepError) Unwrap() error { return e.Err }

// A detailError is one of this package's errors with its remedy, where no step is to
// blame.
type detailError struct {
	err    error
	detail string
}

func (e *detailError) Error() string { return e.err.Error() + ": " + e.detail }
func (e *detailError) Unwrap() error { return e.err }

// A connectError hides the text of its cause, which names host, role and database.
type connectError struct{ err error }

func (e *connectError) Error() string { return "migration: cannot connect to the database" }
func (e *connectError) Unwrap() error { return e.err }

// A gaveUpError is the last error of a step that retries did not mend.
type gaveUpError struct {
	tries int
	err   error
}

func (e *gaveUpError) Error() string {
	return fmt.Sprintf("given up after %d tries: %v", e.tries, e.err)
}
func (e *gaveUpError) Unwrap() error { return e.err }

// If two sessions change the same row of the catalogue, as GRANT does, or Citus when
// it propagates roles, the second fails with this message. It has no code of its own,
// and PostgreSQL does not translate it (simple_heap_update).
const concurrently = "tuple concurrently "

// Transient reports whether a retry may mend err: a lock timeout, a deadlock, or a
// concurrent change of the same row of the catalogue. Execute retries such steps by
// itself; an error that it gave up on is not transient.
func Transient(err error) bool {
	var gaveUp *gaveUpError
	if errors.As(err, &gaveUp) {
		return false
	}
	switch sqlstate.Of(err) {
	case sqlstate.LockNotAvailable, sqlstate.DeadlockDetected:
		return true
	case sqlstate.InternalError:
		return strings.Contains(err.Error(), concurrently)
	}
	return false
}
