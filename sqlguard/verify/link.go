//go:build cgo

package verify

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
)

// A linking is an EXISTS over the rows of one table that refer to another table's
// rows: the table, its alias, and what its WHERE says.
type linking struct {
	table *table
	name  string // as it is known there
	where []*pg.Node
}

// noteLink keeps an EXISTS that may be a link. Only one form of query counts:
// each of its rows is a row of its table for which WHERE holds.
func (j *judge) noteLink(x *pg.SubLink, e env) {
	s := x.GetSubselect().GetSelectStmt()
	if x.GetSubLinkType() != pg.SubLinkType_EXISTS_SUBLINK || s == nil || len(s.GetFromClause()) != 1 || !selectsOne(s) {
		return
	}
	rv := s.GetFromClause()[0].GetRangeVar()
	if rv == nil || len(rv.GetAlias().GetColnames()) > 0 || rv.GetSchemaname() == "" && e.ctes.find(rv.GetRelname()) != nil {
		return
	}
	t := j.table(rv)
	if t == nil || t.column == "" {
		return
	}
	l := &linking{table: t, name: rv.GetRelname(), where: conjuncts(s.GetWhereClause(), nil)}
	if rv.GetAlias() != nil {
		l.name = rv.GetAlias().GetAliasname()
	}
	if j.links == nil {
		j.links = map[*pg.SubLink]*linking{}
	}
	j.links[x] = l
}

// selectsOne reports whether a query is SELECT 1 FROM … WHERE …, without any
// other clause.
func selectsOne(s *pg.SelectStmt) bool {
	targets := s.GetTargetList()
	return len(targets) == 1 && targets[0].GetResTarget().GetVal().GetAConst() != nil &&
		s.GetWithClause() == nil && s.GetIntoClause() == nil && len(s.GetDistinctClause()) == 0 &&
		(s.GetOp() == pg.SetOperation_SETOP_NONE || s.GetOp() == pg.SetOperation_SET_OPERATION_UNDEFINED) &&
		len(s.GetGroupClause()) == 0 && s.GetHavingClause() == nil && len(s.GetWindowClause()) == 0 &&
		len(s.GetSortClause()) == 0 && s.GetLimitCount() == nil && s.GetLimitOffset() == nil && len(s.GetLockingClause()) == 0
}

// factsOfLink returns what follows from EXISTS: a row of a linked table is bound
// if a bound row refers to it and counts as a link.
func (j *judge) factsOfLink(x *pg.SubLink, s *scope) []fact {
	l := j.links[x]
	if l == nil {
		return nil
	}
	for _, n := range l.where {
		e := n.GetAExpr()
		if e.GetKind() != pg.A_Expr_Kind_AEXPR_OP || !isEquals(e.GetName()) {
			continue
		}
		for _, sides := range [][2]*pg.Node{{e.GetLexpr(), e.GetRexpr()}, {e.GetRexpr(), e.GetLexpr()}} {
			if r := l.names(sides[0], columnOf(sides[1], s), sides[1]); r != nil && l.counts(r.table.link) {
				return []fact{{r, allOf{}}}
			}
		}
	}
	return nil
}

// names returns the reference whose key a column is, if the other side is the
// linking table's column that refers to it.
func (l *linking) names(via *pg.Node, key *column, outer *pg.Node) *reference {
	if key == nil || key.key == nil || outer.GetColumnRef().GetFields()[0].GetString_().GetSval() == l.name {
		return nil
	}
	link := key.key.table.link
	fields, own := via.GetColumnRef().GetFields(), outer.GetColumnRef().GetFields()
	if len(fields) != 2 || len(own) < 2 || fields[0].GetString_().GetSval() != l.name ||
		fields[1].GetString_().GetSval() != link.ForeignKey || l.table.known != link.Via.Name {
		return nil
	}
	return key.key
}

// counts reports whether WHERE holds the link's condition on the linking row.
func (l *linking) counts(link *tenancy.TableLink) bool {
	if link.Where == "" {
		return true
	}
	if l.name != link.Alias {
		return false
	}
	parsed, err := pg.Parse("SELECT WHERE " + link.Where)
	if err != nil {
		return false
	}
	said := make([]string, 0, len(l.where))
	for _, n := range l.where {
		said = append(said, written(n, parsed.GetVersion()))
	}
	for _, n := range conjuncts(parsed.GetStmts()[0].GetStmt().GetSelectStmt().GetWhereClause(), nil) {
		if text := written(n, parsed.GetVersion()); text == "" || !slices.Contains(said, text) {
			return false
		}
	}
	return true
}

// written returns an expression as the parser prints it; empty if it cannot.
func written(n *pg.Node, version int32) string {
	target := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: n}}}
	text, err := pg.Deparse(&pg.ParseResult{Version: version, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{
		SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{target}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE},
	}}}}})
	if err != nil {
		return ""
	}
	return text
}

// conjuncts returns the operands of AND.
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
