package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// Observed configures the suite for handles that enforce one table and observe the
// others; see [Suite.Observe].
type Observed struct {
	// Config is the configuration of the plugin of Suite.DB. Its Mode and Modes are
	// the suite's: they are ignored. The suite opens handles of its own with it, on
	// DB's connections and with DB's settings, but without other plugins. The zero
	// value is that of tenancy.Config.
	Config tenancy.Config

	// Tables are the tables that are enforced in turn. Empty means all that are a
	// tenant's.
	Tables []string

	// Sample is how many operations run for each table, drawn by Seed from all that
	// there are, random chains among them. Zero means all.
	Sample int

	// Seed draws the sample and the random chains. Zero is a seed, too.
	Seed uint64
}

// chainsObserved is how many random chains are tried for each table.
const chainsObserved = 300

// partial is a table that alone is enforced.
type partial struct {
	f      *Fixture
	m      *model
	plugin *tenancy.Plugin
	db     *gorm.DB // under test
	plain  *gorm.DB // GORM without the plugin
	filled *gorm.DB // the same, but that it fills in the tenant of m's rows
	tried  []*trial
}

// reference is what the same operation does elsewhere.
type reference struct {
	lone     *trace // in the oracle
	plain    *trace // in the shared tables, by GORM without the plugin
	enforced []string
}

// trace is what an operation did, with the statements that it sent.
type trace struct {
	*effect
	out        *outcome
	statements []string
}

// checkObserved runs all tasks once for each table of a tenant, with this table
// enforced and all others observed. Each is run twice: with the other tenant's rows in
// the table, and without them.
func (f *Fixture) checkObserved(run func(name string, do func() *Finding)) *report {
	f.running.Lock()
	defer f.running.Unlock()
	result := &report{observed: map[blend]int{}}
	step := func(name string, do func() *Finding) {
		run(name, func() *Finding {
			result.operations++
			finding := do()
			if finding != nil {
				finding.Operation = name
				result.findings = append(result.findings, finding)
			}
			return finding
		})
	}
	plain, err := f.openBeside(nil)
	if err == nil {
		err = plain.Callback().Create().Before("gorm:before_create").Register("tenancytest:ids", f.fillIDs)
	}
	if err != nil {
		step("observe", func() *Finding { return found(Wrong, "%v", err) })
		return result
	}
	f.texts = textCount{}
	references := map[*task]*reference{}
	tasks := slices.DeleteFunc(f.tasks(), func(t *task) bool {
		return t.model.isUnobserved() || t.target != nil && t.target.isUnobserved()
	})
	for _, m := range f.models {
		if !f.isEnforcedInTurn(m) {
			continue
		}
		err := f.checkEnforced(m, f.sample(tasks, m), plain, references, result, step)
		if err != nil {
			step(m.table, func() *Finding { return found(Wrong, "%v", err) })
			break
		}
	}
	result.texts = f.texts
	if result.operations == 0 {
		step("observe", func() *Finding {
			return found(Wrong, "no table is a tenant's and among Observed.Tables: nothing was tried")
		})
	}
	return result
}

func (f *Fixture) isEnforcedInTurn(m *model) bool {
	only := f.suite.Observe.Tables
	return m.tenant != nil && !m.isUnobserved() && (len(only) == 0 || slices.Contains(only, m.table))
}

// checkEnforced runs tasks with one table enforced.
func (f *Fixture) checkEnforced(m *model, tasks []*task, plain *gorm.DB, references map[*task]*reference,
	result *report, step func(string, func() *Finding),
) error {
	p, err := f.enforceAlone(m)
	if err != nil {
		return err
	}
	p.plain = plain
	for _, t := range tasks {
		ref, ok := references[t]
		if !ok {
			ref = f.refer(t, plain)
			references[t] = ref
		}
		if ref == nil {
			continue
		}
		for _, s := range observedScopes {
			if s.name == "tenant" || !f.suite.brief && s.applies(t) && (!s.several || p.classify(t, ref) != free) {
				p.tried = append(p.tried, p.begin(t, s, ref))
			}
		}
	}
	restore, err := f.withoutForeign(m)
	if err != nil {
		return fmt.Errorf("remove the other tenant's rows: %w", err)
	}
	for _, tr := range p.tried {
		step(m.table+" enforced/"+tr.scope.name+"/"+tr.task.name, func() *Finding {
			finding := p.finish(tr)
			result.observed[tr.class]++
			return finding
		})
	}
	return restore()
}

