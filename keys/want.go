package keys

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// A replacement is a unique that begins with the tenant. It is made beside an old one
// and replaces it.
type replacement struct {
	table *Table
	// The old one: its index, and its constraint if it is one. Nil if the new one
	// replaces nothing: foreign keys refer to it, or the options want it.
	old        *catalog.Index
	constraint *catalog.Constraint
	// new is the new index. standIn is an index on the columns of an old primary key,
	// which stays until nothing needs it. For an old unique it is the index that the
	// undo builds; a unique that is not a constraint has one only if it carries a
	// comment or statistics.
	new, standIn *catalog.Index
	// covered says that the new one exists already, under another name.
	covered bool
	links   []*link // that refer to it
	parts   []*part // of a partitioned table
}

// A link is a foreign key between tenants' tables that gets the tenant.
type link struct {
	child, parent *Table
	old, new      *catalog.Constraint
}

// isPrimary reports whether the primary key is replaced.
func (r *replacement) isPrimary() bool {
	return r.constraint != nil && r.constraint.Kind == catalog.PrimaryKey
}

// inPlace reports whether the new key is made directly. A partitioned table's key
// cannot be made from an index; it is made from those of its partitions.
func (r *replacement) inPlace() bool { return r.table.Partitioned && r.constraint != nil }

// wantKeys finds the keys and uniques without the tenant.
func (a *Analysis) wantKeys() {
	for _, ct := range a.catalog.Tables { // in an order that does not depend on how far a plan has come
		t := a.byName[ct.Name]
		if !t.owned() || t.Role == Root || t.unfit() {
			continue
		}
		if t.fills() && !t.isPartition() {
			t.check = a.names.constraint(t.Name, t.Name.Name, t.Column+"_not_null")
		}
		for i := range t.Indexes {
			index := &t.Indexes[i]
			if !index.Unique || index.Inherited || hasPart(index, t.Column) || a.isGlobal(t, index) {
				continue
			}
			a.add(a.replace(t, index))
		}
	}
	for _, w := range a.options.Uniques {
		a.wantUnique(w)
	}
}

func (a *Analysis) add(r *replacement) {
	a.divide(r)
	a.replaced = append(a.replaced, r)
	r.table.replaced = append(r.table.replaced, r)
}

// replace makes the replacement of one unique.
func (a *Analysis) replace(t *Table, old *catalog.Index) *replacement {
	r := &replacement{table: t, old: old}
	if old.Constraint != "" {
		r.constraint = t.Constraint(old.Constraint)
	}
	made := withTenant(t, old)
	r.new = &made
	if other := t.sameAs(&made, old.Name); other != nil && !r.isPrimary() && !t.Partitioned {
		r.new, r.covered = other, true
	} else {
		made.Name = a.names.index(t.Name, old.Name, "tenant")
	}
	if r.constraint != nil || isMarked(old) {
		standIn := *old
		standIn.Name = a.names.index(t.Name, old.Name, "old")
		standIn.Constraint, standIn.Primary, standIn.Valid = "", false, true
		standIn.Clustered, standIn.ReplicaIdentity = false, false
		r.standIn = &standIn
	}
	return r
}

// isMarked reports whether an index carries a comment or statistics.
func isMarked(index *catalog.Index) bool { return len(index.MarkSQL(index.Name, catalog.Name{})) > 0 }

// withTenant is an index that begins with the tenant, without a name.
func withTenant(t *Table, old *catalog.Index) catalog.Index {
	made := *old
	made.Name, made.Constraint, made.Primary, made.Valid = "", "", false, true
	made.Clustered, made.ReplicaIdentity = false, false
	made.Parts = append([]catalog.Part{tenantPart(t)}, old.Parts...)
	return made
}

// sameAs finds an existing key that equals the wanted one. A deferrable one counts if
// an undo has left the old one.
func (t *Table) sameAs(wanted *catalog.Index, old string) *catalog.Index {
	for i := range t.Indexes {
		index := &t.Indexes[i]
		if index.Definition() != wanted.Definition() {
			continue
		}
		c := t.Constraint(index.Constraint)
		if c == nil || !c.Deferrable || old == fit(index.Name, "old", func(string) bool { return true }) {
			return index
		}
	}
	return nil
}

// wantUnique adds a unique that the options want, unless it is there.
func (a *Analysis) wantUnique(w Wanted) {
	t := a.byName[w.Table]
	if t == nil || !t.owned() || t.unfit() {
		return
	}
	if columns := append([]string{t.Column}, w.Columns...); t.Role != Root && t.keyOn(columns) == nil && !t.hasKey(columns) {
		a.add(&replacement{table: t, new: a.uniqueOn(t, w.Name, columns)})
	}
}

func (a *Analysis) uniqueOn(t *Table, name string, columns []string) *catalog.Index {
	index := &catalog.Index{Method: "btree", Unique: true, Valid: true}
	index.Name = a.names.index(t.Name, name, "tenant")
	for _, column := range columns {
		index.Parts = append(index.Parts, catalog.Part{Column: column, SQL: catalog.Quote(column)})
	}
	return index
}

func tenantPart(t *Table) catalog.Part {
	return catalog.Part{Column: t.Column, SQL: catalog.Quote(t.Column)}
}

func hasPart(index *catalog.Index, column string) bool {
	return slices.ContainsFunc(index.Parts, func(p catalog.Part) bool { return p.Column == column })
}

func (a *Analysis) isGlobal(t *Table, index *catalog.Index) bool {
	return chosen(a.options.Global, a.options.PerTenant, t.Name, index.Name, index.Constraint)
}

