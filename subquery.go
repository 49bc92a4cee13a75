package tenancy

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// subquery is a query among a statement's arguments, as it is built for that
// statement: under its scope, with its error kept, and counted as scoped where
// the statement's text is judged. GORM by itself runs it under the context that
// it was built with, and drops its error.
type subquery struct{ db *gorm.DB }

// chainSubquery is a subquery that is one of gorm.G's chains.
type chainSubquery struct{ chain chain }

// Build implements clause.Expression.
func (q subquery) Build(b clause.Builder) { buildSubquery(b, q, q.db, false) }

// Build implements clause.Expression.
func (q *chainSubquery) Build(b clause.Builder) { buildSubquery(b, q, q.chain, false) }

func buildSubquery(b clause.Builder, q clause.Expression, query any, across bool) {
	stmt, ok := b.(*gorm.Statement)
	if !ok {
		return
	}
	if stmt.DB.Statement != stmt && executionOf(stmt) == nil && executionOf(stmt.DB.Statement) != nil {
		// Beside the statement, as for the ON of a join: it is bound like a value
		// and built when that text becomes part of the statement.
		stmt.Vars = append(stmt.Vars, q)
		stmt.DB.Dialector.BindVarTo(stmt, stmt, q)
		return
	}
	ex := executionOf(stmt)
	if ex == nil || isText(query) {
		from, vars := stmt.SQL.Len(), len(stmt.Vars)
		if db, ok := query.(*gorm.DB); ok && across {
			query = db.Set(acrossSetting, true)
		}
		stmt.AddVar(stmt, query)
		closeSince(stmt, from)
		if ex != nil && ex.scope.trusted {
			ex.queries = append(ex.queries, sqltext.Span{Start: from, End: stmt.SQL.Len()})
			ex.subVars += len(stmt.Vars) - vars
		}
		return
	}
	outer, ok := ex.outerFor()
	if !ok && !across {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL,
			"the subquery cannot be matched with its statement's tenants; scope the context to one tenant"))
	}
	child := &ex.child
	*child = parentScope{scope: ex.scope, outer: outer, preview: ex.preview, inText: ex.isInText(stmt)}
	if across {
		child.outer, child.inText = tenantRef{}, false
	}
	from, vars := stmt.SQL.Len(), len(stmt.Vars)
	stmt.Vars = append(stmt.Vars, child)
	stmt.AddVar(stmt, query)
	switch {
	case child.err != nil:
		stmt.AddError(child.err)
	case !child.taken:
		stmt.Vars = slices.Delete(stmt.Vars, vars, vars+1)
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "a subquery was built outside GORM's callbacks: pass a *gorm.DB of a handle with the plugin"))
	case stmt.SQL.String()[from:] != child.text:
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "a subquery's text was changed after it was scoped: pass the *gorm.DB itself"))
	case ex.scope.spansSeveral() && !ex.inFrom:
		ex.judgeMeaning(stmt, stmt.SQL.String()[:from], outer, across)
	}
	ex.guarded = ex.guarded || child.guarded
	ex.queries = append(ex.queries, sqltext.Span{Start: from, End: stmt.SQL.Len()})
	ex.subVars += len(stmt.Vars) - vars
}

// isText reports whether a query is raw SQL, which is judged as text.
func isText(query any) bool {
	db, ok := query.(*gorm.DB)
	return ok && db.Statement != nil && db.Statement.SQL.Len() > 0
}

// outerFor is the reference that a subquery's rows are matched with; none where
// the scope has one tenant, and where the statement has no tenant's table. It is
// false if there may be one that is not known, as in the selection of a
// statement whose FROM is text. What stands in FROM is judged there.
func (ex *execution) outerFor() (tenantRef, bool) {
	switch {
	case !ex.scope.isSeveral() || ex.inFrom:
		return tenantRef{}, true
	case ex.op == opCreate:
		return tenantRef{}, ex.table != nil && !ex.table.isScoped()
	case ex.anchor.table != nil && ex.anchor.table.kind.isLoose() && (ex.loose || ex.correlated()):
		return tenantRef{}, false // another row beside it is the one to be matched with
	case ex.anchor.table != nil:
		return ex.anchor, true
	case ex.anchored && ex.parent != nil:
		return ex.parent.outer, true
	}
	return tenantRef{}, ex.anchored
}

// correlated reports whether the statement is a subquery whose rows must match
// those of the statement around it.
func (ex *execution) correlated() bool { return ex.parent != nil && ex.parent.outer.table != nil }

// correlates reports whether a reference is to be matched with the statement
// around it, and refuses one that has the same name there.
func (ex *execution) correlates(stmt *gorm.Statement, ref tenantRef) bool {
	if !ex.correlated() {
		return false
	}
	if strings.EqualFold(ref.qualifier, ex.parent.outer.qualifier) {
		stmt.AddError(ex.errorOn(ref.table.name, ErrUnscopedSQL,
			"the subquery and its statement name the same table: give one of them an alias, or see tenancy.Across"))
	}
	return true
}

// chain is what gorm.G's chains have in common, which run as subqueries under
// context.Background().
type chain interface {
	clause.Expression
	Count(ctx context.Context, column string) (int64, error)
}
