//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// findConditions finds the ON or USING of each join of a FROM list. They stand
// in the text in the order in which the joins are complete, which is the order
// of l.joins.
func (c *compiler) findConditions(l *level, r region) {
	if len(l.joins) == 0 {
		return
	}
	found := c.joinTokens(r.from+1, r.end, r.from, nil)
	if len(found) != len(l.joins) {
		c.lost(l.leaves[0].rv.GetLocation())
		return
	}
	for i, j := range l.joins {
		if (c.kind(found[i]) == pg.Token_ON) != (j.expr.GetQuals() != nil) {
			c.lost(l.leaves[0].rv.GetLocation())
			return
		}
		j.token = found[i]
	}
}

// joinTokens appends the ON and USING tokens of the joins in [i, end),
// including those in parentheses that only group joins. before is the token
// that begins the list or the group.
func (c *compiler) joinTokens(i, end, before int, found []int) []int {
	for ; i < end; i = c.next(i) {
		switch c.keyword(i) {
		case pg.Token_ON, pg.Token_USING:
			found = append(found, i)
		case open:
			if c.groupsJoins(i, before) {
				found = c.joinTokens(i+1, c.list[i].match, i, found)
			}
		}
	}
	return found
}

// groupsJoins reports whether a parenthesis stands in place of a table and
// holds joins instead of a query.
func (c *compiler) groupsJoins(i, before int) bool {
	if i-1 != before {
		switch c.keyword(i - 1) {
		case comma, pg.Token_JOIN:
		default:
			return false
		}
	}
	return !c.holdsQuery(i)
}

// holdsQuery reports whether a parenthesis holds a query, possibly in further
// parentheses.
func (c *compiler) holdsQuery(i int) bool {
	switch c.kind(i + 1) {
	case pg.Token_SELECT, pg.Token_WITH, pg.Token_VALUES, pg.Token_TABLE:
		return true
	case open:
		if !c.holdsQuery(i + 1) {
			return false
		}
		switch c.kind(c.list[i+1].match + 1) {
		case shut, pg.Token_UNION, pg.Token_INTERSECT, pg.Token_EXCEPT, pg.Token_ORDER, pg.Token_LIMIT,
			pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR:
			return true
		}
	}
	return false
}

// conditionEnd returns the index after the condition that begins at i.
func (c *compiler) conditionEnd(i int) int {
	end := c.clauseEnd(i)
	for ; i < end; i = c.next(i) {
		next := c.kind(i + 1)
		switch c.keyword(i) {
		case comma, pg.Token_JOIN, pg.Token_NATURAL:
			return i
		case pg.Token_ON, pg.Token_USING:
			return i
		case pg.Token_LEFT, pg.Token_RIGHT, pg.Token_FULL:
			if next == pg.Token_JOIN || next == pg.Token_OUTER_P {
				return i
			}
		case pg.Token_INNER_P, pg.Token_CROSS:
			if next == pg.Token_JOIN {
				return i
			}
		}
	}
	return end
}

// said reports whether the author has already bound a table to a tenant, by
// column = $n among the operands of AND. Each time the statement is sent, the
// value is compared with the scope's tenant.
func (c *compiler) said(l *level, leaf *leaf, condition *pg.Node) bool {
	if c.strict || c.set || l.pin != nil {
		return false
	}
	for _, n := range conjuncts(condition, nil) {
		e := n.GetAExpr()
		if e.GetKind() != pg.A_Expr_Kind_AEXPR_OP || lastName(e.GetName()) != "=" || len(e.GetName()) != 1 {
			continue
		}
		column, param := e.GetLexpr().GetColumnRef(), e.GetRexpr().GetParamRef()
		if column == nil {
			column, param = e.GetRexpr().GetColumnRef(), e.GetLexpr().GetParamRef()
		}
		if param != nil && c.isTenantOf(l, leaf, column) {
			c.plan.soft = append(c.plan.soft, check{slot: c.plan.tables[leaf.table].slot, param: int(param.GetNumber())})
			c.uses[int(param.GetNumber())]--
			return true
		}
	}
	return false
}

// isTenantOf reports whether a column is certainly a table's tenant column.
func (c *compiler) isTenantOf(l *level, leaf *leaf, column *pg.ColumnRef) bool {
	fields := column.GetFields()
	if len(fields) == 0 || fields[len(fields)-1].GetString_().GetSval() != c.plan.tables[leaf.table].known.Column {
		return false
	}
	switch len(fields) {
	case 1:
		return l.items == 1 && len(leaf.rv.GetAlias().GetColnames()) == 0
	case 2:
		return fields[0].GetString_().GetSval() == leaf.name && (leaf.rv.GetAlias() != nil || leaf.rv.GetSchemaname() == "")
	default:
		return false
	}
}

func conjuncts(n *pg.Node, list []*pg.Node) []*pg.Node {
	if b := n.GetBoolExpr(); b != nil && b.GetBoolop() == pg.BoolExprType_AND_EXPR {
		for _, arg := range b.GetArgs() {
			list = conjuncts(arg, list)
		}
		return list
	}
	if n != nil {
		list = append(list, n)
	}
	return list
}
