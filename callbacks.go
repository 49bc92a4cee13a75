package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

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

// The operations, by GORM's processors.
const (
	opCreate = "create"
	opQuery  = "query"
	opUpdate = "update"
	opDelete = "delete"
	opRow    = "row"
	opRaw    = "raw"
)

// register hooks in before and after everything else. Every error counts.
func (p *Plugin) register(db *gorm.DB) error {
	configured := db.Config.Logger
	db.Config.Logger = withoutInfo{configured}
	defer func() { db.Config.Logger = configured }()
	all := db.Callback()
	var errs []error
	if all.Create().Get("gorm:begin_transaction") != nil {
		errs = append(errs,
			all.Create().Replace("gorm:begin_transaction", beginTransaction),
			all.Update().Replace("gorm:begin_transaction", beginTransaction),
			all.Delete().Replace("gorm:begin_transaction", beginTransaction),
		)
	}
	return errors.Join(append(errs,
		all.Create().Before(first(all.Create().Get, "gorm:begin_transaction", "gorm:before_create")).Register(beginCallback, p.begin(opCreate)),
		all.Query().Before("gorm:query").Register(beginCallback, p.begin(opQuery)),
		all.Update().Before(first(all.Update().Get, "gorm:begin_transaction", "gorm:setup_reflect_value")).Register(beginCallback, p.begin(opUpdate)),
		all.Delete().Before(first(all.Delete().Get, "gorm:begin_transaction", "gorm:before_delete")).Register(beginCallback, p.begin(opDelete)),
		all.Row().Before("gorm:row").Register(beginCallback, p.begin(opRow)),
		all.Raw().Before("gorm:raw").Register(beginCallback, p.begin(opRaw)),

		all.Create().After("gorm:save_before_associations").Before("gorm:create").Register("tenancy:check", check),
		all.Update().After("gorm:save_before_associations").Before("gorm:update").Register("tenancy:check", check),
		all.Delete().After("gorm:delete_before_associations").Before("gorm:delete").Register("tenancy:check", check),
		all.Query().Before("gorm:query").Register("tenancy:check", check),
		all.Row().Before("gorm:row").Register("tenancy:check", check),
		all.Raw().Before("gorm:raw").Register("tenancy:check", check),
		all.Create().After("gorm:create").Before("gorm:save_after_associations").Register("tenancy:conflict", checkConflict),
		all.Update().After("gorm:update").Before("gorm:save_after_associations").Register("tenancy:conflict", checkSave),
		all.Delete().After("gorm:delete").Before("gorm:after_delete").Register("tenancy:sent", sent),
		all.Query().Replace("gorm:preload", preload),
		all.Create().Replace("gorm:save_before_associations", saveBefore),
		all.Create().Replace("gorm:save_after_associations", saveAfter),

		all.Create().Replace("gorm:create", p.send(all.Create().Get("gorm:create"))),
		all.Query().Replace("gorm:query", p.send(all.Query().Get("gorm:query"))),
		all.Update().Replace("gorm:update", p.send(all.Update().Get("gorm:update"))),
		all.Delete().Replace("gorm:delete", p.send(all.Delete().Get("gorm:delete"))),
		all.Row().Replace("gorm:row", p.send(all.Row().Get("gorm:row"))),
		all.Raw().Replace("gorm:raw", p.send(all.Raw().Get("gorm:raw"))),

		all.Create().After("*").Register("tenancy:end", p.end(opCreate)),
		all.Query().After("*").Register("tenancy:end", p.end(opQuery)),
		all.Update().After("*").Register("tenancy:end", p.end(opUpdate)),
		all.Delete().After("*").Register("tenancy:end", p.end(opDelete)),
		all.Row().After("*").Register("tenancy:end", p.end(opRow)),
		all.Raw().After("*").Register("tenancy:end", p.end(opRaw)),
	)...)
}

// first returns the first of some callbacks that there is. A statement begins before
// it and not before "*": GORM cannot sort a callback that another plugin puts before
// one of those, and then runs none at all, without an error.
func first(get func(string) func(*gorm.DB), names ...string) string {
	for _, name := range names {
		if get(name) != nil {
			return name
		}
	}
	return ""
}

// beginTransaction begins GORM's own transaction. GORM clones the statement for
// it and needs its connection only: the clauses are kept out of that, which
// would copy them.
func beginTransaction(db *gorm.DB) {
	stmt, clauses := db.Statement, db.Statement.Clauses
	stmt.Clauses = nil
	defer func() { stmt.Clauses = clauses }()
	callbacks.BeginTransaction(db)
}

