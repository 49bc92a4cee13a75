package tenancy

import "errors"

// The errors of this package. They come wrapped, most often in a [ScopeError]
// that says where: test for them with [errors.Is]. No text of theirs holds a
// value, an SQL argument or a tenant's id.
var (
	// ErrNoTenant: the statement's context has no scope. Wrap the context with [With],
	// or, for work across tenants, with [WithSet] or [Bypass], and give it to GORM:
	// db.WithContext(ctx). The context of a web framework (*gin.Context, *fiber.Ctx) is
	// not the request's context, which the middleware wraps.
	ErrNoTenant = errors.New("tenancy: no tenant in the context")

	// ErrInvalidTenant: the value that was given as a tenant cannot be one: nil, a zero
	// value, a float, a malformed UUID, a number that its column cannot hold, an empty
	// set. A scope without a required reason is invalid as well.
	ErrInvalidTenant = errors.New("tenancy: invalid tenant")

	// ErrTenantMismatch: a value, a subquery or a nested scope names another tenant
	// than its scope does, or names none and must name one.
	ErrTenantMismatch = errors.New("tenancy: tenant does not match the scope")

	// ErrTenantImmutable: the statement would change the tenant of a row.
	ErrTenantImmutable = errors.New("tenancy: a row's tenant cannot be changed")

	// ErrCrossTenantConflict: an upsert met a row of another tenant under the same key.
	// It can happen only with keys that do not contain the tenant column.
	ErrCrossTenantConflict = errors.New("tenancy: key is taken by another tenant's row")

	// ErrUnscopedSQL: the statement holds text that cannot be scoped with certainty:
	// raw SQL, a query inside a fragment, or text that leaves its place.
	ErrUnscopedSQL = errors.New("tenancy: SQL text cannot be scoped")

	// ErrUndeclared: the statement names a table that is neither a tenant's nor
	// declared as another kind. Declare it in [Config.Models] or [Config.Shared].
	ErrUndeclared = errors.New("tenancy: table is not declared")

	// ErrRowsWithoutTenant: an enforced table has rows that belong to no tenant: it
	// lacks the tenant column, or has NULL in it. [AutoMigrate] returns this error.
	// [AssignRows] and [PlanKeys] give such rows their tenants.
	ErrRowsWithoutTenant = errors.New("tenancy: rows have no tenant")

	// ErrSharedReadOnly: a tenant's statement writes a shared table that is not
	// declared [Writable], or a linked one whose [Link] is not Writable.
	ErrSharedReadOnly = errors.New("tenancy: shared table is read-only for tenants")

	// ErrPrivate: a tenant's statement names a table of [Config.Private]. The
	// application reaches it under [Bypass].
	ErrPrivate = errors.New("tenancy: table is private to the application")
)

const remedyNoTenant = "use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context"

// remedyFreeText is for raw SQL where there are free tables.
const remedyFreeText = "raw SQL without a scope is a SELECT, INSERT, UPDATE or DELETE of free tables alone; " +
	"other work on them needs a context from Bypass, and a tenant's tables one from With"

// A ScopeError says where a statement was refused. Unwrap returns the reason, one of
// this package's errors.
type ScopeError struct {
	// Op is the operation: create, query, update, delete, row or raw. For a wrong scope
	// it is the function that made it, such as With.
	Op string
	// Table is the table's name; empty if there is none.
	Table string
	// Detail says what to do; empty if Err says enough. It holds no values.
	Detail string
	// Err is the reason.
	Err error

	reported bool // to Config.OnRefusal
}

// Error implements error.
func (e *ScopeError) Error() string {
	text := e.Err.Error()
	if e.Op != "" || e.Table != "" {
		text += " ("
		text += e.Op
		if e.Table != "" {
			if e.Op != "" {
				text += " on "
			}
			text += e.Table
		}
		text += ")"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the reason.
func (e *ScopeError) Unwrap() error { return e.Err }

func scopeError(op, table string, err error, detail string) error {
	var scoped *ScopeError
	if errors.As(err, &scoped) {
		return err
	}
	if err == ErrNoTenant && detail == "" { //nolint:errorlint // one that is wrapped says more itself
		detail = remedyNoTenant
	}
	return &ScopeError{Op: op, Table: table, Err: err, Detail: detail}
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
