package tenancytest

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// everybody stands in place of a tenant for the rows of a mixed table that have
// none.
const everybody = 2

const (
	// linkedCount is how many rows a linked table has. The first five are for the
	// first tenant: what that links to, and, where links can be deleted, one that it
	// was linked with. Then come two that the other tenant alone links to, and one
	// that nobody does.
	linkedCount    = 8
	everybodyCount = 3 // rows without a tenant in a mixed table
	privateRow     = 10
)

// Which row of a linked table the rows of its link name, and those of other tables:
// among these are rows of the other tenant and of nobody. They differ by tenant.
var (
	linkedRows   = [2][]int{{0, 1, 2, deletedRow, 4}, {0, 1, 5, 2, 6, 5, 1}}
	referredRows = [2][]int{{0, 0, 5, deletedRow, 7}, {1, 0, 2, deletedRow, 5, 6, 7}}
)

func (m *model) isMixed() bool   { return m.kind == tenancy.KindMixed }
func (m *model) isLinked() bool  { return m.kind == tenancy.KindLinked }
func (m *model) isPrivate() bool { return m.kind == tenancy.KindPrivate }
func (m *model) isForAll() bool  { return m.kind == tenancy.KindFree }

// isLoose reports whether a row of the table may be seen by several tenants and not
// by all.
func (m *model) isLoose() bool { return m.isMixed() || m.isLinked() }

// isOwnKind reports whether the table is neither shared nor only a tenant's.
func (m *model) isOwnKind() bool { return m.isLoose() || m.isPrivate() || m.isForAll() }

// isSealed reports whether no tenant writes the table, nor may it be tried on a
// shared one.
func (m *model) isSealed() bool { return m.isPrivate() || m.isLinked() && !m.writable }

// isUnobserved reports whether Suite.Observe leaves the table out.
func (m *model) isUnobserved() bool { return m.isPrivate() || m.isLinked() || m.isForAll() }

// followAll leaves the operation out where it follows all relations of the table, and
// one leads to a table that is sealed.
func (m *model) followAll() {
	for _, rel := range relationsOf(m.schema) {
		if target := m.f.tables[rel.FieldSchema.Table]; target != nil && target.isSealed() {
			panic(inapplicable{})
		}
	}
}

// kindOf sets what the plugin says of a table; nothing where there is no plugin, or
// the table is not declared.
func (f *Fixture) kindOf(m *model) {
	plugin := f.suite.Kinds
	if plugin == nil {
		plugin = pluginOf(f.suite.DB)
	}
	if plugin == nil || !m.named() {
		return
	}
	if known, err := plugin.Table(m.new()); err == nil {
		m.kind, m.writable, m.via = known.Kind, known.Writable, known.Link
	}
}

// addVia lets the rows of a linking table refer to those of a linked one, though no
// relation of the models may say so.
func (f *Fixture) addVia(m *model) {
	if m.via == nil {
		return
	}
	via := f.tables[m.via.Via.Name]
	if via == nil {
		return
	}
	foreign, primary := via.schema.LookUpField(m.via.ForeignKey), m.schema.LookUpField(m.via.Key)
	if foreign != nil && primary != nil {
		via.addLink(&target{parent: m, pairs: []pair{{foreign, primary}}})
	}
}

// isViaOf reports whether a link of the table is the one that shows a linked row.
func (m *model) isViaOf(l *link, parent *model) bool {
	return parent.via != nil && parent.via.Via.Name == m.table && parent.via.ForeignKey == l.columns
}

// isLink reports whether a tenant's row of the linking table counts.
func (m *model) isLink(row int) bool { return row != deletedRow || m.via.Where == "" }

// isSeenBy reports whether a tenant sees a row of the table, as far as its tenant
// column does not tell.
func (m *model) isSeenBy(tenant, row int) bool {
	if !m.isLinked() {
		return true
	}
	if m.f.tables[m.via.Via.Name] == nil {
		return false
	}
	for i, linked := range linkedRows[tenant] {
		if linked == row && m.isLink(i) {
			return true
		}
	}
	return false
}

// isInOracle reports whether a row of the table is in the oracle.
func (m *model) isInOracle(row int) bool {
	switch {
	case m.isPrivate() && m.f.suite.Backstop:
		return false // it refuses nothing, and shows nothing
	case !m.isLinked() || m.f.loneAll:
		return true
	case m.f.loneBoth:
		return m.isSeenBy(0, row) || m.isSeenBy(1, row)
	}
	return m.isSeenBy(m.f.loneTenant, row)
}

