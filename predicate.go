package tenancy

import (
	"gorm.io/gorm"
)

// This file is the one place that decides, from a table, its qualifier and the
// scope, what the tenant predicate is. Nothing else writes one.

// writeTenantIs writes that a table's tenant is one of the scope's:
// "orders"."tenant_id" = $1. It is not called under a bypass, which has none.
func (ex *execution) writeTenantIs(stmt *gorm.Statement, t *table, qualifier string) {
	ex.rehearsal.predicate(t)
	writeColumn(stmt, t, qualifier)
	if ex.scope.mode == modeSingle {
		stmt.WriteString(" = ")
		ex.bind(stmt, t, &ex.scope.tenants[0])
		return
	}
	stmt.WriteString(" IN (")
	for i := range ex.scope.tenants {
		if i > 0 {
			stmt.WriteByte(',')
		}
		ex.bind(stmt, t, &ex.scope.tenants[i])
	}
	stmt.WriteByte(')')
}

// writeTenantMatches writes that two tables' rows are of one tenant.
func (ex *execution) writeTenantMatches(stmt *gorm.Statement, t *table, qualifier string, other tenantRef) {
	ex.rehearsal.predicate(t)
	cast := t.id.kind != other.table.id.kind
	writeAs(stmt, t, qualifier, cast)
	stmt.WriteString(" = ")
	writeAs(stmt, other.table, other.qualifier, cast)
}

func writeAs(stmt *gorm.Statement, t *table, qualifier string, cast bool) {
	if cast {
		stmt.WriteString("CAST(")
	}
	writeColumn(stmt, t, qualifier)
	if cast {
		stmt.WriteString(" AS TEXT)")
	}
}

func writeColumn(stmt *gorm.Statement, t *table, qualifier string) {
	if qualifier != "" {
		stmt.WriteString(qualifier)
		stmt.WriteByte('.')
	}
	stmt.WriteString(t.quoted)
}

// bind binds a tenant's id in the type of the table's column.
func (ex *execution) bind(stmt *gorm.Statement, t *table, ten *tenant) {
	value, err := t.id.value(ten)
	if err != nil {
		stmt.AddError(ex.errorOn(t.name, err, "the id does not fit the tenant column"))
		return
	}
	stmt.Vars = append(stmt.Vars, value)
	stmt.DB.Dialector.BindVarTo(stmt, stmt, value)
}

// tenantRef is a reference to a tenant's table inside a statement.
type tenantRef struct {
	table     *table
	qualifier string
}
