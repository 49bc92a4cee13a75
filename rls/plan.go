package rls

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// The phases' names, for migration.Options.Passed.
const (
	CreatePhase = "policies"
	EnablePhase = "row security"
)

// Plan says what the tables of the models lack: policies, and their being enforced. It
// reads the catalogue and changes nothing. Package migration writes the plan as files
// or carries it out. A plan without phases means that nothing is missing.
//
// The handle needs the tenancy plugin, unless Policies.Tables replaces models. Its role
// must own the tables, and be able to make temporary ones. The tables are those that
// [tenancy.Tables] knows and those of Policies.Tables, with their partitions and child
// tables, which could otherwise be read past their parents' policies. Plan leaves
// policies of another origin alone: see [Check].
func (p Policies) Plan(ctx context.Context, db *gorm.DB, models ...any) (*migration.Plan, error) {
	s, err := p.survey(ctx, db, models)
	if err != nil {
		return nil, err
	}
	plan := &migration.Plan{Title: "Row-level security for " + s.catalog.Database}
	create := migration.Phase{Name: CreatePhase, About: "Policies are made. They hold where row-level security is enabled."}
	enable := migration.Phase{
		Name: EnablePhase, About: "Row-level security is enabled, and forced: it holds for the tables' owner as well.",
		Barrier: "Every running version of the application opens its pool by rls.Open, and migrations that change rows run as a role with BYPASSRLS.",
	}
	for _, t := range s.targets {
		step, err := s.create(ctx, t)
		if err != nil {
			return nil, err
		}
		if step != nil {
			create.Steps = append(create.Steps, *step)
		}
		if !t.RowSecurity || !t.ForceRowSecurity {
			enable.Steps = append(enable.Steps, enableStep(t.Table))
		}
	}
	for _, phase := range []migration.Phase{create, enable} {
		if len(phase.Steps) > 0 {
			plan.Phases = append(plan.Phases, phase)
		}
	}
	plan.Seal(s.catalog)
	return plan, nil
}

// Enable carries out what [Policies.Plan] plans. Without migration.Options.Apply it
// says what it would do. Calling it confirms the barrier of the plan: every running
// version of the application opens its pool by [Open].
func Enable(ctx context.Context, db *gorm.DB, p Policies, o migration.Options, models ...any) (*migration.Result, error) {
	plan, err := p.Plan(ctx, db, models...)
	if err != nil {
		return nil, err
	}
	return execute(ctx, db, plan, o)
}

// Disable turns off row-level security on the same tables as [Enable], and drops the
// generated policies. Policies of another origin stay. If a table has any, its
// row-level security stays, too. Without migration.Options.Apply it says what it would
// do.
func Disable(ctx context.Context, db *gorm.DB, p Policies, o migration.Options, models ...any) (*migration.Result, error) {
	s, err := p.survey(ctx, db, models)
	if err != nil {
		return nil, err
	}
	plan := &migration.Plan{Title: "No row-level security for " + s.catalog.Database}
	phase := migration.Phase{Name: EnablePhase, About: "Row-level security no longer holds."}
	for _, t := range s.targets {
		if step := disableStep(t.Table); step != nil {
			phase.Steps = append(phase.Steps, *step)
		}
	}
	if len(phase.Steps) > 0 {
		plan.Phases = append(plan.Phases, phase)
	}
	plan.Seal(s.catalog)
	return execute(ctx, db, plan, o)
}

func execute(ctx context.Context, db *gorm.DB, plan *migration.Plan, o migration.Options) (*migration.Result, error) {
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	if len(plan.Phases) == 0 {
		return &migration.Result{}, nil
	}
	for _, phase := range plan.Phases {
		o.Passed = append(o.Passed[:len(o.Passed):len(o.Passed)], phase.Name)
	}
	return migration.Execute(ctx, pool, plan, o)
}

// A survey is the tables that are to be protected.
type survey struct {
	policies Policies
	pool     gorm.ConnPool
	catalog  *catalog.Catalog
	known    map[catalog.Name]tenancy.TenantTable
	targets  []*target
	loose    []string // the collations that take different texts for equal
	domains  map[string]domain
	missing  []catalog.Name // known tables that are not in the database
}

