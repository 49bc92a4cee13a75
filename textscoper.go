package tenancy

import (
	"context"

	"gorm.io/gorm"
)

// A TextScoper scopes statements whose text the core cannot scope: Raw and Exec, and
// statements with text that holds a query of its own, an unknown function, or tables
// that the core does not recognise. The sqlguard module implements it.
type TextScoper interface {
	// Scope returns the statement as it may be sent under its scope, or an error that
	// wraps [ErrUnscopedSQL]. Parts of the statement may be scoped already. It must be
	// safe for concurrent use.
	Scope(ctx context.Context, stmt RawStatement) (sql string, vars []any, err error)
}

// A Verifier is a [TextScoper] that also judges the statements that the plugin has
// scoped. It is a second opinion on each of them.
type Verifier interface {
	TextScoper
	// VerifiesAll reports whether Verify is to be called for each statement. It is
	// called once.
	VerifiesAll() bool
	// Verify returns an error that wraps [ErrUnscopedSQL] for a statement that it does
	// not recognise as scoped. It must be safe for concurrent use.
	Verify(ctx context.Context, stmt RawStatement) error
}

// An ErrorTranslator is a [TextScoper] that makes the database fail on purpose, such as
// for an upsert that meets a row of another tenant.
type ErrorTranslator interface {
	TextScoper
	// TranslateError returns the error of this package that a database's error means,
	// and nil for other errors. It must be safe for concurrent use.
	TranslateError(err error) error
}

// A TextReader is a [TextScoper] that returns what a statement names. That decides
// whether [Config.Modes] lets the statement be sent as it is. Without a TextReader, the
// core reads a small part of SQL itself, and enforces what it does not understand.
type TextReader interface {
	TextScoper
	// Names returns everything that a PostgreSQL statement names. For text that it
	// cannot read to the end it returns an error, and the statement is enforced. It
	// must be safe for concurrent use.
	Names(text string) (Names, error)
}

// Names is what a statement names.
type Names struct {
	// Tables are the tables and views that the statement reads or writes, without the
	// names of its own WITH.
	Tables []TableName
	// Functions are the functions that the statement may call and that are not known to
	// touch no table: "name" or "schema.name".
	Functions []string
	// Writes says that the statement itself writes. A function of it may write even if
	// this is false.
	Writes bool
}

// A TableName is a table's name as PostgreSQL folds it.
type TableName struct {
	Schema string // empty if the statement has none
	Name   string
}

// RawStatement is one statement as it would be sent.
type RawStatement struct {
	SQL     string // with the dialect's placeholders
	Vars    []any  // the bound values
	Dialect string // "postgres" or "sqlite"
	Scope   Scope  // whose rows it may touch; the zero Scope for a statement of free tables alone
	// Table finds a known table by its name. The name may have a schema, and is folded
	// as the dialect folds it. Under [Config.AllowUndeclared] an unknown table is a
	// shared one that tenants may read.
	Table func(schema, name string) (TenantTable, bool)

	widener targetWidener // nil for a statement that the plugin did not make
	stmt    *gorm.Statement
}

// A targetWidener knows the keys of the tables that a statement names.
type targetWidener interface {
	widensTarget(stmt *gorm.Statement, schema, name, target string) (bool, error)
}

// WidensTarget reports whether the tenant column must be added to the target of an ON
// CONFLICT on a tenants' table. That is so if the table has a unique index of what the
// target names and the tenant column.
//
// The target is text as PostgreSQL reads it, from its parenthesis to the end of its
// condition: (lower(email)) WHERE active. Its functions must be known to touch no
// table. If the text does not decide which index it means, WidensTarget asks the
// database, once for each target. If that does not decide either, the error wraps
// [ErrUnscopedSQL]. For a statement that the plugin did not make it returns false.
//
// Call it while the statement is being scoped, from Scope itself.
func (s RawStatement) WidensTarget(schema, name, target string) (bool, error) {
	if s.widener == nil {
		return false, nil
	}
	return s.widener.widensTarget(s.stmt, schema, name, target)
}
