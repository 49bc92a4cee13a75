package distribution

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// A Table is a table of the plan.
type Table struct {
	catalog.Name
	// Method is what it becomes: catalog.Hash for the root and the tenants'
	// tables, catalog.Reference for shared ones, catalog.Managed for those of
	// Options.Manage.
	Method catalog.DistributionMethod
	Column string // the tenant column; empty for other methods
	Root   bool

	live, after *catalog.Table // as it is, and as it will be, foreign keys aside
	partitions  []*Table
	anchor      *Table // that it lies with; itself for the first
	managed     bool   // while it is not distributed, Citus manages it
}

// An Analysis says what the tables become, and which obstacles there are.
type Analysis struct {
	// Tables are the plan's tables without partitions: reference tables, the root,
	// the tenants' tables, then managed ones, each group by name.
	Tables    []*Table
	Questions []keys.Question // of the keys' analysis
	Findings  []keys.Finding  // that one's, too
	Cluster   Cluster

	options   Options
	database  string
	role      catalog.Role
	live      *catalog.Catalog
	keys      *migration.Plan  // of the keys; nil while it cannot be made
	keysAfter *catalog.Catalog // what it leaves
	names     map[catalog.Name]*Table
	anchor    *Table // that the others are colocated with
	foreign   []*foreign
	back      bool // from the cluster to plain tables
	tenantSQL func(table catalog.Name, alias string) (joins, tenant string)
	preflight func(context.Context, keys.Beginner, keys.Limits) ([]keys.Finding, error)
}

// ErrUndecided is returned for an analysis with open questions or blockers,
// possibly wrapped: use errors.Is. It is that of package keys.
var ErrUndecided = keys.ErrUndecided

// Analyze decides what each table becomes. c is the catalogue that k was made from;
// cluster is what [Survey] found. Analyze sends no queries. It returns an error for
// options that contradict each other or name something that does not exist.
func Analyze(c *catalog.Catalog, k *keys.Analysis, cluster Cluster, o Options) (*Analysis, error) {
	a := &Analysis{Questions: k.Questions, Cluster: cluster, options: o,
		database: c.Database, role: c.Role, live: c, names: map[catalog.Name]*Table{}}
	for _, f := range k.Findings {
		if f.Severity != keys.Note { // what keys leave, this analysis judges
			a.Findings = append(a.Findings, f)
		}
	}
	after := k.After()
	if err := o.check(); err != nil {
		return nil, err
	}
	var err error
	if a.options.Drop, err = o.expandDrop(after); err != nil {
		return nil, err
	}
	for _, kt := range k.Tables {
		a.adopt(kt, c.Table(kt.Name), after.Table(kt.Name))
	}
	a.keysAfter, a.preflight, a.tenantSQL = after, k.Preflight, k.TenantSQL
	if o.Manage {
		a.adoptNeighbours(after)
	}
	a.order()
	a.findAnchor()
	a.findForeign(c, after)
	a.dropObjects()
	if len(a.Questions) == 0 && !slices.ContainsFunc(k.Findings, blocks) {
		plan, err := k.Plan()
		if err != nil {
			return nil, err
		}
		a.keys = plan
	}
	a.findObstacles()
	return a, nil
}

func blocks(f keys.Finding) bool { return f.Severity == keys.Blocker }

// check finds options that make no sense.
func (o Options) check() error {
	if o.Way != Transactional && o.Way != StepByStep {
		return fmt.Errorf("distribution: Options.Way is %q, which is no way", string(o.Way))
	}
	if o.Online && o.Way != StepByStep {
		return fmt.Errorf("distribution: Options.Online is for StepByStep alone")
	}
	if o.Load && o.Way != StepByStep {
		return fmt.Errorf("distribution: Options.Load is for StepByStep alone")
	}
	if o.Shards < 0 {
		return fmt.Errorf("distribution: Options.Shards is negative")
	}
	if !slices.Contains([]catalog.Action{"", catalog.NoAction, catalog.Restrict, catalog.Cascade}, o.OnDelete) {
		return fmt.Errorf("distribution: Options.OnDelete must be NoAction, Restrict or Cascade")
	}
	if !slices.Contains([]catalog.Action{"", catalog.NoAction, catalog.Restrict}, o.OnUpdate) {
		return fmt.Errorf("distribution: Options.OnUpdate must be NoAction or Restrict")
	}
	return nil
}

// expandDrop returns the objects of Options.Drop, with patterns replaced by the
// objects that they match.
func (o Options) expandDrop(c *catalog.Catalog) (objects []keys.Object, err error) {
	for _, object := range o.Drop {
		if strings.Trim(object.Name, "*") == "" {
			return nil, fmt.Errorf("distribution: Options.Drop: the name %q would give up everything", object.Name)
		}
		before := len(objects)
		for _, t := range c.Tables {
			for _, name := range disposable(t, object.Table == t.Name) {
				if found := (keys.Object{Table: t.Name, Name: name}); object.Matches(t.Name, name) && !slices.Contains(objects[before:], found) {
					objects = append(objects, found)
				}
			}
		}
		if len(objects) == before {
			return nil, fmt.Errorf("distribution: Options.Drop: %s has no constraint, index or trigger %s", object.Table, catalog.Quote(object.Name))
		}
	}
	return objects, nil
}

