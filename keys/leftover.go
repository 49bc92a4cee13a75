package keys

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// restore undoes, in the analysis only, what an unfinished plan that was lost has
// changed. The plan made from the result equals the lost one: its finished steps are
// found done, and its undo leads back to the beginning. Leftovers of a plan are
// recognized by name and definition together.
func (a *Analysis) restore() {
	a.live = a.catalog
	p := &past{a, map[*Table]bool{}, map[Object]string{}}
	tables := make([]*Table, len(a.live.Tables))
	for i, t := range a.live.Tables {
		tables[i] = a.byName[t.Name]
	}
	for _, t := range tables {
		if t.owned() && t.Role != Root && !t.isPartition() && !t.unfit() {
			p.keys(t)
			p.check(t)
		}
	}
	for _, t := range tables {
		if t.owned() && !t.unfit() {
			p.foreign(t)
		}
	}
	if len(p.edited) == 0 {
		return
	}
	a.catalog = &catalog.Catalog{Version: a.live.Version, Database: a.live.Database, Role: a.live.Role,
		Replica: a.live.Replica, Views: a.live.Views, Functions: a.live.Functions}
	for _, t := range tables {
		a.catalog.Tables = append(a.catalog.Tables, t.Table)
	}
	a.names = newNames(a.catalog)
}

// A past is what the catalogue was before a plan.
type past struct {
	*Analysis
	edited map[*Table]bool
	// made maps the new indexes that exist, beside the old ones or in their place,
	// to the names of the old ones.
	made map[Object]string
}

// edit replaces the catalogue's table by a copy and returns the copy.
func (p *past) edit(t *Table) *catalog.Table {
	if !p.edited[t] {
		p.edited[t] = true
		table := *t.Table
		table.Constraints, table.Indexes = slices.Clone(table.Constraints), slices.Clone(table.Indexes)
		t.Table = &table
	}
	return t.Table
}

// keys restores a table's uniques.
func (p *past) keys(t *Table) {
	for _, index := range t.Indexes {
		switch {
		case !index.Unique || index.Inherited:
		case !hasPart(&index, t.Column):
			made := withTenant(t, &index)
			p.parts(t, &index, &made, &index)
			if p.remove(t, &index, newSuffix, &made) {
				p.edit(t).Index(index.Name).Valid = true // it may be half dropped
			}
			if index.Constraint != "" || isMarked(&index) {
				p.remove(t, &index, standInSuffix, &index)
			}
		case index.Primary && index.Parts[0].Column == t.Column:
			p.key(t, &index)
		}
	}
}

// parts removes the indexes that a plan has made on partitions for a partitioned
// table's unique, and reports whether one of them stands in for the old unique.
func (p *past) parts(t *Table, index, made, old *catalog.Index) (standsIn bool) {
	if !t.Partitioned {
		return false
	}
	for _, leaf := range t.leaves() {
		own := leaf.partOf(index)
		if own == nil {
			continue
		}
		like := *own
		p.removePart(leaf, &like, newSuffix, made)
		p.removePart(leaf, &like, keySuffix, made)
		standsIn = p.removePart(leaf, &like, standInSuffix, old) || standsIn
	}
	return standsIn
}

// removePart removes an index that a plan has made for a partition.
func (p *past) removePart(leaf *Table, of *catalog.Index, suffix string, like *catalog.Index) (removed bool) {
	fit(of.Name, suffix, func(name string) bool {
		index := leaf.Table.Index(name)
		switch {
		case index == nil:
			return !p.names.relations[catalog.Name{Schema: leaf.Schema, Name: name}]
		case index.Constraint != "" || whole(index) != whole(like):
			return false
		}
		table := p.edit(leaf)
		table.Indexes = slices.DeleteFunc(table.Indexes, func(i catalog.Index) bool { return i.Name == name })
		removed = true
		return true
	})
	return removed
}

// key restores a primary key. While its stand-in exists, the plan is unfinished.
func (p *past) key(t *Table, index *catalog.Index) {
	old := *index
	old.Parts = index.Parts[1:]
	var own []*catalog.Index
	if t.Partitioned {
		for _, leaf := range t.leaves() {
			own = append(own, leaf.partOf(index))
		}
	}
	if !p.parts(t, index, index, &old) && !p.remove(t, index, standInSuffix, &old) {
		return
	}
	p.remove(t, index, newSuffix, index) // of a partitioned table
	p.made[Object{t.Name, index.Name}] = index.Name
	p.unscope(t, index.Name, index.Parts[1:])
	for i, leaf := range t.leaves() {
		if t.Partitioned && own[i] != nil {
			p.unscope(leaf, own[i].Name, index.Parts[1:])
		}
	}
}

