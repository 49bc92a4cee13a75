package tenancy

import (
	"context"
	"database/sql"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// This file is the last place before the driver. GORM lets any plugin put a callback
// between the judgement of a statement and its sending, or its own in place of
// the one that sends; what arrives at the pool is therefore compared with what was
// judged.

var (
	_ gorm.ConnPool         = (*sender)(nil)
	_ gorm.ConnPoolBeginner = (*sender)(nil)
	_ gorm.GetDBConnector   = (*sender)(nil)
)

// checkText returns the statement as it may be sent.
func (s *sender) checkText(ctx context.Context, query string, args []any) (string, []any, error) {
	if s.ex == nil {
		return "", nil, &ScopeError{Err: ErrUnscopedSQL, Detail: "the pool of a finished statement was used: take the pool from db.Statement"}
	}
	return s.ex.judgeLast(ctx, s.stmt, query, args)
}

// PrepareContext implements gorm.ConnPool.
func (s *sender) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	query, _, err := s.checkText(ctx, query, s.stmt.Vars)
	if err != nil {
		return nil, err
	}
	return s.pool.PrepareContext(ctx, query)
}

// ExecContext implements gorm.ConnPool.
func (s *sender) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	query, args, err := s.checkText(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return s.pool.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (s *sender) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, args, err := s.checkText(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return s.pool.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (s *sender) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	query, args, err := s.checkText(ctx, query, args)
	if err != nil {
		return refusedRow(s.stmt.AddError(err))
	}
	return s.pool.QueryRowContext(ctx, query, args...)
}

// BeginTx implements gorm.ConnPoolBeginner, for a callback that begins a transaction
// of its own.
func (s *sender) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	switch pool := s.pool.(type) {
	case gorm.TxBeginner:
		return pool.BeginTx(ctx, options)
	case gorm.ConnPoolBeginner:
		return pool.BeginTx(ctx, options)
	}
	return nil, gorm.ErrInvalidTransaction
}

// GetDBConn implements gorm.GetDBConnector.
func (s *sender) GetDBConn() (*sql.DB, error) {
	return (&gorm.DB{Config: &gorm.Config{ConnPool: s.pool}}).DB()
}

// sending is the callback of GORM's, or of another plugin's, that sends an
// operation's statements.
var sending = map[string]string{
	opCreate: "gorm:create", opQuery: "gorm:query", opUpdate: "gorm:update",
	opDelete: "gorm:delete", opRow: "gorm:row", opRaw: "gorm:raw",
}

// callbackNow returns the callback that sends an operation's statements.
func callbackNow(db *gorm.DB, op string) func(*gorm.DB) {
	all := db.Callback()
	switch op {
	case opCreate:
		return all.Create().Get(sending[op])
	case opUpdate:
		return all.Update().Get(sending[op])
	case opDelete:
		return all.Delete().Get(sending[op])
	case opRow:
		return all.Row().Get(sending[op])
	case opRaw:
		return all.Raw().Get(sending[op])
	}
	return all.Query().Get(sending[op])
}

// send wraps the callback that sends an operation's statements.
func (p *Plugin) send(original func(*gorm.DB)) func(*gorm.DB) {
	pooled := gormfacts.IsGORMs(original) // nobody else can keep the pool of its statements
	send := func(db *gorm.DB) {
		stmt := db.Statement
		ex := executionOf(stmt)
		switch {
		case migrating(stmt.Context):
			original(db)
			return
		case db.Error != nil:
			return
		case ex == nil:
			db.AddError(errLostScope(stmt))
			return
		}
		s := &ex.sender
		if !pooled {
			s = new(sender)
		}
		*s = sender{ex: ex, stmt: stmt, pool: poolOf(stmt)}
		stmt.ConnPool = s
		defer s.close()
		original(db)
	}
	p.sends = gormfacts.Code(send)
	return send
}

