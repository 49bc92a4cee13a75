package keys

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// A Severity says what a finding means for the plan.
type Severity string

// The severities.
const (
	Blocker Severity = "blocker" // the plan would fail, or break what works
	Warning Severity = "warning" // to be read before the plan is carried out
	Note    Severity = "note"    // left as it is
)

// A Finding is an obstacle to the plan, or something that the plan leaves as it is.
type Finding struct {
	Severity Severity
	Table    catalog.Name
	Object   string // a constraint, index, trigger or column; empty for the table
	Problem  string
	Remedy   string
	// Rows are the keys of some of the rows, and Count is a lower bound of their
	// number. Both are set for findings in the data only.
	Rows  []string
	Count int64
	// Also lists other objects that the same finding is about.
	Also []Object
}

// String writes a finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Severity, f.Table)
	if f.Object != "" {
		fmt.Fprintf(&b, ": %s", f.Object)
	}
	fmt.Fprintf(&b, ": %s", f.Problem)
	if f.Count > 0 {
		fmt.Fprintf(&b, " (%d rows", f.Count)
		if len(f.Rows) > 0 {
			fmt.Fprintf(&b, ": %s", strings.Join(f.Rows, ", "))
			if int64(len(f.Rows)) < f.Count {
				b.WriteString(", …")
			}
		}
		b.WriteString(")")
	}
	if f.Remedy != "" {
		fmt.Fprintf(&b, "; %s", f.Remedy)
	}
	if len(f.Also) > 0 {
		b.WriteString("; the same of " + others(f.Also))
	}
	return b.String()
}

