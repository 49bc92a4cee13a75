package tenancy

import (
	"cmp"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// This file is the one place that decides, from a table, its qualifier and the
// scope, what the tenant predicate is. Nothing else writes one.

// writeTenantIs writes that a table's rows are for the scope to read:
// "orders"."tenant_id" = $1. It is not called under a bypass, which has none.
func (ex *execution) writeTenantIs(stmt *gorm.Statement, t *table, qualifier string) {
	switch t.kind {
	case KindMixed:
		stmt.WriteByte('(')
		ex.writeTenantOwns(stmt, t, qualifier)
		stmt.WriteString(" OR ")
		writeForEverybody(stmt, t, qualifier)
		stmt.WriteByte(')')
	default:
		ex.writeTenantOwns(stmt, t, qualifier)
	}
}

// writeTenantOwns writes that a table's rows are for the scope to write: those of
// its tenants, or the ones that it is linked with.
func (ex *execution) writeTenantOwns(stmt *gorm.Statement, t *table, qualifier string) {
	ex.preview.predicate(t)
	if t.kind == KindLinked {
		ex.writeLinked(stmt, t, qualifier, func() { ex.writeIsOneOf(stmt, t.link.via, linkAlias) })
		return
	}
	ex.writeIsOneOf(stmt, t, qualifier)
}

// writeIsOneOf writes that a tenant column holds one of the scope's tenants.
func (ex *execution) writeIsOneOf(stmt *gorm.Statement, t *table, qualifier string) {
	if ex.scope.kind == scopeSingle {
		writeColumn(stmt, t, qualifier)
		stmt.WriteString(" = ")
		ex.bind(stmt, t, &ex.scope.tenants[0])
		return
	}
	inText := ex.isInText(stmt)
	if inText {
		stmt.WriteByte('(')
	}
	writeColumn(stmt, t, qualifier)
	stmt.WriteString(" IN (")
	for i := range ex.scope.tenants {
		if i > 0 {
			stmt.WriteByte(',')
		}
		ex.bind(stmt, t, &ex.scope.tenants[i])
	}
	stmt.WriteByte(')')
	if inText {
		stmt.WriteString(") IS TRUE")
	}
}

// isInText reports whether the query becomes a part of raw SQL that [Config.RawSQL]
// scopes as well. A text that says "tenant_id IN (…)" itself asks once for all tenants of
// a set: what the plugin writes is spelled differently, and does not pass for that.
func (ex *execution) isInText(stmt *gorm.Statement) bool {
	if ex.parent != nil {
		return ex.parent.inText
	}
	if ex.scope.trusted || ex.plugin.config.RawSQL == nil || !gormfacts.IsSubquery(stmt.DB) {
		return false
	}
	_, across := stmt.Get(acrossSetting)
	return !across
}

// writeForEverybody writes the condition for a mixed table's rows for everybody.
func writeForEverybody(stmt *gorm.Statement, t *table, qualifier string) {
	writeColumn(stmt, t, qualifier)
	stmt.WriteString(" IS NULL")
}

// writeLinked writes that a row links to the linked table's, and what isOwn writes
// of it.
func (ex *execution) writeLinked(stmt *gorm.Statement, t *table, qualifier string, isOwn func()) {
	l := t.link
	if ex.folded(qualifier) == linkAlias {
		stmt.AddError(ex.errorOn(t.name, ErrUnscopedSQL, "the name "+linkAlias+" is the plugin's own: give the table another alias"))
	}
	stmt.WriteString("EXISTS (SELECT 1 FROM ")
	stmt.WriteString(l.viaQuoted)
	stmt.WriteString(" AS " + linkAlias + " WHERE " + linkAlias + ".")
	stmt.WriteString(l.foreignKey)
	stmt.WriteString(" = ")
	stmt.WriteString(cmp.Or(qualifier, t.qualifier))
	stmt.WriteByte('.')
	stmt.WriteString(l.key)
	stmt.WriteString(" AND ")
	isOwn()
	if l.where != "" {
		stmt.WriteString(" AND (")
		stmt.WriteString(l.where)
		stmt.WriteByte(')')
	}
	stmt.WriteByte(')')
}

// writeTenantMatches writes that two tables' rows may meet: those of one tenant,
// those for everybody, and linked ones with those of a tenant that they are linked
// with. Where the other table's rows may lie outside of the scope, the scope's own
// predicate is written as well.
func (ex *execution) writeTenantMatches(stmt *gorm.Statement, t *table, qualifier string, other tenantRef) {
	ex.preview.predicate(t)
	loose := other.table.kind.isLoose()
	if loose && ex.scope.kind == scopeSet {
		ex.writeTenantIs(stmt, t, qualifier)
		stmt.WriteString(" AND ")
	}
	switch {
	case t.kind == KindLinked && other.table.kind == KindLinked:
		stmt.AddError(ex.errorOn(t.name, ErrUnscopedSQL, errMeet))
	case t.kind == KindLinked:
		ex.writeMatchesLink(stmt, tenantRef{t, qualifier}, other)
	case other.table.kind == KindLinked:
		ex.writeMatchesLink(stmt, other, tenantRef{t, qualifier})
	case !loose && t.kind != KindMixed:
		writeSameTenant(stmt, t, qualifier, other)
	default:
		stmt.WriteByte('(')
		writeSameTenant(stmt, t, qualifier, other)
		for _, ref := range [...]tenantRef{{t, qualifier}, other} {
			if ref.table.kind == KindMixed {
				stmt.WriteString(" OR ")
				writeForEverybody(stmt, ref.table, ref.qualifier)
			}
		}
		stmt.WriteByte(')')
	}
}

const errMeet = "rows of several tenants could meet here; scope the context to one tenant"

// writeMatchesLink writes that a linked row is linked with the tenant of another,
// or that the other is for everybody.
func (ex *execution) writeMatchesLink(stmt *gorm.Statement, linked, other tenantRef) {
	if other.table.kind == KindMixed {
		stmt.WriteByte('(')
		writeForEverybody(stmt, other.table, other.qualifier)
		stmt.WriteString(" OR ")
		defer stmt.WriteByte(')')
	}
	ex.writeLinked(stmt, linked.table, linked.qualifier, func() {
		writeSameTenant(stmt, linked.table.link.via, linkAlias, other)
	})
}

// writeIsReplaced writes that the row that a conflict met is of the tenant of the
// one that was to be inserted.
func (ex *execution) writeIsReplaced(stmt *gorm.Statement, t *table, qualifier string) {
	ex.preview.predicate(t)
	switch {
	case t.kind == KindLinked:
		ex.writeTenantOwns(stmt, t, qualifier)
	case t.kind == KindMixed && !ex.writesForEverybody():
		writeSameTenant(stmt, t, qualifier, tenantRef{t, "excluded"})
	case t.kind == KindMixed && ex.plugin.dialect == sqltext.Postgres:
		writeColumn(stmt, t, qualifier)
		stmt.WriteString(" IS NOT DISTINCT FROM ")
		writeColumn(stmt, t, "excluded")
	case t.kind == KindMixed:
		writeColumn(stmt, t, qualifier)
		stmt.WriteString(" IS ")
		writeColumn(stmt, t, "excluded")
	default:
		writeSameTenant(stmt, t, qualifier, tenantRef{t, "excluded"})
	}
}

// writeSameTenant writes that two tenant columns hold the same.
func writeSameTenant(stmt *gorm.Statement, t *table, qualifier string, other tenantRef) {
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
		stmt.AddError(ex.errorOn(t.name, err, t.misfit()))
		return
	}
	stmt.Vars = append(stmt.Vars, value)
	stmt.DB.Dialector.BindVarTo(stmt, stmt, value)
}