// close puts the statement's pool back.
func (s *sender) close() {
	if s.stmt.ConnPool == s {
		s.stmt.ConnPool = s.pool
	}
	s.ex = nil
}

// guardSending stands in for the pool of a statement that another plugin sends,
// which took the place of the callback after this one was used.
func (ex *execution) guardSending(db *gorm.DB) {
	if now := callbackNow(db, ex.op); now == nil || gormfacts.Code(now) == ex.plugin.sends {
		return
	}
	ex.wide = &sender{ex: ex, stmt: db.Statement, pool: poolOf(db.Statement)}
	db.Statement.ConnPool = ex.wide
}

// sent puts the pool back after the callback that sends.
func sent(db *gorm.DB) {
	if ex := executionOf(db.Statement); ex != nil && ex.wide != nil {
		ex.wide.close()
		ex.wide = nil
	}
}

// judgeLast judges a statement as it is given to the driver. One that is not what
// was judged is judged again, where Config.RawSQL can.
func (ex *execution) judgeLast(ctx context.Context, stmt *gorm.Statement, query string, args []any) (string, []any, error) {
	p := ex.plugin
	switch {
	case ex.isJudged(query, args), ex.trusts, ex.observed == nil && ex.scope != nil && ex.scope.kind == scopeBypass:
		return query, args, nil
	case ex.observed != nil && !isEnforced(ctx) && !p.touchesEnforced(effective(ex.op, stmt.DB), query) && (p.modes.strictest == Observe || !p.instructs(args)):
		return query, args, nil
	}
	s := ex.scope
	if s == nil {
		s = scopeOf(ctx)
	}
	switch {
	case s == nil:
		return "", nil, ex.errorOn(stmt.Table, ErrNoTenant, "")
	case s.err != nil:
		return "", nil, s.err
	case p.config.RawSQL == nil || p.instructs(args):
		return "", nil, ex.errorOn(stmt.Table, ErrUnscopedSQL, ex.reasonChanged(stmt))
	}
	raw := RawStatement{SQL: query, Vars: args, Dialect: stmt.DB.Name(), Scope: Scope{s}, Table: p.tables.describe, widener: ex, stmt: stmt}
	scoped, vars, err := p.config.RawSQL.Scope(ctx, raw)
	if err != nil && strings.Contains(query, refusedText) {
		return "", nil, ex.errorOn(stmt.Table, ErrUnscopedSQL, "a subquery in another plugin's clause has no scope: begin it from the handle with the context, too")
	}
	if err != nil {
		return "", nil, ex.errorOn(stmt.Table, err, "")
	}
	stmt.SQL.Reset()
	stmt.SQL.WriteString(scoped)
	stmt.Vars = vars
	return scoped, vars, nil
}

// reasonChanged says what changed a statement.
func (ex *execution) reasonChanged(stmt *gorm.Statement) string {
	if name := ex.plugin.unknownClause(stmt.BuildClauses, stmt); name != "" {
		return reasonClause(name)
	}
	return "another plugin's callback changed the statement after it was judged; register it before this plugin's Use, or set Config.RawSQL"
}

func errLostScope(stmt *gorm.Statement) error {
	return &ScopeError{Table: stmt.Table, Err: ErrUnscopedSQL, Detail: "a callback removed the plugin's entry from Statement.Clauses, which holds the scope: let it stay"}
}

// finish judges a statement that is built and not sent: what a dry run shows, and
// a subquery, which becomes part of another statement's text.
func (ex *execution) finish(db *gorm.DB) {
	stmt := db.Statement
	if !db.DryRun || db.Error != nil || ex.skipped || stmt.SQL.Len() == 0 || ex.isJudged(stmt.SQL.String(), stmt.Vars) {
		return
	}
	if ex.parent != nil && ex.plugin.config.RawSQL != nil {
		ex.parent.guarded = true
		return
	}
	_, _, err := ex.judgeLast(stmt.Context, stmt, stmt.SQL.String(), stmt.Vars)
	db.AddError(err)
}
