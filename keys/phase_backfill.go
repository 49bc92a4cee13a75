package keys

import (
	"fmt"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// expand adds the columns.
func (a *Analysis) expand() (steps []migration.Step) {
	steps = a.redo()
	for _, t := range a.Tables {
		if t.Role != Reaching || t.isPartition() {
			continue
		}
		column := catalog.Quote(t.Column)
		step := stepOn(t, "add "+column, "the tenant, which "+t.Path[0].String()+" tells",
			"ADD COLUMN "+column+" "+a.typ)
		step.Undo = []string{alter(t, "DROP COLUMN "+column)}
		for _, member := range t.family() {
			made := state(member, migration.Column, t.Column, a.added(t, false).Definition())
			step.Before, step.After = append(step.Before, gone(made)), append(step.After, made)
		}
		steps = append(steps, step)
	}
	return steps
}

// redo gives foreign keys the ON DELETE actions of the options.
func (a *Analysis) redo() (steps []migration.Step) {
	for _, l := range a.redone {
		steps = append(steps, l.redo()...)
	}
	return steps
}

// redoAbout describes those foreign keys in the phase.
func (a *Analysis) redoAbout() string {
	if len(a.redone) == 0 {
		return ""
	}
	return " Foreign keys do what the options say, when a row is deleted."
}

func (l *link) redo() (steps []migration.Step) {
	open := *l.new
	open.Validated = l.child.Partitioned
	if open.Definition() != l.old.Definition() { // else a plan has left it so
		steps = append(steps, l.replace(&open))
	}
	if l.child.Partitioned {
		return steps
	}
	name := catalog.Quote(l.old.Name)
	validate := sized(stepOn(l.child, "validate "+name, "old rows refer to rows that are there", "VALIDATE CONSTRAINT "+name), l.child)
	validate.Lock, validate.Blocks = migration.ShareUpdateExclusive, "other changes of the table, while it is read"
	validate.Before, validate.After = []migration.State{constraintState(l.child, &open)}, []migration.State{constraintState(l.child, l.new)}
	return append(steps, validate)
}

// replace makes the foreign key again under its own name.
func (l *link) replace(made *catalog.Constraint) migration.Step {
	name := catalog.Quote(l.old.Name)
	become := func(c catalog.Constraint) string {
		c.Validated = c.Validated && l.child.Partitioned
		return catalog.Atomic(append([]string{alter(l.child, "DROP CONSTRAINT IF EXISTS "+name+", ADD CONSTRAINT "+name+" "+c.Definition())},
			l.commentSQL(l.old.Name, l.old.Comment)...)...)
	}
	step := stepOn(l.child, "make "+name+" again", "it does something else when a row is deleted")
	step.SQL, step.Undo = []string{become(*made)}, []string{become(*l.old)}
	step.Blocks = "everything on it and on " + l.parent.Name.String() + ", for a moment"
	step.Transaction, step.Also = false, l.also() // one statement
	if l.child.Partitioned {
		step.Blocks = "everything on it and on " + l.parent.Name.String() + ", while the table is read"
		step = sized(step, l.child)
	} else if l.old.Validated {
		step.Undo = append(step.Undo, alter(l.child, "VALIDATE CONSTRAINT "+name))
		step.Repair = step.SQL // an undo may leave the old one without its validation
	}
	step.Before, step.After = []migration.State{constraintState(l.child, l.old)}, []migration.State{constraintState(l.child, made)}
	return step
}

// added is the column that is added.
func (a *Analysis) added(t *Table, notNull bool) *catalog.Column {
	return &catalog.Column{Name: t.Column, Type: a.typ, NotNull: notNull}
}

// backfill fills the columns and makes them NOT NULL.
func (a *Analysis) backfill() (steps []migration.Step) {
	for _, t := range a.Tables {
		if !t.fills() || t.isPartition() || t.unfit() {
			continue
		}
		for _, leaf := range t.leaves() {
			if len(t.Path) > 0 {
				steps = append(steps, a.fill(t, leaf))
			}
		}
		steps = append(steps, a.forbidNull(t)...)
	}
	return steps
}

// fill fills a table from the first hop of its path, whose table is filled
// already.
func (a *Analysis) fill(t, leaf *Table) migration.Step {
	hop := t.Path[0]
	from := a.byName[hop.To]
	column, tells := catalog.Quote(t.Column), "p."+catalog.Quote(from.Column)
	sql := fmt.Sprintf("UPDATE %s AS t SET %s = %s FROM %s AS p WHERE t.%s IS NULL AND %s IS NOT NULL AND %s",
		leaf.Name, column, tells, from.Name, column, tells, joined("t", "p", hop.Columns, hop.Keys))
	return sized(migration.Step{
		Name: leaf.Name.String() + ": fill " + column, Table: leaf.Name,
		About: "from " + from.Name.String() + ", a range of blocks at a time",
		Lock:  migration.RowExclusive, Blocks: "writes to the rows of one batch, while it runs",
		Batch: &migration.Batch{
			Table: leaf.Name,
			SQL:   sql + " AND t.ctid >= $1::tid AND t.ctid < $2::tid",
			Left:  fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s WHERE %s IS NULL LIMIT 1000) AS t", leaf.Name, column),
		},
	}, leaf)
}

// forbidNull makes a column NOT NULL without a scan under a lock.
func (a *Analysis) forbidNull(t *Table) []migration.Step {
	name, column := t.check, catalog.Quote(t.Column)
	check := &catalog.Constraint{Name: name, Kind: catalog.Check, Text: notNull(t.Column)}
	open := *check
	check.Validated = true
	quoted := catalog.Quote(name)

	add := stepOn(t, "check "+column, "new rows have a tenant", "ADD CONSTRAINT "+quoted+" CHECK ("+column+" IS NOT NULL) NOT VALID")
	add.Undo = []string{alter(t, "DROP CONSTRAINT IF EXISTS "+quoted)}
	validate := sized(stepOn(t, "validate the check of "+column, "old rows have one, too", "VALIDATE CONSTRAINT "+quoted), t)
	validate.Lock, validate.Blocks = migration.ShareUpdateExclusive, "other changes of the table, while it is read"
	set := stepOn(t, "set "+column+" NOT NULL", "the check has shown it", "ALTER COLUMN "+column+" SET NOT NULL", "DROP CONSTRAINT "+quoted)
	set.Undo = []string{alter(t, "ALTER COLUMN "+column+" DROP NOT NULL")}

	for _, member := range t.family() {
		before, after := a.added(t, false), a.added(t, true)
		if have := member.Table.Column(t.Column); have != nil {
			before, after = have, new(catalog.Column)
			*after = *have
			after.NotNull = true
		}
		loose, firm := state(member, migration.Constraint, name, open.Definition()), state(member, migration.Constraint, name, check.Definition())
		add.Before, add.After = append(add.Before, gone(loose)), append(add.After, loose)
		validate.Before, validate.After = append(validate.Before, loose), append(validate.After, firm)
		set.Before = append(set.Before, firm, state(member, migration.Column, t.Column, before.Definition()))
		set.After = append(set.After, gone(firm), state(member, migration.Column, t.Column, after.Definition()))
	}
	return []migration.Step{add, validate, set}
}