// unfit reports whether a table's keys are left alone because of its inheritance; the
// findings say why.
func (t *Table) unfit() bool { return len(t.Inherits) > 0 && !t.isPartition() }

// wantLinks finds the foreign keys between tenants' tables that do not match
// tenant with tenant.
func (a *Analysis) wantLinks() {
	for _, ct := range a.catalog.Tables {
		child := a.byName[ct.Name]
		if !child.owned() || child.unfit() {
			continue
		}
		for i := range child.Constraints {
			old := &child.Constraints[i]
			if old.Foreign == nil || old.Inherited {
				continue
			}
			parent := a.byName[old.Foreign.Table]
			if parent == nil {
				continue
			}
			if made := a.becomes(child, parent, old); made != nil {
				a.links = append(a.links, a.link(child, parent, old, made))
			} else if made := a.redoes(child, old); made != nil {
				child.linked = true
				a.redone = append(a.redone, &link{child: child, parent: parent, old: old, new: made})
			}
		}
	}
}

// matches reports whether a foreign key needs no tenant column: it has it already, or
// it refers to the root, whose rows are the tenants themselves.
func matches(child, parent *Table, old *catalog.Constraint) bool {
	for i, column := range old.Columns {
		if column == child.Column && old.Foreign.Columns[i] == parent.Column {
			return true
		}
	}
	return parent.Role == Root
}

// becomes returns the foreign key that begins with the tenant and replaces an old one
// under its name; nil if the old one stays.
func (a *Analysis) becomes(child, parent *Table, old *catalog.Constraint) *catalog.Constraint {
	if !parent.owned() || parent.unfit() || matches(child, parent, old) {
		return nil
	}
	made := linked(child, parent, old)
	if action, named := a.onDelete(child.Name, old.Name); named && action != old.Foreign.OnDelete {
		made.Foreign = doing(made.Foreign, action, old.Columns)
	}
	return &made
}

// redoes returns the foreign key with another ON DELETE action, and otherwise
// unchanged; nil if the options do not ask for one. A plan may have left one that is
// not validated.
func (a *Analysis) redoes(child *Table, old *catalog.Constraint) *catalog.Constraint {
	action, named := a.onDelete(child.Name, old.Name)
	if !named || action == old.Foreign.OnDelete && old.Validated {
		return nil
	}
	made := *old
	own := slices.DeleteFunc(slices.Clone(old.Columns), func(c string) bool { return c == child.Column })
	made.Foreign, made.Validated = doing(old.Foreign, action, own), true
	return &made
}

// doing returns a copy of what a foreign key refers to, with another action on these
// columns.
func doing(of *catalog.Foreign, action catalog.Action, columns []string) *catalog.Foreign {
	foreign := *of
	foreign.OnDelete, foreign.DeleteColumns = action, nil
	if clears(action) {
		foreign.DeleteColumns = columns
	}
	return &foreign
}

// linked is a foreign key that begins with the tenant, under its old name.
func linked(child, parent *Table, old *catalog.Constraint) catalog.Constraint {
	foreign := *old.Foreign
	columns, refs := inKeyOrder(parent, old.Columns, foreign.Columns)
	foreign.Columns = append([]string{parent.Column}, refs...)
	foreign.MatchFull = foreign.MatchFull && len(old.Columns) > 1
	if clears(foreign.OnDelete) && len(foreign.DeleteColumns) == 0 {
		foreign.DeleteColumns = old.Columns
	}
	made := *old
	made.Columns = append([]string{child.Column}, columns...)
	made.Foreign, made.Validated = &foreign, true
	return made
}

func (a *Analysis) link(child, parent *Table, old, made *catalog.Constraint) *link {
	made.Name = a.names.constraint(child.Name, old.Name, "tenant")
	child.linked, parent.linked = true, true
	l := &link{child: child, parent: parent, old: old, new: made}
	switch r := parent.keyOn(made.Foreign.Columns); {
	case r != nil:
		made.Index = r.new.Name
		r.links = append(r.links, l)
	case !parent.hasKey(made.Foreign.Columns):
		r := &replacement{table: parent, new: a.uniqueOn(parent, parent.Name.Name+"_"+old.Name, made.Foreign.Columns)}
		made.Index = r.new.Name
		r.links = append(r.links, l)
		a.add(r)
	}
	return l
}

func clears(action catalog.Action) bool {
	return action == catalog.SetNull || action == catalog.SetDefault
}

// keyOn finds the new key that a foreign key to these columns can refer to.
func (t *Table) keyOn(columns []string) *replacement {
	for _, r := range t.replaced {
		if refersTo(r.new, columns) && (r.constraint == nil || !r.constraint.Deferrable) {
			return r
		}
	}
	return nil
}

// hasKey reports whether a table has a key on these columns already.
func (t *Table) hasKey(columns []string) bool {
	return slices.ContainsFunc(t.Indexes, func(index catalog.Index) bool {
		c := t.Constraint(index.Constraint)
		return index.Unique && index.Valid && refersTo(&index, columns) && (c == nil || !c.Deferrable)
	})
}

// refersTo reports whether an index lets a foreign key refer to these columns, in any
// order.
func refersTo(index *catalog.Index, columns []string) bool {
	if index.Predicate != "" || len(index.Parts) != len(columns) {
		return false
	}
	return !slices.ContainsFunc(index.Parts, func(p catalog.Part) bool { return !slices.Contains(columns, p.Column) })
}
