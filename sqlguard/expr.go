//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (c *compiler) exprs(nodes []*pg.Node, f frame) {
	for _, n := range nodes {
		c.expr(n, f)
	}
}

// expr walks an expression, or an element of a list of expressions. A node that
// is not listed is refused.
func (c *compiler) expr(n *pg.Node, f frame) {
	if n == nil || n.GetNode() == nil || c.err != nil {
		return
	}
	switch e := n.GetNode().(type) {
	case *pg.Node_AConst, *pg.Node_AStar, *pg.Node_String_, *pg.Node_Integer, *pg.Node_Float, *pg.Node_Boolean,
		*pg.Node_BitString, *pg.Node_SetToDefault:
	case *pg.Node_ColumnRef:
		c.columnRef(e.ColumnRef, f)
	case *pg.Node_ParamRef:
		if k := e.ParamRef.GetNumber(); k < 1 || int(k) > c.vars {
			// The tenant's values come next: one of them would be bound to it.
			c.refuse(RuleValue, e.ParamRef.GetLocation(), "a placeholder has no value; pass one for each")
		}
		c.uses[int(e.ParamRef.GetNumber())]++
	case *pg.Node_AExpr:
		c.operands(e.AExpr, f)
	case *pg.Node_BoolExpr:
		c.exprs(e.BoolExpr.GetArgs(), f)
	case *pg.Node_List:
		c.exprs(e.List.GetItems(), f)
	case *pg.Node_ResTarget:
		c.exprs(e.ResTarget.GetIndirection(), f)
		c.expr(e.ResTarget.GetVal(), f)
	case *pg.Node_MultiAssignRef:
		// The first of the columns has the source; the others share it.
		if e.MultiAssignRef.GetColno() <= 1 {
			c.expr(e.MultiAssignRef.GetSource(), f)
		}
	case *pg.Node_SubLink:
		c.subLink(e.SubLink, nil, f, loose)
	case *pg.Node_FuncCall:
		c.funcCall(e.FuncCall, f)
	case *pg.Node_TypeCast:
		c.typeName(e.TypeCast.GetTypeName())
		c.expr(e.TypeCast.GetArg(), f)
	default:
		c.form(n, f)
	}
}

// form walks the constructs that are rarer.
func (c *compiler) form(n *pg.Node, f frame) {
	switch e := n.GetNode().(type) {
	case *pg.Node_RowExpr:
		c.exprs(e.RowExpr.GetArgs(), f)
	case *pg.Node_AArrayExpr:
		c.exprs(e.AArrayExpr.GetElements(), f)
	case *pg.Node_AIndirection:
		c.indirection(e.AIndirection, f)
	case *pg.Node_AIndices:
		c.expr(e.AIndices.GetLidx(), f)
		c.expr(e.AIndices.GetUidx(), f)
	case *pg.Node_CaseExpr:
		c.expr(e.CaseExpr.GetArg(), f)
		c.exprs(e.CaseExpr.GetArgs(), f)
		c.expr(e.CaseExpr.GetDefresult(), f)
	case *pg.Node_CaseWhen:
		c.expr(e.CaseWhen.GetExpr(), f)
		c.expr(e.CaseWhen.GetResult(), f)
	case *pg.Node_CoalesceExpr:
		c.exprs(e.CoalesceExpr.GetArgs(), f)
	case *pg.Node_MinMaxExpr:
		c.exprs(e.MinMaxExpr.GetArgs(), f)
	case *pg.Node_NullTest:
		c.expr(e.NullTest.GetArg(), f)
	case *pg.Node_BooleanTest:
		c.expr(e.BooleanTest.GetArg(), f)
	case *pg.Node_CollateClause:
		c.expr(e.CollateClause.GetArg(), f)
	case *pg.Node_SortBy:
		c.expr(e.SortBy.GetNode(), f)
	case *pg.Node_WindowDef:
		c.window(e.WindowDef, f)
	case *pg.Node_GroupingSet:
		c.exprs(e.GroupingSet.GetContent(), f)
	case *pg.Node_GroupingFunc:
		c.exprs(e.GroupingFunc.GetArgs(), f)
	case *pg.Node_NamedArgExpr:
		c.expr(e.NamedArgExpr.GetArg(), f)
	case *pg.Node_SqlvalueFunction:
		c.valueFunction(e.SqlvalueFunction)
	case *pg.Node_XmlExpr:
		c.exprs(e.XmlExpr.GetNamedArgs(), f)
		c.exprs(e.XmlExpr.GetArgs(), f)
	case *pg.Node_XmlSerialize:
		c.typeName(e.XmlSerialize.GetTypeName())
		c.expr(e.XmlSerialize.GetExpr(), f)
	case *pg.Node_IndexElem:
		c.expr(e.IndexElem.GetExpr(), f)
	case *pg.Node_CurrentOfExpr:
		c.refuse(RuleCursor, -1, "WHERE CURRENT OF needs a cursor, which is not scoped; name the row by its key")
	default:
		if !c.json(n, f) {
			c.refuse(RuleNode, -1, "it holds a construct that is not known: "+string(n.ProtoReflect().Descriptor().FullName()))
		}
	}
}

// window walks the definition of a window; nil for none.
func (c *compiler) window(w *pg.WindowDef, f frame) {
	if w == nil {
		return
	}
	c.exprs(w.GetPartitionClause(), f)
	c.exprs(w.GetOrderClause(), f)
	c.expr(w.GetStartOffset(), f)
	c.expr(w.GetEndOffset(), f)
}
