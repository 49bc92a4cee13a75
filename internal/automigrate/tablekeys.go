package automigrate

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// tableKeys is what a table has.
type tableKeys struct {
	name        catalog.Name
	oid         uint32
	columns     []string
	nullable    []string // the columns that may be NULL
	indexes     []*tableIndex
	foreign     []*foreignKey
	partitioned bool
	hidden      bool              // row-level security may hide rows that are there
	sql         string            // of SQLite: the statement that made it
	triggers    []string          // of SQLite: those of its triggers
	rowid       string            // of SQLite: the primary key that it fills; empty for none
	texts       map[string]string // of SQLite: the statements that made its indexes
}

func (t *tableKeys) allowsForeignKey(refs []string) bool {
	return slices.ContainsFunc(t.indexes, func(i *tableIndex) bool { return i.allowsForeignKey(refs) })
}

func (t *tableKeys) has(want *tableIndex) bool {
	return slices.ContainsFunc(t.indexes, want.same)
}

func (t *tableKeys) named(name string) bool {
	return slices.ContainsFunc(t.indexes, func(i *tableIndex) bool { return i.name == name })
}