// owners are whose rows a table has beside a tenant's, and this tenant.
func (m *model) owners(tenant int) []int {
	switch {
	case !m.isMixed():
		return []int{m.ownerOf(tenant)}
	case tenant == everybody:
		return []int{everybody}
	}
	return []int{everybody, tenant}
}

// kindSeed is the seed of a row that is marked as the other tenant's, though it has
// no tenant: of one that the first tenant must not see.
func (m *model) kindSeed(tenant, row int) (s seed, ok bool) {
	switch {
	case tenant == everybody:
		return seed{tenant: everybody, row: row, key: 201 + row, unique: 201 + row}, true
	case m.isLinked():
		s = seed{row: row, key: row + 2, unique: row + 2}
		if row < firstMade && !m.isSeenBy(0, row) {
			s.tenant = 1
			s.row = max(row, 2)
		}
		return s, true
	case m.isPrivate():
		return seed{tenant: 1, row: row + privateRow, key: row + 2, unique: row + 2}, true
	}
	return s, false
}

// pick chooses the row that a row refers to, and whose it is, where the parent or
// the child are of a kind of their own; ok is false for the others.
func (t *target) pick(child *model, l *link, tenant, row int) (owner, n int, ok bool) {
	switch {
	case tenant == everybody && t.parent == child:
		return everybody, row - 1, true
	case tenant == everybody && t.parent.isMixed():
		return everybody, row % everybodyCount, true
	case tenant == everybody && t.parent.tenant != nil && l.nullable:
		return 0, -1, true
	case tenant == everybody:
		return 0, row % everybodyCount, true
	case row >= firstMade || t.one:
		return 0, 0, false
	case t.parent.isLinked() && child.isViaOf(l, t.parent):
		return 0, linkedRows[tenant][row], true
	case t.parent.isLinked() && row == orphanRow && l.nullable:
		return 0, -1, true
	case t.parent.isLinked():
		return 0, referredRows[tenant][row], true
	case !t.parent.isMixed():
		return 0, 0, false
	case !l.inKey && row == 1, l.inKey && row == deletedRow:
		return everybody, 1, true
	case tenant == 0 && child.f.crosses && t.parent.disjointKeys && (!l.inKey && row == 2 || l.inKey && row == orphanRow):
		return 1, 1, true // whose row it is, a foreign key of the id alone cannot tell
	}
	return 0, 0, false
}

// hidden returns one of the rows that the first tenant sees none of, or none of its
// own: one of the other tenant's, or, of a linked table, one that only that tenant
// links to.
func (m *model) hidden() any {
	if !m.isLoose() {
		panic(inapplicable{})
	}
	return m.build(1, foreignRow).Interface()
}

// shown returns one of the rows for everybody.
func (m *model) shown(n int) any {
	if !m.isMixed() {
		panic(inapplicable{})
	}
	return m.build(everybody, n).Interface()
}

// judgeKind judges what a kind of table refuses. It is false if the operation is
// judged as all are. One says that the scope is one tenant.
func (f *Fixture) judgeKind(t *task, shared, lone *outcome, one bool) (finding *Finding, judged bool) {
	isPrivate, isSealed := t.reachesPrivate(), t.writesSealed()
	switch {
	case f.suite.Backstop && isSealed: // what it answers after a write that took no rows is its own
		if finding := f.judgeSafety(t, shared, lone); finding != nil {
			return finding, true
		}
		return f.judgeSealed(t, shared), true
	case !isPrivate && !isSealed, shared.panicked != nil, f.suite.Backstop:
		return nil, false
	case isTenancyError(shared.err):
		if isPrivate && t.reads() && !errors.Is(shared.err, tenancy.ErrPrivate) && t.flags&refusable == 0 {
			return found(Wrong, "refused with another error than %q: %v", tenancy.ErrPrivate, shared.err), true
		}
		f.denied++
		if t.reads() && t.flags&echoes == 0 && one {
			return f.judgeSafety(t, shared, lone), true
		}
		return f.judgeDenied(t, shared), true
	case lone.err != nil || shared.err != nil, t.flags&silent != 0:
		return nil, false
	case isPrivate && t.reads():
		return found(Leak, "a private table is reached: %s", render(shared.values, labels(shared.values))), true
	case t.model.isSealed() && t.isUnscopedAssociation():
		return f.judgeSealed(t, shared), true
	case t.model.isSealed() && t.target == nil:
		if finding := f.judgeUntouched(shared); finding != nil {
			return found(Leak, "a table is written that tenants only read: %s", finding.Detail), true
		}
		return nil, shared.affected == 0
	}
	return nil, false
}

