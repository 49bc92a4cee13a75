package tenancy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Finding is a place in the program with statements that are sent as they are,
// because their table is observed, and that [Enforce] would change or refuse. A place
// has several findings if its statements differ in operation, table or reason.
type Finding struct {
	// Source is the file and line, outside GORM and this package, that the statement
	// comes from.
	Source string
	// Op is the operation: create, query, update, delete, row or raw.
	Op string
	// Table is the statement's table; empty if it has none, as for raw SQL.
	Table string
	// Reason says what Enforce would do.
	Reason string
	// Err is the error of a statement that Enforce would refuse; nil if it would change
	// the statement.
	Err error
	// Count is how often the finding was seen.
	Count int64
}

// String returns the finding as one line of text.
func (f Finding) String() string {
	text := f.Source + ": " + f.Op
	if f.Table != "" {
		text += " on " + f.Table
	}
	return text + ": " + f.Reason
}

// Findings are what a plugin has found so far.
type Findings struct {
	// List has the findings, ordered by their sources.
	List []Finding
	// Dropped is the number of findings that were not kept because there were
	// [MaxFindings] already. [Config.OnFinding] was not called for them either.
	Dropped int64
}

// MaxFindings is how many findings a plugin keeps.
const MaxFindings = 4096

// OfTables returns the findings whose statement's table is one of the given ones, by
// its name in GORM. So it returns none of raw SQL. Dropped does not change.
func (f Findings) OfTables(tables ...string) Findings {
	f.List = slices.DeleteFunc(slices.Clone(f.List), func(found Finding) bool { return !slices.Contains(tables, found.Table) })
	return f
}

// Err returns nil if nothing was found, and otherwise an error with a line for each
// finding. It is for a test run to fail on.
func (f Findings) Err() error {
	if len(f.List) == 0 && f.Dropped == 0 {
		return nil
	}
	return errors.New("tenancy: statements that are not scoped\n" + f.String())
}

// String returns the findings as lines of text.
func (f Findings) String() string {
	var text strings.Builder
	for _, finding := range f.List {
		fmt.Fprintf(&text, "%s (%d times)\n", finding, finding.Count)
	}
	if f.Dropped > 0 {
		fmt.Fprintf(&text, "and %d more\n", f.Dropped)
	}
	return text.String()
}

// findings collects them.
type findings struct {
	sync.Mutex
	known   map[findingKey]*Finding
	dropped int64
}

type findingKey struct{ source, op, table, reason string }

// add reports whether a finding is new.
func (f *findings) add(found Finding) bool {
	f.Lock()
	defer f.Unlock()
	key := findingKey{found.Source, found.Op, found.Table, found.Reason}
	switch known := f.known[key]; {
	case known != nil:
		known.Count++
		return false
	case len(f.known) >= MaxFindings:
		f.dropped++
		return false
	}
	if f.known == nil {
		f.known = map[findingKey]*Finding{}
	}
	f.known[key] = &found
	return true
}
