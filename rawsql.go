package tenancy

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// A TextScoper scopes statements whose text the core cannot: Raw and Exec, and those
// that hold text with a query of its own, a function that is not known, or tables
// that cannot be told. The sqlguard module implements it.
type TextScoper interface {
	// Scope returns the statement as it may be sent under its scope, or an error
	// that wraps [ErrUnscopedSQL]. Parts of it may be scoped already. It must be
	// safe for concurrent use.
	Scope(ctx context.Context, stmt RawStatement) (sql string, vars []any, err error)
}

// A Verifier is a [TextScoper] that also judges the statements that the plugin has
// scoped, as a second opinion on each of them.
type Verifier interface {
	TextScoper
	// VerifiesAll reports whether Verify is to be called. It is asked once.
	VerifiesAll() bool
	// Verify returns an error that wraps [ErrUnscopedSQL] for a statement that it
	// cannot see to be scoped. It must be safe for concurrent use.
	Verify(ctx context.Context, stmt RawStatement) error
}

// An ErrorTranslator is a [TextScoper] that lets the database fail on purpose, as for an
// upsert that meets a row of another tenant.
type ErrorTranslator interface {
	TextScoper
	// TranslateError returns the error of this package that a database's error stands
	// for, and nil for others. It must be safe for concurrent use.
	TranslateError(err error) error
}

// A TextReader is a [TextScoper] that tells what a statement names, which decides
// whether [Config.Modes] lets it be sent as it is. Without one, the core reads a
// small part of SQL by itself, and enforces what it does not understand.
type TextReader interface {
	TextScoper
	// Names returns all that a statement of PostgreSQL's names, or an error for text
	// that it cannot read to the end: that is enforced. It must be safe for concurrent
	// use.
	Names(text string) (Names, error)
}

// Names is what a statement names.
type Names struct {
	// Tables are the tables and views that it reads or writes, without the names of
	// its own WITH.
	Tables []TableName
	// Functions are those that it may call and that are not known to touch no table:
	// "name" or "schema.name".
	Functions []string
	// Writes says that the statement writes by itself: a function of it may.
	Writes bool
}

// A TableName is a table's name as PostgreSQL folds it.
type TableName struct {
	Schema string // empty where the statement has none
	Name   string
}

// RawStatement is one statement as it would be sent.
type RawStatement struct {
	SQL     string // with the dialect's placeholders
	Vars    []any  // the bound values
	Dialect string // "postgres" or "sqlite"
	Scope   Scope  // whose rows it may touch; the zero Scope for a statement of free tables alone
	// Table finds a known table by its name, which may be qualified by a schema
	// and is folded as the dialect folds it. Under [Config.AllowUndeclared] a table
	// that is not known is a shared one that tenants may read.
	Table func(schema, name string) (TenantTable, bool)

	ex   *execution
	stmt *gorm.Statement
}

// WidensTarget reports whether the target of an ON CONFLICT on a tenants' table is to
// be given the tenant column: where the table has a unique index of what the target
// names and the tenant column. The target is text as PostgreSQL reads it, from its
// parenthesis to the end of its condition: (lower(email)) WHERE active. Its functions
// must be known to touch no table. Where the text leaves open which index it means, the
// database is asked, once for each target; where that is not certain either, the error
// wraps [ErrUnscopedSQL]. A statement that the plugin did not make widens none. It is
// to be called while the statement is scoped, by Scope itself.
func (s RawStatement) WidensTarget(schema, name, target string) (bool, error) {
	if s.ex == nil {
		return false, nil
	}
	t := s.ex.plugin.tables.byName(schema, name)
	if !t.isScoped() || t.kind == KindLinked {
		return false, nil
	}
	f, err := s.ex.fitTarget(s.stmt, t, target, true)
	if err != nil {
		return false, err
	}
	return s.ex.widens(t, f)
}

// beginRaw judges a statement that came as text.
func (ex *execution) beginRaw(stmt *gorm.Statement) error {
	ex.judged(stmt)
	if isSavepoint(ex.text) && len(stmt.Vars) == 0 {
		return nil
	}
	s := scopeOf(stmt.Context)
	if s == nil {
		var err error
		if s, err = ex.assume(stmt); err != nil {
			return err
		}
	}
	if s.err != nil {
		return s.err
	}
	ex.scope = s
	switch {
	case s.mode == modeBypass || s.trusted:
		ex.trusts = true
		return ex.reportBypass(stmt.Context)
	case ex.plugin.instructs(stmt.Vars):
		return ex.errorOn("", ErrUnscopedSQL, reasonInstruction)
	case ex.plugin.config.RawSQL != nil:
		if err := ex.scopeText(stmt); err != nil {
			return err
		}
		ex.judged(stmt)
	case !ex.isOpenText(ex.text):
		return ex.errorOn("", ErrUnscopedSQL, "raw SQL needs Config.RawSQL, or a context from Trust or Bypass")
	}
	ex.values, ex.valued = append(ex.values[:0], stmt.Vars...), true
	return nil
}

