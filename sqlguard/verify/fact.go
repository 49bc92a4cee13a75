//go:build cgo

package verify

import (
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// A fact says that wherever the expression holds, the reference is bound if cond
// holds.
type fact struct {
	ref  *reference
	cond cond
}

// facts returns what follows from an expression being true. The expression must
// have been walked before.
func (j *judge) facts(n *pg.Node, s *scope) []fact {
	switch x := n.GetNode().(type) {
	case *pg.Node_BoolExpr:
		switch x.BoolExpr.GetBoolop() {
		case pg.BoolExprType_AND_EXPR:
			var all []fact
			for _, arg := range x.BoolExpr.GetArgs() {
				all = append(all, j.facts(arg, s)...)
			}
			return all
		case pg.BoolExprType_OR_EXPR:
			return j.factsOfAny(x.BoolExpr.GetArgs(), s)
		}
	case *pg.Node_BooleanTest:
		if x.BooleanTest.GetBooltesttype() == pg.BoolTestType_IS_TRUE {
			return j.facts(x.BooleanTest.GetArg(), s)
		}
	case *pg.Node_AExpr:
		return j.factsOfOperator(x.AExpr, s)
	case *pg.Node_NullTest:
		return factsOfNull(x.NullTest, s)
	case *pg.Node_SubLink:
		return append(j.factsOfSubLink(x.SubLink, s), j.factsOfLink(x.SubLink, s)...)
	}
	return nil
}

// factsOfNull returns what follows from a mixed table's tenant being NULL: the row
// is for everybody, to read.
func factsOfNull(x *pg.NullTest, s *scope) []fact {
	c := columnOf(x.GetArg(), s)
	if x.GetNulltesttype() != pg.NullTestType_IS_NULL || x.GetArgisrow() || c == nil || c.ref == nil || !c.ref.table.mixed || c.ref.written {
		return nil
	}
	return []fact{{c.ref, allOf{}}}
}

// factsOfAny returns what follows from each of the arms.
func (j *judge) factsOfAny(arms []*pg.Node, s *scope) []fact {
	var common map[*reference]allOf
	for i, arm := range arms {
		binds := map[*reference]anyOf{}
		for _, f := range j.facts(arm, s) {
			binds[f.ref] = append(binds[f.ref], f.cond)
		}
		if i == 0 {
			common = map[*reference]allOf{}
			for r, conds := range binds {
				common[r] = allOf{conds}
			}
			continue
		}
		for r := range common {
			if conds, ok := binds[r]; ok {
				common[r] = append(common[r], conds)
			} else {
				delete(common, r)
			}
		}
	}
	facts := make([]fact, 0, len(common))
	for _, r := range slices.SortedFunc(maps.Keys(common), func(a, b *reference) int { return a.number - b.number }) {
		facts = append(facts, fact{r, common[r]})
	}
	return facts
}

func (j *judge) factsOfOperator(x *pg.A_Expr, s *scope) []fact {
	if !isEquals(x.GetName()) {
		return nil
	}
	left, right := x.GetLexpr(), x.GetRexpr()
	switch x.GetKind() {
	case pg.A_Expr_Kind_AEXPR_OP:
		return j.factsOfEquals(left, right, s)
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		// It also holds for two NULLs, so the other side must be a constant.
		if right.GetColumnRef() == nil && right.GetSubLink() == nil {
			return j.equality(columnOf(left, s), j.value(right, s))
		}
	case pg.A_Expr_Kind_AEXPR_IN:
		return j.factsOfIn(left, right.GetList().GetItems(), s)
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		return j.equality(columnOf(left, s), j.element(right, s))
	}
	return nil
}

// isEquals knows PostgreSQL's own operator.
func isEquals(name []*pg.Node) bool {
	switch len(name) {
	case 1:
		return name[0].GetString_().GetSval() == "="
	case 2:
		return name[0].GetString_().GetSval() == "pg_catalog" && name[1].GetString_().GetSval() == "="
	}
	return false
}

// factsOfEquals returns what follows from left = right, rows included.
func (j *judge) factsOfEquals(left, right *pg.Node, s *scope) []fact {
	if l, r := left.GetRowExpr(), right.GetRowExpr(); l != nil && r != nil {
		var facts []fact
		ls, rs := rowArgs(left), rowArgs(right)
		for i := 0; len(ls) == len(rs) && i < len(ls); i++ {
			facts = append(facts, j.factsOfEquals(ls[i], rs[i], s)...)
		}
		return facts
	}
	a, b := columnOf(left, s), columnOf(right, s)
	return append(j.equality(a, j.value(right, s)), j.equality(b, j.value(left, s))...)
}

// factsOfIn returns what follows from left IN (list).
func (j *judge) factsOfIn(left *pg.Node, list []*pg.Node, s *scope) []fact {
	if left.GetRowExpr() == nil {
		c := columnOf(left, s)
		if c == nil || c.ref == nil {
			return nil
		}
		return j.equality(c, j.oneOf(list, s))
	}
	var facts []fact
	row := rowArgs(left)
	for i, arg := range row {
		column := make([]*pg.Node, 0, len(list))
		for _, item := range list {
			args := rowArgs(item)
			if len(args) != len(row) {
				return nil
			}
			column = append(column, args[i])
		}
		facts = append(facts, j.factsOfIn(arg, column, s)...)
	}
	return facts
}

// factsOfSubLink returns what follows from left IN (SELECT ...), and from a row
// being equal to one of a subquery.
func (j *judge) factsOfSubLink(x *pg.SubLink, s *scope) []fact {
	kind := x.GetSubLinkType()
	if kind != pg.SubLinkType_ANY_SUBLINK && kind != pg.SubLinkType_ROWCOMPARE_SUBLINK ||
		len(x.GetOperName()) > 0 && !isEquals(x.GetOperName()) {
		return nil
	}
	o := j.sublinks[x]
	tests := []*pg.Node{x.GetTestexpr()}
	if x.GetTestexpr().GetRowExpr() != nil {
		tests = rowArgs(x.GetTestexpr())
	}
	if o == nil || o.hidden || o.positioned != len(tests) || len(o.columns) != len(tests) {
		return nil
	}
	var facts []fact
	for i, test := range tests {
		facts = append(facts, j.equality(columnOf(test, s), o.columns[i].value)...)
	}
	return facts
}

// equality returns what follows from a column being equal to a value.
func (j *judge) equality(c *column, v *value) []fact {
	if c == nil || c.ref == nil || v == nil {
		return nil
	}
	if cond := j.within(v, c.ref.table); cond != nil {
		return []fact{{c.ref, cond}}
	}
	return nil
}

func columnOf(n *pg.Node, s *scope) *column {
	if ref := n.GetColumnRef(); ref != nil {
		return s.resolve(ref)
	}
	return nil
}

// value returns what is known of an expression's value.
func (j *judge) value(n *pg.Node, s *scope) *value {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		if c := s.resolve(x.ColumnRef); c != nil {
			return c.value
		}
	case *pg.Node_ParamRef, *pg.Node_AConst:
		if c, ok := j.constant(n); ok {
			return &value{consts: []constant{c}}
		}
	case *pg.Node_TypeCast:
		if c, ok := j.constant(x.TypeCast.GetArg()); ok {
			if c.cast = castName(x.TypeCast.GetTypeName()); c.cast != "" {
				return &value{consts: []constant{c}}
			}
		}
	case *pg.Node_SubLink:
		if x.SubLink.GetSubLinkType() == pg.SubLinkType_EXPR_SUBLINK {
			return j.sublinks[x.SubLink].single()
		}
	}
	return nil
}