// unscope takes the tenant out of a primary key.
func (p *past) unscope(t *Table, name string, parts []catalog.Part) {
	table := p.edit(t)
	index := table.Index(name)
	index.Parts = parts
	constraint := table.Constraint(index.Constraint)
	constraint.Columns = slices.Clone(constraint.Columns)[1:]
}

// remove removes an index that a plan has made for another one.
func (p *past) remove(t *Table, of *catalog.Index, suffix string, like *catalog.Index) (removed bool) {
	fit(of.Name, suffix, func(name string) bool {
		index := t.Table.Index(name)
		switch {
		case index == nil:
			return !p.names.relations[catalog.Name{Schema: t.Schema, Name: name}]
		case index.Constraint != "" || index.Inherited || whole(index) != whole(like):
			return false
		}
		table := p.edit(t)
		if suffix == "tenant" {
			p.made[Object{t.Name, name}] = of.Name
			table.Index(of.Name).ReplicaIdentity = of.ReplicaIdentity || index.ReplicaIdentity
		}
		table.Indexes = slices.DeleteFunc(table.Indexes, func(i catalog.Index) bool { return i.Name == name })
		removed = true
		return true
	})
	return removed
}

// whole is an index's definition without INVALID.
func whole(index *catalog.Index) string {
	valid := *index
	valid.Valid = true
	return valid.Definition()
}

// check removes the check that stands in for NOT NULL.
func (p *past) check(t *Table) {
	if !t.fills() || t.Table.Column(t.Column) == nil {
		return
	}
	text := notNull(t.Column)
	name := fit(t.Name.Name, t.Column+"_not_null", func(name string) bool {
		check := t.Table.Constraint(name)
		return check == nil || check.Kind == catalog.Check && check.Text == text
	})
	if t.Table.Constraint(name) == nil {
		return
	}
	for _, member := range t.family() {
		table := p.edit(member)
		table.Constraints = slices.DeleteFunc(table.Constraints, func(c catalog.Constraint) bool { return c.Name == name && c.Text == text })
	}
}

// notNull is the check that stands in for NOT NULL, as the catalogue has it.
func notNull(column string) string { return "CHECK ((" + catalog.Quote(column) + " IS NOT NULL))" }

// foreign restores a table's foreign keys.
func (p *past) foreign(child *Table) {
	for _, key := range child.Constraints {
		if key.Foreign == nil || key.Inherited {
			continue
		}
		parent := p.byName[key.Foreign.Table]
		if parent == nil {
			continue
		}
		beside := slices.ContainsFunc(child.Constraints, func(old catalog.Constraint) bool {
			return p.isOf(child, parent, &key, &old) || saysAgain(&key, &old)
		})
		index, made := p.made[Object{parent.Name, key.Index}]
		made = made && parent.owned() && parent.Role != Root && !parent.unfit() && matches(child, parent, &key)
		switch {
		case beside:
			table := p.edit(child)
			table.Constraints = slices.DeleteFunc(table.Constraints, func(c catalog.Constraint) bool { return c.Name == key.Name })
		case made:
			*p.edit(child).Constraint(key.Name) = withoutTenant(child, &key, index)
		}
	}
}

// saysAgain reports whether a foreign key equals another one that was made again,
// under the old name, for a partitioned table's new key.
func saysAgain(key, made *catalog.Constraint) bool {
	one, other := *key, *made
	one.Validated, other.Validated = true, true
	return made.Foreign != nil && !made.Inherited && one.Definition() == other.Definition() &&
		key.Name == fit(made.Name, newSuffix, func(string) bool { return true })
}

// isOf reports whether a foreign key was made to replace an old one.
func (p *past) isOf(child, parent *Table, key, old *catalog.Constraint) bool {
	if old.Foreign == nil || old.Inherited || old.Foreign.Table != parent.Name || old.Name == key.Name {
		return false
	}
	made := p.becomes(child, parent, old)
	if made == nil {
		return false
	}
	name := fit(old.Name, "tenant", func(name string) bool {
		return name == key.Name || !p.names.constraints[Object{child.Name, name}]
	})
	valid := *key
	valid.Validated = true
	return name == key.Name && made.Definition() == valid.Definition()
}

// withoutTenant returns the foreign key that one with the tenant has replaced, or
// will replace.
func withoutTenant(child *Table, key *catalog.Constraint, index string) catalog.Constraint {
	old, foreign := *key, *key.Foreign
	at := slices.Index(key.Columns, child.Column)
	old.Name = strings.TrimSuffix(key.Name, "_tenant")
	old.Columns = slices.Delete(slices.Clone(key.Columns), at, at+1)
	foreign.Columns = slices.Delete(slices.Clone(foreign.Columns), at, at+1)
	if slices.Equal(foreign.DeleteColumns, old.Columns) {
		foreign.DeleteColumns = nil
	}
	old.Foreign, old.Index, old.Validated = &foreign, index, true
	return old
}
