package tenancy

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

func newKnownTables(db *gorm.DB, config *Config, dialect sqltext.Dialect) (*knownTables, error) {
	r := &knownTables{db: db, config: config, dialect: dialect, guards: map[*schema.Field]*schema.Field{}}
	var err error
	if r.declared, err = newDeclarations(r.fold, config); err != nil {
		return nil, err
	}
	names := map[string]*table{}
	for name, say := range r.declared.names {
		if !say.kind.hasColumn() {
			names[name] = r.newOther(name, say)
		}
	}
	r.snapshot.Store(&snapshot{models: map[*schema.Schema]*model{}, names: names, bare: map[string]*table{}})
	if err := r.declareAll(config); err != nil {
		return nil, err
	}
	return r, nil
}

// declareAll makes all models of a configuration known, and then what needs them.
func (r *knownTables) declareAll(config *Config) error {
	for _, list := range []struct {
		where   string
		entries []any
		named   bool // an entry may be a table's name, which is declared already
	}{
		{"Config.Shared", config.Shared, true}, {"Config.Private", config.Private, true}, {"Config.Mixed", config.Mixed, true},
		{"Config.Free", config.Free, true}, {"Config.Models", config.Models, false},
	} {
		for _, entry := range list.entries {
			if w, ok := entry.(writable); ok {
				entry = w.model
			}
			if _, isName := entry.(string); isName && list.named {
				continue
			}
			if err := r.declare(entry, list.where); err != nil {
				return err
			}
		}
	}
	names := r.snapshot.Load().names
	for name, say := range r.declared.names {
		if names[name] != nil {
			continue
		}
		if say.table == nil {
			return fmt.Errorf("tenancy: %s: no known model has the table %q: list it in Config.Models or Config.Tables", say.where, name)
		}
		t, err := r.tableNamed(say)
		if err != nil {
			return err
		}
		names[name] = t
	}
	for i := range config.Linked {
		where := fmt.Sprintf("Config.Linked[%d]", i)
		l, linked, err := r.resolveLink(&config.Linked[i], where)
		if err != nil {
			return err
		}
		linked.link = l
	}
	return nil
}

// declare parses a configured model and registers it.
func (r *knownTables) declare(value any, where string) error {
	stmt := &gorm.Statement{DB: r.db}
	if err := stmt.Parse(value); err != nil {
		return fmt.Errorf("tenancy: %s: %w", where, err)
	}
	m, err := r.model(stmt.Schema)
	if err != nil {
		return err
	}
	if m.table == nil {
		return &ScopeError{Op: where, Table: stmt.Schema.Table, Err: ErrUndeclared,
			Detail: "the model has no tenant column: embed TenantModel, or list it in Config.Shared"}
	}
	return nil
}