// oneOf returns what is known of one of several expressions.
func (j *judge) oneOf(list []*pg.Node, s *scope) *value {
	values := make([]*value, 0, len(list))
	for _, n := range list {
		v := j.value(n, s)
		if v == nil {
			return nil
		}
		values = append(values, v)
	}
	return oneOf(values...)
}

// element returns what is known of the elements of an array.
func (j *judge) element(n *pg.Node, s *scope) *value {
	cast := ""
	if c := n.GetTypeCast(); c != nil {
		if cast = arrayCastName(c.GetTypeName()); cast == "" {
			return nil
		}
		n = c.GetArg()
	}
	v := j.elements(n, s)
	if v == nil || cast == "" {
		return v
	}
	if len(v.refs) > 0 {
		return nil
	}
	for i := range v.consts {
		if v.consts[i].cast != "" {
			return nil
		}
		v.consts[i].cast = cast
	}
	return v
}

func (j *judge) elements(n *pg.Node, s *scope) *value {
	if array := n.GetAArrayExpr(); array != nil {
		return j.oneOf(array.GetElements(), s)
	}
	p := n.GetParamRef()
	if p == nil {
		return nil
	}
	bound, ok := j.bound(p)
	if !ok {
		return nil
	}
	list, ok := constantsOf(bound)
	if !ok {
		return nil
	}
	for i := range list {
		list[i].param = p
	}
	return &value{consts: list}
}

// arrayCastName is castName for an array of one dimension.
func arrayCastName(t *pg.TypeName) string {
	if len(t.GetArrayBounds()) != 1 {
		return ""
	}
	return castName(&pg.TypeName{Names: t.GetNames(), Typmods: t.GetTypmods(), Setof: t.GetSetof(), PctType: t.GetPctType()})
}
