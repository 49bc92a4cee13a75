//go:build cgo

package verify

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// query judges a query and returns its output.
func (j *judge) query(n *pg.Node, e env) *output {
	switch x := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return j.selectStmt(x.SelectStmt, e)
	case *pg.Node_InsertStmt:
		return j.insert(x.InsertStmt, e)
	case *pg.Node_UpdateStmt:
		return j.update(x.UpdateStmt, e)
	case *pg.Node_DeleteStmt:
		return j.delete(x.DeleteStmt, e)
	case *pg.Node_MergeStmt:
		return j.merge(x.MergeStmt, e)
	default:
		j.refuse(-1, "query", "of a kind that the verifier does not know")
		return unknown()
	}
}

func (j *judge) selectStmt(s *pg.SelectStmt, e env) *output {
	if s.GetIntoClause() != nil {
		j.refuse(s.GetIntoClause().GetRel().GetLocation(), "SELECT INTO", "makes a table without tenants; use INSERT … SELECT")
	}
	e = j.with(s.GetWithClause(), e)
	var o *output
	inside := env{names: &scope{parent: e.names, open: true}, ctes: e.ctes}
	switch {
	case s.GetOp() != pg.SetOperation_SETOP_NONE && s.GetOp() != pg.SetOperation_SET_OPERATION_UNDEFINED:
		o = union(j.selectStmt(s.GetLarg(), e), j.selectStmt(s.GetRarg(), e))
	case len(s.GetValuesLists()) > 0:
		o = j.values(s.GetValuesLists(), e)
	default:
		return j.plainSelect(s, e)
	}
	j.tail(s, inside)
	return o
}

// plainSelect judges a SELECT that is neither a set operation nor VALUES.
func (j *judge) plainSelect(s *pg.SelectStmt, e env) *output {
	l := newLevel()
	items := j.fromClause(s.GetFromClause(), from{level: l, env: e})
	names := scopeOf(e.names, items...)
	inside := e.within(names)
	j.where(s.GetWhereClause(), inside, l)
	j.walkAll(s.GetDistinctClause(), inside)
	j.walkAll(s.GetTargetList(), inside)
	j.walkAll(s.GetGroupClause(), inside)
	j.walk(s.GetHavingClause(), inside)
	j.walkAll(s.GetWindowClause(), inside)
	j.tail(s, inside)
	o := j.targets(s.GetTargetList(), names, items)
	if hasGroupingSets(s.GetGroupClause()) {
		for _, c := range o.columns {
			c.nullable = true
		}
	}
	return o
}

func hasGroupingSets(group []*pg.Node) bool {
	for _, n := range group {
		if n.GetGroupingSet() != nil {
			return true
		}
	}
	return false
}

// tail judges the clauses that apply to the rows that were found.
func (j *judge) tail(s *pg.SelectStmt, e env) {
	j.walkAll(s.GetSortClause(), e)
	j.walk(s.GetLimitCount(), e)
	j.walk(s.GetLimitOffset(), e)
}

// where judges a WHERE, which holds for every row of its level.
func (j *judge) where(n *pg.Node, e env, l *level) {
	if n == nil {
		return
	}
	j.walk(n, e)
	for _, f := range j.facts(n, e.names) {
		if f.ref.level == l {
			f.ref.binds = append(f.ref.binds, f.cond)
		}
	}
}

func (j *judge) values(rows []*pg.Node, e env) *output {
	width := -1
	for _, row := range rows {
		items := row.GetList().GetItems()
		j.walkAll(items, e)
		if width < 0 || len(items) < width {
			width = len(items)
		}
	}
	o := &output{}
	for i := range width {
		if slices.ContainsFunc(rows, func(row *pg.Node) bool { return isStar(row.GetList().GetItems()[i]) }) {
			o.hide() // it stands for several values, which move the others
			break
		}
		c := &column{name: valuesName(i)}
		column := make([]*pg.Node, 0, len(rows))
		for _, row := range rows {
			item := row.GetList().GetItems()[i]
			column = append(column, item)
			c.nullable = c.nullable || isNullable(item, e.names)
		}
		c.value = j.oneOf(column, e.names)
		o.add(c)
	}
	return o
}

// isStar reports whether an expression ends in a star, and stands for all parts
// of a row.
func isStar(n *pg.Node) bool {
	parts := n.GetColumnRef().GetFields()
	if n.GetAIndirection() != nil {
		parts = n.GetAIndirection().GetIndirection()
	}
	return len(parts) > 0 && parts[len(parts)-1].GetAStar() != nil
}

// rowArgs returns the values of a row; nil if there are none, or if a star hides
// how many there are.
func rowArgs(n *pg.Node) []*pg.Node {
	args := n.GetRowExpr().GetArgs()
	if slices.ContainsFunc(args, isStar) {
		return nil
	}
	return args
}

// isNullable reports whether an expression of a known value may be NULL instead.
func isNullable(n *pg.Node, s *scope) bool {
	if ref := n.GetColumnRef(); ref != nil {
		c := s.resolve(ref)
		return c == nil || c.nullable
	}
	return n.GetSubLink() != nil
}

// targets returns the output of a list of targets.
func (j *judge) targets(list []*pg.Node, s *scope, items []*fromItem) *output {
	o := &output{}
	for _, n := range list {
		target := n.GetResTarget()
		ref := target.GetVal().GetColumnRef()
		if fields := ref.GetFields(); len(fields) > 0 && fields[len(fields)-1].GetAStar() != nil {
			o.star(fields[:len(fields)-1], s, items)
			continue
		}
		if parts := target.GetVal().GetAIndirection().GetIndirection(); len(parts) > 0 && parts[len(parts)-1].GetAStar() != nil {
			o.hide()
			continue
		}
		c := &column{name: target.GetName(), value: j.value(target.GetVal(), s), nullable: isNullable(target.GetVal(), s)}
		if fields := ref.GetFields(); c.name == "" && len(fields) > 0 {
			c.name = fields[len(fields)-1].GetString_().GetSval()
		}
		o.add(c)
	}
	return o
}

// star adds the columns of a star.
func (o *output) star(qualifier []*pg.Node, s *scope, items []*fromItem) {
	if len(qualifier) == 0 {
		for _, item := range items {
			o.addAll(item.columns, item.whole)
		}
		return
	}
	rel, _ := s.relation(qualifier)
	if rel == nil {
		o.hide()
		return
	}
	o.addAll(rel.columns, rel.whole)
}

func (o *output) addAll(columns []*column, whole bool) {
	if !whole {
		o.hide()
	}
	for _, c := range columns {
		o.add(&column{name: c.name, value: c.value, nullable: c.nullable})
	}
}
