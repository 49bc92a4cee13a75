//go:build cgo

package verify

import pg "github.com/pganalyze/pg_query_go/v6"

// A value is what is known of an expression: it is a tenant of the scope if its
// references are bound and its constants are tenants of the scope. A nil value
// may be anything.
type value struct {
	refs   []*reference
	consts []constant
}

// oneOf is the value that is one of several.
func oneOf(list ...*value) *value {
	all := &value{}
	for _, v := range list {
		if v == nil {
			return nil
		}
		all.refs = append(all.refs, v.refs...)
		all.consts = append(all.consts, v.consts...)
	}
	return all
}

// within returns the condition under which a value is a tenant of the scope for
// a table; nil if it may be anything else.
func (j *judge) within(v *value, t *table) cond {
	if v == nil {
		return nil
	}
	all := make(allOf, 0, len(v.refs))
	for _, r := range v.refs {
		if !r.table.tenants.equal(&t.tenants) {
			return nil
		}
		all = append(all, r)
	}
	for _, c := range v.consts {
		if !t.tenants.has(c) {
			return nil
		}
	}
	for _, c := range v.consts {
		j.params.tenant(c.param, t.tenants.kind)
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// A column is a known column of an item in FROM.
type column struct {
	name     string     // "" where it is not known
	value    *value     // nil if it may hold anything
	ref      *reference // whose tenant column it is; nil for others
	key      *reference // of a linked table, whose key it is; nil for others
	nullable bool       // it may be NULL although its value is known
}

// named returns the one column of a name; count is how many there are.
func named(columns []*column, name string) (c *column, count int) {
	for _, candidate := range columns {
		if candidate.name == name {
			c, count = candidate, count+1
		}
	}
	return c, count
}

// only is named for callers that need an unambiguous column.
func only(columns []*column, name string) *column {
	if c, count := named(columns, name); count == 1 {
		return c
	}
	return nil
}

// An output holds the known columns of a query's result. The first ones have a
// position. Those after a star, which hides positions, are known only by name.
type output struct {
	columns    []*column
	positioned int
	open       bool // there may be further names
	hidden     bool // there may be further columns
}

// unknown is the output of a query of which nothing is known.
func unknown() *output { return &output{open: true, hidden: true} }

func (o *output) at(i int) *column {
	if o == nil || i < 0 || i >= o.positioned {
		return nil
	}
	return o.columns[i]
}

// single returns the value of a query with one column.
func (o *output) single() *value {
	if o == nil || o.hidden || len(o.columns) != 1 || o.positioned != 1 {
		return nil
	}
	return o.columns[0].value
}

// copied returns a copy whose columns may be changed, renamed from the left by
// the aliases. They belong to no reference of the query that reads them.
func (o *output) copied(aliases []*pg.Node) *output {
	if len(aliases) > o.positioned {
		return unknown()
	}
	copied := &output{positioned: o.positioned, open: o.open, hidden: o.hidden}
	for i, c := range o.columns {
		name := c.name
		if i < len(aliases) {
			name = aliases[i].GetString_().GetSval()
		}
		copied.columns = append(copied.columns, &column{name: name, value: c.value, nullable: c.nullable})
	}
	return copied
}

// add appends a column at the next position, or without one after a star.
func (o *output) add(c *column) {
	o.columns = append(o.columns, c)
	if !o.hidden {
		o.positioned = len(o.columns)
	}
	if c.name == "" {
		o.open = true
	}
}

// hide says that columns follow whose number and names are not known.
func (o *output) hide() { o.open, o.hidden = true, true }

// union is the output of a set operation.
func union(a, b *output) *output {
	n := min(a.positioned, b.positioned)
	u := &output{positioned: n, hidden: a.hidden || b.hidden || n < len(a.columns) || n < len(b.columns)}
	u.open = a.open || b.open || u.hidden
	for i := range n {
		x, y := a.columns[i], b.columns[i]
		u.columns = append(u.columns, &column{name: x.name, value: oneOf(x.value, y.value), nullable: x.nullable || y.nullable})
	}
	return u
}
