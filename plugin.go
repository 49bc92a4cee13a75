package tenancy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Plugin scopes every statement of a *gorm.DB to the tenant in its context. It
// is made by [New], used once with gorm.DB.Use, and safe for concurrent use
// after that.
type Plugin struct {
	config   Config
	allow    func(function string) bool
	tables   *tables
	dialect  sqltext.Dialect
	lists    [][]string   // the lists of clauses that are known
	builders uintptr      // the clause builders that it is installed in
	builder  uintptr      // the code of those
	sends    uintptr      // the code of the callbacks that send
	preloads atomic.Int32 // that are running
	verifier Verifier     // nil when statements are not verified
	reader   TextReader   // nil when text is read by the core itself
	modes    *modes       // nil when every statement is enforced
	findings findings
}

// New returns a plugin for gorm.DB.Use. Errors in the configuration come from
// Use. GORM's own error "registered" there means that the handle has the plugin
// already.
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

// Name implements gorm.Plugin.
func (p *Plugin) Name() string { return "tenancy" }

// Initialize implements gorm.Plugin. It fails for a dialect that is neither
// PostgreSQL nor SQLite, for a configuration that cannot hold, and for a plugin
// that is in use already. Every statement of a handle that it failed on is refused
// with its error from then on: only a new handle can be used again. A handle that
// has a plugin already keeps it, and goes on; gorm.DB.Use itself says "registered".
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
	builders := reflect.ValueOf(db.ClauseBuilders).Pointer()
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
	p.knowLists(all.Create().Clauses, all.Query().Clauses, all.Update().Clauses, all.Delete().Clauses)
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
	if p.tables, err = newTables(db, &p.config, p.dialect); err != nil {
		return err
	}
	if p.modes, err = newModes(db, p.tables, &p.config); err != nil {
		return err
	}
	p.tables.modes = p.modes
	p.tables.guardKeys()
	return nil
}
