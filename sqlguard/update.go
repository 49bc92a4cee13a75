//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
)

// target finds the table that a statement writes. It is never a name of a WITH
// clause. The leaf is nil for a shared table.
func (c *compiler) target(rv *pg.RangeVar, in *names) (*leaf, bool) {
	table, ok := c.use(rv)
	if !ok {
		return nil, false
	}
	known := &c.plan.tables[table].known
	if known.Column == "" && !known.Writable {
		c.fail(RuleShared, tenancy.ErrSharedReadOnly, rv.GetLocation(),
			"declare the table Writable, or write it under tenancy.Bypass")
		return nil, false
	}
	if key(known) == "" {
		return nil, true
	}
	name := rv.GetRelname()
	if rv.GetAlias() != nil {
		name = rv.GetAlias().GetAliasname()
	}
	leaf := c.newLeaf(rv, table, name, in)
	leaf.place.where = true
	leaf.mixed = false // its rows for everybody are not written
	return leaf, c.err == nil
}

func (c *compiler) updateStmt(s *pg.UpdateStmt, f frame) bool {
	f = c.with(s.GetWithClause(), f)
	target, ok := c.target(s.GetRelation(), f.names)
	if !ok {
		return false
	}
	l := c.writtenLevel(s.GetRelation(), s.GetFromClause(), f, target)
	c.assignments(s.GetTargetList(), target)
	r := c.writtenRegion(s.GetRelation(), pg.Token_FROM, len(s.GetFromClause()) > 0)
	return c.writeLevel(l, s.GetTargetList(), s.GetWhereClause(), s.GetReturningList(), r)
}

func (c *compiler) deleteStmt(s *pg.DeleteStmt, f frame) bool {
	f = c.with(s.GetWithClause(), f)
	target, ok := c.target(s.GetRelation(), f.names)
	if !ok {
		return false
	}
	l := c.writtenLevel(s.GetRelation(), s.GetUsingClause(), f, target)
	r := c.writtenRegion(s.GetRelation(), pg.Token_USING, len(s.GetUsingClause()) > 0)
	return c.writeLevel(l, nil, s.GetWhereClause(), s.GetReturningList(), r)
}

// writtenLevel walks the tables besides the target.
func (c *compiler) writtenLevel(rv *pg.RangeVar, items []*pg.Node, f frame, target *leaf) *level {
	name := rv.GetRelname()
	if rv.GetAlias() != nil {
		name = rv.GetAlias().GetAliasname()
	}
	l := &level{frame: f, items: 1, aliases: []string{name}}
	if target != nil {
		l.leaves = append(l.leaves, target)
	}
	c.from(items, l)
	return l
}

// writtenRegion finds where the list of tables besides the target begins and
// ends.
func (c *compiler) writtenRegion(rv *pg.RangeVar, begin pg.Token, has bool) region {
	r := region{table: -1, from: -1, end: -1}
	target := c.at(rv.GetLocation())
	if target < 0 {
		return r
	}
	i := c.tableEnd(target)
	r.end = c.clauseEnd(i)
	for ; has && i < r.end; i = c.next(i) {
		if c.keyword(i) == begin && (begin != pg.Token_FROM || c.isFrom(i)) {
			r.from = i
			return r
		}
	}
	if has {
		r.end = -1
	}
	return r
}

// writeLevel walks the expressions of an UPDATE or DELETE and places its
// predicates.
func (c *compiler) writeLevel(l *level, targets []*pg.Node, where *pg.Node, returning []*pg.Node, r region) bool {
	c.settle(l)
	c.conditions(l)
	in := l.inner()
	c.exprs(targets, in)
	c.expr(where, in)
	c.exprs(returning, in)
	c.meet(l)
	if c.err == nil && len(l.leaves) > 0 {
		c.place(l, where, r)
	}
	return l.holdsRows()
}

// assignments refuses a SET of the tenant column.
func (c *compiler) assignments(targets []*pg.Node, target *leaf) {
	if target == nil {
		return
	}
	for _, n := range targets {
		t := n.GetResTarget()
		if t == nil {
			c.refuse(RuleNode, -1, "sqlguard does not know this kind of assignment; write column = value")
		}
		switch {
		case t.GetName() != key(&c.plan.tables[target.table].known):
		case target.link != nil:
			c.fail(RuleImmutable, tenancy.ErrTenantImmutable, t.GetLocation(), "leave the key that rows link to out of SET")
		default:
			c.fail(RuleImmutable, tenancy.ErrTenantImmutable, t.GetLocation(), "leave the tenant column out of SET")
		}
	}
}
