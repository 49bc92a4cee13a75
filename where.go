package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// writeWherePredicates begins WHERE with the predicates that belong there.
func (ex *execution) writeWherePredicates(stmt *gorm.Statement, list *fromList) {
	w := whereWriter{ex: ex, stmt: stmt}
	if list != nil && ex.scope.kind != scopeSingle && !ex.updating && ex.anchor.table != nil && !list.anchorInWhere() {
		w.first = ex.anchor
	}
	if ex.updating || list == nil {
		w.predicate(ex.table, ex.qualifier)
	}
	if list != nil {
		for i := range list.refs {
			if list.places[i].inWhere {
				w.predicate(list.tables[i], list.refs[i].Qualifier, list.before(i)...)
			}
		}
	}
	ex.whereWritten = w.written
}

// anchorInWhere reports whether the anchor's own predicate is in the WHERE.
func (l *fromList) anchorInWhere() bool {
	first := l.first()
	return first < len(l.refs) && l.places[first].where == whereClause
}

// whereWriter writes the predicates of WHERE.
type whereWriter struct {
	ex      *execution
	stmt    *gorm.Statement
	written bool
	first   tenantRef
}

func (w *whereWriter) predicate(t *table, qualifier string, before ...tenantRef) {
	if !t.isScoped() {
		return
	}
	ref := tenantRef{t, qualifier}
	if w.ex.whereHasOwn(w.stmt, ref, before...) {
		return
	}
	matched := w.ex.scope.kind != scopeSingle && (w.first.table != nil || w.ex.correlates(w.stmt, ref))
	if w.ex.scope.kind == scopeBypass && !matched && !(w.ex.everybody && w.ex.updating && t == w.ex.table) {
		w.first = ref
		return
	}
	if w.written {
		w.stmt.WriteString(" AND ")
	} else {
		w.stmt.WriteString(" WHERE ")
	}
	w.written = true
	switch {
	case !matched && w.ex.scope.kind == scopeBypass:
		writeForEverybody(w.stmt, t, qualifier)
	case !matched && (w.ex.deleting || w.ex.updating && w.first.table == nil):
		w.ex.writeTenantOwns(w.stmt, t, qualifier)
	case !matched:
		w.ex.writeTenantIs(w.stmt, t, qualifier)
	case w.first.table != nil:
		w.ex.writeTenantMatches(w.stmt, t, qualifier, w.first)
	default:
		w.ex.parent.matches++
		w.ex.writeTenantMatches(w.stmt, t, qualifier, w.ex.parent.outer)
	}
	if w.first.table == nil {
		w.first = ref
	}
}

// writeWhere writes the caller's conditions as one group after the tenant
// predicate.
func writeWhere(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder) {
	c.Expression, _ = wrapExpression(c.Expression)
	if !ex.placed {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "WHERE is built before the clause with the tables: put FROM or UPDATE before it in Statement.BuildClauses"))
		return
	}
	if where, ok := c.Expression.(clause.Where); ok && len(where.Exprs) == 0 || c.Expression == nil {
		return
	}
	if reason := ex.unclosed(c.Expression); reason != "" {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reason))
		return
	}
	if !ex.whereWritten {
		ex.writeClause(stmt, c, dialect, sqltext.Group)
		return
	}
	ex.writeHint(stmt, c.BeforeExpression, false)
	stmt.WriteString("AND (")
	ex.writeHint(stmt, c.AfterNameExpression, false)
	from := ex.mark(stmt)
	c.Expression.Build(stmt)
	ex.judge(stmt, from, sqltext.Group)
	stmt.WriteByte(')')
	ex.closeClause(stmt, c)
}

// unclosed says what one of the conditions leaves open, or closes without having opened
// it: a parenthesis, a string, a comment. GORM writes more after it, and puts some
// conditions into parentheses, which would hide that.
func (ex *execution) unclosed(e clause.Expression) string {
	var inner []clause.Expression
	switch x := e.(type) {
	case clause.Expr:
		return sqltext.Unclosed(x.SQL, ex.plugin.dialect)
	case clause.NamedExpr:
		return sqltext.Unclosed(x.SQL, ex.plugin.dialect)
	case clause.Where:
		inner = x.Exprs
	case clause.AndConditions:
		inner = x.Exprs
	case clause.OrConditions:
		inner = x.Exprs
	case clause.NotConditions:
		inner = x.Exprs
	}
	for _, e := range inner {
		if reason := ex.unclosed(e); reason != "" {
			return reason
		}
	}
	return ""
}