// A target is one of them.
type target struct {
	*catalog.Table
	known tenancy.TenantTable
	want  []policy
}

func (p Policies) survey(ctx context.Context, db *gorm.DB, models []any) (*survey, error) {
	if name := db.Name(); name != "postgres" {
		return nil, errors.New("rls: row-level security is PostgreSQL's, not that of " + name)
	}
	p, err := p.complete()
	if err != nil {
		return nil, err
	}
	var known []tenancy.TenantTable
	if hasPlugin := slices.ContainsFunc(slices.Collect(maps.Values(db.Plugins)), isTenancy); hasPlugin || len(models) > 0 || len(p.Tables) == 0 {
		if known, err = tenancy.Tables(db, models...); err != nil {
			return nil, err
		}
	}
	s := &survey{pool: db.WithContext(ctx).Statement.ConnPool, domains: map[string]domain{}, known: map[catalog.Name]tenancy.TenantTable{}}
	var schema string
	var citus bool
	err = s.pool.QueryRowContext(ctx, "SELECT coalesce(current_schema(), 'public'), "+
		"EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')").Scan(&schema, &citus)
	if err != nil {
		return nil, err
	}
	p.Plain = p.Plain || citus
	s.policies = p
	if s.catalog, err = catalog.Read(ctx, s.pool, catalog.Options{}); err != nil {
		return nil, err
	}
	if err := s.readTypes(ctx); err != nil {
		return nil, err
	}
	known = p.known(known, schema)
	for _, k := range known {
		s.known[nameIn(schema, k.Name)] = k
	}
	for _, k := range known {
		if err := s.add(k, schema); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func isTenancy(plugin gorm.Plugin) bool {
	_, is := plugin.(*tenancy.Plugin)
	return is
}

// readTypes reads what the types of tenant columns may be.
func (s *survey) readTypes(ctx context.Context) error {
	c := &checker{survey: s}
	return errors.Join(
		c.each(ctx, func(fields []string) { s.loose = append(s.loose, fields[0]) }, sqlLoose),
		c.each(ctx, func(fields []string) { s.domains[fields[0]] = domain{fields[1], fields[2] == "true"} }, sqlDomains),
	)
}

// With and without their schema, as catalog.Column may have them.
const sqlLoose = `
SELECT quote_ident(collname) FROM pg_catalog.pg_collation WHERE NOT collisdeterministic
UNION SELECT collnamespace::regnamespace::text || '.' || quote_ident(collname) FROM pg_catalog.pg_collation WHERE NOT collisdeterministic`

// add adds a known table and all that can be read in its place.
func (s *survey) add(known tenancy.TenantTable, schema string) error {
	name := nameIn(schema, known.Name)
	t := s.catalog.Table(name)
	var via *catalog.Table
	if known.Link != nil {
		via = s.catalog.Table(nameIn(schema, known.Link.Via.Name))
	}
	if t == nil {
		if !s.isView(name) {
			s.missing = append(s.missing, name)
		}
		return nil
	}
	for _, heir := range s.heirs(t) {
		own, isKnown := s.known[heir.Name]
		if isKnown && heir != t && own.Column != "" && known.Column == "" && known.Kind != tenancy.KindPrivate {
			return fmt.Errorf("rls: %s inherits from %s, through which its rows are read, and which is %s: take it out (NO INHERIT), or have the other as private",
				heir.Name, name, known.Kind)
		}
		if s.target(heir.Name) != nil || isKnown && heir != t {
			continue
		}
		want, err := s.policiesOf(known, heir, via)
		if err != nil {
			return err
		}
		s.targets = append(s.targets, &target{Table: heir, known: known, want: want})
	}
	return nil
}

// nameIn is a table's name as its model has it, in the schema that it is in.
func nameIn(schema, name string) catalog.Name {
	if own, rest, qualified := strings.Cut(name, "."); qualified {
		return catalog.Name{Schema: own, Name: rest}
	}
	return catalog.Name{Schema: schema, Name: name}
}

func (s *survey) target(name catalog.Name) *target {
	for _, t := range s.targets {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (s *survey) isView(name catalog.Name) bool {
	for _, v := range s.catalog.Views {
		if v.Name == name {
			return true
		}
	}
	return false
}

// heirs are a table, its partitions, and those that inherit from it.
func (s *survey) heirs(t *catalog.Table) []*catalog.Table {
	list := []*catalog.Table{t}
	for _, other := range s.catalog.Tables {
		isHeir := other.PartitionOf == t.Name
		for _, parent := range other.Inherits {
			isHeir = isHeir || parent == t.Name
		}
		if isHeir {
			list = append(list, s.heirs(other)...)
		}
	}
	return list
}

// ours are the names of generated policies.
func ours(name string) bool {
	return name == tenantPolicy || name == spanPolicy || name == sharedPolicy || name == lockPolicy ||
		name == everybodyPolicy || name == spanEverybodyPolicy || name == spanLinkedPolicy || name == spanLockPolicy
}

// create is the step that makes a table's policies; nil when they are there.
func (s *survey) create(ctx context.Context, t *target) (*migration.Step, error) {
	step := &migration.Step{
		Name: t.Name.String() + ": policies", Table: t.Name, About: "Only the rows of the statement's tenant are seen and written.",
		Transaction: true, Lock: migration.AccessExclusive, Blocks: "everything, for a moment",
	}
	wanted := map[string]bool{}
	for i := range t.want {
		w := &t.want[i]
		wanted[w.name] = true
		old := t.Policy(w.name)
		if old != nil && w.is(old) {
			continue
		}
		definition, err := s.render(ctx, t, w)
		if err != nil {
			return nil, err
		}
		if old != nil {
			step.SQL = append(step.SQL, dropPolicy(t.Table, w.name))
		}
		step.SQL = append(step.SQL, w.sql(t.Name))
		step.Undo = append(step.Undo, dropPolicy(t.Table, w.name))
		s.state(step, t.Table, w.name, old, definition)
	}
	for i := range t.Policies {
		if old := &t.Policies[i]; ours(old.Name) && !wanted[old.Name] {
			step.SQL = append(step.SQL, dropPolicy(t.Table, old.Name))
			s.state(step, t.Table, old.Name, old, "")
		}
	}
	if len(step.SQL) == 0 {
		return nil, nil
	}
	return step, nil
}

// state notes what a policy was and will be, and brings the old one back on undo.
func (s *survey) state(step *migration.Step, t *catalog.Table, name string, old *catalog.Policy, definition string) {
	before := migration.State{Table: t.Name, Object: migration.Policy, Name: name}
	if old != nil {
		before.Definition = old.Definition()
		step.Undo = append(step.Undo, "CREATE POLICY "+catalog.Quote(name)+" ON "+t.Name.String()+" "+before.Definition)
	}
	after := before
	after.Definition = definition
	step.Before, step.After = append(step.Before, before), append(step.After, after)
}

func dropPolicy(t *catalog.Table, name string) string {
	return "DROP POLICY " + catalog.Quote(name) + " ON " + t.Name.String()
}

// render lets PostgreSQL write the policy down, as its catalogue will have it, on
// a temporary table that is like the real one as far as the policy goes.
func (s *survey) render(ctx context.Context, t *target, w *policy) (string, error) {
	column, columnType := "c", "int"
	if t.known.Column != "" {
		column, columnType = t.known.Column, t.Column(t.known.Column).Type
	} else if l := t.known.Link; l != nil && t.Column(l.Key) != nil {
		column, columnType = l.Key, t.Column(l.Key).Type
	}
	beginner, ok := s.pool.(interface {
		BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
	})
	if !ok {
		return "", errors.New("rls: a plan is made outside of a transaction")
	}
	tx, err := beginner.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback() }() // the table goes with it
	like := catalog.Name{Schema: "pg_temp", Name: "tenancy_rls_like"}
	public := *w
	public.role = "" // which may not exist yet
	own, shown := catalog.Quote(t.Name.Name)+".", like.Name+"."
	if t.known.Link != nil { // its key is named with the table
		public.using = strings.ReplaceAll(public.using, " = "+own, " = "+shown)
		public.check = strings.ReplaceAll(public.check, " = "+own, " = "+shown)
	}
	for _, statement := range []string{
		fmt.Sprintf("CREATE TEMPORARY TABLE tenancy_rls_like (%s %s)", catalog.Quote(column), columnType),
		public.sql(like),
		"SET LOCAL search_path = pg_catalog, pg_temp",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return "", fmt.Errorf("rls: render the policy of %s: %w", t.Name, err)
		}
	}
	p := catalog.Policy{Name: w.name, Permissive: true, Command: w.command, Roles: []string{"public"}}
	if w.role != "" {
		p.Roles[0] = w.role
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
		FROM pg_policy WHERE polrelid = 'pg_temp.tenancy_rls_like'::regclass`).Scan(&p.Using, &p.WithCheck)
	if t.known.Link != nil {
		p.Using = strings.ReplaceAll(p.Using, " = "+shown, " = "+own)
		p.WithCheck = strings.ReplaceAll(p.WithCheck, " = "+shown, " = "+own)
	}
	return p.Definition(), err
}

func security(t *catalog.Table, definition string) migration.State {
	return migration.State{Table: t.Name, Object: migration.Security, Definition: definition}
}

// enableStep makes the policies of a table hold.
func enableStep(t *catalog.Table) migration.Step {
	alter := "ALTER TABLE " + t.Name.String()
	was := strings.TrimSpace(map[bool]string{true: "ENABLED"}[t.RowSecurity] + map[bool]string{true: " FORCED"}[t.ForceRowSecurity])
	step := migration.Step{
		Name: t.Name.String() + ": enable row security", Table: t.Name, About: "The policies hold, for the owner too.",
		SQL:         []string{alter + " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"},
		Transaction: true, Lock: migration.AccessExclusive, Blocks: "everything, for a moment",
		Before: []migration.State{security(t, was)}, After: []migration.State{security(t, "ENABLED FORCED")},
	}
	if !t.ForceRowSecurity {
		step.Undo = append(step.Undo, alter+" NO FORCE ROW LEVEL SECURITY")
	}
	if !t.RowSecurity {
		step.Undo = append(step.Undo, alter+" DISABLE ROW LEVEL SECURITY")
	}
	return step
}

// disableStep drops a table's generated policies; nil if it has none.
func disableStep(t *catalog.Table) *migration.Step {
	alter := "ALTER TABLE " + t.Name.String()
	step := &migration.Step{
		Name: t.Name.String() + ": no row security", Table: t.Name, About: "All rows are seen by whoever may read the table.",
		Transaction: true, Lock: migration.AccessExclusive, Blocks: "everything, for a moment",
	}
	others := false
	for i := range t.Policies {
		p := &t.Policies[i]
		if !ours(p.Name) {
			others = true
			continue
		}
		state := migration.State{Table: t.Name, Object: migration.Policy, Name: p.Name, Definition: p.Definition()}
		step.SQL = append(step.SQL, dropPolicy(t, p.Name))
		step.Undo = append(step.Undo, "CREATE POLICY "+catalog.Quote(p.Name)+" ON "+t.Name.String()+" "+state.Definition)
		step.Before = append(step.Before, state)
		state.Definition = ""
		step.After = append(step.After, state)
	}
	if len(step.SQL) == 0 {
		return nil
	}
	if !others && t.RowSecurity {
		enabled := enableStep(t)
		was := enabled.Before[0]
		step.Before, step.After = append(step.Before, was), append(step.After, security(t, ""))
		step.SQL = append(step.SQL, alter+" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
		step.Undo = append(step.Undo, alter+" ENABLE ROW LEVEL SECURITY")
		if t.ForceRowSecurity {
			step.Undo = append(step.Undo, alter+" FORCE ROW LEVEL SECURITY")
		}
	}
	return step
}
