//go:build cgo

package verify

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// A fromItem is what one item of FROM adds to the names of its query.
type fromItem struct {
	relations []*relation
	columns   []*column
	open      bool // there may be other columns
	whole     bool // its columns are all there are, in their order
	first     int  // its references are those from first
	last      int  // to before last
}

// from is where an item of FROM stands.
type from struct {
	level *level
	env   env         // of the query around this one
	left  []*fromItem // what LATERAL can name
}

func (f from) lateral() env { return f.env.within(scopeOf(f.env.names, f.left...)) }

// fromClause judges the items of a FROM or USING clause.
func (j *judge) fromClause(nodes []*pg.Node, f from) []*fromItem {
	for _, n := range nodes {
		f.left = append(f.left[:len(f.left):len(f.left)], j.fromNode(n, f))
	}
	return f.left
}

func (j *judge) fromNode(n *pg.Node, f from) *fromItem {
	first := len(j.refs)
	item := j.fromKind(n, f)
	item.first, item.last = first, len(j.refs)
	return item
}

func (j *judge) fromKind(n *pg.Node, f from) *fromItem {
	switch x := n.GetNode().(type) {
	case *pg.Node_RangeVar:
		return j.rangeVar(x.RangeVar, f)
	case *pg.Node_RangeSubselect:
		return j.subselect(x.RangeSubselect, f)
	case *pg.Node_JoinExpr:
		return j.join(x.JoinExpr, f)
	case *pg.Node_RangeFunction:
		return j.rangeFunction(x.RangeFunction, f)
	case *pg.Node_RangeTableFunc:
		j.children(x.RangeTableFunc, f.lateral())
		return opaque(x.RangeTableFunc.GetAlias(), "xmltable")
	case *pg.Node_JsonTable:
		j.children(x.JsonTable, f.lateral())
		return opaque(x.JsonTable.GetAlias(), "json_table")
	case *pg.Node_RangeTableSample:
		return j.sample(x.RangeTableSample, f)
	default:
		j.refuse(-1, "FROM", "an item of a kind that the verifier does not know")
		return opaque(nil, "")
	}
}

// opaque is an item whose columns are unknown.
func opaque(alias *pg.Alias, name string) *fromItem {
	if alias != nil {
		name = alias.GetAliasname()
	}
	return &fromItem{relations: []*relation{{name: name}}, open: true}
}

// rangeVar judges a name in FROM: a WITH query or a table.
func (j *judge) rangeVar(rv *pg.RangeVar, f from) *fromItem {
	if rv.GetSchemaname() == "" && rv.GetCatalogname() == "" {
		if c := f.env.ctes.find(rv.GetRelname()); c != nil {
			return derived(rv.GetAlias(), rv.GetRelname(), j.cteOutput(c, rv.GetLocation()))
		}
	}
	t := j.table(rv)
	if t == nil {
		return opaque(rv.GetAlias(), rv.GetRelname())
	}
	return j.tableItem(rv, t, f.level)
}

// tableItem is a table under its name or alias.
func (j *judge) tableItem(rv *pg.RangeVar, t *table, l *level) *fromItem {
	item := opaque(rv.GetAlias(), rv.GetRelname())
	rel := item.relations[0]
	if rv.GetAlias() == nil {
		rel.schema, rel.table = rv.GetSchemaname(), true
	}
	if t.key() == "" {
		return item
	}
	r := j.newReference(t, rel.name, l, rv.GetLocation())
	if len(rv.GetAlias().GetColnames()) > 0 {
		j.refuseWith(Error{Fragment: "table", Table: t.name, Offset: int(rv.GetLocation()), Reason: "its alias renames columns, and which one binds it cannot be told; leave out the column names"})
		return item
	}
	if t.link != nil {
		rel.columns = []*column{{name: t.link.Key, key: r, nullable: true}}
		item.columns = rel.columns
		return item
	}
	rel.columns = []*column{{name: t.column, value: &value{refs: []*reference{r}}, ref: r, nullable: t.mixed}}
	item.columns = rel.columns
	return item
}

// derived is the output of a query under a name; "" if it has none.
func derived(alias *pg.Alias, name string, o *output) *fromItem {
	if alias != nil {
		name = alias.GetAliasname()
	}
	o = o.copied(alias.GetColnames())
	item := &fromItem{columns: o.columns, open: o.open, whole: !o.hidden && o.positioned == len(o.columns)}
	if name != "" {
		item.relations = []*relation{{name: name, columns: o.columns, whole: item.whole}}
	}
	return item
}

func (j *judge) subselect(s *pg.RangeSubselect, f from) *fromItem {
	e := f.env
	if s.GetLateral() {
		e = f.lateral()
	}
	return derived(s.GetAlias(), "", j.query(s.GetSubquery(), e))
}

// rangeFunction judges functions in FROM, which see the items to their left
// even without LATERAL.
func (j *judge) rangeFunction(fn *pg.RangeFunction, f from) *fromItem {
	j.children(fn, f.lateral())
	fields := slices.Clone(functionFields)
	name := ""
	for i, n := range fn.GetFunctions() {
		parts := n.GetList().GetItems()
		if len(parts) == 0 {
			continue
		}
		if names := parts[0].GetFuncCall().GetFuncname(); len(names) > 0 {
			own := names[len(names)-1].GetString_().GetSval()
			fields = append(fields, own)
			if i == 0 {
				name = own
			}
		}
		if len(parts) > 1 {
			fields = append(fields, columnNames(parts[1].GetList().GetItems())...)
		}
	}
	if name == "" && fn.GetAlias() == nil {
		j.refuse(-1, "FROM", "an expression without a name; give it an alias")
	}
	item := opaque(fn.GetAlias(), name)
	fields = append(fields, columnNames(fn.GetColdeflist())...)
	fields = append(fields, columnNames(fn.GetAlias().GetColnames())...)
	item.relations[0].fields = append(fields, item.relations[0].name)
	return item
}

// functionFields are the names of columns that PostgreSQL's own functions
// return.
var functionFields = []string{"geom", "key", "lexeme", "ordinality", "path", "positions", "token", "tokid", "value", "weights"}

// columnNames returns the names of an alias or of a column definition list.
func columnNames(list []*pg.Node) []string {
	var names []string
	for _, n := range list {
		if def := n.GetColumnDef(); def != nil {
			names = append(names, def.GetColname())
		} else {
			names = append(names, n.GetString_().GetSval())
		}
	}
	return names
}

func (j *judge) sample(s *pg.RangeTableSample, f from) *fromItem {
	item := j.fromNode(s.GetRelation(), f)
	method := s.GetMethod()
	if len(method) != 1 || method[0].GetString_().GetSval() != "bernoulli" && method[0].GetString_().GetSval() != "system" {
		j.refuse(s.GetLocation(), "TABLESAMPLE", "counts the rows of all tenants; use BERNOULLI or SYSTEM")
	}
	for _, arg := range s.GetArgs() {
		j.walk(arg, f.env)
	}
	j.walk(s.GetRepeatable(), f.env)
	return item
}
