package migration

import (
	"maps"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Seal sets the plan's fingerprint from the catalogue that the plan was made
// from, and marks the steps that the catalogue shows done. The catalogue must
// hold at least the tables that the plan names. A planner calls Seal when the
// steps are complete.
//
// The fingerprint covers these tables and the views on them. It leaves out the
// objects that the steps name, and the copies of those on partitions. Other
// tables may come and go while the plan is carried out.
func (p *Plan) Seal(c *catalog.Catalog) {
	p.Fingerprint = p.fingerprint(c)
	t := p.timeline()
	for i, done := range t.done(c) {
		t.steps[i].Done = done
	}
}

func (p *Plan) fingerprint(c *catalog.Catalog) string {
	tables, objects := p.tables(), p.objects()
	concerned := &catalog.Catalog{}
	for _, t := range c.Tables {
		if tables[t.Name] {
			concerned.Tables = append(concerned.Tables, t)
		}
	}
	for _, v := range c.Views {
		if slices.ContainsFunc(v.Uses, func(name catalog.Name) bool { return tables[name] }) {
			concerned.Views = append(concerned.Views, v)
		}
	}
	return concerned.Fingerprint(func(table catalog.Name, kind, name string) bool {
		return follows(concerned, objects, object{table, Object(kind), name})
	})
}

// follows reports whether the object is one of those, or a partition's copy of
// one, which may have a name that PostgreSQL made up.
func follows(c *catalog.Catalog, objects map[object]bool, o object) bool {
	t := c.Table(o.table)
	if objects[o] || t == nil {
		return objects[o]
	}
	switch o.kind {
	case Constraint:
		if constraint := t.Constraint(o.name); constraint != nil && constraint.Inherited {
			return true
		}
	case Index:
		if index := t.Index(o.name); index != nil && index.Inherited {
			return true
		}
	case Trigger:
		if trigger := t.Trigger(o.name); trigger != nil && trigger.Inherited {
			return true
		}
	case Column, Distribution:
		o.table = t.PartitionOf
		return o.table != catalog.Name{} && follows(c, objects, o)
	}
	return false
}

// tables returns all tables that the plan names.
func (p *Plan) tables() map[catalog.Name]bool {
	tables := map[catalog.Name]bool{}
	for _, s := range p.steps() {
		for _, name := range s.tables() {
			tables[name] = true
		}
	}
	return tables
}

// tables returns all tables that the step names, in order.
func (s *Step) tables() []catalog.Name {
	tables := map[catalog.Name]bool{s.Table: true}
	if s.Batch != nil {
		tables[s.Batch.Table] = true
	}
	for _, state := range slices.Concat(s.Before, s.After) {
		tables[state.Table] = true
	}
	return ordered(tables)
}

func ordered(tables map[catalog.Name]bool) []catalog.Name {
	return slices.SortedFunc(maps.Keys(tables), catalog.Name.Compare)
}

// An object is what a state is of.
type object struct {
	table catalog.Name
	kind  Object
	name  string
}

func (s State) object() object { return object{s.Table, s.Object, s.Name} }

// String names the object for people.
func (o object) String() string {
	text := string(o.kind)
	if o.name != "" {
		text += " " + catalog.Quote(o.name)
	}
	return text + " of " + o.table.String()
}

// objects returns all objects that the steps' states name.
func (p *Plan) objects() map[object]bool {
	objects := map[object]bool{}
	for _, s := range p.steps() {
		for _, state := range slices.Concat(s.Before, s.After) {
			objects[state.object()] = true
		}
	}
	return objects
}
