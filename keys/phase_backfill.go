package keys

import (
	"fmt"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// expand adds the columns.
func (a *Analysis) expand() (steps []migration.Step) {
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

// fill fills a table along the first hop of its path, whose table is filled.
func (a *Analysis) fill(t, leaf *Table) migration.Step {
	hop := t.Path[0]
	key, from := t.Table.Constraint(hop.Constraint), a.byName[hop.To]
	column, tells := catalog.Quote(t.Column), "p."+catalog.Quote(from.Column)
	sql := fmt.Sprintf("UPDATE %s AS t SET %s = %s FROM %s AS p WHERE t.%s IS NULL AND %s IS NOT NULL",
		leaf.Name, column, tells, from.Name, column, tells)
	for i, name := range key.Columns {
		sql += fmt.Sprintf(" AND t.%s = p.%s", catalog.Quote(name), catalog.Quote(key.Foreign.Columns[i]))
	}
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
