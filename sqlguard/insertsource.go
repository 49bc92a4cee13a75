//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

const reasonMustName = "under a set of tenants a new row must name its own in a placeholder or a constant"

// insertSource gives the new rows their tenant, or checks the tenant that the
// author gave them.
func (c *compiler) insertSource(in *insertion, f frame) bool {
	s := in.stmt
	location := s.GetRelation().GetLocation()
	source := s.GetSelectStmt().GetSelectStmt()
	switch {
	case c.set && in.column < 0:
		c.refuse(RuleSet, location, reasonMustName)
		return false
	case source == nil: // DEFAULT VALUES
		column := sqltext.Quote(c.plan.tables[in.target.table].known.Column)
		if c.kind(in.source) != pg.Token_DEFAULT || c.kind(in.source+1) != pg.Token_VALUES {
			c.lost(location)
			return false
		}
		c.replace(c.start(in.source), c.end(in.source+1), "("+column+") VALUES ("+c.tenant(in)+")")
		return false
	case len(s.GetCols()) == 0:
		c.refuse(RuleColumns, location, "INSERT has no list of columns; write one")
		return false
	}
	outer := c.source
	c.source = &copySource{stmt: source}
	defer func() { c.source = outer }()
	bearing := c.selectStmt(source, f)
	if bearing && c.multi() && !c.carriesTenant(in, source) {
		c.refuse(RuleSet, location, reasonMeet)
	}
	if c.err != nil {
		return bearing
	}
	if in.column >= 0 {
		c.named(in, source)
		return bearing
	}
	c.fill(in, source)
	return bearing
}

// fill adds the tenant column to the list and its value to the rows. It comes
// last if a value can be appended to each row, so that ORDER BY 1 keeps its
// meaning. Otherwise it comes first, in a query around the source.
func (c *compiler) fill(in *insertion, source *pg.SelectStmt) {
	column := sqltext.Quote(c.plan.tables[in.target.table].known.Column)
	last := c.end(c.list[in.list].match - 1)
	switch {
	case c.isPlain(source) && len(source.GetValuesLists()) > 0 && c.kind(in.source) == pg.Token_VALUES:
		c.insert(last, orderTable, ", "+column)
		c.appendToRows(in, len(source.GetValuesLists()))
	case c.isPlain(source) && !selectsStar(source) && c.kind(in.source) == pg.Token_SELECT:
		c.insert(last, orderTable, ", "+column)
		end := c.listEnd(in.source + 1)
		c.insert(c.end(end-1), orderTable, ", "+c.rowTenant(in, source))
	default:
		c.insert(c.start(in.list+1), orderOpen, column+", ")
		c.insert(c.start(in.source), orderOpen, c.space(c.start(in.source))+"SELECT "+c.tenant(in)+", tenancy_rows.* FROM (")
		c.insert(c.end(in.end-1), orderOuter, ") AS tenancy_rows")
	}
}

// selectsStar reports whether a query selects a *, or nothing at all.
func selectsStar(s *pg.SelectStmt) bool {
	for _, target := range s.GetTargetList() {
		if isStar(target.GetResTarget().GetVal()) {
			return true
		}
	}
	return len(s.GetTargetList()) == 0
}

// tenant is the placeholder for the one tenant.
func (c *compiler) tenant(in *insertion) string {
	return c.placeholder(c.plan.tables[in.target.table].slot, 0)
}

// isPlain reports whether a value may be appended to each row of a query without
// changing the query's meaning, and will get the column's type.
func (c *compiler) isPlain(s *pg.SelectStmt) bool {
	if len(s.GetValuesLists()) > 0 {
		return s.GetSortClause() == nil && s.GetLimitCount() == nil && s.GetLimitOffset() == nil &&
			s.GetLockingClause() == nil && s.GetWithClause() == nil
	}
	return s.GetOp() == pg.SetOperation_SETOP_NONE && s.GetDistinctClause() == nil && s.GetWithClause() == nil
}

// appendToRows adds the tenant to each row of VALUES.
func (c *compiler) appendToRows(in *insertion, rows int) {
	found := 0
	for i := in.source + 1; i < in.end; i = c.next(i) {
		if c.kind(i) == open {
			c.insert(c.end(c.list[i].match-1), orderTable, ", "+c.tenant(in))
			found++
		}
	}
	if found != rows {
		c.lost(in.stmt.GetRelation().GetLocation())
	}
}

// listEnd returns the index after a selection that begins at i.
func (c *compiler) listEnd(i int) int {
	end := c.clauseEnd(i)
	for ; i < end; i = c.next(i) {
		if c.isFrom(i) {
			return i
		}
	}
	return end
}
