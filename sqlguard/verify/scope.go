//go:build cgo

package verify

import pg "github.com/pganalyze/pg_query_go/v6"

// An env is what a place in the text can refer to.
type env struct {
	names *scope
	ctes  *cteScope
}

func (e env) within(s *scope) env { return env{names: s, ctes: e.ctes} }

// A scope holds the relations that columns may belong to: those of a query,
// and, around it, those of the queries that it is part of.
type scope struct {
	parent    *scope
	relations []*relation
	columns   []*column // by their bare name
	open      bool      // there may be other columns
}

// A relation is what a column's qualifier stands for.
type relation struct {
	name    string
	schema  string
	table   bool // a table under its own name
	whole   bool // its columns are all there are, in their order
	columns []*column
	fields  []string // of a function, the only names that may follow it
}

// scopeOf returns the scope of FROM items.
func scopeOf(parent *scope, items ...*fromItem) *scope {
	s := &scope{parent: parent}
	for _, item := range items {
		s.relations = append(s.relations, item.relations...)
		s.columns = append(s.columns, item.columns...)
		s.open = s.open || item.open
	}
	return s
}

// resolve finds the column that a reference means; nil if that is not certain.
// PostgreSQL searches outward from the innermost query, so the search ends at
// the first query that may have the name.
func (s *scope) resolve(ref *pg.ColumnRef) *column {
	names := ref.GetFields()
	if len(names) == 0 {
		return nil
	}
	last := names[len(names)-1].GetString_()
	if last == nil {
		return nil
	}
	if len(names) == 1 {
		return s.bare(last.GetSval())
	}
	rel, _ := s.relation(names[:len(names)-1])
	if rel == nil {
		return nil
	}
	return only(rel.columns, last.GetSval())
}

func (s *scope) bare(name string) *column {
	for ; s != nil; s = s.parent {
		c, count := named(s.columns, name)
		switch {
		case count == 1:
			return c
		case count > 1 || s.open:
			return nil
		}
	}
	return nil
}

// relation finds what a qualifier means. found is true and rel is nil if there
// are several.
func (s *scope) relation(qualifier []*pg.Node) (rel *relation, found bool) {
	switch len(qualifier) {
	case 1:
		return s.byName(qualifier[0].GetString_().GetSval())
	case 2:
		return s.bySchema(qualifier[0].GetString_().GetSval(), qualifier[1].GetString_().GetSval())
	}
	return nil, false
}

func (s *scope) byName(name string) (rel *relation, found bool) {
	for ; s != nil; s = s.parent {
		count := 0
		for _, candidate := range s.relations {
			if candidate.name == name {
				rel, count = candidate, count+1
			}
		}
		switch {
		case count == 1:
			return rel, true
		case count > 1:
			return nil, true
		}
	}
	return nil, false
}

// bySchema finds a table under its own name. A table that is written without a
// schema may be the same one; then the answer is not certain.
func (s *scope) bySchema(schema, name string) (rel *relation, found bool) {
	for ; s != nil; s = s.parent {
		count, unsure := 0, false
		for _, candidate := range s.relations {
			switch {
			case !candidate.table || candidate.name != name:
			case candidate.schema == schema:
				rel, count = candidate, count+1
			case candidate.schema == "":
				unsure = true
			}
		}
		switch {
		case unsure || count > 1:
			return nil, true
		case count == 1:
			return rel, true
		}
	}
	return nil, false
}