// begin judges a statement before anything of it is built or sent.
func (p *Plugin) begin(op string) func(*gorm.DB) {
	return func(db *gorm.DB) {
		stmt := db.Statement
		delete(stmt.Clauses, executionKey)
		stmt.ConnPool = poolOf(stmt) // of the statement around it
		handed := takeInheritance(stmt)
		if db.Error != nil || migrating(stmt.Context) {
			if handed != nil {
				handed.err = db.Error
			}
			return
		}
		if handed == nil && !p.enforces(op, stmt) {
			p.observe(db, op)
			return
		}
		ex := newExecution(p, op)
		ex.handed = handed
		if handed != nil {
			ex.rehearsal = handed.rehearsal
		}
		if err := ex.begin(stmt); err != nil {
			if ex.outerContext != nil {
				stmt.Context = ex.outerContext
			}
			ex.release()
			refuse(db, op, handed, err)
			return
		}
		stmt.Clauses[executionKey] = clause.Clause{Expression: ex}
	}
}

// check runs right before GORM builds and sends.
func check(db *gorm.DB) {
	if db.Error != nil || migrating(db.Statement.Context) {
		return
	}
	ex := executionOf(db.Statement)
	switch {
	case ex == nil:
		db.AddError(errLostScope(db.Statement))
		return
	case ex.kept:
		ex.keep(db)
	case ex.observed != nil:
		ex.observed.copyQuery(db)
	}
	ex.guardSending(db)
}

// end forgets the statement's execution.
func (p *Plugin) end(op string) func(*gorm.DB) {
	return func(db *gorm.DB) {
		ex := executionOf(db.Statement)
		if ex != nil {
			sent(db)
			ex.finish(db)
		}
		if ex != nil && p.config.RawSQL != nil {
			ex.explain(db)
		}
		if db.Error != nil && (ex == nil || ex.handed == nil) {
			p.reportRefusal(db, op)
		}
		if ex == nil {
			return
		}
		ex.refuseLate(db)
		delete(db.Statement.Clauses, executionKey)
		if ex.handed != nil {
			ex.handed.err, ex.handed.text, ex.handed.anchor = db.Error, db.Statement.SQL.String(), ex.anchor
		}
		if ex.outerContext != nil {
			db.Statement.Context = ex.outerContext
		}
		ex.observed.release()
		ex.release()
	}
}

// refuseLate makes sure that nobody overlooks an error that came while the
// statement was built. One that is observed fails as it would without the plugin,
// unless it was refused.
func (ex *execution) refuseLate(db *gorm.DB) {
	if db.Error == nil || ex.observed != nil && !isRefusal(db.Error) {
		return
	}
	_, isRow := db.Statement.Dest.(*sql.Row)
	if ex.op == opRow && !isRow || ex.handed == nil && isSubquery(db) {
		refuse(db, ex.op, ex.handed, nil)
	}
}

func isRefusal(err error) bool {
	var refused *ScopeError
	return errors.As(err, &refused)
}

// refuse fails a statement so that nothing of it is sent and nobody overlooks
// it: a subquery that nobody handed a scope to renders as text that its
// statement refuses, and Row gives a row that holds the error.
func refuse(db *gorm.DB, op string, handed *inheritance, err error) {
	var scoped *ScopeError
	if errors.As(err, &scoped) && scoped == err { // a context's error is that of all its statements
		own := *scoped
		own.reported = handed != nil && handed.rehearsal != nil
		err = &own
	}
	err = db.AddError(err)
	stmt := db.Statement
	switch {
	case handed != nil:
		handed.err = err
	case isSubquery(db):
		stmt.SQL.Reset()
		stmt.SQL.WriteString(refusedText)
		stmt.Vars = nil
	case op == opRow && !db.DryRun:
		if rows, ok := db.Get("rows"); !ok || rows != true {
			stmt.Dest = refusedRow(err)
		}
	}
}

// refusedText stands where a refused subquery would: no database takes it.
const refusedText = "; refused by tenancy"

// isSubquery reports whether a statement is built as GORM builds those among
// another's arguments; nothing of it is sent by itself.
func isSubquery(db *gorm.DB) bool { return db.DryRun && db.Logger == logger.Discard }

func scopeError(op, table string, err error, detail string) error {
	var scoped *ScopeError
	if errors.As(err, &scoped) {
		return err
	}
	if err == ErrNoTenant && detail == "" {
		detail = remedyNoTenant
	}
	return &ScopeError{Op: op, Table: table, Err: err, Detail: detail}
}

// migratorKey marks the context of the migrator's own statements.
type migratorKey struct{}

func migrating(ctx context.Context) bool {
	return ctx != nil && ctx.Value(migratorKey{}) != nil
}
