package tenancy

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// begin resolves the scope and judges what can be judged before SQL is built.
func (ex *execution) begin(stmt *gorm.Statement) error {
	if ex.op == opRaw || stmt.SQL.Len() > 0 {
		return ex.beginRaw(stmt)
	}
	s := scopeOf(stmt.Context)
	if ex.parent != nil {
		var err error
		if s, err = ex.parent.scopeFor(s); err != nil {
			return ex.errorOn(stmt.Table, err, "")
		}
	}
	if err := ex.takeScope(stmt, s); err != nil {
		return err
	}
	if err := ex.resolve(stmt); err != nil {
		return err
	}
	if ex.table != nil && ex.op != opCreate {
		if err := ex.mayReach(ex.table); err != nil {
			return err
		}
	}
	if ex.scope.kind == scopeBypass {
		if err := ex.reportBypass(stmt.Context); err != nil {
			return err
		}
	}
	if err := ex.judgeClauses(stmt); err != nil {
		return err
	}
	// Association mode knows the owner's key and not its tenant: of several tenants it
	// would find, or clear, the rows of every owner with that key.
	if ex.scope.isSeveral() && ex.op != opCreate && gormfacts.InAssociationMode("saveAssociation", "Append") {
		return ex.errorOn(stmt.Table, ErrTenantMismatch, "association mode needs one tenant: scope the context to the owner's with With")
	}
	if err := ex.judgeNesting(stmt); err != nil {
		return err
	}
	if err := ex.judgeJoins(stmt); err != nil {
		return err
	}
	wrapJoins(stmt)
	switch ex.op {
	case opCreate:
		return ex.beginCreate(stmt)
	case opUpdate, opDelete:
		return ex.beginChange(stmt)
	case opQuery, opRow:
		return ex.beginRead(stmt)
	}
	return nil
}

// judgeJoins refuses conditions of joins that reach out of their ON.
func (ex *execution) judgeJoins(stmt *gorm.Statement) error {
	for i := range stmt.Joins {
		on := stmt.Joins[i].On
		if on == nil || ex.scope.kind == scopeBypass {
			continue
		}
		if reason := ex.unclosed(*on); reason != "" {
			return ex.errorOn(stmt.Table, ErrUnscopedSQL, reason)
		}
	}
	return nil
}

// resolve finds the statement's table as far as it is known already. The SQL
// that is built has the last word.
func (ex *execution) resolve(stmt *gorm.Statement) error {
	r := ex.plugin.tables
	if stmt.Schema != nil {
		m, err := r.model(stmt.Schema)
		if err != nil {
			return ex.errorOn(stmt.Schema.Table, ErrUndeclared, err.Error())
		}
		ex.model = m
		if stmt.TableExpr == nil || stmt.Table == stmt.Schema.Table {
			ex.table = m.table
		}
	}
	if ex.table == nil {
		ex.table = r.byName("", r.fold(stmt.Table))
	}
	if ex.table == nil && ex.model != nil && stmt.TableExpr != nil && schemaQualified(stmt) {
		ex.table = ex.model.table
	}
	ex.setTable(stmt, ex.table)
	if ex.qualifier != "" && stmt.TableExpr == nil {
		ex.anchor, ex.anchored = tenantRef{ex.table, ex.qualifier}, true
	}
	return nil
}

// schemaQualified reports whether a statement's table expression is the one
// that GORM makes for a model of another schema.
func schemaQualified(stmt *gorm.Statement) bool {
	return len(stmt.TableExpr.Vars) == 0 && stmt.TableExpr.SQL == stmt.Quote(stmt.Schema.Table)
}
