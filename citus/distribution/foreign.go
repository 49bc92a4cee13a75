package distribution

import (
	"cmp"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// A foreign is a foreign key of or to a table of the plan.
type foreign struct {
	child, parent catalog.Name
	name          string
	// As it is, as the keys' plan leaves it, and as it will be; nil if it does
	// not exist.
	live, kept, want *catalog.Constraint
}

// changes reports whether the foreign key is dropped for a while or for good.
func (a *Analysis) changes(f *foreign) bool {
	if f.live == nil || f.want == nil || f.live.Definition() != f.want.Definition() {
		return true
	}
	return slices.ContainsFunc([]catalog.Name{f.child, f.parent}, func(name catalog.Name) bool {
		t := a.names[name]
		return t != nil && a.moves(t)
	})
}

// moves reports whether the plan distributes or undistributes the table.
func (a *Analysis) moves(t *Table) bool { return a.back || !t.spread() }

// findForeign finds the foreign keys as they are and as they will be.
func (a *Analysis) findForeign(live, after *catalog.Catalog) {
	found := map[keys.Object]*foreign{}
	for when, c := range []*catalog.Catalog{live, after} {
		for _, t := range c.Tables {
			for i := range t.Constraints {
				key := &t.Constraints[i]
				if key.Foreign == nil || key.Inherited || a.names[t.Name] == nil && a.names[key.Foreign.Table] == nil {
					continue
				}
				object := keys.Object{Table: t.Name, Name: key.Name}
				if found[object] == nil {
					found[object] = &foreign{child: t.Name, parent: key.Foreign.Table, name: key.Name}
					a.foreign = append(a.foreign, found[object])
				}
				if when == 0 {
					found[object].live = key
					continue
				}
				found[object].kept = key
				if !a.dropped(t.Name, key.Name) {
					want := *key
					found[object].want = &want
				}
			}
		}
	}
	slices.SortFunc(a.foreign, func(x, y *foreign) int {
		return cmp.Or(x.child.Compare(y.child), cmp.Compare(x.name, y.name))
	})
	for _, f := range a.foreign {
		if f.want != nil && !a.back {
			a.judge(f)
		}
	}
}

// judge decides whether Citus supports a foreign key, and sets the actions that
// the options choose.
func (a *Analysis) judge(f *foreign) {
	child, parent := a.names[f.child], a.names[f.parent]
	drop := "drop it, or name it in Options.Drop"
	switch {
	case a.between(f):
		a.block(f.child, f.name, drop, "it refers to %s, whose rows are distributed by the tenants of another root", f.parent)
	case child == nil && parent.Method == catalog.Reference && a.live.Table(f.child).Distribution.Method != catalog.NotDistributed:
	case child == nil && parent.Method == catalog.Reference:
		a.block(f.child, f.name, "set Options.Manage, so that Citus checks them; or make the table a tenant's or a shared one; or "+drop,
			"a table that stays on the coordinator alone refers to %s: its rows would be checked against what is left there, which is nothing", f.parent)
	case child == nil:
		a.block(f.child, f.name, "make the table a tenant's or a shared one; or "+drop,
			"a table that stays on the coordinator alone refers to %s: its rows would be checked against what is left there, which is nothing", f.parent)
	case parent == nil && a.live.Table(f.parent).Distribution.Method == catalog.Reference:
	case parent == nil || parent.Method == catalog.Managed && child.Method != catalog.Managed:
		a.block(f.child, f.name, "make "+f.parent.String()+" a tenant's or a shared one; or "+drop,
			"it refers to %s, which stays on the coordinator alone", f.parent)
	case child.Method == catalog.Managed && parent.Method == catalog.Hash:
		a.block(f.child, f.name, drop, "a table that stays on the coordinator alone cannot refer to rows of tenants (%s)", f.parent)
	case child.Method == catalog.Reference && parent.Method == catalog.Hash:
		a.block(f.child, f.name, drop, "a shared table cannot refer to rows of tenants (%s)", f.parent)
	case child.Method == catalog.Hash && parent.Method == catalog.Hash:
		a.judgeTenants(f, child, parent)
	}
}

// between reports whether a foreign key leads from the plan's tables to those that were
// distributed by another root's tenants, or from there.
func (a *Analysis) between(f *foreign) bool {
	outside := func(name catalog.Name) bool {
		return a.names[name] == nil && a.live.Table(name).Distribution.Method == catalog.Hash
	}
	tenants := func(name catalog.Name) bool { return a.names[name] != nil && a.names[name].Method == catalog.Hash }
	return outside(f.child) && tenants(f.parent) || tenants(f.child) && outside(f.parent)
}

// judgeTenants judges a foreign key between tenants' tables.
func (a *Analysis) judgeTenants(f *foreign, child, parent *Table) {
	at := slices.Index(f.want.Columns, child.Column)
	if at < 0 || f.want.Foreign.Columns[at] != parent.Column {
		a.block(f.child, f.name, "drop it, or name it in Options.Drop",
			"it does not match tenant with tenant: the row of %s that it refers to may lie on another node", f.parent)
		return
	}
	to := *f.want.Foreign
	if to.OnDelete == catalog.SetNull || to.OnDelete == catalog.SetDefault {
		if a.options.OnDelete == "" {
			a.block(f.child, f.name, "clear references in the application, and set Options.OnDelete to what takes its place: NoAction or Cascade",
				"Citus has no ON DELETE SET NULL for a foreign key with the tenant")
		} else {
			to.OnDelete, to.DeleteColumns = a.options.OnDelete, nil
		}
	}
	if to.OnUpdate == catalog.Cascade || to.OnUpdate == catalog.SetNull || to.OnUpdate == catalog.SetDefault {
		if a.options.OnUpdate == "" {
			a.block(f.child, f.name, "set Options.OnUpdate to NoAction, unless ids are changed",
				"Citus has no ON UPDATE CASCADE for a foreign key with the tenant")
		} else {
			to.OnUpdate = a.options.OnUpdate
		}
	}
	f.want.Foreign = &to
}
