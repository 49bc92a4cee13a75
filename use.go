package tenancy

import (
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// New returns a plugin for gorm.DB.Use. Errors in the configuration come from Use.
// GORM's own error "registered" means that the handle has the plugin already.
func New(config Config) *Plugin {
	if config.Column == "" {
		config.Column = "tenant_id"
	}
	if config.OnFinding == nil {
		config.OnFinding = logFinding
	}
	functions := make(map[string]bool, len(config.Functions))
	for _, name := range config.Functions {
		functions[strings.ToLower(name)] = true
	}
	return &Plugin{config: config, allow: func(name string) bool { return functions[name] }}
}

// Initialize implements gorm.Plugin. It fails for a dialect that is neither PostgreSQL
// nor SQLite, for a contradictory configuration, and for a plugin that is in use
// already. After a failure the handle refuses every statement with that error, and only
// a new handle can be used. A handle that has a plugin already keeps it and goes on;
// gorm.DB.Use then returns "registered".
func (p *Plugin) Initialize(db *gorm.DB) error {
	if err := failureOf(db); err != nil {
		return fmt.Errorf("tenancy: Use failed on this handle before, open a new one: %w", err)
	}
	if db.Callback().Query().Get(beginCallback) != nil {
		return errors.New("tenancy: the handle has the plugin already: call Use once, with the whole configuration")
	}
	err := p.initialize(db)
	if err != nil {
		shut(db, err)
	}
	return err
}

func (p *Plugin) initialize(db *gorm.DB) error {
	builders := gormfacts.Builders(db)
	if p.builders != 0 && p.builders != builders {
		return errors.New("tenancy: the plugin is in use by another *gorm.DB: make one each with New; " +
			"for a tool that opens handles of its own to ask for DDL, as Atlas's provider, use SchemaOnly, or print what DDL returns")
	}
	if p.builders != 0 { // a copy of its configuration, as dbresolver opens its sources with
		p.installBuilders(db) // where the copy's dialect has put its own in their place
		p.wrapDialector(db)
		return p.register(db)
	}
	if err := p.readModels(db); err != nil {
		return err
	}
	if v, ok := p.config.RawSQL.(Verifier); ok && v.VerifiesAll() {
		p.verifier = v
	}
	if r, ok := p.config.RawSQL.(TextReader); ok && p.dialect == sqltext.Postgres {
		p.reader = r
	}
	p.builders = builders
	p.wrapDialector(db)
	p.installBuilders(db)
	all := db.Callback()
	p.rememberLists(all.Create().Clauses, all.Query().Clauses, all.Update().Clauses, all.Delete().Clauses)
	return p.register(db)
}

// readModels reads the configuration and the models that it names.
func (p *Plugin) readModels(db *gorm.DB) (err error) {
	switch name := db.Name(); name {
	case "postgres":
		p.dialect = sqltext.Postgres
	case "sqlite":
		p.dialect = sqltext.SQLite
	default:
		return fmt.Errorf("tenancy: the dialect %q is not supported, only postgres and sqlite", name)
	}
	if p.tables, err = newKnownTables(db, &p.config, p.dialect); err != nil {
		return err
	}
	if p.modes, err = newModes(db, p.tables, &p.config); err != nil {
		return err
	}
	p.tables.modes = p.modes
	p.tables.guardKeys()
	return nil
}

// newModes reads the modes of a configuration.
func newModes(db *gorm.DB, r *knownTables, config *Config) (*modes, error) {
	m := &modes{others: config.Mode, strictest: config.Mode, tables: map[string]Mode{}, names: map[string]Mode{}}
	if config.Mode > Observe {
		return nil, fmt.Errorf("tenancy: Config.Mode is %s: use Enforce, ObserveReads or Observe", config.Mode)
	}
	observes := config.Mode != Enforce
	for i, entry := range config.Modes {
		name, isName := entry.Table.(string)
		if !isName {
			stmt := &gorm.Statement{DB: db}
			if err := stmt.Parse(entry.Table); err != nil {
				return nil, fmt.Errorf("tenancy: Config.Modes[%d]: %w", i, err)
			}
			name = stmt.Schema.Table
		}
		if err := checkTableName(name, fmt.Sprintf("Config.Modes[%d]", i)); err != nil {
			return nil, err
		}
		name = r.fold(name)
		if before, ok := m.tables[name]; entry.Mode > Observe || ok && before != entry.Mode {
			return nil, fmt.Errorf("tenancy: Config.Modes[%d] is not valid: it needs a table and a known mode, and a table may have one mode only", i)
		}
		schema, last := cutSchema(name)
		if entry.Mode < config.Mode && r.byName(schema, last) == nil {
			return nil, fmt.Errorf("tenancy: Config.Modes[%d]: no known model has the table %q: list it in Config.Models", i, name)
		}
		m.tables[name] = entry.Mode
		if before, ok := m.names[last]; !ok || entry.Mode < before {
			m.names[last] = entry.Mode
		}
		m.strictest = min(m.strictest, entry.Mode)
		observes = observes || entry.Mode != Enforce
	}
	if !observes {
		return nil, nil
	}
	return m, nil
}