// reachesPrivate reports whether a task reads or writes a private table. Association
// mode reads what a value's keys name, without the value's table.
func (t *task) reachesPrivate() bool {
	switch {
	case t.target == nil:
		return t.model.isPrivate()
	case t.target.isPrivate():
		return t.reads()
	}
	return t.model.isPrivate() && !(t.reads() && strings.Contains(t.name, "/Association "))
}

func (t *task) writesSealed() bool {
	return !t.reads() && (t.model.isSealed() || t.target != nil && t.target.isSealed())
}

// judgeDenied checks what a refusal of a table's kind has left behind: nothing, where
// it is found before anything is sent; of several statements, as those of association
// mode, nothing in the tables that are sealed.
func (f *Fixture) judgeDenied(t *task, shared *outcome) *Finding {
	if finding := f.judgeForeign(shared); finding != nil {
		return finding
	}
	if strings.Contains(t.name, "Association ") || strings.HasSuffix(t.name, "/Read and Save") || strings.Contains(t.name, "/Delete with Select") {
		return f.judgeSealed(t, shared)
	}
	return f.judgeUntouched(shared)
}

// judgeSealed checks that a sealed table is what it was.
func (f *Fixture) judgeSealed(t *task, shared *outcome) *Finding {
	for _, m := range []*model{t.model, t.target} {
		if m == nil || !m.isSealed() || shared.state == nil {
			continue
		}
		if was, is := f.baseline.of(m), shared.state.of(m); was != is {
			return found(Leak, "a table is written that tenants only read: %s", difference(was, is))
		}
	}
	return nil
}

// without is a state without the rows of a table that is left as it is when rows that
// refer to it are saved. The oracle writes it.
func (s *state) without(t *task) *state {
	if t.target == nil || !t.target.isSealed() {
		return s
	}
	rest := maps.Clone(s.rest)
	delete(rest, t.target.table)
	return &state{own: s.own, foreign: s.foreign, rest: rest, nobody: s.nobody}
}

// isHeld reports whether the database keeps a row that others refer to. The oracle has
// no such constraints where the rows that are referred to may be hidden.
func (f *Fixture) isHeld(t *task, err error) bool {
	isKey := errors.Is(err, gorm.ErrForeignKeyViolated) || class(err) == "23503" || class(err) == "787"
	if t.target != nil && t.target.isSealed() { // a new one is left out, and what refers to it fails
		return isKey || class(err) == abortedTransaction
	}
	return isKey && (t.model.isUnbound || t.target != nil && t.target.isUnbound)
}

// changesLinks reports whether an operation goes on with rows that it has shown or
// hidden itself: it reads what it created, which nobody is linked with yet, or deletes
// what it has taken the link from.
func (t *task) changesLinks() bool {
	switch {
	case t.target == nil:
		return t.model.isLinked() && hasSuffix(t.name, "/Create and Find", "/SavePoint", "/Transaction in a transaction")
	case t.model.isLinked() && t.model.via.Via.Name == t.target.table:
		return hasSuffix(t.name, "/Delete with Select", "/Delete with Select by key", "/Delete with Select Unscoped")
	case t.target.isLinked() && t.target.via.Via.Name == t.model.table:
		return t.isUnscopedAssociation()
	case t.target.isLinked():
		return strings.HasSuffix(t.name, "/Association Replace Unscoped")
	}
	return false
}

// isUnscopedAssociation reports whether a task is of association mode and deletes what
// it takes from a relation. GORM drops the error of all but the last statement.
func (t *task) isUnscopedAssociation() bool {
	return strings.Contains(t.name, "/Association ") && strings.HasSuffix(t.name, " Unscoped")
}

func hasSuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// avoidPrivate leaves the operation out where one of the table's relations leads to a private
// table.
func (m *model) avoidPrivate() {
	for _, r := range m.rels {
		if r.target.isPrivate() {
			panic(inapplicable{})
		}
	}
}
