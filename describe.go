package tenancy

import (
	"errors"
	"maps"
	"slices"

	"gorm.io/gorm"
)

// Table returns what the plugin knows of a model's table, and makes the model known. It
// is for packages that build on this one. It sends nothing. For a model whose table is
// neither a tenant's nor declared it returns [ErrUndeclared]. Call it after
// gorm.DB.Use; it is then safe for concurrent use.
func (p *Plugin) Table(model any) (TenantTable, error) {
	if p.tables == nil {
		return TenantTable{}, errors.New("tenancy: the plugin is not in use: call db.Use first")
	}
	stmt := &gorm.Statement{DB: p.tables.db}
	if err := stmt.Parse(model); err != nil {
		return TenantTable{}, err
	}
	m, err := p.tables.model(stmt.Schema)
	if err != nil {
		return TenantTable{}, err
	}
	if m.table == nil {
		return TenantTable{}, &ScopeError{Op: "Table", Table: stmt.Schema.Table, Err: ErrUndeclared,
			Detail: "the model has no tenant column: embed TenantModel, or declare its table in Config"}
	}
	return tableOf(m.table), nil
}

// Tables returns what the plugin of the handle knows of its tables, by their names.
// These are the tables of the given models, of [Config].Models and [Config].Shared, of
// their relations, including join tables, and of models that were used before. For a
// model that is neither a tenant's nor declared it returns [ErrUndeclared]. A handle
// without the plugin is an error.
func Tables(db *gorm.DB, models ...any) ([]TenantTable, error) {
	p := pluginOf(db)
	if p == nil {
		return nil, errors.New("tenancy: Tables needs the plugin to know what models are: db.Use(tenancy.New(…))")
	}
	for _, value := range models {
		if err := p.tables.declare(value, "Tables"); err != nil {
			return nil, err
		}
	}
	names := p.tables.snapshot.Load().names
	known := make([]TenantTable, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if t, ok := p.tables.describe("", name); ok {
			known = append(known, t)
		}
	}
	return known, nil
}

func tableOf(t *table) TenantTable {
	known := TenantTable{
		Name: t.name, Kind: t.kind, Column: t.column, Writable: t.column != "" || t.writable, Type: t.id.name(), Key: t.key, Bind: t.bind,
	}
	if l := t.link; l != nil {
		known.Link = &TableLink{
			Via: tableOf(l.via), ForeignKey: l.names[0], Key: l.names[1], Where: l.where, Alias: linkAlias,
		}
	}
	return known
}

// Column returns the name of the tenant column of models that do not mark one.
func (p *Plugin) Column() string { return p.config.Column }

// describe tells a TextScoper what is known of a table.
func (r *knownTables) describe(schemaName, name string) (TenantTable, bool) {
	t := r.byName(schemaName, name)
	if t == nil {
		return TenantTable{Name: name}, r.allowsUndeclared(schemaName, name)
	}
	return tableOf(t), true
}
