//go:build cgo

package verify

import pg "github.com/pganalyze/pg_query_go/v6"

// join judges a join. Its ON holds for every row that has both sides. So it binds both
// sides of an inner join, and the side of an outer join whose rows appear only where
// ON holds.
func (j *judge) join(n *pg.JoinExpr, f from) *fromItem {
	left := j.fromNode(n.GetLarg(), f)
	right := f
	right.left = append(f.left[:len(f.left):len(f.left)], left)
	js := &joinSides{kind: n.GetJointype(), left: left, right: j.fromNode(n.GetRarg(), right), level: f.level}
	js.markNullable(j.refs)
	switch js.kind {
	case pg.JoinType_JOIN_INNER, pg.JoinType_JOIN_LEFT, pg.JoinType_JOIN_RIGHT, pg.JoinType_JOIN_FULL:
	default:
		j.refuse(-1, "JOIN", "of a kind that the verifier does not know")
	}
	if quals := n.GetQuals(); quals != nil {
		s := scopeOf(f.env.names, left, js.right)
		j.walk(quals, f.env.within(s))
		for _, fact := range j.facts(quals, s) {
			js.note(fact)
		}
	}
	merged := j.mergeColumns(n, js)
	item := &fromItem{
		relations: append(append([]*relation{}, left.relations...), js.right.relations...),
		columns:   js.columns(merged),
		open:      left.open || js.right.open,
		whole:     left.whole && js.right.whole && len(merged) == 0 && !n.GetIsNatural(),
	}
	if alias := n.GetJoinUsingAlias(); alias != nil {
		item.relations = append(item.relations, &relation{name: alias.GetAliasname(), columns: merged})
	}
	if alias := n.GetAlias(); alias != nil {
		// The alias hides the names inside.
		if len(alias.GetColnames()) > 0 {
			item.columns, item.open, item.whole = nil, true, false
		}
		item.relations = []*relation{{name: alias.GetAliasname(), columns: item.columns, whole: item.whole}}
	}
	return item
}

// joinSides are the sides of a join.
type joinSides struct {
	kind        pg.JoinType
	left, right *fromItem
	level       *level
}

// binds reports whether the join's ON holds wherever a reference has a row.
func (s *joinSides) binds(r *reference) bool {
	if r.level != s.level {
		return false
	}
	inLeft := r.number >= s.left.first && r.number < s.left.last
	inRight := r.number >= s.right.first && r.number < s.right.last
	switch s.kind {
	case pg.JoinType_JOIN_INNER:
		return inLeft || inRight
	case pg.JoinType_JOIN_LEFT:
		return inRight
	case pg.JoinType_JOIN_RIGHT:
		return inLeft
	default:
		return false
	}
}

func (s *joinSides) note(f fact) {
	if s.binds(f.ref) {
		f.ref.binds = append(f.ref.binds, f.cond)
	}
}

func (s *joinSides) markNullable(refs []*reference) {
	mark := func(item *fromItem) {
		for _, r := range refs[item.first:item.last] {
			if r.level == s.level {
				r.nullable = true
			}
		}
		for _, c := range item.columns {
			c.nullable = true
		}
		for _, rel := range item.relations {
			for _, c := range rel.columns {
				c.nullable = true
			}
		}
	}
	if s.kind != pg.JoinType_JOIN_INNER && s.kind != pg.JoinType_JOIN_LEFT {
		mark(s.left)
	}
	if s.kind != pg.JoinType_JOIN_INNER && s.kind != pg.JoinType_JOIN_RIGHT {
		mark(s.right)
	}
}

// mergeColumns judges USING and NATURAL, and returns the merged columns.
func (j *judge) mergeColumns(n *pg.JoinExpr, s *joinSides) []*column {
	var names []string
	for _, name := range n.GetUsingClause() {
		names = append(names, name.GetString_().GetSval())
	}
	if n.GetIsNatural() {
		names = s.common()
	}
	merged := make([]*column, 0, len(names))
	for _, name := range names {
		left, right := only(s.left.columns, name), only(s.right.columns, name)
		if left == nil || right == nil {
			// One side is unknown, and so the merged column is unknown.
			merged = append(merged, &column{name: name, nullable: true})
			continue
		}
		for _, fact := range j.equality(left, right.value) {
			s.note(fact)
		}
		for _, fact := range j.equality(right, left.value) {
			s.note(fact)
		}
		merged = append(merged, s.merge(left, right))
	}
	return merged
}

// merge returns what a merged column shows: the side that is not null-extended.
func (s *joinSides) merge(left, right *column) *column {
	switch s.kind {
	case pg.JoinType_JOIN_INNER, pg.JoinType_JOIN_LEFT:
		return &column{name: left.name, value: left.value, ref: left.ref, nullable: left.nullable}
	case pg.JoinType_JOIN_RIGHT:
		return &column{name: right.name, value: right.value, ref: right.ref, nullable: right.nullable}
	default:
		return &column{name: left.name, nullable: true}
	}
}

// common returns the names that NATURAL may merge: the known names of one side that
// the other side may have as well.
func (s *joinSides) common() []string {
	var names []string
	seen := map[string]bool{}
	add := func(a, b *fromItem) {
		for _, c := range a.columns {
			if _, count := named(b.columns, c.name); !seen[c.name] && c.name != "" && (count > 0 || b.open) {
				seen[c.name] = true
				names = append(names, c.name)
			}
		}
	}
	add(s.left, s.right)
	add(s.right, s.left)
	return names
}

// columns returns the columns of the join by their bare names.
func (s *joinSides) columns(merged []*column) []*column {
	columns := append([]*column{}, merged...)
	for _, item := range []*fromItem{s.left, s.right} {
		for _, c := range item.columns {
			if _, count := named(merged, c.name); count == 0 || c.name == "" {
				columns = append(columns, c)
			}
		}
	}
	return columns
}