// disposable returns the names of a table's constraints, indexes and triggers: all of
// them, or those that a pattern may match. A pattern does not match primary keys, nor
// objects that a partition has from its table.
func disposable(t *catalog.Table, all bool) (names []string) {
	for i := range t.Constraints {
		if c := &t.Constraints[i]; all || c.Kind != catalog.PrimaryKey && !c.Inherited {
			names = append(names, c.Name)
		}
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; all || x.Constraint == "" && !x.Inherited {
			names = append(names, x.Name)
		}
	}
	for i := range t.Triggers {
		if g := &t.Triggers[i]; all || !g.Inherited {
			names = append(names, g.Name)
		}
	}
	return names
}

// adopt takes a table into the plan, if it belongs there.
func (a *Analysis) adopt(kt *keys.Table, live, after *catalog.Table) {
	t := &Table{Name: kt.Name, live: live, after: copied(after)}
	switch kt.Role {
	case keys.Root:
		t.Method, t.Column, t.Root = catalog.Hash, kt.Column, true
	case keys.Tenants, keys.Reaching:
		t.Method, t.Column = catalog.Hash, kt.Column
	case keys.Shared:
		t.Method = catalog.Reference
	default:
		return
	}
	t.managed = live.Distribution.Method == catalog.Managed
	a.names[t.Name] = t
}

// copied returns a copy of a table whose objects can be changed.
func copied(t *catalog.Table) *catalog.Table {
	own := *t
	own.Constraints, own.Indexes, own.Triggers = slices.Clone(t.Constraints), slices.Clone(t.Indexes), slices.Clone(t.Triggers)
	return &own
}

// order sorts the tables, and puts partitions with the table that they belong to.
func (a *Analysis) order() {
	var all []*Table
	for _, t := range a.names {
		all = append(all, t)
	}
	slices.SortFunc(all, func(x, y *Table) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), x.Compare(y.Name))
	})
	for _, t := range all {
		if whole := a.names[t.live.PartitionOf]; whole != nil {
			whole.partitions = append(whole.partitions, t)
		} else {
			a.Tables = append(a.Tables, t)
		}
	}
}

func (t *Table) rank() int {
	switch {
	case t.Method == catalog.Reference:
		return 0
	case t.Root:
		return 1
	case t.Method != catalog.Managed:
		return 2
	default:
		return 3
	}
}

// findAnchor finds the table that all distributed ones are colocated with: one that is
// distributed already, otherwise the first that will be.
func (a *Analysis) findAnchor() {
	for _, t := range a.Tables {
		if t.Method == catalog.Hash && (a.anchor == nil || !a.anchor.spread() && t.spread()) {
			a.anchor = t
		}
	}
	for _, t := range a.Tables {
		if t.Method == catalog.Hash {
			t.anchor = a.anchor
		}
	}
}

// spread reports whether the table is already distributed as the plan wants it.
func (t *Table) spread() bool {
	have := t.live.Distribution
	return have.Method == t.Method && have.Column == t.Column
}

// family is the table with all of its partitions.
func (t *Table) family() []*Table {
	family := []*Table{t}
	for _, partition := range t.partitions {
		family = append(family, partition.family()...)
	}
	return family
}

// dropObjects removes the objects of Options.Drop from the tables as they will be.
// Foreign keys are dropped elsewhere.
func (a *Analysis) dropObjects() {
	for _, object := range a.options.Drop {
		t := a.names[object.Table]
		if t == nil {
			continue
		}
		t.after.Constraints = slices.DeleteFunc(t.after.Constraints, func(c catalog.Constraint) bool {
			return c.Name == object.Name && c.Foreign == nil
		})
		t.after.Indexes = slices.DeleteFunc(t.after.Indexes, func(i catalog.Index) bool { return i.Name == object.Name })
		t.after.Triggers = slices.DeleteFunc(t.after.Triggers, func(t catalog.Trigger) bool { return t.Name == object.Name })
	}
}

func (a *Analysis) dropped(table catalog.Name, name string) bool {
	return slices.Contains(a.options.Drop, keys.Object{Table: table, Name: name})
}

// Preflight looks for obstacles in the database and adds them to the findings: rows
// that the keys would refuse (see [keys.Analysis.Preflight]), objects that depend on
// the tables' row types, and whatever Citus refuses. For the latter it distributes
// empty copies of the tables under other names, in a transaction that it rolls back.
// Types and functions that Citus makes on the workers for such a transaction may stay
// there.
func (a *Analysis) Preflight(ctx context.Context, db keys.Beginner, limits keys.Limits) error {
	if err := a.findHanging(ctx, db); err != nil || a.preflight == nil {
		return err
	}
	findings, err := a.preflight(ctx, db, limits)
	if a.options.Way == Transactional {
		findings = slices.DeleteFunc(findings, a.isLoose)
	}
	a.Findings = append(a.Findings, findings...)
	if err != nil {
		return err
	}
	return a.trySpread(ctx, db)
}

// isLoose reports whether a finding is about a check that was never validated. The
// transactional way drops such checks before it fills rows.
func (a *Analysis) isLoose(f keys.Finding) bool {
	t := a.names[f.Table]
	return t != nil && slices.ContainsFunc(t.loose(), func(c *catalog.Constraint) bool { return c.Name == f.Object })
}
