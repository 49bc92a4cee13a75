package keys

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// A Role is what a table means to tenants.
type Role string

// The roles.
const (
	Root      Role = "root"      // the tenants' own table
	Tenants   Role = "tenants"   // it has a tenant column
	Reaching  Role = "reaching"  // it has none, and reaches one along foreign keys
	Shared    Role = "shared"    // it belongs to no tenant
	Skipped   Role = "skipped"   // left alone on demand
	Undecided Role = "undecided" // see the questions
)

// A Table is a table of the catalogue with its role.
type Table struct {
	*catalog.Table
	Role Role
	// Column is the tenant column. For the root it is the key; for a Reaching table,
	// the column that will be added. Empty for tables without one.
	Column string
	// Path leads from a Reaching table, or one whose tenant column may be null, to
	// the table that has its tenant. Empty if there is no path.
	Path []Hop

	partitions []*Table
	asked      bool // there is a question about it
	replaced   []*replacement
	linked     bool   // one of the foreign keys that change is its own, or refers to it
	check      string // the name of the check that stands in for NOT NULL
}

// A Hop is a step of a path: a foreign key, or a reference of Options.References.
type Hop struct {
	From, To   catalog.Name
	Constraint string // empty if there is no foreign key
	// Columns are From's; they refer to Keys, which are To's.
	Columns, Keys []string
}

// A Question is a decision that only a person can make.
type Question struct {
	Table  catalog.Name
	Object string // a unique; empty for the table
	Asks   string
	// Answers are the options that answer it.
	Answers []string
	// Also lists other objects that the same question is about.
	Also []Object
}

// An Analysis says what the tables are and what they lack.
type Analysis struct {
	Tables    []*Table // a table's path leads to tables before it
	Questions []Question
	Findings  []Finding

	live    *catalog.Catalog // as it is
	catalog *catalog.Catalog // as it was before a plan that did not come to its end
	options Options
	byName  map[catalog.Name]*Table
	typ     string // of tenant columns that are added
	names   *names

	replaced []*replacement
	links    []*link
	redone   []*link // foreign keys that do something else, and stay what they are

	preflight []Finding // of the last one
	broken    []broken
}

// ErrUndecided is returned for an analysis with open questions or blockers,
// possibly wrapped: use errors.Is.
var ErrUndecided = errors.New("keys: the plan cannot be made yet")

// Analyze decides what each table of the catalogue is and finds what it lacks. It
// returns an error for options that name something that does not exist. Decisions
// that a person must make are in Questions, and obstacles are in Findings.
func Analyze(c *catalog.Catalog, o Options) (*Analysis, error) {
	o, wrong := o.withDefaults().expand(c)
	a := &Analysis{catalog: c, options: o, byName: map[catalog.Name]*Table{}, names: newNames(c)}
	for _, t := range c.Tables {
		a.byName[t.Name] = &Table{Table: t, Role: Undecided}
	}
	for _, t := range c.Tables {
		if whole := a.byName[t.PartitionOf]; whole != nil {
			whole.partitions = append(whole.partitions, a.byName[t.Name])
		}
	}
	a.findRoot()
	a.classify()
	a.restore()
	if err := errors.Join(append(a.checkObjects(), wrong, a.check())...); err != nil {
		return nil, err
	}
	a.reach()
	a.order()
	a.chooseType()
	a.wantKeys()
	a.wantLinks()
	a.findObstacles()
	a.Questions, a.Findings = groupedQuestions(a.Questions), Grouped(a.Findings)
	return a, nil
}

// check finds options that name something that does not exist.
func (a *Analysis) check() error {
	var errs []error
	table := func(option string, name catalog.Name) *catalog.Table {
		t := a.catalog.Table(name)
		if t == nil {
			errs = append(errs, fmt.Errorf("keys: Options.%s names %s, which is not there", option, name))
		}
		return t
	}
	if a.options.Root != (catalog.Name{}) {
		table("Root", a.options.Root)
	}
	for name, constraint := range a.options.Paths {
		if t := table("Paths", name); t != nil && (t.Constraint(constraint) == nil || t.Constraint(constraint).Foreign == nil) {
			errs = append(errs, fmt.Errorf("keys: Options.Paths: %s has no foreign key %s", name, constraint))
		}
	}
	for name, reference := range a.options.References {
		if t := table("References", name); t != nil && table("References", reference.Table) != nil {
			errs = append(errs, a.checkReference(a.byName[name], reference))
		}
	}
	return errors.Join(errs...)
}

