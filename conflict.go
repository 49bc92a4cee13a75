package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// writeOnConflict writes ON CONFLICT so that it meets the tenant's own rows
// only: the target is the key that the table has, and an update is guarded where
// that key does not contain the tenant.
func writeOnConflict(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	oc, ok := c.Expression.(clause.OnConflict)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "ON CONFLICT has an expression that the plugin does not know: use clause.OnConflict"))
		return
	}
	ex.openClause(stmt, c)
	target, guard := ex.writeTarget(stmt, oc)
	if oc.DoNothing {
		stmt.WriteString("DO NOTHING")
	} else {
		stmt.WriteString("DO UPDATE SET ")
		if !ex.writeAssignments(stmt, oc.DoUpdates) {
			ex.writeSame(stmt, target)
		}
	}
	// A constraint's name does not show that it has the tenant column.
	named := oc.OnConstraint != "" && ex.table.isScoped() && ex.table.kind != KindLinked
	ex.writeConflictWhere(stmt, oc.Where, (guard || named) && !oc.DoNothing)
	ex.closeClause(stmt, c)
	if guard {
		ex.conflict.guard, ex.conflict.columns = true, target
		ex.conflict.update, ex.conflict.asked = !oc.DoNothing, len(oc.Where.Exprs) > 0
	}
}

// writeSame writes an assignment that changes nothing, where the tenant was the
// only one.
func (ex *execution) writeSame(stmt *gorm.Statement, columns []string) {
	for _, name := range columns {
		if ex.isTenantColumn(name) {
			continue
		}
		ex.writeName(stmt, clause.Column{Name: name})
		stmt.WriteByte('=')
		stmt.WriteQuoted(clause.Column{Table: "excluded", Name: name})
		return
	}
	ex.writeUnchanged(stmt)
}

func (ex *execution) writeConflictWhere(stmt *gorm.Statement, where clause.Where, guard bool) {
	if guard {
		stmt.WriteString(" WHERE ")
		ex.writeIsReplaced(stmt, ex.table, ex.qualifier)
	}
	if len(where.Exprs) == 0 {
		return
	}
	if guard {
		stmt.WriteString(" AND (")
	} else {
		stmt.WriteString(" WHERE (")
	}
	ex.writeGroup(stmt, where)
	stmt.WriteByte(')')
}