// hand hands a statement to the judge of whole statements behind its last clause,
// unless it is built and not sent.
func (ex *execution) hand(stmt *gorm.Statement, name string) {
	if stmt.DB.Error == nil && ex.handed == nil && ex.scope.mode != modeBypass && ex.plugin.instructs(stmt.Vars) {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonInstruction))
	}
	if !ex.guarded && ex.plugin.verifier == nil && ex.functions == nil ||
		stmt.DB.Error != nil || ex.kept || ex.strange || ex.scope.mode == modeBypass || !ex.isLast(stmt, name) {
		return
	}
	ex.judgeFields(stmt)
	if ex.handed != nil { // a subquery is judged where it stands
		ex.handed.guarded = ex.guarded
	} else if ex.guarded {
		stmt.AddError(ex.scopeText(stmt))
	} else if ex.plugin.verifier == nil {
		return
	} else if err := ex.plugin.verifier.Verify(stmt.Context, ex.raw(stmt)); err != nil {
		stmt.AddError(ex.errorOn(stmt.Table, err, ""))
	}
}

// judgeFields judges what is selected from functions in FROM, in whatever clause.
func (ex *execution) judgeFields(stmt *gorm.Statement) {
	if ex.functions == nil || ex.guarded {
		return
	}
	lexer := sqltext.Lexer{Text: stmt.SQL.String(), Dialect: ex.plugin.dialect}
	switch {
	case !sqltext.CallsField(&lexer, ex.functions, ex.plugin.allow):
	case ex.plugin.config.RawSQL != nil:
		ex.guarded = true
	default:
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL,
			"what is selected from a function may call another; name its columns behind its alias: AS t (a, b)"))
	}
}

// raw is the statement as it stands.
func (ex *execution) raw(stmt *gorm.Statement) RawStatement {
	return RawStatement{
		SQL: stmt.SQL.String(), Vars: stmt.Vars, Dialect: stmt.DB.Name(), Scope: ex.scope.public(), Table: ex.plugin.tables.describe,
		ex: ex, stmt: stmt,
	}
}

// scopeText lets Config.RawSQL scope the statement.
func (ex *execution) scopeText(stmt *gorm.Statement) error {
	sql, vars, err := ex.plugin.config.RawSQL.Scope(stmt.Context, ex.raw(stmt))
	if err != nil {
		return ex.errorOn(stmt.Table, err, "")
	}
	stmt.SQL.Reset()
	stmt.SQL.WriteString(sql)
	stmt.Vars = vars
	return nil
}

// explain puts the error that a statement's failure stands for in its place. One about
// a conflict's target says that keys have changed since they were read.
func (ex *execution) explain(db *gorm.DB) {
	err := db.Error
	row, isRow := db.Statement.Dest.(*sql.Row)
	if err == nil && isRow && row != nil {
		err = row.Err()
	}
	if err == nil {
		return
	}
	if isTargetError(err) {
		ex.plugin.tables.forgetKeys()
	}
	translator, ok := ex.plugin.config.RawSQL.(ErrorTranslator)
	if !ok || ex.scope == nil || ex.scope.mode == modeBypass {
		return
	}
	if err = translator.TranslateError(err); err == nil {
		return
	}
	if err = ex.errorOn(db.Statement.Table, err, ""); db.Error != nil {
		db.Error = err
	} else {
		db.Statement.Dest = refusedRow(err)
	}
}

// isSavepoint knows the statements that GORM itself sends as text.
func isSavepoint(sql string) bool {
	lexer := sqltext.Lexer{Text: sql}
	words := make([]string, 0, 4)
	for t := lexer.Next(); t.Kind != sqltext.End; t = lexer.Next() {
		if t.Kind != sqltext.Word || len(words) == 4 {
			return false
		}
		words = append(words, lexer.Folded(t))
	}
	return len(words) == 2 && words[0] == "savepoint" ||
		len(words) == 4 && words[0] == "rollback" && words[1] == "to" && words[2] == "savepoint"
}
