//go:build cgo

package verify

import pg "github.com/pganalyze/pg_query_go/v6"

// A cteScope holds the WITH queries that a place can name, the innermost first.
type cteScope struct {
	parent *cteScope
	cte    *cte
}

// A cte is a WITH query.
type cte struct {
	name    string
	output  *output // nil until it may be read
	unknown string  // why it may not
}

func (s *cteScope) find(name string) *cte {
	for ; s != nil; s = s.parent {
		if s.cte.name == name {
			return s.cte
		}
	}
	return nil
}

// with judges WITH queries and returns the env in which they can be named.
// Without RECURSIVE each sees those before it. With RECURSIVE all see all, but
// only references to earlier ones, and to itself, can be judged.
func (j *judge) with(w *pg.WithClause, e env) env {
	var all []*cte
	for _, n := range w.GetCtes() {
		all = append(all, &cte{
			name:    n.GetCommonTableExpr().GetCtename(),
			unknown: "refers to a WITH query that is not complete at this place; put it after that one",
		})
	}
	if w.GetRecursive() {
		for _, c := range all {
			e.ctes = &cteScope{parent: e.ctes, cte: c}
		}
	}
	for i, n := range w.GetCtes() {
		x := n.GetCommonTableExpr()
		if w.GetRecursive() {
			all[i].output = j.recursive(x, all[i], e)
		} else {
			all[i].output = j.cteColumns(x, j.query(x.GetCtequery(), e), e)
			e.ctes = &cteScope{parent: e.ctes, cte: all[i]}
		}
	}
	return e
}

// cteOutput returns what reading a WITH query gives.
func (j *judge) cteOutput(c *cte, at int32) *output {
	if c.output == nil {
		j.refuse(at, "WITH query", c.unknown)
		return unknown()
	}
	return c.output
}

// cteColumns names the columns and adds those of SEARCH and CYCLE.
func (j *judge) cteColumns(x *pg.CommonTableExpr, o *output, e env) *output {
	o = o.copied(x.GetAliascolnames())
	var names []string
	if search := x.GetSearchClause(); search != nil {
		names = append(names, search.GetSearchSeqColumn())
	}
	if cycle := x.GetCycleClause(); cycle != nil {
		j.walk(cycle.GetCycleMarkValue(), e)
		j.walk(cycle.GetCycleMarkDefault(), e)
		names = append(names, cycle.GetCycleMarkColumn(), cycle.GetCyclePathColumn())
	}
	for _, name := range names {
		o.add(&column{name: name, nullable: true})
	}
	return o
}

// recursive judges a WITH query that may read itself: first UNION second. It
// reads rows of the first arm, and rows that the second arm made from such
// rows. A column that is known in the first arm is assumed to be known in the
// second. It stays known if the second arm returns it; otherwise the second arm
// is judged again without the assumption.
func (j *judge) recursive(x *pg.CommonTableExpr, c *cte, e env) *output {
	s := x.GetCtequery().GetSelectStmt()
	if s.GetOp() != pg.SetOperation_SETOP_UNION {
		return j.cteColumns(x, j.query(x.GetCtequery(), e), e)
	}
	inside := j.with(s.GetWithClause(), e)
	first := j.selectStmt(s.GetLarg(), inside)
	assumed := first.copied(nil)
	var second *output
	for range 2 {
		c.output = j.cteColumns(x, assumed, e)
		second = j.selectStmt(s.GetRarg(), inside)
		if !assumed.weaken(second) {
			break
		}
		for _, column := range assumed.columns {
			column.value = nil
		}
	}
	c.output = nil
	j.tail(s, env{names: &scope{parent: e.names, open: true}, ctes: inside.ctes})
	result := union(first, second)
	for i, column := range result.columns {
		if assumed.at(i) == nil || assumed.at(i).value == nil {
			column.value = nil
		}
	}
	return j.cteColumns(x, result, e)
}

// weaken forgets what the second arm does not return, and reports whether that
// changed anything.
func (o *output) weaken(second *output) bool {
	changed := false
	for i, column := range o.columns {
		back := second.at(i)
		if column.value != nil && (i >= o.positioned || back == nil || back.value == nil) {
			column.value, changed = nil, true
		}
		if !column.nullable && (back == nil || back.nullable) {
			column.nullable = true
			changed = changed || column.value != nil
		}
	}
	return changed
}
