package distribution

import (
	"maps"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// A database may have several roots, each with a tree of tables, and shared tables that
// several trees refer to. Each tree is distributed by a plan of its own, into a
// colocation group of its own. Once a shared table is a reference table, PostgreSQL would
// check the foreign keys of plain tables to it against its empty local storage. Citus
// checks them if it manages the plain tables: their rows stay on the coordinator.

// adoptNeighbours takes tables into the plan that foreign keys connect, also through each
// other, to a table that becomes a reference table.
func (a *Analysis) adoptNeighbours(after *catalog.Catalog) {
	for grown := true; grown; {
		grown = false
		for _, t := range after.Tables {
			if a.names[t.Name] == nil && a.isNeighbour(after, t) {
				table := &Table{Name: t.Name, Method: catalog.Managed, live: a.live.Table(t.Name), after: copied(t)}
				a.names[t.Name], grown = table, true
			}
		}
	}
	for _, t := range a.names {
		if t.Method == catalog.Managed && !t.spread() {
			a.found(keys.Note, t.Name, "", "", "Citus manages it from then on, on the coordinator, so that its foreign keys hold")
		}
	}
}

// isNeighbour reports whether a plain table outside of the plan must be managed.
func (a *Analysis) isNeighbour(c *catalog.Catalog, t *catalog.Table) bool {
	if t.Extension != "" || t.Distribution.Method != catalog.NotDistributed && t.Distribution.Method != catalog.Managed {
		return false
	}
	managed := func(name catalog.Name) bool { return a.names[name] != nil && a.names[name].Method == catalog.Managed }
	if managed(t.PartitionOf) || slices.ContainsFunc(c.Tables, func(part *catalog.Table) bool {
		return part.PartitionOf == t.Name && managed(part.Name)
	}) {
		return true
	}
	for _, other := range c.Tables {
		for i := range other.Constraints {
			key := &other.Constraints[i]
			if key.Foreign == nil || key.Inherited || a.dropped(other.Name, key.Name) {
				continue
			}
			to := a.names[key.Foreign.Table]
			if other == t && to != nil && to.Method == catalog.Reference || other == t && managed(key.Foreign.Table) ||
				key.Foreign.Table == t.Name && managed(other.Name) {
				return true
			}
		}
	}
	return false
}

// keepOthers takes from a way back what stays: the trees of other roots, and with them
// reference tables and managed ones.
func (a *Analysis) keepOthers(roots []catalog.Name) {
	if len(roots) == 0 {
		return
	}
	groups := map[int]bool{}
	for _, root := range roots {
		t := a.live.Table(root)
		if t == nil {
			a.block(root, "", "name the table of the tenants whose tree comes back", "there is no such table")
		} else if t.Distribution.Method == catalog.Hash {
			groups[t.Distribution.Colocation] = true
		}
	}
	returns := func(t *Table) bool { return t.Method == catalog.Hash && groups[t.live.Distribution.Colocation] }
	last := true
	for _, t := range a.names {
		last = last && (returns(t) || t.Method == catalog.Reference || t.Method == catalog.Managed)
	}
	if last {
		return
	}
	maps.DeleteFunc(a.names, func(_ catalog.Name, t *Table) bool { return !returns(t) })
	for grown := true; grown; {
		grown = false
		for _, t := range a.names {
			if !t.managed && a.staysManaged(t) {
				t.managed, grown = true, true
			}
		}
	}
}

// staysManaged reports whether a foreign key connects a table that comes back with a
// reference table that stays, or with a table that Citus has to manage for such a key.
func (a *Analysis) staysManaged(t *Table) bool {
	managed := func(name catalog.Name) bool { return a.names[name] != nil && a.names[name].managed }
	if managed(t.live.PartitionOf) {
		return true
	}
	for _, other := range a.live.Tables {
		if other.PartitionOf == t.Name && managed(other.Name) {
			return true
		}
		for i := range other.Constraints {
			to := other.Constraints[i].Foreign
			if to == nil {
				continue
			}
			if other.Name == t.Name && (a.names[to.Table] == nil || managed(to.Table)) || to.Table == t.Name && managed(other.Name) {
				return true
			}
		}
	}
	return false
}

// madeAnew returns the tables that Citus makes anew when they are distributed: those that
// it begins or ends to manage. They lose as much as undistribute_table does.
func madeAnew(moving []*Table) []*Table {
	return slices.DeleteFunc(slices.Clone(moving), func(t *Table) bool { return t.Method != catalog.Managed && !t.managed })
}

// releaseSQL makes managed tables plain ones.
func releaseSQL(moving []*Table) (sql []string) {
	for _, t := range moving {
		if t.managed {
			sql = append(sql, gatherSQL(t))
		}
	}
	return sql
}

// keepSQL makes tables managed that were, or have to be, before their foreign keys are
// made.
func keepSQL(moving []*Table) (sql []string) {
	for _, t := range moving {
		if t.managed {
			sql = append(sql, manageSQL(t))
		}
	}
	return sql
}

// manageSQL makes a table known to Citus, which keeps its rows on the coordinator.
func manageSQL(t *Table) string {
	return "SELECT pg_catalog.citus_add_local_table_to_metadata(" + literal(t.Name.String()) + ")"
}
