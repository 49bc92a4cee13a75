//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// json walks the constructs of SQL/JSON; false if the node is something else.
func (c *compiler) json(n *pg.Node, f frame) bool {
	switch e := n.GetNode().(type) {
	case *pg.Node_JsonFuncExpr:
		c.jsonValue(e.JsonFuncExpr.GetContextItem(), f)
		c.expr(e.JsonFuncExpr.GetPathspec(), f)
		c.exprs(e.JsonFuncExpr.GetPassing(), f)
		c.jsonOutput(e.JsonFuncExpr.GetOutput())
		c.expr(e.JsonFuncExpr.GetOnEmpty().GetExpr(), f)
		c.expr(e.JsonFuncExpr.GetOnError().GetExpr(), f)
	case *pg.Node_JsonObjectConstructor:
		c.exprs(e.JsonObjectConstructor.GetExprs(), f)
		c.jsonOutput(e.JsonObjectConstructor.GetOutput())
	case *pg.Node_JsonArrayConstructor:
		c.exprs(e.JsonArrayConstructor.GetExprs(), f)
		c.jsonOutput(e.JsonArrayConstructor.GetOutput())
	case *pg.Node_JsonArrayQueryConstructor:
		c.jsonOutput(e.JsonArrayQueryConstructor.GetOutput())
		sub := e.JsonArrayQueryConstructor.GetQuery().GetSelectStmt()
		if sub == nil {
			return false
		}
		f.use = loose
		c.subquery(sub, f)
	case *pg.Node_JsonObjectAgg:
		c.jsonAggregate(e.JsonObjectAgg.GetConstructor(), f)
		c.expr(e.JsonObjectAgg.GetArg().GetKey(), f)
		c.jsonValue(e.JsonObjectAgg.GetArg().GetValue(), f)
	case *pg.Node_JsonArrayAgg:
		c.jsonAggregate(e.JsonArrayAgg.GetConstructor(), f)
		c.jsonValue(e.JsonArrayAgg.GetArg(), f)
	case *pg.Node_JsonParseExpr:
		c.jsonValue(e.JsonParseExpr.GetExpr(), f)
		c.jsonOutput(e.JsonParseExpr.GetOutput())
	case *pg.Node_JsonScalarExpr:
		c.expr(e.JsonScalarExpr.GetExpr(), f)
		c.jsonOutput(e.JsonScalarExpr.GetOutput())
	case *pg.Node_JsonSerializeExpr:
		c.jsonValue(e.JsonSerializeExpr.GetExpr(), f)
		c.jsonOutput(e.JsonSerializeExpr.GetOutput())
	case *pg.Node_JsonIsPredicate:
		c.expr(e.JsonIsPredicate.GetExpr(), f)
	case *pg.Node_JsonKeyValue:
		c.expr(e.JsonKeyValue.GetKey(), f)
		c.jsonValue(e.JsonKeyValue.GetValue(), f)
	case *pg.Node_JsonValueExpr:
		c.jsonValue(e.JsonValueExpr, f)
	case *pg.Node_JsonArgument:
		c.jsonValue(e.JsonArgument.GetVal(), f)
	default:
		return false
	}
	return true
}

func (c *compiler) jsonValue(v *pg.JsonValueExpr, f frame) {
	c.expr(v.GetRawExpr(), f)
	c.expr(v.GetFormattedExpr(), f)
}

func (c *compiler) jsonOutput(o *pg.JsonOutput) { c.typeName(o.GetTypeName()) }

func (c *compiler) jsonAggregate(a *pg.JsonAggConstructor, f frame) {
	if c.reading != nil {
		c.reading.other = true
	}
	c.jsonOutput(a.GetOutput())
	c.expr(a.GetAggFilter(), f)
	c.exprs(a.GetAggOrder(), f)
	c.window(a.GetOver(), f)
}

func (w *listWalk) jsonTable(t *pg.JsonTable) {
	w.named(t.GetAlias(), "json_table")
	w.lateralExpr(t.GetContextItem().GetRawExpr())
	w.lateralExpr(t.GetContextItem().GetFormattedExpr())
	w.lateralExpr(t.GetPathspec().GetString_())
	for _, n := range t.GetPassing() {
		w.lateralExpr(n)
	}
	w.lateralExpr(t.GetOnError().GetExpr())
	w.jsonColumns(t.GetColumns())
}

func (w *listWalk) jsonColumns(nodes []*pg.Node) {
	for _, n := range nodes {
		column := n.GetJsonTableColumn()
		w.typeName(column.GetTypeName())
		w.lateralExpr(column.GetPathspec().GetString_())
		w.lateralExpr(column.GetOnEmpty().GetExpr())
		w.lateralExpr(column.GetOnError().GetExpr())
		w.jsonColumns(column.GetColumns())
	}
}
