package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gorm.io/gorm"
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
	lists    []*string // the lists of clauses that are known
	builders uintptr   // the clause builders that it is installed in
}

// New returns a plugin for gorm.DB.Use. Errors in the configuration come from
// Use.
func New(config Config) *Plugin {
	if config.Column == "" {
		config.Column = "tenant_id"
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
// that is in use already.
func (p *Plugin) Initialize(db *gorm.DB) error {
	builders := reflect.ValueOf(db.ClauseBuilders).Pointer()
	if p.builders != 0 && p.builders != builders {
		return errors.New("tenancy: the plugin is in use by another *gorm.DB: make one each with New")
	}
	if p.builders != 0 { // a copy of its configuration, as dbresolver opens its sources with
		p.wrapDialector(db)
		return p.register(db)
	}
	switch name := db.Name(); name {
	case "postgres":
		p.dialect = sqltext.Postgres
	case "sqlite":
		p.dialect = sqltext.SQLite
	default:
		return fmt.Errorf("tenancy: the dialect %q is not supported, only postgres and sqlite", name)
	}
	var err error
	if p.tables, err = newTables(db, &p.config, p.dialect); err != nil {
		return err
	}
	p.builders = builders
	p.wrapDialector(db)
	p.installBuilders(db)
	all := db.Callback()
	p.knowLists(all.Create().Clauses, all.Query().Clauses, all.Update().Clauses, all.Delete().Clauses)
	return p.register(db)
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
	all := db.Callback()
	return errors.Join(
		all.Create().Before("*").Register("tenancy:begin", p.begin(opCreate)),
		all.Query().Before("*").Register("tenancy:begin", p.begin(opQuery)),
		all.Update().Before("*").Register("tenancy:begin", p.begin(opUpdate)),
		all.Delete().Before("*").Register("tenancy:begin", p.begin(opDelete)),
		all.Row().Before("*").Register("tenancy:begin", p.begin(opRow)),
		all.Raw().Before("*").Register("tenancy:begin", p.begin(opRaw)),

		all.Create().After("gorm:save_before_associations").Before("gorm:create").Register("tenancy:keep", keep),
		all.Create().After("gorm:create").Before("gorm:save_after_associations").Register("tenancy:conflict", checkConflict),
		all.Update().After("gorm:update").Before("gorm:save_after_associations").Register("tenancy:conflict", checkSave),
		all.Query().Replace("gorm:preload", preload),

		all.Create().After("*").Register("tenancy:end", end),
		all.Query().After("*").Register("tenancy:end", end),
		all.Update().After("*").Register("tenancy:end", end),
		all.Delete().After("*").Register("tenancy:end", end),
		all.Row().After("*").Register("tenancy:end", end),
		all.Raw().After("*").Register("tenancy:end", end),
	)
}

// begin judges a statement before anything of it is built or sent.
func (p *Plugin) begin(op string) func(*gorm.DB) {
	return func(db *gorm.DB) {
		stmt := db.Statement
		delete(stmt.Clauses, executionKey)
		handed := takeInheritance(stmt)
		if db.Error != nil || migrating(stmt.Context) {
			return
		}
		ex := newExecution(p, op)
		ex.handed = handed
		if err := ex.begin(stmt); err != nil {
			ex.release()
			refuse(db, op, handed, err)
			return
		}
		stmt.Clauses[executionKey] = clause.Clause{Expression: ex}
	}
}

// end forgets the statement's execution.
func end(db *gorm.DB) {
	ex := executionOf(db.Statement)
	if ex == nil {
		return
	}
	if _, isRow := db.Statement.Dest.(*sql.Row); ex.op == opRow && db.Error != nil && !isRow {
		refuse(db, ex.op, ex.handed, nil)
	}
	delete(db.Statement.Clauses, executionKey)
	if ex.handed != nil {
		ex.handed.err = db.Error
	}
	if ex.outerContext != nil {
		db.Statement.Context = ex.outerContext
	}
	ex.release()
}

// refuse fails a statement so that nothing of it is sent and nobody overlooks
// it: a subquery that nobody handed a scope to renders as text that its
// statement refuses, and Row gives a row that holds the error.
func refuse(db *gorm.DB, op string, handed *inheritance, err error) {
	err = db.AddError(err)
	stmt := db.Statement
	switch {
	case handed != nil:
		handed.err = err
	case db.DryRun && db.Logger == logger.Discard:
		stmt.SQL.Reset()
		stmt.SQL.WriteString("; refused by tenancy")
		stmt.Vars = nil
	case op == opRow && !db.DryRun:
		if rows, ok := db.Get("rows"); !ok || rows != true {
			stmt.Dest = refusedRow(stmt, err)
		}
	}
}

func scopeError(op, table string, err error, detail string) error {
	var scoped *ScopeError
	if errors.As(err, &scoped) {
		return err
	}
	return &ScopeError{Op: op, Table: table, Err: err, Detail: detail}
}

// migratorKey marks the context of the migrator's own statements.
type migratorKey struct{}

func migrating(ctx context.Context) bool {
	return ctx != nil && ctx.Value(migratorKey{}) != nil
}
