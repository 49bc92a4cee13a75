//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// listWalk walks a FROM list and records where the predicates of its tables
// belong.
type listWalk struct {
	*compiler
	*level
	depth  int
	nulled int
	hidden int
}

// from walks a FROM list into its level.
func (c *compiler) from(items []*pg.Node, l *level) {
	w := &listWalk{compiler: c, level: l, nulled: -1, hidden: -1}
	for _, item := range items {
		w.item(item, placement{where: true})
	}
}

func (w *listWalk) item(n *pg.Node, up placement) {
	if w.err != nil {
		return
	}
	switch item := n.GetNode().(type) {
	case *pg.Node_RangeVar:
		w.tableRef(item.RangeVar, up, false)
	case *pg.Node_RangeTableSample:
		w.sample(item.RangeTableSample, up)
	case *pg.Node_JoinExpr:
		w.joinExpr(item.JoinExpr, up)
	case *pg.Node_RangeSubselect:
		w.subselect(item.RangeSubselect)
	case *pg.Node_RangeFunction:
		w.function(item.RangeFunction)
	case *pg.Node_RangeTableFunc:
		w.xmlTable(item.RangeTableFunc)
	case *pg.Node_JsonTable:
		w.jsonTable(item.JsonTable)
	default:
		w.refuse(RuleNode, -1, "the FROM list has a construct that sqlguard does not know; name tables and joins plainly")
	}
}

func (w *listWalk) named(alias *pg.Alias, name string) string {
	if alias != nil {
		name = alias.GetAliasname()
	}
	w.items++
	w.aliases = append(w.aliases, name)
	return name
}

// tableRef is a table, or a name of a WITH clause.
func (w *listWalk) tableRef(rv *pg.RangeVar, up placement, sampled bool) {
	name := w.named(rv.GetAlias(), rv.GetRelname())
	if rv.GetSchemaname() == "" && rv.GetCatalogname() == "" {
		if cte := w.names.find(rv.GetRelname()); cte != nil {
			if cte.bearing {
				w.derived++
			}
			return
		}
	}
	table, ok := w.use(rv)
	if !ok || w.plan.tables[table].slot < 0 {
		return
	}
	leaf := w.newLeaf(rv, table, name, w.names)
	leaf.place, leaf.sampled, leaf.nulled, leaf.hidden = up, sampled, w.nulled, w.hidden
	if len(rv.GetAlias().GetColnames()) > 0 {
		leaf.place = placement{}
	}
	w.leaves = append(w.leaves, leaf)
}

func (c *compiler) newLeaf(rv *pg.RangeVar, table int, name string, in *names) *leaf {
	known := &c.plan.tables[table].known
	leaf := &leaf{rv: rv, table: table, link: known.Link, mixed: known.Kind == tenancy.KindMixed,
		token: c.at(rv.GetLocation()), name: name, nulled: -1, hidden: -1}
	if leaf.token < 0 {
		c.lost(rv.GetLocation())
	}
	leaf.column = sqltext.Quote(name) + "." + sqltext.Quote(key(known))
	if known.Link != nil {
		c.linkedBy(known.Link, rv, in)
	}
	if rv.GetAlias() == nil && rv.GetSchemaname() != "" {
		leaf.column = sqltext.Quote(rv.GetSchemaname()) + "." + leaf.column
	}
	return leaf
}

func (w *listWalk) sample(s *pg.RangeTableSample, up placement) {
	switch name, ok := w.functionName(s.GetMethod()); {
	case !ok:
		return
	case name != "system" && name != "bernoulli" && !w.guard.functions[name]:
		w.refuse(RuleFunction, s.GetLocation(), "a sampling method that is not known; use SYSTEM or BERNOULLI")
		return
	}
	w.exprs(s.GetArgs(), w.frame)
	w.expr(s.GetRepeatable(), w.frame)
	rv := s.GetRelation().GetRangeVar()
	if rv == nil {
		w.refuse(RuleNode, s.GetLocation(), "TABLESAMPLE of something other than a table; sample a table")
		return
	}
	w.tableRef(rv, up, true)
}

