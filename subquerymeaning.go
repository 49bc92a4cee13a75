package tenancy

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

const (
	reasonMatched = "matched with its statement's rows by tenant, the subquery would mean something else for several tenants: " +
		"qualify a column of the statement's table in it, or wrap it in tenancy.Across to ask once for all of them"
	reasonAcross = "rows that a subquery finds across tenants must be compared by their tenant as well: " +
		"select the tenant column, and write (tenant_id, id) IN (?)"
)

// judgeMeaning refuses a subquery of several tenants that would not mean what it
// says. Matched with its statement by tenant it means the same where it refers to
// the statement's row, and so is about that row's tenant; and where its rows are
// compared one by one. Not matched, it may let no row meet another tenant's.
func (ex *execution) judgeMeaning(stmt *gorm.Statement, before string, outer tenantRef, across bool) {
	child, dialect := &ex.child, ex.plugin.dialect
	if outer.table == nil && (!across || ex.op != opCreate) {
		return // nothing of a tenant's stands beside it
	}
	shape := sqltext.ShapeOf(&sqltext.Lexer{Text: child.text, Dialect: dialect}, ex.folded(outer.qualifier))
	position := sqltext.PositionBehind(&sqltext.Lexer{Text: before, Dialect: dialect})
	switch {
	case across && (shape.Aggregate || position.Exists || comparesTenants(shape, position, outer, child.anchor, ex)):
	case across:
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonAcross))
	case child.matches == 0: // it reads no tenant's table
	case shape.References > child.matches, shape.Plain && position.Compared:
		ex.matched = true
	default:
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonMatched))
	}
}

// comparesTenants reports whether the row that a query's rows are compared with
// has the statement's tenant where they have theirs.
func comparesTenants(shape sqltext.Shape, position sqltext.Position, outer, inner tenantRef, ex *execution) bool {
	is := func(o sqltext.Operand, ref tenantRef) bool {
		return ref.table != nil && o.Name == ex.plugin.tables.fold(ref.table.column) &&
			(o.Qualifier == "" || o.Qualifier == ex.folded(ref.qualifier))
	}
	if len(position.Columns) != len(shape.Columns) {
		return false
	}
	for i := range position.Columns {
		if is(position.Columns[i], outer) && is(shape.Columns[i], inner) {
			return true
		}
	}
	return false
}
