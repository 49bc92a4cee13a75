package tenancy

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
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
		all.Create().Before(first(all.Create().Get, "gorm:begin_transaction", "gorm:before_create")).Register(beginCallback, p.beginStatement(opCreate)),
		all.Query().Before("gorm:query").Register(beginCallback, p.beginStatement(opQuery)),
		all.Update().Before(first(all.Update().Get, "gorm:begin_transaction", "gorm:setup_reflect_value")).Register(beginCallback, p.beginStatement(opUpdate)),
		all.Delete().Before(first(all.Delete().Get, "gorm:begin_transaction", "gorm:before_delete")).Register(beginCallback, p.beginStatement(opDelete)),
		all.Row().Before("gorm:row").Register(beginCallback, p.beginStatement(opRow)),
		all.Raw().Before("gorm:raw").Register(beginCallback, p.beginStatement(opRaw)),

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

// beginStatement judges a statement before anything of it is built or sent.
func (p *Plugin) beginStatement(op string) func(*gorm.DB) {
	return func(db *gorm.DB) {
		stmt := db.Statement
		delete(stmt.Clauses, executionKey)
		stmt.ConnPool = poolOf(stmt) // of the statement around it
		parent := takeParentScope(stmt)
		if db.Error != nil || migrating(stmt.Context) {
			if parent != nil {
				parent.err = db.Error
			}
			return
		}
		if parent == nil && !p.enforces(op, stmt) {
			p.observe(db, op)
			return
		}
		ex := newExecution(p, op)
		ex.parent = parent
		if parent != nil {
			ex.preview = parent.preview
		}
		if err := ex.begin(stmt); err != nil {
			if ex.outerContext != nil {
				stmt.Context = ex.outerContext
			}
			ex.release()
			refuse(db, op, parent, err)
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
	case ex.skipped:
		ex.skipSending(db)
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
		if db.Error != nil && (ex == nil || ex.parent == nil) {
			p.reportRefusal(db, op)
		}
		if ex == nil {
			return
		}
		ex.refuseLate(db)
		delete(db.Statement.Clauses, executionKey)
		if ex.parent != nil {
			ex.parent.err, ex.parent.text, ex.parent.anchor = db.Error, db.Statement.SQL.String(), ex.anchor
		}
		if ex.outerContext != nil {
			db.Statement.Context = ex.outerContext
		}
		ex.observed.release()
		ex.release()
	}
}
