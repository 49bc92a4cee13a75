package distribution

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// difference is the SQL that turns a plain table into another one. It covers
// columns that exist in only one of them or may be null in only one, keys, checks,
// exclusions, indexes and triggers. It leaves out foreign keys, and what a
// partition has from its table.
func difference(from, to *catalog.Table) []string {
	d := changes(from, to)
	alter := "ALTER TABLE " + from.Name.String() + " "
	var sql []string
	for _, trigger := range d.triggers.gone {
		sql = append(sql, "DROP TRIGGER "+catalog.Quote(trigger.Name)+" ON "+from.Name.String())
	}
	for _, c := range d.constraints.gone {
		sql = append(sql, alter+"DROP CONSTRAINT "+catalog.Quote(c.Name))
	}
	for _, index := range d.indexes.gone {
		sql = append(sql, "DROP INDEX "+catalog.Name{Schema: from.Schema, Name: index.Name}.String())
	}
	for _, column := range d.columns.made {
		if from.Column(column.Name) == nil {
			open := *column
			open.NotNull = false
			sql = append(sql, alter+"ADD COLUMN "+catalog.Quote(column.Name)+" "+open.Definition())
		}
	}
	for _, column := range d.columns.made {
		was := from.Column(column.Name)
		switch {
		case column.NotNull && (was == nil || !was.NotNull):
			sql = append(sql, alter+"ALTER COLUMN "+catalog.Quote(column.Name)+" SET NOT NULL")
		case was != nil && !column.NotNull && was.NotNull:
			sql = append(sql, alter+"ALTER COLUMN "+catalog.Quote(column.Name)+" DROP NOT NULL")
		}
	}
	for _, column := range d.columns.gone {
		sql = append(sql, alter+"DROP COLUMN "+catalog.Quote(column.Name))
	}
	for _, c := range d.constraints.made {
		sql = append(sql, addSQL(from.Name, c)...)
	}
	for _, index := range d.indexes.made {
		sql = append(sql, index.CreateSQL(index.Name, from.Name, false))
	}
	sql = append(sql, marks(d, to)...)
	for _, trigger := range d.triggers.made {
		sql = append(sql, trigger.Text)
		if comment := trigger.CommentSQL(to.Name); comment != "" {
			sql = append(sql, comment)
		}
		if action := map[string]string{"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}[trigger.Enabled]; action != "" {
			sql = append(sql, alter+action+" TRIGGER "+catalog.Quote(trigger.Name))
		}
	}
	return sql
}

// marks returns the SQL that restores the use of an index that was made again,
// such as a replica identity, and its comment.
func marks(d differences, to *catalog.Table) (sql []string) {
	for i := range to.Indexes {
		index := &to.Indexes[i]
		made := slices.Contains(d.indexes.made, index) ||
			slices.ContainsFunc(d.constraints.made, func(c *catalog.Constraint) bool { return index.Constraint == c.Name })
		if made {
			sql = append(sql, index.MarkSQL(index.Name, to.Name)...)
		}
		if made && index.ReplicaIdentity {
			sql = append(sql, "ALTER TABLE "+to.Name.String()+" REPLICA IDENTITY USING INDEX "+catalog.Quote(index.Name))
		}
		if made && index.Clustered {
			sql = append(sql, "ALTER TABLE "+to.Name.String()+" CLUSTER ON "+catalog.Quote(index.Name))
		}
	}
	return sql
}

// differences are the objects in which two tables differ.
type differences struct {
	columns     pair[catalog.Column]
	constraints pair[catalog.Constraint]
	indexes     pair[catalog.Index]
	triggers    pair[catalog.Trigger]
}

// A pair lists the objects to drop and the objects to make; both may have the same
// name. A changed column is only in made.
type pair[T any] struct{ gone, made []*T }

func changes(from, to *catalog.Table) (d differences) {
	d.constraints = compare(from.Constraints, to.Constraints,
		func(c *catalog.Constraint) bool { return c.Foreign == nil && !c.Inherited },
		func(c *catalog.Constraint) (string, string) { return c.Name, c.Definition() })
	d.indexes = compare(from.Indexes, to.Indexes,
		func(i *catalog.Index) bool { return i.Constraint == "" && !i.Inherited },
		func(i *catalog.Index) (string, string) { return i.Name, i.Definition() })
	d.triggers = compare(from.Triggers, to.Triggers,
		func(t *catalog.Trigger) bool { return !t.Inherited },
		func(t *catalog.Trigger) (string, string) { return t.Name, t.Definition() })
	d.columns = compare(from.Columns, to.Columns,
		func(*catalog.Column) bool { return true },
		func(c *catalog.Column) (string, string) { return c.Name, c.Definition() })
	d.columns.gone = slices.DeleteFunc(d.columns.gone, func(c *catalog.Column) bool { return to.Column(c.Name) != nil })
	return d
}

// compare compares objects by their names and definitions.
func compare[T any](from, to []T, counts func(*T) bool, describe func(*T) (name, definition string)) (p pair[T]) {
	missing := func(in []T, one *T) bool {
		name, definition := describe(one)
		return !slices.ContainsFunc(in, func(other T) bool {
			n, d := describe(&other)
			return counts(&other) && n == name && d == definition
		})
	}
	for i := range from {
		if counts(&from[i]) && missing(to, &from[i]) {
			p.gone = append(p.gone, &from[i])
		}
	}
	for i := range to {
		if counts(&to[i]) && missing(from, &to[i]) {
			p.made = append(p.made, &to[i])
		}
	}
	return p
}

// states are what the catalogue shows of the difference.
func (d differences) states(from, to *catalog.Table) (before, after []migration.State) {
	seen := map[migration.State]bool{}
	add := func(object migration.Object, name string) {
		key := migration.State{Table: from.Name, Object: object, Name: name}
		if seen[key] {
			return
		}
		seen[key] = true
		before = append(before, stateOf(from, object, name))
		after = append(after, stateOf(to, object, name))
	}
	for _, c := range slices.Concat(d.columns.gone, d.columns.made) {
		add(migration.Column, c.Name)
	}
	for _, c := range slices.Concat(d.constraints.gone, d.constraints.made) {
		add(migration.Constraint, c.Name)
	}
	for _, i := range slices.Concat(d.indexes.gone, d.indexes.made) {
		add(migration.Index, i.Name)
	}
	for _, t := range slices.Concat(d.triggers.gone, d.triggers.made) {
		add(migration.Trigger, t.Name)
	}
	return before, after
}

func stateOf(t *catalog.Table, object migration.Object, name string) migration.State {
	alone := &catalog.Catalog{Tables: []*catalog.Table{t}}
	return migration.State{Table: t.Name, Object: object, Name: name, Definition: alone.Definition(t.Name, string(object), name)}
}

// allFills returns the statements that fill tenant columns: the batches of the
// keys' plan in their order, each for a whole table at once.
func (a *Analysis) allFills() (sql []string) {
	for _, phase := range a.keys.Phases {
		for _, step := range phase.Steps {
			if step.Batch == nil {
				continue
			}
			sql = append(sql, "DO "+dollars("fill", " BEGIN EXECUTE "+dollars("sql", step.Batch.SQL)+
				" USING '(0,0)'::tid, '(4294967295,65535)'::tid; END "))
		}
	}
	return sql
}

// dollars is a text as a literal that needs no escapes.
func dollars(tag, text string) string {
	for strings.Contains(text+"$", "$"+tag+"$") {
		tag += "_"
	}
	return "$" + tag + "$" + text + "$" + tag + "$"
}

// literal is a text as a string constant.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
