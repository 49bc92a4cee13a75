package sqlguard

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Under a set of tenants, matching a subquery's tables with the tenant of the
// outer row changes the meaning of LIMIT, OFFSET, aggregates, DISTINCT ON,
// windows, groups and locks: the first row of each tenant is not the first of all.
// So a matched query must refer to a column of the outer row, or return each of
// its rows independently of the others. A query that is asked once for the whole
// set must show that it is.

const reasonMatched = "matched with the rows around it by tenant, the subquery would mean something else for several tenants: " +
	"qualify a column of the row around it, narrow the scope to one tenant, or, to ask once for all of the set, compare the tenants, " +
	"too, as in (tenant_id, id) IN (SELECT tenant_id, id …)"

// use is how the value of a query is used.
type use uint8

const (
	joined   use = iota // its rows are those of a table
	compared            // a value is compared with its rows, by IN, = or <>
	loose               // anything else
)

// reading is a query that is being walked under a pin.
type reading struct {
	outer      *reading
	sight      *sight // what is around it
	references int    // to tenants' rows around it
	other      bool   // it calls an aggregate, a window, or what may be one
}

// sight is a level whose rows are visible, the nearest first.
type sight struct {
	outer *sight
	level *level
}

// behold returns a frame that sees the rows of a level.
func (f frame) behold(l *level) frame {
	f.sight = &sight{outer: f.sight, level: l}
	return f
}

// refers records the use of a column of an outer tenant's row.
func (c *compiler) refers(e *pg.ColumnRef, f frame) {
	fields := e.GetFields()
	if c.reading == nil || len(fields) < 2 {
		return
	}
	name := fields[len(fields)-2].GetString_().GetSval()
	at := f.sight
	for at != nil && !slices.Contains(at.level.aliases, name) {
		at = at.outer
	}
	if at == nil || !at.level.isLeaf(name) {
		return
	}
	for r := c.reading; r != nil; r = r.outer {
		if r.sees(at) {
			r.references++
		}
	}
}

// sees reports whether a level is outside the query.
func (r *reading) sees(level *sight) bool {
	for at := r.sight; at != nil; at = at.outer {
		if at.level == level.level {
			return true
		}
	}
	return false
}

func (l *level) isLeaf(name string) bool {
	for _, leaf := range l.leaves {
		if leaf.name == name {
			return true
		}
	}
	return false
}

// calls records functions that may make one row of several.
func (c *compiler) calls(call *pg.FuncCall) {
	if c.reading == nil {
		return
	}
	name, ok := c.functionName(call.GetFuncname())
	if !ok || call.GetOver() != nil || call.GetAggStar() || !sqltext.SafeFunction(name) || sqltext.Aggregates(name) {
		c.reading.other = true
	}
}

// matched walks a query and, if its tables are matched with an outer row, judges
// it.
func (c *compiler) matched(s *pg.SelectStmt, f frame, walk func(frame) bool) bool {
	how := f.use
	f.use = joined
	if !c.multi() || f.pin == nil {
		return walk(f)
	}
	r := &reading{outer: c.reading, sight: f.sight}
	pinned := c.pinned
	c.reading = r
	bearing := walk(f)
	c.reading = r.outer
	if c.pinned > pinned && r.references == 0 && (how == loose || r.other || !isPlain(s)) {
		c.refuse(RuleSet, location(firstNode(s)), reasonMatched)
	}
	return bearing
}

// isPlain reports whether, by its clauses, a query returns one row for each row of
// its tables that passes WHERE.
func isPlain(s *pg.SelectStmt) bool {
	if s.GetOp() != pg.SetOperation_SETOP_NONE || s.GetLimitCount() != nil || s.GetLimitOffset() != nil ||
		s.GetHavingClause() != nil || len(s.GetGroupClause()) > 0 || len(s.GetWindowClause()) > 0 || len(s.GetLockingClause()) > 0 {
		return false
	}
	for _, n := range s.GetDistinctClause() {
		if n.GetNode() != nil { // DISTINCT alone has an empty one
			return false
		}
	}
	return true
}

func firstNode(s *pg.SelectStmt) *pg.Node {
	if targets := s.GetTargetList(); len(targets) > 0 {
		return targets[0].GetResTarget().GetVal()
	}
	return nil
}

// operands walks the operands of an operator.
func (c *compiler) operands(e *pg.A_Expr, f frame) {
	name := lastName(e.GetName())
	equal := e.GetKind() == pg.A_Expr_Kind_AEXPR_OP && len(e.GetName()) == 1 && (name == "=" || name == "<>")
	for _, n := range [][2]*pg.Node{{e.GetLexpr(), e.GetRexpr()}, {e.GetRexpr(), e.GetLexpr()}} {
		if sub := n[0].GetSubLink(); sub != nil && equal && sub.GetSubLinkType() == pg.SubLinkType_EXPR_SUBLINK {
			c.subLink(sub, n[1], f, compared)
			continue
		}
		c.expr(n[0], f)
	}
}

// subLink walks a subquery in an expression. Its rows are compared with beside, or
// with the operand that it has itself.
func (c *compiler) subLink(s *pg.SubLink, beside *pg.Node, f frame, how use) {
	c.expr(s.GetTestexpr(), f)
	sub := s.GetSubselect().GetSelectStmt()
	if sub == nil {
		c.refuse(RuleNode, s.GetLocation(), "sqlguard does not know this kind of subquery; write EXISTS, IN, ANY, ALL or a single value")
		return
	}
	l := f.level
	f.level, f.use = nil, how
	name := lastName(s.GetOperName())
	switch s.GetSubLinkType() {
	case pg.SubLinkType_ANY_SUBLINK:
		if name == "" || name == "=" {
			f.use = compared
		}
	case pg.SubLinkType_ALL_SUBLINK:
		if name == "<>" {
			f.use = compared
		}
	case pg.SubLinkType_ROWCOMPARE_SUBLINK:
		if name == "=" || name == "<>" {
			f.use = compared
		}
	}
	if s.GetTestexpr() != nil {
		beside = s.GetTestexpr()
	}
	if c.multi() && f.pin != nil && c.asksOnce(s, beside, l, f) {
		f.pin, f.sight, f.use = nil, nil, joined
		around := c.reading
		c.reading = nil
		c.selectStmt(sub, f)
		c.reading = around
		return
	}
	f.level = l
	c.subquery(sub, f)
}

// subquery walks the query of an expression.
func (c *compiler) subquery(s *pg.SelectStmt, f frame) {
	l := f.level
	f.level = nil
	if c.selectStmt(s, f) && l != nil {
		l.sublinks++
	}
}