// sample draws the tasks that run for a table: of the random chains too, and most of
// them from those that lead to the table.
func (f *Fixture) sample(tasks []*task, m *model) []*task {
	random := rand.New(rand.NewPCG(f.suite.Observe.Seed, uint64(m.number)))
	near, far := []*task{}, []*task{}
	for range chainsObserved {
		if chain, ok := attempt(func() *task { return f.randomTask(random.IntN) }); ok {
			tasks = append(slices.Clip(tasks), chain)
		}
	}
	for _, t := range tasks {
		if t.leadsTo(m) {
			near = append(near, t)
		} else {
			far = append(far, t)
		}
	}
	n := f.suite.Observe.Sample
	if n <= 0 || n >= len(tasks) {
		return append(near, far...)
	}
	for _, list := range [][]*task{near, far} {
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return append(near[:min(len(near), n-n/4)], far[:min(len(far), n/4)]...)
}

// leadsTo reports whether a task's relation is one of a table, or leads to it.
func (t *task) leadsTo(m *model) bool {
	if t.target == nil {
		return t.model == m
	}
	return t.target == m || t.model == m || t.join == m
}

// refer runs a task elsewhere; nil if it does not apply.
func (f *Fixture) refer(t *task, plain *gorm.DB) *reference {
	lone, applies := f.trace(context.Background(), f.lone, t, nil)
	if !applies {
		return nil
	}
	ref := &reference{lone: lone}
	ref.plain, _ = f.trace(f.as(0), plain, t, nil)
	enforced, _ := f.trace(f.as(0), f.shared, t, nil)
	ref.enforced = enforced.statements
	return ref
}

// trace runs a task and records its statements.
func (f *Fixture) trace(ctx context.Context, db *gorm.DB, t *task, m *model) (*trace, bool) {
	log := &recorder{Interface: logger.Discard}
	out, applies := f.executeLogged(ctx, db, t, log)
	return &trace{f.effectOf(out, m), out, log.statements}, applies
}

// enforceAlone opens handles on the shared tables: one that enforces a table and
// observes the others, and one without the plugin.
func (f *Fixture) enforceAlone(m *model) (*partial, error) {
	config := f.suite.Observe.Config
	config.Mode, config.Modes = tenancy.Observe, nil
	if !f.suite.slack {
		config.Modes = []tenancy.TableMode{{Table: m.table, Mode: tenancy.Enforce}}
	}
	if config.OnFinding == nil {
		config.OnFinding = func(context.Context, tenancy.Finding) {}
	}
	for _, other := range f.models {
		if other.named() {
			config.Models = append(slices.Clone(config.Models), other.new())
		}
	}
	p := &partial{f: f, m: m, plugin: tenancy.New(config)}
	var err error
	if p.db, err = f.openBeside(p.plugin); err != nil {
		return nil, err
	}
	if p.filled, err = f.openBeside(nil); err != nil {
		return nil, err
	}
	return p, p.fillTenant()
}

// fillTenant lets the handle without the plugin fill in what it must have of the
// plugin, in rows of the enforced table.
func (p *partial) fillTenant() error {
	const name = "tenancytest:fill"
	only := func(fill func(*gorm.DB)) func(*gorm.DB) {
		return func(db *gorm.DB) {
			if db.Statement.Table != p.m.table {
				return
			}
			fill(db)
		}
	}
	creation, update := p.filled.Callback().Create(), p.filled.Callback().Update()
	err := errors.Join(creation.Before("gorm:before_create").Register(name, only(p.f.fillCreated)),
		creation.Before("gorm:before_create").Register(name+"_ids", p.f.fillIDs))
	if err != nil {
		return err
	}
	err = creation.Before("gorm:before_create").Register(name+"_maps", only(p.fillMaps))
	if err != nil {
		return err
	}
	return update.Before("gorm:before_update").Register(name, only(p.f.fillUpdated))
}

// fillMaps fills in the tenant of rows that are written as maps.
func (p *partial) fillMaps(db *gorm.DB) {
	if p.m.tenant == nil || p.m.root {
		return
	}
	fill := func(columns map[string]any) {
		if columns[p.m.tenant.DBName] == nil && columns[p.m.tenant.Name] == nil {
			columns[p.m.tenant.DBName] = p.f.tenants[0]
		}
	}
	switch rows := db.Statement.Dest.(type) {
	case map[string]any:
		fill(rows)
	case *map[string]any:
		fill(*rows)
	case []map[string]any:
		for _, row := range rows {
			fill(row)
		}
	case *[]map[string]any:
		for _, row := range *rows {
			fill(row)
		}
	}
}

// openBeside opens another handle on the shared tables, with the settings of the
// one under test, and with a plugin or without.
func (f *Fixture) openBeside(plugin *tenancy.Plugin) (*gorm.DB, error) {
	pool, err := f.shared.DB()
	if err != nil {
		return nil, err
	}
	dialector, err := copyDialector(f.shared.Dialector, "", pool)
	if err != nil {
		return nil, err
	}
	config := f.loneConfig()
	config.PrepareStmt = f.shared.PrepareStmt
	db, err := gorm.Open(dialector, config)
	if err != nil {
		return nil, fmt.Errorf("open another handle: %w", err)
	}
	for _, m := range f.models {
		for _, rel := range relationsOf(m.schema) {
			if !m.named() {
				continue
			}
			if err := setupJoinTable(db, m, rel); err != nil {
				return nil, err
			}
		}
	}
	if plugin != nil {
		err = db.Use(plugin)
	}
	f.bases[db] = f.bases[f.shared]
	return db, err
}
