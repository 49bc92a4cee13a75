package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Across marks a subquery that runs once for all tenants of a set or a bypass, and not
// for the tenant of each row of its statement: the next job of all, the greatest amount
// of all. The query is a *gorm.DB or a chain of gorm.G.
//
// The rows of two tenants still do not meet. The subquery must aggregate all rows to
// one, or be in EXISTS, or its rows must be compared by their tenant as well:
//
//	next := db.Model(&Job{}).Select("tenant_id, id").Order("priority").Limit(1)
//	db.Model(&Job{}).Where("(tenant_id, id) IN (?)", tenancy.Across(next)).Update("state", "running")
//
// Anything else is refused with [ErrUnscopedSQL]. In a scope of one tenant, and without
// the plugin, Across is the plain subquery. It is as safe for concurrent use as the
// query is.
func Across(query any) clause.Expression { return acrossQuery{query} }

// acrossSetting marks the query of an Across among the values of raw SQL.
const acrossSetting = "tenancy:across"

// acrossQuery is a subquery that is not matched with its statement by tenant.
type acrossQuery struct{ query any }

// Build implements clause.Expression.
func (q acrossQuery) Build(b clause.Builder) {
	stmt, ok := b.(*gorm.Statement)
	if !ok {
		return
	}
	_, isChain := q.query.(chain)
	if _, isDB := q.query.(*gorm.DB); !isDB && !isChain {
		stmt.AddError(&ScopeError{Table: stmt.Table, Err: ErrUnscopedSQL, Detail: "Across takes a *gorm.DB or a chain of gorm.G"})
		return
	}
	if ex := executionOf(stmt); ex != nil && ex.observed != nil {
		stmt.AddVar(stmt, q.query)
		return
	}
	buildSubquery(b, q, q.query, true)
}
