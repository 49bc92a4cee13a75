package tenancy

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// This file is used by previews only. Enforce would not change the meaning of a
// statement whose author has written the tenant's condition, so it is not a finding.
// Only conditions joined by AND are recognized; others are reported needlessly.

// textHasOwn reports whether a condition holds that a reference's tenant is the
// scope's, or that of another reference.
func (ex *execution) textHasOwn(text string, vars []any, ref tenantRef, others ...tenantRef) bool {
	if ex.scope.kind != scopeSingle {
		return false
	}
	is := func(o sqltext.Operand, ref tenantRef) bool {
		return o.Param == 0 && o.Name == ex.plugin.tables.fold(ref.table.column) &&
			(o.Qualifier == "" || o.Qualifier == ex.folded(ref.qualifier))
	}
	isTenant := func(o sqltext.Operand) bool {
		if o.Param == 0 || o.Param > len(vars) {
			return false
		}
		named, zero := tenantOf(vars[o.Param-1])
		return !zero && (named.key == ex.scope.tenants[0].key || ex.scope == someTenant)
	}
	said := false
	sqltext.Equalities(&sqltext.Lexer{Text: text, Dialect: ex.plugin.dialect}, func(a, b sqltext.Operand) {
		if is(b, ref) {
			a, b = b, a
		}
		if !is(a, ref) {
			return
		}
		said = said || isTenant(b)
		for _, other := range others {
			said = said || is(b, other)
		}
	})
	return said
}

// whereHasOwn reports whether the caller's WHERE compares a reference's tenant with
// the scope's, or with that of another reference.
func (ex *execution) whereHasOwn(stmt *gorm.Statement, ref tenantRef, others ...tenantRef) bool {
	if ex.preview == nil {
		return false
	}
	where := stmt.Clauses["WHERE"].Expression
	if where == nil {
		return false
	}
	side := &gorm.Statement{DB: stmt.DB, Table: stmt.Table, Schema: stmt.Schema, Context: stmt.Context}
	where.Build(side)
	return ex.textHasOwn(side.SQL.String(), side.Vars, ref, others...)
}