// joinExpr walks a join. A table's predicate may stand above the join if the
// join keeps the table's rows as they are, and in the join's condition if the
// join adds rows of nulls for the table. Otherwise it stands around the table
// alone.
func (w *listWalk) joinExpr(e *pg.JoinExpr, up placement) {
	j := &join{expr: e, depth: w.depth, token: -1, left: len(w.leaves)}
	outer := *w
	w.depth++
	if e.GetAlias() != nil {
		up = placement{}
		w.hidden = j.depth
		w.aliases = append(w.aliases, e.GetAlias().GetAliasname())
	}
	if e.GetJoinUsingAlias() != nil {
		w.aliases = append(w.aliases, e.GetJoinUsingAlias().GetAliasname())
	}
	condition := placement{}
	if e.GetQuals() != nil {
		condition.join = j
	}
	left, right := up, up
	leftNulled, rightNulled := w.nulled, w.nulled
	switch e.GetJointype() {
	case pg.JoinType_JOIN_INNER:
		if up == (placement{}) {
			left, right = condition, condition
		}
	case pg.JoinType_JOIN_LEFT:
		right, rightNulled = condition, j.depth
	case pg.JoinType_JOIN_RIGHT:
		left, leftNulled = condition, j.depth
	case pg.JoinType_JOIN_FULL:
		left, right = placement{}, placement{}
		leftNulled, rightNulled = j.depth, j.depth
	default:
		w.refuse(RuleNode, -1, "sqlguard does not know this kind of join; use INNER, LEFT, RIGHT, FULL or CROSS JOIN")
		return
	}
	w.nulled = leftNulled
	w.item(e.GetLarg(), left)
	j.right = len(w.leaves)
	w.nulled = rightNulled
	w.item(e.GetRarg(), right)
	j.after = len(w.leaves)
	w.depth, w.nulled, w.hidden = outer.depth, outer.nulled, outer.hidden
	if e.GetQuals() != nil || len(e.GetUsingClause()) > 0 {
		w.joins = append(w.joins, j)
	}
}

// subselect is a query in FROM. It sees what surrounds the level. A LATERAL one
// also sees the items before it, but its rows are not matched with theirs.
func (w *listWalk) subselect(s *pg.RangeSubselect) {
	w.named(s.GetAlias(), "")
	sub := s.GetSubquery().GetSelectStmt()
	if sub == nil {
		w.refuse(RuleNode, -1, "sqlguard does not know this kind of query in FROM; write SELECT or VALUES")
		return
	}
	f := w.frame
	f.level = nil
	if s.GetLateral() {
		if leaf := w.lateralAnchor(); leaf != nil {
			f = f.behold(w.level)
			f.pin = &pin{qualifier: leaf.name, column: leaf.column}
		}
	}
	if w.selectStmt(sub, f) {
		w.derived++
	}
}

func (w *listWalk) function(r *pg.RangeFunction) {
	first := ""
	for i, n := range r.GetFunctions() {
		items := n.GetList().GetItems()
		if len(items) == 0 {
			w.refuse(RuleNode, -1, "sqlguard does not know this kind of function call in FROM; call one function by its name")
			return
		}
		if call := items[0].GetFuncCall(); call != nil && i == 0 {
			first = lastName(call.GetFuncname())
		}
		w.lateralExpr(items[0])
		if len(items) > 1 {
			w.columnDefs(items[1].GetList().GetItems())
		}
	}
	w.columnDefs(r.GetColdeflist())
	w.rowsFrom = w.rowsFrom || r.GetIsRowsfrom()
	name := w.named(r.GetAlias(), first)
	if len(r.GetColdeflist()) == 0 && !returnsRow[first] {
		w.values = &valueAlias{outer: w.values, name: name, columns: r.GetAlias().GetColnames()}
	}
}

func (w *listWalk) columnDefs(nodes []*pg.Node) {
	for _, n := range nodes {
		w.typeName(n.GetColumnDef().GetTypeName())
	}
}

func (w *listWalk) xmlTable(t *pg.RangeTableFunc) {
	w.named(t.GetAlias(), "xmltable")
	w.lateralExpr(t.GetDocexpr())
	w.lateralExpr(t.GetRowexpr())
	for _, n := range t.GetNamespaces() {
		w.lateralExpr(n)
	}
	for _, n := range t.GetColumns() {
		column := n.GetRangeTableFuncCol()
		w.typeName(column.GetTypeName())
		w.lateralExpr(column.GetColexpr())
		w.lateralExpr(column.GetColdefexpr())
	}
}

// lateralExpr is an expression in FROM, which sees what stands before it.
func (w *listWalk) lateralExpr(n *pg.Node) {
	f := w.frame.behold(w.level)
	f.level = w.level
	if leaf := w.lateralAnchor(); leaf != nil && f.pin == nil {
		f.pin = &pin{qualifier: leaf.name, column: leaf.column}
	}
	w.expr(n, f)
}