// findRoot finds the tenants' own table: the one that tenant columns refer to.
func (a *Analysis) findRoot() {
	root := a.options.Root
	if root == (catalog.Name{}) {
		candidates := a.candidates()
		if len(candidates) > 1 {
			a.askWhichRoot(candidates)
		}
		if len(candidates) != 1 {
			return
		}
		for root = range candidates {
		}
	}
	t := a.byName[root]
	if t == nil {
		return
	}
	key := t.PrimaryKey()
	if key == nil || len(key.Columns) != 1 {
		a.ask(t, "is the tenants' own table, and its key is not one column: which column is a tenant's id?", "Options.Columns")
		return
	}
	t.Role, t.Column = Root, key.Columns[0]
}

// candidates returns the tables that tenant columns refer to, with the types of those
// columns. Tables that the plan leaves alone do not count. Neither do partitions:
// they repeat what their table says.
func (a *Analysis) candidates() map[catalog.Name][]string {
	left := setOf(slices.Concat(a.options.Skip, a.options.Shared, a.options.Mixed))
	candidates := map[catalog.Name][]string{}
	for _, t := range a.catalog.Tables {
		if left[t.Name] || t.Extension != "" || t.PartitionOf != (catalog.Name{}) {
			continue
		}
		for i := range t.Constraints {
			c := &t.Constraints[i]
			if c.Foreign == nil || !slices.Equal(c.Columns, []string{a.columnOf(t)}) || left[c.Foreign.Table] {
				continue
			}
			candidates[c.Foreign.Table] = append(candidates[c.Foreign.Table], t.Column(c.Columns[0]).Type)
		}
	}
	return candidates
}

// askWhichRoot asks which of several tables is the tenants' own. The first
// suggestion is the table that most columns refer to.
func (a *Analysis) askWhichRoot(candidates map[catalog.Name][]string) {
	roots := slices.SortedFunc(maps.Keys(candidates), func(x, y catalog.Name) int {
		return cmp.Or(cmp.Compare(len(candidates[y]), len(candidates[x])), x.Compare(y))
	})
	weight := func(root catalog.Name) string {
		types := slices.Compact(slices.Sorted(slices.Values(candidates[root])))
		return fmt.Sprintf("%d of type %s", len(candidates[root]), strings.Join(types, " or "))
	}
	var others []string
	for _, other := range roots[1:] {
		others = append(others, other.String()+" (by "+weight(other)+")")
	}
	a.ask(a.byName[roots[0]], "is referred to by tenant columns ("+weight(roots[0])+"), and so is "+strings.Join(others, " and ")+
		": which is the tenants' own table? The others' tables can be skipped, and planned by themselves",
		"Options.Root", "Options.Skip")
}

// columnOf is the name that a table's tenant column would have.
func (a *Analysis) columnOf(t *catalog.Table) string {
	if column := a.options.Columns[t.Name]; column != "" {
		return column
	}
	return a.options.Column
}

// classify decides the roles that do not depend on other tables.
func (a *Analysis) classify() {
	shared, skipped := setOf(slices.Concat(a.options.Shared, a.options.Mixed)), setOf(a.options.Skip)
	for _, ct := range a.catalog.Tables {
		switch t := a.byName[ct.Name]; {
		case t.Role == Root:
		case skipped[t.Name] || t.Extension != "":
			t.Role = Skipped
		case shared[t.Name]:
			t.Role = Shared
		case a.options.Columns[t.Name] == "" && knownRole(t.Table) != "":
			t.Role = knownRole(t.Table)
		default:
			a.findColumn(t)
		}
	}
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, one := range list {
		set[one] = true
	}
	return set
}

// findColumn finds the tenant column that a table has.
func (a *Analysis) findColumn(t *Table) {
	switch {
	case t.Table.Column(a.columnOf(t.Table)) != nil:
		t.Role, t.Column = Tenants, a.columnOf(t.Table)
	default:
		columns := a.toRoot(t)
		alike := a.alike(t)
		switch {
		case len(columns) == 1 && (t.Table.Column(columns[0]).NotNull || slices.Contains(alike, columns[0])):
			t.Role, t.Column = Tenants, columns[0]
		case len(columns) == 1:
			a.ask(t, "refers to the root by "+catalog.Quote(columns[0])+" alone, which may be null: is it its tenant, or something that only some rows have?",
				"Options.Columns", "Options.Shared", "Options.Skip")
		case len(columns) == 0 && len(alike) > 0:
			a.ask(t, "has a column "+strings.Join(quoted(alike), " and ")+
				", by which others refer to the root, and no foreign key there: is it its tenant?",
				"Options.Columns", "Options.Shared", "Options.Skip")
		case len(columns) > 1:
			a.ask(t, "refers to the root by "+strings.Join(columns, " and by ")+": which is its tenant?", "Options.Columns")
		}
	}
}

