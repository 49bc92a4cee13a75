package tenancy

import (
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// writeFrom writes FROM and, because the next clause may be missing, the tenant
// predicates of WHERE. The tables are those that the text names, whoever wrote
// it: GORM for a model, a relation or association mode, or the caller.
func writeFrom(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder) {
	ex.placed = true
	if !ex.updating && dialect == nil && plainFrom(stmt, c) {
		if ex.table == nil || ex.table.name != stmt.Table {
			t, err := ex.lookupOwn("", ex.plugin.tables.fold(stmt.Table))
			if err != nil {
				stmt.AddError(err)
				return
			}
			ex.setTable(stmt, t)
		}
		stmt.WriteString("FROM ")
		if ex.qualifier != "" {
			stmt.WriteString(ex.qualifier)
		} else {
			stmt.DB.Dialector.QuoteTo(&stmt.SQL, stmt.Table)
			ex.anchored = true // there is nothing to match with
		}
		ex.mayDelete(stmt, ex.table)
		ex.writeWherePredicates(stmt, nil)
		return
	}
	c.Expression, _ = wrapExpression(c.Expression)
	expr := stmt.TableExpr
	if expr != nil {
		if e, changed := wrapExpression(*expr); changed {
			e := e.(clause.Expr)
			stmt.TableExpr = &e
			defer func() { stmt.TableExpr = expr }()
		}
	}
	ex.openClause(stmt, c)
	from := ex.mark(stmt)
	ex.inFrom = true
	c.Expression.Build(stmt)
	ex.inFrom = false
	refs, ok := ex.parseFrom(stmt, from)
	if !ok {
		ex.closeClause(stmt, c)
		return
	}
	tables, ok := ex.tablesOf(stmt, refs)
	if !ok {
		return
	}
	for _, t := range tables {
		ex.mayDelete(stmt, t)
	}
	list := fromList{ex: ex, stmt: stmt, refs: refs, tables: tables, at: from}
	list.rewrite()
	ex.closeClause(stmt, c)
	ex.writeWherePredicates(stmt, &list)
}

// plainFrom reports whether FROM will be the model's table and nothing else.
func plainFrom(stmt *gorm.Statement, c clause.Clause) bool {
	from, ok := c.Expression.(clause.From)
	return ok && stmt.TableExpr == nil && stmt.Table != "" && len(from.Tables) == 0 && len(from.Joins) == 0 &&
		c.BeforeExpression == nil && c.AfterNameExpression == nil && c.AfterExpression == nil &&
		!strings.ContainsAny(stmt.Table, ".\"`[ ")
}

// parseFrom reads the references of the list that was written since a mark.
func (ex *execution) parseFrom(stmt *gorm.Statement, from mark) ([]sqltext.Ref, bool) {
	lexer := ex.lexer(stmt, from)
	refs, verdict := sqltext.ParseFrom(&lexer, ex.refs[:0], ex.plugin.allow)
	ex.refs = refs
	if verdict.Reason != "" && ex.plugin.config.RawSQL != nil && ex.scope.kind != scopeBypass {
		// It cannot be scoped here. That it stays in its place is enough.
		lexer = ex.lexer(stmt, from)
		beyond := sqltext.Judge(&lexer, sqltext.Group, ex.plugin.allow)
		beyond.Beyond = verdict.Reason
		ex.applyVerdict(stmt, from, beyond)
		return nil, false
	}
	for i := range refs {
		if refs[i].Function {
			ex.functions = append(ex.functions, refs[i])
		}
	}
	failed := stmt.DB.Error
	ex.applyVerdict(stmt, from, verdict)
	return refs, failed == nil && stmt.DB.Error == nil
}

// tablesOf looks the references up; the table of a query or a function is nil.
func (ex *execution) tablesOf(stmt *gorm.Statement, refs []sqltext.Ref) ([]*table, bool) {
	tables := ex.tables[:0]
	for i := range refs {
		tables = append(tables, nil)
		if !refs[i].IsTable() {
			continue
		}
		find := ex.lookup
		if i == 0 && !ex.updating {
			find = ex.lookupOwn
		}
		t, err := find(refs[i].Schema, refs[i].Table)
		if err != nil {
			stmt.AddError(err)
			return nil, false
		}
		tables[i] = t
	}
	ex.tables = tables
	return tables, true
}

// rewrite puts the predicates that belong into the list there.
func (l *fromList) rewrite() {
	l.setMain()
	l.place()
	if l.ex.scope.isSeveral() && !l.matches() {
		l.stmt.AddError(l.ex.errorOn(l.stmt.Table, ErrUnscopedSQL,
			errMeet))
		return
	}
	needed := false
	for _, p := range l.places {
		needed = needed || p.where == onCondition || p.where == aroundTable
	}
	if !needed {
		return
	}
	sql := l.stmt.SQL.String()
	l.text = sql[l.at.text:]
	l.stmt.SQL.Reset()
	l.stmt.SQL.Grow(len(sql) + 64*len(l.refs))
	l.stmt.SQL.WriteString(sql[:l.at.text])
	for i := range l.refs {
		switch l.places[i].where {
		case aroundTable:
			l.writeAround(i)
			l.writeOn(i, l.ex.scope.kind != scopeSingle && l.refs[i].Join != sqltext.JoinNone)
		case onCondition:
			l.writeOn(i, true)
		}
	}
	l.copyTo(len(l.text))
}

// setMain remembers the first reference as the statement's own table, which in
// an UPDATE is the one that it changes.
func (l *fromList) setMain() {
	if l.ex.updating {
		return
	}
	l.ex.table, l.ex.qualifier = l.tables[0], ""
	if l.tenants(0) {
		l.ex.qualifier = l.refs[0].Qualifier
	}
}

// copyTo writes the text up to a position again.
func (l *fromList) copyTo(end int) {
	l.stmt.SQL.WriteString(l.text[l.done:end])
	l.done = end
}

// writeAround limits a reference to its tenant's rows where it stands: as
// (orders o JOIN (SELECT) AS tenancy_1 ON o.tenant_id = $1) on PostgreSQL, which knows
// the table's key then, and as (SELECT * FROM orders WHERE tenant_id = ?) o on SQLite.
func (l *fromList) writeAround(i int) {
	ref := &l.refs[i]
	if l.ex.scope.kind == scopeBypass {
		return
	}
	l.copyTo(ref.Start)
	if l.ex.plugin.dialect == sqltext.Postgres {
		l.stmt.SQL.WriteByte('(')
		l.copyTo(ref.End)
		l.stmt.SQL.WriteString(" JOIN (SELECT) AS tenancy_")
		l.stmt.SQL.WriteString(strconv.Itoa(i))
		l.stmt.SQL.WriteString(" ON ")
		l.ex.writeTenantIs(l.stmt, l.tables[i], ref.Qualifier)
		l.stmt.SQL.WriteByte(')')
		return
	}
	l.stmt.SQL.WriteString("(SELECT * FROM ")
	l.copyTo(ref.Name.End)
	l.stmt.SQL.WriteString(" WHERE ")
	l.bound(ref.Name.End, func() { l.ex.writeTenantIs(l.stmt, l.tables[i], l.tables[i].linkedQualifier()) })
	l.stmt.SQL.WriteString(") ")
	l.stmt.SQL.WriteString(ref.Qualifier)
	l.done = ref.End
}

// writeOn puts the predicate before the ON condition, which becomes one group.
func (l *fromList) writeOn(i int, predicate bool) {
	ref := &l.refs[i]
	if !predicate || ref.On.Start == ref.On.End || l.hasOwnPredicate(i) {
		return
	}
	match, isMatched := l.places[i].match, l.places[i].isMatched
	l.copyTo(ref.On.Start)
	switch {
	case isMatched && match.table.kind.isLoose() && l.ex.scope.kind == scopeSet:
		l.bound(ref.On.Start, func() { l.ex.writeTenantMatches(l.stmt, l.tables[i], ref.Qualifier, match) })
	case isMatched:
		l.ex.writeTenantMatches(l.stmt, l.tables[i], ref.Qualifier, match)
	case l.ex.scope.kind == scopeBypass:
		return
	default:
		l.bound(ref.On.Start, func() { l.ex.writeTenantIs(l.stmt, l.tables[i], ref.Qualifier) })
	}
	l.stmt.SQL.WriteString(" AND (")
	l.copyTo(ref.On.End)
	l.stmt.SQL.WriteByte(')')
}

// bound writes something that binds values in the middle of the list, and gives
// them their place among the values where placeholders go by position.
func (l *fromList) bound(position int, write func()) {
	before := len(l.stmt.Vars)
	write()
	if l.ex.plugin.dialect != sqltext.SQLite {
		return
	}
	lexer := sqltext.Lexer{Text: l.text[:position], Dialect: sqltext.SQLite}
	params := 0
	for t := lexer.Next(); t.Kind != sqltext.End && t.Kind != sqltext.Bad; t = lexer.Next() {
		if t.Kind == sqltext.Param {
			params++
		}
	}
	index := l.at.vars + params
	moved := append([]any(nil), l.stmt.Vars[before:]...)
	copy(l.stmt.Vars[index+len(moved):], l.stmt.Vars[index:before])
	copy(l.stmt.Vars[index:], moved)
	l.at.vars += len(moved)
}

// hasOwnPredicate reports whether the ON of a reference says its tenant, or the WHERE, which
// then holds no row that an outer join has filled up.
func (l *fromList) hasOwnPredicate(i int) bool {
	ref := &l.refs[i]
	if l.ex.preview == nil || l.places[i].where != onCondition {
		return false
	}
	own := tenantRef{l.tables[i], ref.Qualifier}
	if l.ex.whereHasOwn(l.stmt, own, l.before(i)...) {
		return true
	}
	vars := l.stmt.Vars[min(l.at.vars, len(l.stmt.Vars)):]
	if l.ex.plugin.dialect == sqltext.Postgres {
		vars = l.stmt.Vars
	} else {
		vars = vars[min(len(vars), strings.Count(l.text[:ref.On.Start], "?")):]
	}
	return l.ex.textHasOwn(l.text[ref.On.Start:ref.On.End], vars, own, l.before(i)...)
}

// before returns the references to tenants' tables before one. They have their
// predicates, whoever wrote them.
func (l *fromList) before(i int) (refs []tenantRef) {
	if l.ex.preview == nil {
		return nil
	}
	for j := range i {
		if l.tenants(j) {
			refs = append(refs, tenantRef{l.tables[j], l.refs[j].Qualifier})
		}
	}
	return refs
}
