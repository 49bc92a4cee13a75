package tenancy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/keys"
)

// PlanKeys says what a live PostgreSQL database lacks for composite keys. It reads the
// catalogue and changes nothing. The analysis says which tables belong to tenants, and
// asks questions where it cannot decide. It finds rows that stand in the way
// ([keys.Analysis.Preflight]), and makes the plan ([keys.Analysis.Plan]), which package
// migration writes as files or carries out.
//
// If the handle has the plugin, its configuration and the models are added to the
// options: the root, tenant columns of another name, tables of other kinds, and keys
// that are tagged global. The plan does not need models: it includes tables that no
// model names.
func PlanKeys(ctx context.Context, db *gorm.DB, options keys.Options, models ...any) (*keys.Analysis, error) {
	_, analysis, err := planKeys(ctx, db, options, models)
	return analysis, err
}

// planKeys returns the catalogue, too, that the analysis is of.
func planKeys(ctx context.Context, db *gorm.DB, options keys.Options, models []any) (*catalog.Catalog, *keys.Analysis, error) {
	if name := db.Name(); name != "postgres" {
		return nil, nil, errors.New("tenancy: keys are planned for PostgreSQL, not for " + name)
	}
	pool := db.WithContext(ctx).Statement.ConnPool
	c, err := catalog.Read(ctx, pool, catalog.Options{})
	if err != nil {
		return nil, nil, err
	}
	plugin := pluginOf(db)
	switch {
	case plugin != nil:
		var schema string
		if err := pool.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
			return nil, nil, err
		}
		if options, err = plugin.keyOptions(options, c, schema, models); err != nil {
			return nil, nil, err
		}
		if err := addModelKeys(&options, c, db.WithContext(ctx), models); err != nil {
			return nil, nil, err
		}
	case len(models) > 0:
		return nil, nil, errors.New("tenancy: PlanKeys needs the plugin to know what models are: db.Use(tenancy.New(…))")
	}
	analysis, err := keys.Analyze(c, options)
	return c, analysis, err
}

// keyOptions adds to options what the configuration and the models say.
func (p *Plugin) keyOptions(options keys.Options, c *catalog.Catalog, schema string, models []any) (keys.Options, error) {
	if options.Column == "" {
		options.Column = p.config.Column
	}
	columns := map[catalog.Name]string{}
	for _, value := range models {
		if err := p.tables.declare(value, "PlanKeys"); err != nil {
			return options, err
		}
	}
	for _, t := range p.tables.snapshot.Load().names {
		name := nameIn(t.name, schema)
		if c.Table(name) == nil {
			continue
		}
		switch {
		case !t.kind.hasColumn():
			options.Shared = append(options.Shared, name)
		case t.kind == KindMixed:
			options.Mixed = append(options.Mixed, name)
			if t.column != options.Column {
				columns[name] = t.column
			}
		case t.kind == KindRoot:
			if options.Root == (catalog.Name{}) {
				options.Root = name
			}
		case t.column != options.Column:
			columns[name] = t.column
		}
	}
	for name, column := range options.Columns {
		columns[name] = column
	}
	options.Columns = columns
	return options, nil
}

// addModelKeys adds the uniques that models want, and those that they keep without
// the tenant.
func addModelKeys(options *keys.Options, c *catalog.Catalog, db *gorm.DB, models []any) error {
	m, ok := db.Migrator().(migrator)
	if !ok || len(models) == 0 {
		return nil
	}
	all, err := m.ScopedKeys(models)
	if err != nil {
		return err
	}
	for _, wanted := range all {
		table := c.Table(wanted.Table)
		if table == nil {
			continue
		}
		for _, key := range wanted.Keys {
			isTenant := func(p automigrate.Part) bool { return p.Column == wanted.Tenant }
			switch {
			case len(key.Columns) > 0 && key.Added && !key.Primary:
				options.Uniques = append(options.Uniques, keys.Wanted{Object: keys.Object{Table: wanted.Table, Name: key.Name}, Columns: key.Columns[1:]})
			case !key.Added && !slices.ContainsFunc(key.Parts, isTenant):
				options.Global = append(options.Global, globalKeys(table, key.Name, key.Columns)...)
			}
		}
	}
	return nil
}

// globalKeys finds a unique that stays without the tenant, by its name or its
// columns.
func globalKeys(table *catalog.Table, name string, columns []string) (found []keys.Object) {
	for i := range table.Indexes {
		index := &table.Indexes[i]
		var own []string
		for _, part := range index.Parts {
			own = append(own, part.Column)
		}
		if index.Unique && (index.Name == name || len(columns) > 0 && index.Predicate == "" && slices.Equal(own, columns)) {
			found = append(found, keys.Object{Table: table.Name, Name: index.Name})
		}
	}
	return found
}

// nameIn qualifies a table's name as GORM has it.
func nameIn(table, schema string) catalog.Name {
	if own, name, qualified := strings.Cut(table, "."); qualified {
		return catalog.Name{Schema: own, Name: name}
	}
	return catalog.Name{Schema: schema, Name: table}
}
