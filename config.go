package tenancy

import "context"

// The struct tag of this package and its values.
const (
	tagName   = "tenancy"
	tagTenant = "tenant" // the tenant column; on a primary key: the root
	tagUUIDv7 = "uuidv7" // an id that the plugin fills
	tagShared = "shared" // on a blank field: the model is shared; "shared,writable"
	tagGlobal = "global" // on a field: its key and uniques do not contain the tenant
)

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

	// Functions names SQL functions of your own, or of extensions, that text in
	// conditions, selections and orders may call. A function can read any table,
	// so only those that are known not to are allowed. Empty means the
	// built-in functions of PostgreSQL and SQLite that touch no table.
	Functions []string

	// RawSQL judges and scopes Raw, Exec and text that the core refuses; see
	// the sqlguard module. Nil means that they are refused.
	RawSQL RawSQL

	// OnBypass is called before each statement that runs under [Bypass], and
	// each raw one under [Trust]; an error refuses the statement. It must be
	// safe for concurrent use. Nil means that nothing is called.
	OnBypass func(context.Context, BypassUse) error

	// AllowUndeclared treats tables that are neither a tenant's nor declared as
	// shared ones. It risks what it says: a table that lost its tenant column,
	// or a view over tenants' rows, is then readable by everybody.
	AllowUndeclared bool
}

// BypassUse is what [Config.OnBypass] sees of a statement.
type BypassUse struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty for raw SQL
	Reason string // what Bypass or Trust was given
}

// Writable marks an entry of [Config.Shared] that tenants may also write.
func Writable(model any) any { return writable{model} }

type writable struct{ model any }
