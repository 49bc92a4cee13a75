//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (c *compiler) selectStmt(s *pg.SelectStmt, f frame) bool {
	if s == nil || c.err != nil {
		return false
	}
	if into := s.GetIntoClause(); into != nil {
		c.refuse(RuleInto, into.GetRel().GetLocation(), "SELECT INTO makes a table; use INSERT … SELECT")
		return false
	}
	return c.matched(s, f, func(f frame) bool { return c.selectQuery(s, f) })
}

func (c *compiler) selectQuery(s *pg.SelectStmt, f frame) bool {
	f = c.with(s.GetWithClause(), f)
	switch {
	case s.GetOp() != pg.SetOperation_SETOP_NONE:
		l := &level{frame: f}
		left := c.selectStmt(s.GetLarg(), f)
		right := c.selectStmt(s.GetRarg(), f)
		c.tail(s, l.inner())
		if (left || right) && l.sublinks > 0 && c.multi() {
			c.refuse(RuleSet, -1, reasonMeet)
		}
		return left || right || l.sublinks > 0
	case len(s.GetValuesLists()) > 0:
		l := &level{frame: f}
		for _, row := range s.GetValuesLists() {
			c.exprs(row.GetList().GetItems(), l.inner())
		}
		c.tail(s, l.inner())
		c.meet(l)
		return l.sublinks > 0
	default:
		return c.selectLevel(s, f)
	}
}

// tail walks the clauses after all operands of a set operation.
func (c *compiler) tail(s *pg.SelectStmt, f frame) {
	c.exprs(s.GetSortClause(), f)
	c.expr(s.GetLimitOffset(), f)
	c.expr(s.GetLimitCount(), f)
}

func (c *compiler) selectLevel(s *pg.SelectStmt, f frame) bool {
	l := &level{frame: f}
	c.from(s.GetFromClause(), l)
	c.settle(l)
	c.source.note(s, l)
	in := l.inner()
	c.conditions(l)
	c.exprs(s.GetDistinctClause(), in)
	c.exprs(s.GetTargetList(), in)
	c.expr(s.GetWhereClause(), in)
	c.exprs(s.GetGroupClause(), in)
	c.expr(s.GetHavingClause(), in)
	c.exprs(s.GetWindowClause(), in)
	c.tail(s, in)
	c.meet(l)
	if c.err == nil && len(l.leaves) > 0 {
		r := c.selectRegion(l)
		c.place(l, s.GetWhereClause(), r)
		c.groupByTenants(s, l, r)
	}
	return l.holdsRows()
}

// region is where the clauses of a level stand in the text, by tokens.
type region struct {
	table int // TABLE, for the statement of that name, or -1
	from  int // what begins the FROM list, or -1
	end   int // after the FROM list: where WHERE is, or would be
}

// selectRegion finds the FROM clause by its first table.
func (c *compiler) selectRegion(l *level) region {
	i := c.tableStart(l.leaves[0].token)
	if c.keyword(i-1) == pg.Token_TABLE {
		return region{table: i - 1, from: -1, end: c.tableEnd(l.leaves[0].token)}
	}
	for i--; i >= 0; i-- {
		switch {
		case c.kind(i) == shut:
			i = c.list[i].match
		case c.isFrom(i) && !(l.rowsFrom && c.isRowsFrom(i)):
			return region{table: -1, from: i, end: c.clauseEnd(i + 1)}
		}
	}
	return region{table: -1, from: -1, end: -1}
}

// isRowsFrom reports whether FROM belongs to ROWS FROM ( … ), instead of
// following a column named rows.
func (c *compiler) isRowsFrom(i int) bool {
	if c.kind(i-1) != pg.Token_ROWS || c.kind(i+1) != open {
		return false
	}
	switch c.kind(i - 2) {
	case pg.Token_FROM, pg.Token_JOIN, pg.Token_LATERAL_P, comma, open:
		return true
	}
	return false
}

// clauseEnd returns the index of the token that ends the clause around i: the
// first of the next clause, a parenthesis that the clause did not open, or the
// end of the text.
func (c *compiler) clauseEnd(i int) int {
	for ; i < len(c.list); i = c.next(i) {
		if c.stops[i] {
			return i
		}
		switch c.keyword(i) {
		case shut, semi, pg.Token_WHERE, pg.Token_HAVING, pg.Token_WINDOW, pg.Token_ORDER, pg.Token_LIMIT,
			pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_UNION, pg.Token_INTERSECT, pg.Token_EXCEPT,
			pg.Token_RETURNING:
			return i
		case pg.Token_GROUP_P:
			if c.kind(i-1) != pg.Token_WITHIN {
				return i
			}
		}
	}
	return i
}
