package tenancy

import "context"

// Config configures a [Plugin]. The zero value is the safest one: every table must have
// the tenant column, shared tables must be declared, and raw SQL is refused.
type Config struct {
	// Column is the name of the tenant column in models that do not mark one with
	// `tenancy:"tenant"`. Empty means "tenant_id".
	Column string

	// Models are known from the start, so text (Table, Joins, DTOs) may name their
	// tables before the first use of the model. Other models become known when they are
	// first used. Empty means none.
	Models []any

	// Shared are the tables that belong to no tenant: models, or table and view names.
	// Tenants read all of them, and write those wrapped in [Writable]. A model may also
	// declare itself with a blank field: _ struct{} `tenancy:"shared"`. Empty means
	// none.
	Shared []any

	// Private are the application's own tables, such as those of its logins: models, or
	// table and view names. A tenant's statement that names one is [ErrPrivate]; only
	// [Bypass] reaches them. Rows of tenants may refer to them: saving such a row
	// together with its private parent leaves the parent as it is. A model may also
	// declare itself with a blank field: _ struct{} `tenancy:"private"`. Empty means
	// none.
	Private []any

	// Linked are the tables whose rows a tenant sees through a link; see [Link]. Empty
	// means none.
	Linked []Link

	// Mixed are tenants' tables that also hold rows for everybody, such as templates:
	// models, or names of tables in Tables. Their tenant column may be NULL. A tenant
	// reads its own rows and those without a tenant, and writes its own only. Under
	// [Bypass] a row that is created without a tenant is for everybody. Citus
	// distributes no such table. A model may also declare itself with a blank field:
	// _ struct{} `tenancy:"mixed"`. Empty means none.
	Mixed []any

	// Free are tables that have no tenant and need no scope, such as the rules of a
	// policy engine: models, or table and view names. A statement that names no other
	// table reads and writes them under any scope, and under none. A model may also
	// declare itself with a blank field: _ struct{} `tenancy:"free"`. Empty means none.
	Free []any

	// Tables are tenants' tables whose models do not say so. Empty means none.
	Tables []Table

	// AssumeScope returns the scope of a statement whose context has none. The risk: a
	// statement that has lost its context, in a goroutine or in a library that brings
	// its own, runs under the assumed scope. The zero Scope means none, and a bypass is
	// refused. It must be safe for concurrent use. Nil means that such a statement is
	// [ErrNoTenant].
	AssumeScope func(context.Context) Scope

	// Keys says where the plugin reads which unique keys a table has. The conflict
	// target of an upsert follows them. The zero value is [KeysFromDatabase].
	Keys KeySource

	// Functions names SQL functions of your own, or of extensions, that text in
	// conditions, selections and orders may call. A function can read any table, so
	// list only functions that are known not to. They may also stand in FROM. What is
	// selected from one there must be a column that its alias names, AS t (a, b), or be
	// a listed function itself, because PostgreSQL calls t.name if there is no such
	// column. Empty means the built-in functions of PostgreSQL and SQLite that touch no
	// table, and none in FROM.
	Functions []string

	// RawSQL judges and scopes Raw, Exec and text that the core refuses; see the
	// sqlguard module. Nil means that they are refused.
	RawSQL TextScoper

	// Mode is the mode of tables that Modes does not name. The zero value is [Enforce].
	Mode Mode

	// Modes are the modes of single tables. Empty means that Mode holds for all.
	//
	// A statement is sent as it is only if every table that its text names is known and
	// observed. If one of its tables is enforced, the statement is enforced. As soon as
	// any table is enforced, so is each statement that may hide one, because its text
	// has
	//
	//   - a table that nobody declared: it may be a view,
	//   - a function that is neither safe nor in Functions,
	//   - a clause that GORM does not have,
	//   - text that is not understood. Without a [TextReader], that includes raw SQL
	//     other than SELECT, VALUES, TABLE, INSERT, UPDATE and DELETE, and keywords as
	//     bare names.
	//
	// An entry for a table or a view promises that it shows no rows of an enforced one.
	Modes []TableMode

	// OnFinding is called for each new [Finding]. It must be safe for concurrent use.
	// Nil means that a new finding is logged as a warning to slog's default.
	OnFinding func(context.Context, Finding)

	// Actor returns who acts, from the context of a statement, for OnBypass and
	// OnRefusal. Nil means that nobody is named.
	Actor func(context.Context) string

	// OnRefusal is called for each refused statement, after the refusal. It must be
	// safe for concurrent use. Nil means that nothing is called.
	OnRefusal func(context.Context, Refusal)

	// OnBypass is called before each statement under [Bypass], and before each raw
	// statement under [Trust]. An error refuses the statement. It must be safe for
	// concurrent use. Nil means that nothing is called.
	OnBypass func(context.Context, BypassUse) error

	// AllowUndeclared treats a table as shared if it is neither a tenant's nor
	// declared. The risk: every tenant can then read a table that lost its tenant
	// column, or a view over tenants' rows. The database's own catalogues stay
	// undeclared. False means that such tables are [ErrUndeclared].
	AllowUndeclared bool
}

// Writable marks an entry of [Config.Shared] that tenants may also write.
func Writable(model any) any { return writable{model} }

type writable struct{ model any }

// A KeySource says where the plugin reads which unique keys a table has. The conflict
// target of an upsert is one of those keys.
type KeySource uint8

const (
	// KeysFromDatabase reads the database's catalogue, once a table, before its first
	// upsert. It is the zero value, and right for every database.
	KeysFromDatabase KeySource = iota
	// KeysFromModels takes the keys that [AutoMigrate] makes of the models. It reads
	// the catalogue only for a key that no known model has. It is for tests whose
	// driver is a mock. It relies on tables that are as AutoMigrate leaves them. If a
	// table's key is the id alone, an upsert by that key is the database's error, and a
	// DO NOTHING that meets another tenant's row is not [ErrCrossTenantConflict].
	KeysFromModels
)

// A Table declares a tenants' table that no model describes, or whose model must not
// change, such as one of another package. See [Config.Tables].
type Table struct {
	// Name is the table's name, with its schema if the model's TableName has one.
	Name string
	// Column is the tenant column. Empty means [Config.Column].
	Column string
	// Type is the column's type: uuid, text, varchar, smallint, integer or bigint.
	// Empty means the type of the model's field, or uuid if no field has the column.
	Type string
	// Root says that the table is the tenants' own, and that Column is its key.
	Root bool
}

// A Link declares a linked table. Its rows belong to no tenant. A tenant sees a row if
// one of its own rows links to it, as memberships link to users. The link is the
// permission: whoever may write a row of Via sees the row that it names.
type Link struct {
	// Model is the linked table: a model, or a table's name together with Key.
	Model any
	// Via is the tenants' table whose rows link: a model, or a known table's name
	// together with ForeignKey. Softly deleted rows link to nothing.
	Via any
	// ForeignKey is the field or the column of Via that names the linked row. Empty
	// means the one of the relation between the two models, if there is only one.
	ForeignKey string
	// Key is the field or the column of Model that ForeignKey names. Empty means its
	// primary key.
	Key string
	// Writable says that a tenant may update and delete the rows that it is linked
	// with, even if other tenants see them as well. It may also create rows, which are
	// not linked with anybody yet. False means that the rows are read-only outside
	// [Bypass].
	Writable bool
}
