package tenancy

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// place decides where each predicate goes, and finds the anchor of the statement and of
// the subqueries that are still to come.
func (l *fromList) place() {
	l.places = l.ex.places[:0]
	for i := range l.refs {
		p := placement{where: l.scopingOf(i)}
		if p.where == onCondition || p.where == aroundTable {
			p.match, p.isMatched = l.matchOf(i)
		}
		l.places = append(l.places, p)
	}
	l.ex.places = l.places
	if l.ex.scope.isSeveral() && !l.ex.updating {
		l.ex.anchor, l.ex.anchored = tenantRef{}, l.queries() == 0
		if first := l.first(); first < len(l.refs) {
			l.ex.anchor, l.ex.anchored = tenantRef{l.tables[first], l.refs[first].Qualifier}, true
		}
	}
	for i := range l.places {
		p := &l.places[i]
		p.inWhere = p.where == whereClause || p.where == onCondition && l.ex.scope.kind != scopeSingle &&
			!p.isMatched && l.refs[i].Qualifier != l.ex.anchor.qualifier
	}
}

func (l *fromList) tenants(i int) bool { return l.tables[i].isScoped() }

// first is the reference that the others are matched with: the first to a tenant's
// table. In an UPDATE, and if there is no such table, it is outside the list.
func (l *fromList) first() int {
	if !l.ex.updating {
		for i := range l.refs {
			if l.tenants(i) {
				return i
			}
		}
	}
	return len(l.refs)
}

// queries counts the references that are subqueries.
func (l *fromList) queries() (n int) {
	for i := range l.refs {
		if l.refs[i].Query {
			n++
		}
	}
	return n
}

func (l *fromList) scopingOf(i int) scoping {
	ref := &l.refs[i]
	switch {
	case !l.tenants(i):
		return unscoped
	case l.preserves(ref.Item):
		return aroundTable
	case ref.Join == sqltext.JoinNone, ref.Join == sqltext.JoinCross:
		return whereClause
	case ref.Join == sqltext.JoinInner && ref.Merged:
		return whereClause
	case ref.Merged, ref.On == (sqltext.Span{}):
		return aroundTable
	}
	return onCondition
}

// preserves reports whether an item has a RIGHT or FULL join: rows that it
// keeps without a partner pass any ON, and a WHERE drops those of the others.
// SQLite's comma joins as closely as JOIN does, so that all items are one.
func (l *fromList) preserves(item int) bool {
	for i := range l.refs {
		if (l.refs[i].Item == item || l.ex.plugin.dialect == sqltext.SQLite) && (l.refs[i].Join == sqltext.JoinRight || l.refs[i].Join == sqltext.JoinFull) {
			return true
		}
	}
	return false
}

// matches reports whether each reference to a tenant's table can be matched with
// the first, so that in a set or under a bypass no two tenants' rows meet: in its
// ON with an earlier one of its item, or in the WHERE.
func (l *fromList) matches() bool {
	first, queries := l.first(), l.queries()
	alone := len(l.refs) == 1 && !l.ex.updating
	if len(l.ex.queries) > queries || queries > 0 && (!alone || l.ex.compares || l.ex.correlated()) {
		return false // a query's tenants are not to be seen from here
	}
	others := 0
	for i := range l.refs {
		if !l.tenants(i) || i == first {
			continue
		}
		if !l.matchesFirst(i) || l.places[i].inWhere && l.isMissing(first, len(l.refs)) {
			return false
		}
		others++
	}
	loose := l.ex.anchor.table != nil && l.ex.anchor.table.kind.isLoose()
	if loose && (others > 1 || others == 1 && l.ex.correlated()) {
		return false // they would be matched with the first, and not with each other
	}
	l.ex.loose = loose && others > 0
	return first == len(l.refs) || !l.ex.correlated() || l.places[first].where == whereClause
}

// matchesFirst reports whether a reference after the first can be matched.
func (l *fromList) matchesFirst(i int) bool {
	ref, p := &l.refs[i], &l.places[i]
	switch p.where {
	case onCondition:
		return p.isMatched || ref.Join == sqltext.JoinInner
	case aroundTable:
		return p.isMatched && !ref.Merged && ref.On != (sqltext.Span{}) && l.refs[len(l.refs)-1].Item == 0
	}
	return true
}

// matchOf finds the tenant's table that a joined one is matched with: the first of its
// item whose row is there. One whose ids are of another type is matched by value where
// the scope has one tenant.
func (l *fromList) matchOf(i int) (tenantRef, bool) {
	for j := range i {
		if l.refs[j].Item != l.refs[i].Item || !l.tenants(j) || l.isMissing(j, i) && !l.needs(i, j) {
			continue
		}
		if l.ex.scope.kind == scopeSingle && (j > 0 && l.refs[j].Join == sqltext.JoinLeft ||
			l.tables[j].kind.isLoose() || l.tables[i].kind.isLoose() || l.tables[j].id.kind != l.tables[i].id.kind) {
			return tenantRef{}, false
		}
		return tenantRef{l.tables[j], l.refs[j].Qualifier}, true
	}
	return tenantRef{}, false
}

// isMissing reports whether a reference may have no row where a later one is joined,
// because an outer join up to there has kept a row without a partner. Under one
// tenant that does not matter.
func (l *fromList) isMissing(j, i int) bool {
	if l.ex.scope.kind == scopeSingle {
		return false
	}
	for k := j; k < i; k++ {
		if l.refs[k].Item != l.refs[j].Item {
			continue
		}
		switch l.refs[k].Join {
		case sqltext.JoinFull:
			return true
		case sqltext.JoinLeft:
			if k == j {
				return true
			}
		case sqltext.JoinRight:
			if k > j {
				return true
			}
		}
	}
	return false
}

// needs reports whether a reference is joined by a column of an earlier one, so that
// nothing matches where that has no row.
func (l *fromList) needs(i, j int) (needs bool) {
	on := l.stmt.SQL.String()[l.at.text:][l.refs[i].On.Start:l.refs[i].On.End]
	qualifier := l.ex.folded(l.refs[j].Qualifier)
	sqltext.Equalities(&sqltext.Lexer{Text: on, Dialect: l.ex.plugin.dialect}, func(a, b sqltext.Operand) {
		needs = needs || a.Name != "" && a.Qualifier == qualifier || b.Name != "" && b.Qualifier == qualifier
	})
	return needs
}

// fromList is a FROM list that is being scoped: each reference to a tenant's
// table gets its predicate in the WHERE of the statement, in its ON, or, where
// an outer or a merging join would defeat both, around the table itself.
type fromList struct {
	ex     *execution
	stmt   *gorm.Statement
	refs   []sqltext.Ref
	tables []*table
	places []placement // of refs
	at     mark
	text   string
	done   int // how much of text is written again
}
