package tenancy

import "context"

// Config configures a [Plugin]. The zero value is the safest one: every table
// must have the tenant column, shared tables must be declared, and raw SQL is
// refused.
type Config struct {
	// Column is the name of the tenant column in models that do not mark one
	// with `tenancy:"tenant"`. Empty means "tenant_id".
	Column string

	// Models are known from the start, so that their tables can be named in
	// text (Table, Joins, DTOs) before the model itself was used. Other models
	// become known when they are first used. Empty means none.
	Models []any

	// Shared are the tables that belong to no tenant: models, or table and view
	// names. Tenants read them, and write those wrapped in [Writable]. A model
	// may also declare itself with a blank field: _ struct{} `tenancy:"shared"`.
	// Empty means none.
	Shared []any

	// Private are the tables of the application itself, such as those of its logins:
	// models, or table and view names. No tenant's statement reaches them
	// ([ErrPrivate]), and [Bypass] does. Rows of tenants may refer to them: saving one
	// together with its private parent leaves the parent as it is. A model may also
	// declare itself with a blank field: _ struct{} `tenancy:"private"`. Empty means
	// none.
	Private []any

	// Linked are the tables whose rows are seen through a link; see [Link]. Empty
	// means none.
	Linked []Link

	// Mixed are the tenants' tables that hold rows for everybody as well, such as
	// templates: models, or names of tables that are in Tables, whose tenant column
	// may be NULL. A tenant reads its own rows and those without a tenant, and writes
	// its own only; under [Bypass] a row that is created without a tenant is for
	// everybody. Citus distributes no such table. A model may also declare itself
	// with a blank field: _ struct{} `tenancy:"mixed"`. Empty means none.
	Mixed []any

	// Free are the tables that nobody's tenant matters for, such as the rules of a
	// policy engine: models, or table and view names. They are read and written under
	// any scope and under none, as long as the statement names no other table. A model
	// may also declare itself with a blank field: _ struct{} `tenancy:"free"`. Empty
	// means none.
	Free []any

	// Tables are tenants' tables whose models do not say so. Empty means none.
	Tables []Table

	// AssumeScope returns the scope of a statement whose context carries none. It
	// risks what it says: a statement that has lost its context, in a goroutine or in a
	// library that brings its own, runs for whoever is assumed. The zero Scope means
	// none, and a bypass is refused. It must be safe for concurrent use. Nil means
	// that such a statement is [ErrNoTenant].
	AssumeScope func(context.Context) Scope

	// Keys says where the plugin learns which unique keys a table has, which the
	// conflict target of an upsert follows. The zero value is [KeysFromDatabase].
	Keys KeySource

	// Functions names SQL functions of your own, or of extensions, that text in
	// conditions, selections and orders may call. A function can read any table,
	// so only those that are known not to are allowed. They may also stand in
	// FROM, and what is selected from one there must be a column that its alias
	// names, AS t (a, b), or such a function itself: PostgreSQL calls t.name where
	// there is no such column. Empty means the built-in functions of PostgreSQL
	// and SQLite that touch no table, and none in FROM.
	Functions []string

	// RawSQL judges and scopes Raw, Exec and text that the core refuses; see
	// the sqlguard module. Nil means that they are refused.
	RawSQL TextScoper

	// Mode is that of tables that Modes does not name. The zero value is [Enforce].
	Mode Mode

	// Modes are the modes of single tables. A statement is sent as it is only where
	// all that its text names is known and observed: it is enforced when one of its
	// tables is, or when it may hide one. That are, as soon as any table is enforced,
	// tables that nobody declared, which may be views; functions that are neither safe
	// nor in Functions; clauses that GORM does not have; and text that is not understood,
	// see [TextReader]: without one, raw SQL other than SELECT, VALUES, TABLE, INSERT,
	// UPDATE and DELETE, and keywords as bare names. Naming a table or a view here says
	// that it hides none. Empty means that Mode holds for all.
	Modes []TableMode

	// OnFinding is called for each new [Finding]. It must be safe for concurrent
	// use. Nil means that it is logged as a warning to slog's default.
	OnFinding func(context.Context, Finding)

	// Actor tells who is at work, from the context of a statement, for OnBypass and
	// OnRefusal. Nil means that nobody is named.
	Actor func(context.Context) string

	// OnRefusal is called for each statement that is refused, after the refusal.
	// It must be safe for concurrent use. Nil means that nothing is called.
	OnRefusal func(context.Context, Refusal)

	// OnBypass is called before each statement that runs under [Bypass], and
	// each raw one under [Trust]; an error refuses the statement. It must be
	// safe for concurrent use. Nil means that nothing is called.
	OnBypass func(context.Context, BypassUse) error

	// AllowUndeclared treats tables that are neither a tenant's nor declared as
	// shared ones. It risks what it says: a table that lost its tenant column,
	// or a view over tenants' rows, is then readable by everybody. The database's
	// own catalogues stay undeclared.
	AllowUndeclared bool
}

// Writable marks an entry of [Config.Shared] that tenants may also write.
func Writable(model any) any { return writable{model} }

type writable struct{ model any }

// A KeySource says where the plugin learns which unique keys a table has. An upsert
// goes by them: its conflict target is a key that the table has.
type KeySource uint8

const (
	// KeysFromDatabase looks at the database's catalogue once a table, before its
	// first upsert. It is the zero value, and right for every database.
	KeysFromDatabase KeySource = iota
	// KeysFromModels takes the keys that [AutoMigrate] makes of the models, and looks
	// at the catalogue only for a key that no known model has. It is for tests whose
	// driver is a mock. It relies on the tables being as AutoMigrate leaves them: where
	// a table's key is the id alone, an upsert by it is the database's error, and DO
	// NOTHING that meets another tenant's row is not [ErrCrossTenantConflict].
	KeysFromModels
)

// A Table is a tenants' table that no model describes, or whose model must not
// change: that of another package, say. See [Config.Tables].
type Table struct {
	// Name is the table's, with its schema where the model's TableName has one.
	Name string
	// Column is the tenant column. Empty means [Config.Column].
	Column string
	// Type is the column's: uuid, text, varchar, smallint, integer or bigint. Empty
	// means that of the model's field, or uuid where no field has the column.
	Type string
	// Root says that the table is the tenants' own, and Column its key.
	Root bool
}

// A Link declares a linked table: its rows belong to no tenant, and those are seen
// by a tenant that a row of its own links to, as users are by memberships. The link is
// the permission: whoever may write a row of Via sees the row that it names.
type Link struct {
	// Model is the linked table: a model, or a table's name with Key.
	Model any
	// Via is the tenants' table whose rows link: a model, or a known table's name
	// with ForeignKey. Rows that are softly deleted link to nothing.
	Via any
	// ForeignKey is the field or the column of Via that names the linked row. Empty
	// means the one that the relation of the two models has, where there is one only.
	ForeignKey string
	// Key is the field or the column of Model that ForeignKey names. Empty means
	// its primary key.
	Key string
	// Writable says that a tenant may update and delete the rows that it is linked
	// with, though other tenants see them as well, and create new ones, which nobody
	// is linked with yet. False means that they are read-only outside of [Bypass].
	Writable bool
}
