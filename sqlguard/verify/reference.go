//go:build cgo

package verify

import (
	"fmt"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// A level is one query: the tables that one WHERE is about.
type level struct{ _ byte }

// Levels are compared by address. Empty structs might share one.
func newLevel() *level { return new(level) }

// A reference is one use of a tenant's table.
type reference struct {
	table    *table
	name     string // as it is qualified
	level    *level
	number   int // in the order of the text
	location int32
	binds    anyOf // each a reason why it is bound
	bound    bool
	inserted bool // the target of INSERT or MERGE
	written  bool // its rows are written, which those for everybody are not
	nullable bool // an outer join leaves it out of some rows
}

func (j *judge) newReference(t *table, name string, l *level, at int32) *reference {
	r := &reference{table: t, name: name, level: l, number: len(j.refs), location: at}
	j.refs = append(j.refs, r)
	return r
}

// advice says what to write.
func (r *reference) advice() string {
	if r.table.link != nil {
		return "a linked table without its link: let sqlguard scope it, or read it through its model"
	}
	column := sqltext.Quote(r.name) + "." + sqltext.Quote(r.table.column)
	switch {
	case r.inserted:
		return fmt.Sprintf("an existing row could be another tenant's: add %s = the tenant's value to the condition of the action", column)
	case r.nullable:
		return fmt.Sprintf("not bound to the tenant for certain: add %s = the tenant's value to ON", column)
	default:
		return fmt.Sprintf("not bound to the tenant for certain: add %s = the tenant's value to WHERE", column)
	}
}

// A cond is a condition on which references are bound.
type cond interface{ holds() bool }

type (
	allOf []cond
	anyOf []cond
)

func (r *reference) holds() bool { return r.bound }

func (c allOf) holds() bool {
	for _, part := range c {
		if !part.holds() {
			return false
		}
	}
	return true
}

func (c anyOf) holds() bool {
	for _, part := range c {
		if part.holds() {
			return true
		}
	}
	return false
}

// A claim is a condition that must hold in addition.
type claim struct {
	cond     cond
	table    *table
	location int32
	reason   string
}

// settle finds the bound references: the least set that follows from the
// scope's values, so that two references never bind each other.
func settle(refs []*reference) {
	for changed := true; changed; {
		changed = false
		for _, r := range refs {
			if !r.bound && r.binds.holds() {
				r.bound, changed = true, true
			}
		}
	}
}
