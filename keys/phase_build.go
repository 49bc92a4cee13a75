package keys

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// build makes the new keys beside the old ones.
func (a *Analysis) build() (steps []migration.Step) {
	for _, r := range primaryFirst(a.replaced) {
		if !r.covered && (!r.inPlace() || len(r.links) > 0) {
			steps = append(steps, r.makeNew()...)
		}
		switch {
		case r.inPlace() && r.keepsConstraint():
			steps = append(steps, r.makeKey()...)
		case r.isPrimary():
			steps = append(steps, makeIndex(r.table, r.standIn, "keeps the old key unique until nothing needs it"))
		}
	}
	for _, l := range a.links {
		steps = append(steps, l.make()...)
	}
	return steps
}

// primaryFirst puts each table's primary key before its other uniques. PostgreSQL
// checks indexes in the order of their creation, and its error names the first that a
// row violates.
func primaryFirst(replaced []*replacement) []*replacement {
	sorted := slices.Clone(replaced)
	for i, r := range sorted {
		if !r.isPrimary() {
			continue
		}
		for ; i > 0 && sorted[i-1].table == r.table; i-- {
			sorted[i] = sorted[i-1]
		}
		sorted[i] = r
	}
	return sorted
}

func makeIndex(t *Table, index *catalog.Index, about string) migration.Step {
	concurrently := !t.Partitioned
	step := migration.Step{
		Name: t.Name.String() + ": build " + catalog.Quote(index.Name), Table: t.Name, About: about,
		SQL:  []string{index.CreateSQL(index.Name, t.Name, concurrently)},
		Undo: []string{dropIndex(t, index.Name)},
		Lock: migration.ShareUpdateExclusive, Blocks: "other changes of the table, while the index is built",
		Before: []migration.State{gone(indexState(t, index))}, After: []migration.State{indexState(t, index)},
	}
	if concurrently {
		step.Repair = step.Undo
	} else {
		step.Lock, step.Blocks = migration.Share, "writes, while the indexes of all partitions are built"
	}
	return sized(step, t)
}

func dropIndex(t *Table, name string) string {
	index := catalog.Name{Schema: t.Schema, Name: name}.String()
	if t.Partitioned {
		return "DROP INDEX IF EXISTS " + index
	}
	return "DROP INDEX CONCURRENTLY IF EXISTS " + index
}

// make adds the foreign key with the tenant beside the old one.
func (l *link) make() []migration.Step {
	name := catalog.Quote(l.new.Name)
	undo := []string{alter(l.child, "DROP CONSTRAINT IF EXISTS "+name)}
	firm := constraintState(l.child, l.new)
	if l.child.Partitioned {
		step := sized(stepOn(l.child, "add "+name, "a foreign key of a partitioned table is validated at once",
			"ADD CONSTRAINT "+name+" "+l.new.Definition()), l.child)
		step.Undo, step.Lock, step.Blocks = undo, migration.ShareRowExclusive,
			"writes to it and to "+l.parent.Name.String()+", while the table is read"
		step.Also, step.SQL = l.also(), l.commented(step.SQL)
		step.Before, step.After = []migration.State{gone(firm)}, []migration.State{firm}
		return []migration.Step{step}
	}
	open := *l.new
	open.Validated = false
	loose := constraintState(l.child, &open)
	add := stepOn(l.child, "add "+name, "new rows refer to rows of their tenant only", "ADD CONSTRAINT "+name+" "+open.Definition())
	add.Undo, add.Lock, add.Blocks = undo, migration.ShareRowExclusive, "writes to it and to "+l.parent.Name.String()+", for a moment"
	add.Also, add.SQL = l.also(), l.commented(add.SQL)
	add.Before, add.After = []migration.State{gone(loose)}, []migration.State{loose}
	validate := sized(stepOn(l.child, "validate "+name, "old rows do, too", "VALIDATE CONSTRAINT "+name), l.child)
	validate.Lock, validate.Blocks = migration.ShareUpdateExclusive, "other changes of the table, while it is read"
	validate.Before, validate.After = []migration.State{loose}, []migration.State{firm}
	return []migration.Step{add, validate}
}

// commented adds the old foreign key's comment to the statements that make the new
// one.
func (l *link) commented(sql []string) []string {
	return append(sql, l.commentSQL(l.new.Name, l.new.Comment)...)
}

// also is the other table that is locked with the child.
func (l *link) also() []catalog.Name {
	if l.child == l.parent {
		return nil
	}
	return []catalog.Name{l.parent.Name}
}
