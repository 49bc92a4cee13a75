//go:build cgo

package verify

import (
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy"
)

// An Error says where and why a statement was refused. It wraps
// [tenancy.ErrUnscopedSQL] and Err. Its text holds names from the statement,
// never values.
type Error struct {
	// Reason says what is wrong and what to write instead.
	Reason string
	// Fragment is the kind of the fragment that Offset points at, "table" or
	// "function" for example.
	Fragment string
	// Table is the table concerned; empty if there is none.
	Table string
	// Offset is the place in the text in bytes; -1 if it is unknown.
	Offset int
	// Line is Offset as a line, from 1; 0 if it is unknown.
	Line int
	// Err is a further error of package tenancy, such as ErrUndeclared; nil where
	// there is none.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(tenancy.ErrUnscopedSQL.Error())
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " (line %d, offset %d)", e.Line, e.Offset)
	}
	b.WriteString(": ")
	b.WriteString(e.Fragment)
	if e.Table != "" {
		b.WriteString(" " + e.Table)
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}

// Unwrap returns [tenancy.ErrUnscopedSQL] and Err.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{tenancy.ErrUnscopedSQL}
	}
	return []error{tenancy.ErrUnscopedSQL, e.Err}
}

// refuse keeps the first reason. Judging continues after it, which is harmless
// and keeps the code free of error returns.
func (j *judge) refuse(at int32, fragment, reason string) {
	j.refuseWith(Error{Fragment: fragment, Reason: reason, Offset: int(at)})
}

func (j *judge) refuseWith(e Error) {
	if j.err != nil {
		return
	}
	if e.Offset < 0 || e.Offset > len(j.stmt.SQL) {
		e.Offset = -1
	} else {
		e.Line = 1 + strings.Count(j.stmt.SQL[:e.Offset], "\n")
	}
	j.err = &e
}
