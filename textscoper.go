package tenancy

import (
	"context"

	"gorm.io/gorm"
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

	widener targetWidener // nil for a statement that the plugin did not make
	stmt    *gorm.Statement
}

// A targetWidener knows the keys of the tables that a statement names.
type targetWidener interface {
	widensTarget(stmt *gorm.Statement, schema, name, target string) (bool, error)
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
	if s.widener == nil {
		return false, nil
	}
	return s.widener.widensTarget(s.stmt, schema, name, target)
}
