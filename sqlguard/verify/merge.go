//go:build cgo

package verify

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// A mergeJudge judges a MERGE. Its ON must bind the target, because a match with
// another tenant's row would already decide what happens to the source's row.
// But ON is not a WHERE: unmatched rows of the source are inserted, and
// unmatched rows of the target can be changed. So ON binds the source only if
// unmatched rows of it have no action, and an action on unmatched rows of the
// target must bind the target again.
type mergeJudge struct {
	*judge
	table  *table
	target *fromItem
	source []*fromItem
	env    env
	conds  allOf // on which each action's row of the target is one of the scope
}

func (j *judge) merge(s *pg.MergeStmt, e env) *output {
	e = j.with(s.GetWithClause(), e)
	t := j.target(s.GetRelation())
	if t == nil {
		return unknown()
	}
	m := &mergeJudge{judge: j, table: t, env: e}
	l := newLevel()
	m.target = j.tableItem(s.GetRelation(), t, newLevel())
	m.target.write()
	m.source = j.fromClause([]*pg.Node{s.GetSourceRelation()}, from{level: l, env: e})
	both := scopeOf(e.names, append([]*fromItem{m.target}, m.source...)...)
	j.walk(s.GetJoinCondition(), e.within(both))
	on := j.facts(s.GetJoinCondition(), both)
	r := m.target.reference()
	m.conds = allOf{bindsOf(on, r)}
	if !slices.ContainsFunc(s.GetMergeWhenClauses(), insertsUnmatched) {
		for _, f := range on {
			if f.ref.level == l {
				f.ref.binds = append(f.ref.binds, f.cond)
			}
		}
	}
	for _, n := range s.GetMergeWhenClauses() {
		m.action(n.GetMergeWhenClause(), both, r)
	}
	if r != nil {
		r.inserted = true
		r.binds = anyOf{m.conds}
	}
	j.walkAll(s.GetReturningList(), e.within(both))
	return j.targets(s.GetReturningList(), both, append(slices.Clone(m.source), m.target))
}

// bindsOf returns the facts about one reference.
func bindsOf(facts []fact, r *reference) anyOf {
	binds := anyOf{}
	for _, f := range facts {
		if f.ref == r {
			binds = append(binds, f.cond)
		}
	}
	return binds
}

func insertsUnmatched(n *pg.Node) bool {
	return n.GetMergeWhenClause().GetMatchKind() == pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_TARGET
}

// action judges one WHEN. What it can name depends on what it matches.
func (m *mergeJudge) action(w *pg.MergeWhenClause, both *scope, r *reference) {
	names := both
	switch w.GetMatchKind() {
	case pg.MergeMatchKind_MERGE_WHEN_MATCHED:
	case pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_SOURCE:
		names = scopeOf(m.env.names, m.target)
	case pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_TARGET:
		names = scopeOf(m.env.names, m.source...)
	default:
		m.refuse(-1, "WHEN", "of a kind that the verifier does not know")
	}
	inside := m.env.within(names)
	m.walk(w.GetCondition(), inside)
	if w.GetMatchKind() == pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_SOURCE && w.GetCommandType() != pg.CmdType_CMD_NOTHING {
		m.conds = append(m.conds, bindsOf(m.facts(w.GetCondition(), names), r))
	}
	switch w.GetCommandType() {
	case pg.CmdType_CMD_INSERT:
		m.insertAction(w, inside)
	case pg.CmdType_CMD_UPDATE:
		m.assignments(w.GetTargetList(), m.table, inside)
	case pg.CmdType_CMD_DELETE, pg.CmdType_CMD_NOTHING:
	default:
		m.refuse(-1, "WHEN", "with an action that the verifier does not know")
	}
}

func (m *mergeJudge) insertAction(w *pg.MergeWhenClause, e env) {
	at := m.tenantAt(w.GetTargetList(), m.table, e)
	m.walkAll(w.GetValues(), e)
	if m.table.column == "" {
		return
	}
	var c *column
	if values := w.GetValues(); at >= 0 && at < len(values) {
		c = &column{value: m.value(values[at], e.names), nullable: isNullable(values[at], e.names)}
	}
	m.conds = append(m.conds, m.written(c, m.table, m.target.reference().at()))
}

// at returns a reference's place in the text.
func (r *reference) at() int32 {
	if r == nil {
		return -1
	}
	return r.location
}