func (a *Analysis) found(s Severity, t *Table, object, remedy, problem string, args ...any) {
	a.Findings = append(a.Findings, Finding{Severity: s, Table: t.Name, Object: object,
		Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
}

// findObstacles finds the obstacles that the catalogue shows, without looking at
// rows.
func (a *Analysis) findObstacles() {
	mixed := setOf(a.options.Mixed)
	for _, t := range a.Tables {
		if t.owned() {
			a.findInTable(t)
		}
		if mixed[t.Name] {
			a.found(Warning, t, a.columnOf(t.Table), "give the rows that are everybody's a table of their own, where that is too much",
				"the table is mixed: a row for everybody has no tenant, and no key and no shard is found by NULL; "+
					"its keys stay as they are, references to its rows may cross tenants, and Citus cannot distribute it but keeps all of it on each node, as a reference table")
			a.findReferences(t)
			continue
		}
		if t.Role == Shared && knownRole(t.Table) == "" && t.Table.Column(a.columnOf(t.Table)) != nil {
			a.found(Warning, t, a.columnOf(t.Table), "give the rows that are everybody's a table of their own",
				"the table is shared and has a tenant column: references to its rows may cross tenants")
		}
		a.findReferences(t)
	}
	for _, r := range a.replaced {
		a.findInKey(r)
	}
	for _, l := range a.links {
		a.findInLink(l)
	}
	a.findNarrowed()
	a.findInBodies()
}

// A broken function fails after a phase.
type broken struct{ function, phase string }

// mend returns the sentence of a phase's barrier about functions to be changed.
func (a *Analysis) mend(phase string) string {
	var names []string
	for _, b := range a.broken {
		if b.phase == phase && !slices.Contains(names, b.function) {
			names = append(names, b.function)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " These functions are changed as the findings say: " + strings.Join(names, ", ") + "."
}

func (a *Analysis) findInTable(t *Table) {
	if t.unfit() {
		a.found(Warning, t, "", "make it a partition, or a table of its own", "it inherits from another table: its keys stay as they are")
	}
	if !t.Owned && !a.catalog.Role.Superuser && t.changes() {
		a.found(Blocker, t, "", "carry the plan out as "+catalog.Quote(t.Owner), "%s does not own it", catalog.Quote(a.catalog.Role.Name))
	}
	if role := a.catalog.Role; t.RowSecurity && (t.ForceRowSecurity || !t.Owned) && !role.Superuser && !role.BypassRLS && t.changes() {
		a.found(Blocker, t, "", rowsRemedy, "row-level security hides rows from %s: neither the checks nor the backfill would see them", catalog.Quote(role.Name))
	}
	if column := t.Table.Column(t.Column); column != nil && a.typ != "" && column.Type != a.typ {
		a.found(Warning, t, t.Column, "Citus needs the same type in all tables",
			"the tenant column is of type %s, where others are %s", column.Type, a.typ)
	}
	a.findInFill(t)
	if t.fills() {
		for _, trigger := range t.Triggers {
			if trigger.Enabled != "D" {
				a.found(Warning, t, trigger.Name, "disable it, if it must not see the backfill", "the trigger may run for each row that is backfilled")
			}
		}
	}
	a.findInPublications(t)
	a.findInGrants(t)
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if a.clearsTenant(t, c) {
			a.found(Blocker, t, c.Name, "make it CASCADE or NO ACTION by Options.OnDelete",
				"its ON DELETE clears the tenant column, which may no longer be null: deleting a row of %s would fail", c.Foreign.Table)
		}
		if c.Kind == catalog.Exclusion && !c.Inherited && t.Role != Root && !strings.Contains(c.Text, catalog.Quote(t.Column)+" WITH =") {
			a.found(Note, t, c.Name, "add the tenant with the extension btree_gist: "+catalog.Quote(t.Column)+" WITH =",
				"the exclusion holds between tenants as well")
		}
	}
}

// clearsTenant reports whether a foreign key's ON DELETE clears the tenant column, also
// once the plan is carried out.
func (a *Analysis) clearsTenant(t *Table, c *catalog.Constraint) bool {
	if c.Foreign == nil || c.Inherited || t.Role == Root || !slices.Contains(c.Columns, t.Column) {
		return false
	}
	if made := a.redoes(t, c); made != nil {
		c = made
	}
	return clears(c.Foreign.OnDelete) && (len(c.Foreign.DeleteColumns) == 0 || slices.Contains(c.Foreign.DeleteColumns, t.Column))
}

// findInFill finds tenant columns that cannot be filled from the table that has the
// tenant.
func (a *Analysis) findInFill(t *Table) {
	if !t.fills() || len(t.Path) == 0 || t.isPartition() {
		return
	}
	from := a.byName[t.Path[0].To]
	if own, theirs := a.tenantType(t), a.tenantType(from); !alike(own, theirs) {
		a.found(Blocker, t, t.Column, "change the type of one of them, or name another root",
			"the tenant column is of type %s, and is filled from %s, where it is of type %s", own, from.Name, theirs)
	}
}

// findInPublications finds publications with column lists that lack the tenant
// column. The new key identifies rows, and the column is part of it.
func (a *Analysis) findInPublications(t *Table) {
	for _, p := range t.Published {
		if slices.Contains(p.Columns, t.Column) || t.ReplicaIdentity != catalog.IdentityDefault ||
			!slices.ContainsFunc(t.replaced, (*replacement).isPrimary) {
			continue
		}
		severity, when := Blocker, ""
		if t.Table.Column(t.Column) == nil {
			severity, when = Warning, "after phase "+Expand+", "
		}
		a.found(severity, t, p.Publication, when+"ALTER PUBLICATION "+catalog.Quote(p.Publication)+" SET TABLE … with "+catalog.Quote(t.Column)+
			" among the columns of "+t.Name.String()+", before phase "+Swap,
			"the publication lists columns without the tenant: from phase %s on each UPDATE and DELETE fails (42P10, column list does not cover the replica identity)", Swap)
	}
}

// findInGrants finds roles with privileges on some columns that lack the tenant
// column.
func (a *Analysis) findInGrants(t *Table) {
	if t.Role == Root || t.isPartition() {
		return
	}
	for _, g := range t.ColumnGrants {
		if g.Privilege != "REFERENCES" && g.Privilege != "UPDATE" && !slices.Contains(g.Columns, t.Column) {
			a.found(Warning, t, t.Column, "GRANT "+g.Privilege+" ("+catalog.Quote(t.Column)+") ON "+t.Name.String()+" TO "+catalog.Quote(g.Role)+
				", once the column is there, if the role's statements name the tenant",
				"%s has %s on some columns, and not on the tenant's", catalog.Quote(g.Role), g.Privilege)
		}
	}
}

// fills reports whether rows of the table may need a tenant to be filled in.
func (t *Table) fills() bool {
	column := t.Table.Column(t.Column)
	return t.Role != Root && t.owned() && (column == nil || !column.NotNull)
}

// changes reports whether the plan changes a table.
func (t *Table) changes() bool { return t.fills() || len(t.replaced) > 0 || t.linked }

// findReferences finds foreign keys of other tables that block the replacement of a
// key.
func (a *Analysis) findReferences(t *Table) {
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Foreign == nil || c.Inherited {
			continue
		}
		parent := a.byName[c.Foreign.Table]
		switch {
		case parent == nil || !parent.owned() || t.Role == Undecided:
		case t.owned() && !t.unfit():
			if parent.Role == Root && t.Role != Root && !matchesRoot(t, c, parent) {
				a.found(Note, t, c.Name, "", "it refers to a tenant by another column than the tenant column, and may refer to any")
			}
		case parent.Role != Root && parent.replaces(c.Index):
			a.found(Blocker, t, c.Name, "make the table a tenant's, or drop the foreign key",
				"a row that belongs to no tenant refers to %s, whose rows do", parent.Name)
		}
	}
}

func matchesRoot(t *Table, c *catalog.Constraint, root *Table) bool {
	for i, column := range c.Columns {
		if column == t.Column && c.Foreign.Columns[i] == root.Column {
			return true
		}
	}
	return false
}

func (t *Table) replaces(index string) bool {
	return slices.ContainsFunc(t.replaced, func(r *replacement) bool { return r.old != nil && r.old.Name == index })
}

func (a *Analysis) findInKey(r *replacement) {
	t := r.table
	if r.old == nil {
		return
	}
	if !r.old.Valid && !r.covered {
		a.found(Blocker, t, r.old.Name, "REINDEX or drop it", "the unique index is not valid: rows may be there twice")
	}
	if r.constraint == nil {
		return
	}
	if r.old.ReplicaIdentity && (r.isPrimary() || r.inPlace()) {
		a.found(Blocker, t, r.old.Name, alter(t, "REPLICA IDENTITY DEFAULT")+", which is the primary key whatever its index",
			"the replica identity is this index, which the plan replaces")
	}
	for _, dependent := range r.constraint.Dependents {
		if !strings.HasPrefix(dependent, "function ") {
			dependent = "view " + dependent
		}
		a.found(Blocker, t, r.constraint.Name, "replace it by one with all columns in its GROUP BY",
			"the %s groups by this key alone", dependent)
	}
	if r.constraint.Deferrable {
		a.found(Warning, t, r.constraint.Name, "let no transaction pass through duplicates meanwhile",
			"it is deferrable, and the index beside it, which stands until the last phase, is not")
	}
}

func (a *Analysis) findInLink(l *link) {
	foreign := l.new.Foreign
	if own, theirs := a.tenantType(l.child), a.tenantType(l.parent); !alike(own, theirs) {
		a.found(Blocker, l.child, l.old.Name, "change the type of one of them",
			"the tenant columns are of types %s here and %s in %s, which no foreign key can match", own, theirs, l.parent.Name)
	}
	if clears(foreign.OnDelete) && a.catalog.Version < 150000 {
		a.found(Blocker, l.child, l.old.Name, "use PostgreSQL 15, or make it NO ACTION or CASCADE by Options.OnDelete",
			"ON DELETE SET NULL with the tenant in the key would clear the tenant")
	}
	if clears(foreign.OnUpdate) {
		a.found(Blocker, l.child, l.old.Name, "make it NO ACTION or CASCADE",
			"ON UPDATE SET NULL with the tenant in the key would clear the tenant")
	}
	if foreign.MatchFull {
		a.found(Blocker, l.child, l.old.Name, "make it MATCH SIMPLE, with a check that its columns are null together",
			"MATCH FULL with the tenant in the key allows no null")
	}
	if clears(foreign.OnDelete) && a.catalog.Version >= 150000 {
		a.found(Note, l.child, l.old.Name, "Options.OnDelete makes it do something else",
			"it becomes SET NULL of its own columns only, which Citus does not allow")
	}
}

// tenantType is the type of a table's tenant column.
func (a *Analysis) tenantType(t *Table) string {
	if column := t.Table.Column(t.Column); column != nil {
		return column.Type
	}
	return a.typ
}

// typeFamilies maps types of tenants' ids to families. Foreign keys can match types
// within a family, and never across families.
var typeFamilies = map[string]string{
	"smallint": "integer", "integer": "integer", "bigint": "integer",
	"text": "text", "character varying": "text", "character": "text",
	"uuid": "uuid",
}

// alike reports whether a foreign key may match two types. It says yes for types
// that it does not know, such as domains: PostgreSQL will tell.
func alike(one, other string) bool {
	one, _, _ = strings.Cut(one, "(")
	other, _, _ = strings.Cut(other, "(")
	family, others := typeFamilies[one], typeFamilies[other]
	return family == "" || others == "" || family == others
}
