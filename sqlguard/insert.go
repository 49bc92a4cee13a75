//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// insertion is an INSERT into a tenant's table.
type insertion struct {
	stmt   *pg.InsertStmt
	target *leaf
	column int  // the index of the tenant column in the list, or -1
	list   int  // the token that opens the list of columns, or -1
	source int  // the first token of what is inserted
	end    int  // the index after it: of ON CONFLICT, if there is one
	own    bool // the target of ON CONFLICT has the tenant column
}

func (c *compiler) insertStmt(s *pg.InsertStmt, f frame) bool {
	f = c.with(s.GetWithClause(), f)
	target, ok := c.target(s.GetRelation(), f.names)
	if !ok {
		return false
	}
	for _, n := range s.GetCols() {
		c.exprs(n.GetResTarget().GetIndirection(), f)
	}
	if target != nil && target.link != nil {
		if s.GetOnConflictClause() != nil {
			c.refuse(RuleStatement, s.GetRelation().GetLocation(), "text cannot upsert into a linked table; use its model, or two statements")
			return false
		}
		target = nil
	}
	if target == nil {
		bearing := c.selectStmt(s.GetSelectStmt().GetSelectStmt(), f)
		return c.afterInsert(s, nil, f) || bearing
	}
	in := &insertion{stmt: s, target: target, column: -1, list: -1}
	if !c.findInsertion(in) {
		return false
	}
	bearing := c.insertSource(in, f)
	return c.afterInsert(s, in, f) || bearing || f.pin == nil
}

// findInsertion finds the parts of an INSERT in the text.
func (c *compiler) findInsertion(in *insertion) bool {
	column := c.plan.tables[in.target.table].known.Column
	for i, n := range in.stmt.GetCols() {
		if n.GetResTarget().GetName() != column {
			continue
		}
		if in.column >= 0 || len(n.GetResTarget().GetIndirection()) > 0 {
			c.refuse(RuleTenantValue, n.GetResTarget().GetLocation(), "the tenant column is named twice, or in part; name it once, or leave it out")
			return false
		}
		in.column = i
	}
	i := c.tableEnd(in.target.token)
	if c.kind(i) == pg.Token_AS {
		i = c.name(i + 1)
	}
	if len(in.stmt.GetCols()) > 0 {
		if c.kind(i) != open {
			c.lost(in.stmt.GetRelation().GetLocation())
			return false
		}
		in.list = i
		i = c.next(i)
	}
	if c.keyword(i) == pg.Token_OVERRIDING {
		i += 3 // OVERRIDING USER VALUE
	}
	in.source = i
	last := -1
	for in.end = i; in.end < len(c.list); in.end = c.next(in.end) {
		kind := c.keyword(in.end)
		if kind == shut || kind == semi || kind == pg.Token_RETURNING {
			break
		}
		if kind == pg.Token_ON && c.kind(in.end+1) == pg.Token_CONFLICT {
			last = in.end
		}
	}
	if in.stmt.GetOnConflictClause() != nil {
		if last < 0 {
			c.lost(in.stmt.GetRelation().GetLocation())
			return false
		}
		in.end = last
		if c.stops == nil {
			c.stops = map[int]bool{}
		}
		c.stops[last] = true
	}
	return true
}

// afterInsert walks ON CONFLICT and RETURNING.
func (c *compiler) afterInsert(s *pg.InsertStmt, into *insertion, f frame) bool {
	l := &level{frame: f}
	var target *leaf
	if into != nil {
		target = into.target
		l.leaves = []*leaf{target}
		l.aliases = []string{target.name}
		c.settle(l)
	}
	in := l.inner()
	if conflict := s.GetOnConflictClause(); conflict != nil {
		c.exprs(conflict.GetInfer().GetIndexElems(), in)
		c.expr(conflict.GetInfer().GetWhereClause(), in)
		c.assignments(conflict.GetTargetList(), target)
		c.exprs(conflict.GetTargetList(), in)
		c.expr(conflict.GetWhereClause(), in)
		if into != nil && c.err == nil {
			c.widenTarget(into, conflict)
		}
		if into != nil && c.err == nil && conflict.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE {
			c.guardUpdate(into, conflict)
		}
	}
	c.exprs(s.GetReturningList(), in)
	c.meet(l)
	return l.sublinks > 0
}