// toRoot lists the columns of a table that refer to the root's key alone.
func (a *Analysis) toRoot(t *Table) (columns []string) {
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Foreign == nil || len(c.Columns) != 1 || slices.Contains(columns, c.Columns[0]) {
			continue
		}
		if root := a.byName[c.Foreign.Table]; root != nil && root.Role == Root && c.Foreign.Columns[0] == root.Column {
			columns = append(columns, c.Columns[0])
		}
	}
	return columns
}

// alike lists the columns of a table that have the same name and type as the NOT
// NULL columns by which other tables refer to the root.
func (a *Analysis) alike(t *Table) (columns []string) {
	for i := range t.Columns {
		column := &t.Columns[i]
		if slices.ContainsFunc(a.catalog.Tables, func(other *catalog.Table) bool {
			same := other.Column(column.Name)
			return other.Name != t.Name && same != nil && same.NotNull && same.Type == column.Type &&
				a.byName[other.Name].Role != Root && slices.Contains(a.toRoot(a.byName[other.Name]), column.Name)
		}) {
			columns = append(columns, column.Name)
		}
	}
	return columns
}

func quoted(names []string) (list []string) {
	for _, name := range names {
		list = append(list, catalog.Quote(name))
	}
	return list
}

func (a *Analysis) ask(t *Table, asks string, answers ...string) {
	t.asked = true
	a.Questions = append(a.Questions, Question{Table: t.Name, Asks: asks, Answers: answers})
}

// order sorts the tables so that paths lead backwards.
func (a *Analysis) order() {
	done := map[catalog.Name]bool{}
	var visit func(t *Table)
	visit = func(t *Table) {
		if done[t.Name] {
			return
		}
		done[t.Name] = true
		for _, hop := range t.Path {
			visit(a.byName[hop.To])
		}
		a.Tables = append(a.Tables, t)
	}
	for _, t := range a.catalog.Tables {
		visit(a.byName[t.Name])
	}
}

// TenantColumn returns a table's tenant column, and whether rows without a tenant
// are everybody's. It does so too for tables whose keys the plan leaves alone
// because they are in Options.Shared or Options.Mixed. The column of a Reaching
// table does not exist yet. It is empty for a table without a tenant column.
func (a *Analysis) TenantColumn(t *Table) (column string, mixed bool) {
	mixed = slices.Contains(a.options.Mixed, t.Name)
	if t.Role == Shared && t.Table.Column(a.columnOf(t.Table)) != nil {
		return a.columnOf(t.Table), mixed
	}
	return t.Column, mixed
}

// owned reports whether a table's rows belong to tenants.
func (t *Table) owned() bool {
	return t.Role == Root || t.Role == Tenants || t.Role == Reaching
}

// isPartition reports whether the table is a part of another, which has the keys.
func (t *Table) isPartition() bool { return t.PartitionOf != (catalog.Name{}) }

// leaves lists the tables that hold a table's rows.
func (t *Table) leaves() (leaves []*Table) {
	if !t.Partitioned {
		return []*Table{t}
	}
	for _, partition := range t.partitions {
		leaves = append(leaves, partition.leaves()...)
	}
	return leaves
}

// chooseType decides the type of the columns that are added.
func (a *Analysis) chooseType() {
	a.typ = a.options.Type
	if a.typ != "" {
		return
	}
	types := map[string]int{}
	for _, t := range a.Tables {
		if t.Role == Root || t.Role == Tenants {
			types[t.Table.Column(t.Column).Type]++
		}
		if t.Role == Root {
			a.typ = t.Table.Column(t.Column).Type
			return
		}
	}
	for typ, n := range types {
		if a.typ == "" || n > types[a.typ] || n == types[a.typ] && typ < a.typ {
			a.typ = typ
		}
	}
}
