package keys

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// After returns the catalogue as the plan will leave it, for planning what comes
// next. Partitions have only their columns in it: their keys come with those of
// the partitioned table. Do not change it.
func (a *Analysis) After() *catalog.Catalog {
	after := &catalog.Catalog{Version: a.live.Version, Database: a.live.Database, Role: a.live.Role,
		Replica: a.live.Replica, Citus: a.live.Citus, Views: a.live.Views}
	for _, ct := range a.catalog.Tables {
		table := *ct
		t := a.byName[ct.Name]
		if t.fills() && !t.unfit() {
			table.Columns = a.filled(t)
		}
		table.Constraints, table.Indexes = slices.Clone(table.Constraints), slices.Clone(table.Indexes)
		for _, r := range t.replaced {
			r.apply(&table)
		}
		after.Tables = append(after.Tables, &table)
	}
	for _, l := range slices.Concat(a.links, a.redone) {
		made := *l.new
		made.Name = l.old.Name
		*after.Table(l.child.Name).Constraint(l.old.Name) = made
	}
	return after
}

// filled are a table's columns once each row has its tenant.
func (a *Analysis) filled(t *Table) []catalog.Column {
	columns := slices.Clone(t.Columns)
	for i := range columns {
		if columns[i].Name == t.Column {
			columns[i].NotNull = true
			return columns
		}
	}
	return append(columns, *a.added(t, true))
}

// apply puts the new unique in its place.
func (r *replacement) apply(t *catalog.Table) {
	if r.old == nil {
		t.Indexes = append(t.Indexes, *r.new)
		return
	}
	if r.old.ReplicaIdentity && r.covered {
		t.Index(r.new.Name).ReplicaIdentity = true
	}
	if r.covered {
		t.Indexes = slices.DeleteFunc(t.Indexes, func(i catalog.Index) bool { return i.Name == r.old.Name })
	} else {
		made := *r.new
		made.Name, made.Clustered, made.ReplicaIdentity = r.old.Name, r.old.Clustered, r.old.ReplicaIdentity
		if r.keepsConstraint() {
			made.Constraint, made.Primary = r.old.Constraint, r.old.Primary
		}
		*t.Index(r.old.Name) = made
	}
	switch {
	case r.keepsConstraint():
		*t.Constraint(r.constraint.Name) = *r.made()
	case r.constraint != nil:
		t.Constraints = slices.DeleteFunc(t.Constraints, func(c catalog.Constraint) bool { return c.Name == r.constraint.Name })
	}
}

// keepsConstraint reports whether the new unique becomes a constraint, as the
// old one was. It does not if foreign keys or replication need its index beside
// the old one.
func (r *replacement) keepsConstraint() bool {
	return r.constraint != nil && !r.covered &&
		(r.isPrimary() || len(r.links) == 0 && !r.old.ReplicaIdentity)
}
