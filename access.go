package tenancy

import (
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// mayReach refuses a table that the scope does not reach in any way.
func (ex *execution) mayReach(t *table) error {
	if ex.scope.kind == scopeNone && t.kind != KindFree {
		if err := ex.lacksTenant(t.name); err != nil {
			return err
		}
	}
	if t.kind == KindPrivate && ex.scope.kind != scopeBypass {
		return ex.errorOn(t.name, ErrPrivate, "the application reaches it under Bypass")
	}
	return nil
}

// mayWrite refuses a tenant's write to a table that is not its own.
func (ex *execution) mayWrite(t *table) error {
	if err := ex.mayReach(t); err != nil {
		return err
	}
	if !t.kind.hasColumn() && !t.writable && ex.scope.kind != scopeBypass {
		return ex.errorOn(t.name, ErrSharedReadOnly, t.kind.readOnlyDetail())
	}
	return nil
}

// mayDelete refuses a DELETE of a shared table's rows.
func (ex *execution) mayDelete(stmt *gorm.Statement, t *table) {
	if !ex.deleting || t == nil {
		return
	}
	if err := ex.mayWrite(t); err != nil {
		stmt.AddError(err)
	}
}

// lacksTenant refuses a statement that needs a tenant and has none. A preview notes
// it and goes on as some tenant, for what else is to be said of the statement.
func (ex *execution) lacksTenant(table string) error {
	detail := ""
	if ex.text != "" && ex.plugin.tables.hasFree.Load() {
		detail = remedyFreeText
	}
	err := ex.errorOn(table, ErrNoTenant, detail)
	if ex.preview == nil {
		return err
	}
	ex.preview.lacks, ex.scope = err, someTenant
	return nil
}

// writesForEverybody reports whether the statement may write rows without a tenant.
func (ex *execution) writesForEverybody() bool {
	return ex.scope.kind == scopeBypass && ex.table != nil && ex.table.kind == KindMixed
}

// insertsForEverybody reports whether the rows that are inserted are for everybody.
// Their conflicts have another target than those of tenants' rows.
func (ex *execution) insertsForEverybody(stmt *gorm.Statement) bool {
	if !ex.writesForEverybody() {
		return false
	}
	values := ex.conflict.values
	at := slices.IndexFunc(values.Columns, func(c clause.Column) bool { return ex.isTenantColumn(c.Name) })
	none := 0
	for _, row := range values.Values {
		if at < 0 || row[at] == nil {
			none++
		}
	}
	if none > 0 && none < len(values.Values) {
		stmt.AddError(ex.errorOn(ex.table.name, ErrTenantMismatch, "upsert rows for everybody and rows of tenants in separate calls"))
	}
	return none > 0
}

// isTenantColumn reports whether a name, however it is spelled, is the tenant
// column of the statement's table.
func (ex *execution) isTenantColumn(name string) bool {
	if ex.table == nil || ex.table.column == "" {
		return false
	}
	if name == ex.table.column {
		return true
	}
	if len(name) < len(ex.table.column) {
		return false
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	name = sqltext.Clip(ex.plugin.dialect, strings.Trim(name, "\"`[] "))
	return strings.EqualFold(name, ex.table.column)
}

// assignsOwnTenant reports whether assigning a value to the tenant column leaves the
// rows' tenant as it is: a zero value that nobody meant, the scope's own tenant,
// or that of the row which an upsert wanted to insert.
func (ex *execution) assignsOwnTenant(value any) bool {
	if column, ok := value.(clause.Column); ok {
		return strings.EqualFold(column.Table, "excluded") && ex.isTenantColumn(column.Name)
	}
	named, zero := tenantOf(value)
	return zero || ex.scope.kind == scopeSingle && named.key == ex.scope.tenants[0].key
}
