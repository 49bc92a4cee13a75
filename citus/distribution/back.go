package distribution

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// AnalyzeBack analyses how distributed tables become plain tables again, with their keys
// as they are. c is the coordinator's catalogue, and cluster is what [Survey] found. Of
// several trees only those of the given roots come back; without roots, all tables do.
// Reference tables come back with the last tree. While they are there, Citus manages
// plain tables that refer to them, so that foreign keys hold. To get back to keys without
// the tenant, undo the plan that made the keys: keep it.
func AnalyzeBack(c *catalog.Catalog, cluster Cluster, roots ...catalog.Name) *Analysis {
	a := &Analysis{Cluster: cluster, database: c.Database, role: c.Role, live: c, keysAfter: c,
		names: map[catalog.Name]*Table{}, back: true, keys: &migration.Plan{}}
	for _, table := range c.Tables {
		if spread := table.Distribution; spread.Method != catalog.NotDistributed && table.Extension == "" {
			a.names[table.Name] = &Table{Name: table.Name, Method: spread.Method, Column: spread.Column, live: table, after: table}
		}
	}
	a.keepOthers(roots)
	a.tenantSQL = func(table catalog.Name, alias string) (string, string) {
		return "", alias + "." + catalog.Quote(a.names[table].Column)
	}
	a.order()
	a.findAnchors()
	a.findForeign(c, c)
	a.findInCluster()
	for _, t := range a.Tables {
		for _, member := range t.family() {
			a.findKept(member)
		}
	}
	a.findCapacity()
	return a
}

// findAnchors finds the first table of each colocation group.
func (a *Analysis) findAnchors() {
	groups := map[int]*Table{}
	for _, t := range a.Tables {
		if t.Method != catalog.Hash {
			continue
		}
		group := t.live.Distribution.Colocation
		if groups[group] == nil {
			groups[group] = t
		}
		t.anchor = groups[group]
	}
}

// findKept finds what prevents a table from being undistributed.
func (a *Analysis) findKept(t *Table) {
	a.findAccess(t)
	for _, column := range t.live.Columns {
		if column.Identity != "" {
			a.block(t.Name, column.Name, "copy its rows into a new table: INSERT INTO … SELECT; then drop it and rename that one",
				"Citus cannot bring a table with an identity column back")
		}
	}
	switch t.Method {
	case catalog.Hash, catalog.Reference, catalog.Managed:
	default:
		a.found(keys.Warning, t.Name, "", "", "it comes back from %s, and the undo does not spread it again", t.live.Distribution.Definition())
	}
}

// gathered is the plan that undistributes the tables in one transaction.
func (a *Analysis) gathered() []migration.Phase {
	if len(a.Tables) == 0 {
		return nil
	}
	step := migration.Step{
		Name: "bring all tables back", Table: a.Tables[0].Name, Transaction: true, Lock: migration.AccessExclusive,
		About: "plain tables with the same rows and keys", Blocks: "everything on any of the tables, until it is committed",
	}
	tables, keys := a.Tables, a.changing()
	step.SQL, step.Undo = a.backward(tables, keys), a.forward(tables, keys)
	for _, t := range tables {
		if t != a.Tables[0] {
			step.Also = append(step.Also, t.Name)
		}
		after, before := t.spreadStates()
		var home catalog.Distribution
		if t.managed {
			home.Method = catalog.Managed
		}
		for i := range before {
			if before[i].Object == migration.Distribution {
				before[i].Definition = home.Definition()
			}
		}
		step.Before, step.After = append(step.Before, after...), append(step.After, before...)
		a.sized(&step, t)
	}
	for _, f := range keys {
		step.Before = append(step.Before, constraintState(f.child, f.name, f.live))
		step.After = append(step.After, constraintState(f.child, f.name, f.want))
	}
	if slices.ContainsFunc(tables, func(t *Table) bool {
		return t.Method != catalog.Hash && t.Method != catalog.Reference && t.Method != catalog.Managed
	}) {
		step.Undo, step.NoUndo = nil, "not all of the tables can be spread again as they were"
	}
	if slices.ContainsFunc(tables, (*Table).restricted) {
		step.Undo, step.NoUndo = nil, "Citus would make permissive policies of restrictive ones"
	}
	return []migration.Phase{{Name: Gather, About: "All tables come back in one transaction, or nothing is changed.", Steps: []migration.Step{step}}}
}
