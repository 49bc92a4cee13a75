//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// frame is what a query sees of its surroundings.
type frame struct {
	names  *names
	pin    *pin
	values *valueAlias
	level  *level // whose expressions are walked; nil outside of one
	sight  *sight // the rows that are seen
	use    use    // of the query that is walked next
}

// names are the queries of a WITH clause in sight, the nearest first.
type names struct {
	outer   *names
	name    string
	bearing bool // whether it holds tenants' rows
}

func (n *names) find(name string) *names {
	for ; n != nil; n = n.outer {
		if n.name == name {
			return n
		}
	}
	return nil
}

// pin is the column of an outer row with which an inner query's rows must match
// under a set of tenants.
type pin struct {
	qualifier string // the name by which the outer table is known
	column    string // as it is written, qualified
}

// with walks a WITH clause and returns the frame with its names. The queries of
// WITH RECURSIVE see each other; the others see those before them.
func (c *compiler) with(w *pg.WithClause, f frame) frame {
	if w == nil {
		return f
	}
	inner := f
	inner.level = nil
	own := make([]*names, len(w.GetCtes()))
	if w.GetRecursive() {
		for i, n := range w.GetCtes() {
			own[i] = &names{outer: inner.names, name: n.GetCommonTableExpr().GetCtename(), bearing: true}
			inner.names = own[i]
		}
	}
	for i, n := range w.GetCtes() {
		cte := n.GetCommonTableExpr()
		if cte == nil {
			c.refuse(RuleNode, -1, "the WITH clause has a construct that sqlguard does not know; write each query as name AS (…)")
			return f
		}
		c.cycle(cte, inner)
		bearing := c.query(cte.GetCtequery(), inner)
		if own[i] == nil {
			own[i] = &names{outer: inner.names, name: cte.GetCtename()}
			inner.names = own[i]
		}
		own[i].bearing = bearing
	}
	f.names = inner.names
	return f
}

func (c *compiler) cycle(cte *pg.CommonTableExpr, f frame) {
	if cycle := cte.GetCycleClause(); cycle != nil {
		c.expr(cycle.GetCycleMarkValue(), f)
		c.expr(cycle.GetCycleMarkDefault(), f)
	}
}

// multi reports whether rows of several tenants are in sight, so that they could
// meet.
func (c *compiler) multi() bool { return c.tenants > 1 }

// valueAlias is a function in FROM whose rows are plain values. If there is no
// such column, PostgreSQL reads alias.name as name(alias), so that the name may
// be any function of one argument.
type valueAlias struct {
	outer   *valueAlias
	name    string
	columns []*pg.Node
}

func (v *valueAlias) find(name string) *valueAlias {
	for ; v != nil; v = v.outer {
		if v.name == name {
			return v
		}
	}
	return nil
}
