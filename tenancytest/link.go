package tenancytest

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm/schema"
)

// link is a set of foreign keys of a table and what they may refer to: one
// table, or, for a polymorphic relation, several.
type link struct {
	columns  string // the foreign keys, the polymorphic type apart
	targets  []*target
	nullable bool
	inKey    bool // all its foreign keys are part of the table's key
}

// target is one table that a link may refer to.
type target struct {
	parent *model
	pairs  []pair
	kind   *schema.Field // the polymorphic type and its value
	value  string
	one    bool // each parent has one child
}

// pair is a foreign key and the column that it refers to.
type pair struct{ foreign, primary *schema.Field }

func (l *link) has(field *schema.Field) bool {
	for _, t := range l.targets {
		if t.kind == field || slices.ContainsFunc(t.pairs, func(p pair) bool { return p.foreign == field }) {
			return true
		}
	}
	return false
}

// addLinks adds what a relation says about foreign keys to the table that has
// them.
func (f *Fixture) addLinks(rel *schema.Relationship) {
	child, parents := rel.Schema, map[bool]*schema.Schema{false: rel.FieldSchema}
	switch rel.Type {
	case schema.HasOne, schema.HasMany:
		child, parents = rel.FieldSchema, map[bool]*schema.Schema{true: rel.Schema}
	case schema.Many2Many:
		child, parents = rel.JoinTable, map[bool]*schema.Schema{true: rel.Schema, false: rel.FieldSchema}
	}
	for _, own := range []bool{true, false} {
		parent := parents[own]
		if parent == nil {
			continue
		}
		t := &target{parent: f.tables[parent.Table], one: rel.Type == schema.HasOne}
		for _, ref := range rel.References {
			switch {
			case ref.PrimaryValue != "":
				t.kind, t.value = ref.ForeignKey, ref.PrimaryValue
			case rel.Type == schema.Many2Many && ref.OwnPrimaryKey != own:
			case ref.ForeignKey.Tag.Get("tenancy") != "tenant" && ref.ForeignKey.DBName != f.column:
				t.pairs = append(t.pairs, pair{ref.ForeignKey, ref.PrimaryKey})
			}
		}
		if m := f.tables[child.Table]; m != nil && t.parent != nil && len(t.pairs) > 0 {
			m.addLink(t)
		}
	}
}

func (m *model) addLink(t *target) {
	slices.SortFunc(t.pairs, func(a, b pair) int { return cmp.Compare(a.foreign.DBName, b.foreign.DBName) })
	var names []string
	nullable, inKey := true, true
	for i, p := range t.pairs {
		// A relation may have been parsed for another instance of the schema.
		t.pairs[i].foreign = m.schema.LookUpField(p.foreign.DBName)
		t.pairs[i].primary = t.parent.schema.LookUpField(p.primary.DBName)
		names = append(names, p.foreign.DBName)
		nullable = nullable && !p.foreign.NotNull && isNullable(p.foreign.FieldType)
		inKey = inKey && p.foreign.PrimaryKey
	}
	columns := strings.Join(names, ",")
	for _, l := range m.links {
		if l.columns != columns {
			continue
		}
		for _, known := range l.targets {
			if known.parent == t.parent && known.value == t.value {
				known.one = known.one || t.one
				return
			}
		}
		l.targets = append(l.targets, t)
		return
	}
	m.links = append(m.links, &link{columns: columns, targets: []*target{t}, nullable: nullable && !inKey, inKey: inKey})
}

// isNullable reports whether a Go type can hold NULL.
func isNullable(typ reflect.Type) bool {
	return typ.Kind() == reflect.Pointer ||
		typ.Kind() == reflect.Struct && strings.HasPrefix(typ.Name(), "Null")
}

// Which parent each row refers to: many leaves parents with two children, one,
// a deleted one, and none; one gives each parent one child; self is for trees.
// They differ by tenant, so that crossing over shows although keys are shared.
// The pairs are for tables whose key consists of references.
var (
	manyParents = [2][]int{{0, 0, 1, deletedRow, 2}, {1, 1, 0, deletedRow, 2, 0, 1}}
	oneParent   = [2][]int{{0, 1, 2, deletedRow, 4}, {1, 0, 2, deletedRow, 4, 5, 6}}
	selfParents = [2][]int{{-1, 0, 0, 1, deletedRow}, {-1, 0, 1, 0, deletedRow, 2, 1}}
	keyPairs    = [2][]int{{0, 0, 1, 2, 1, 3, 4}, {0, 1, 0, 2, 3, 2, 1}}
	newPairs    = [2][]int{{4, 4, 4, 4, 2, 2, 2}, {0, 1, 2, 4, 0, 1, 4}}
)

// connect sets the references of a row to rows of the same tenant, those of the
// key alone or all.
func (m *model) connect(pointer reflect.Value, tenant, row int, keyAlone bool) {
	var keys []*link
	for _, l := range m.links {
		if l.inKey {
			keys = append(keys, l)
		}
	}
	for _, l := range m.links {
		if keyAlone && !l.inKey {
			continue
		}
		t := l.targets[row%len(l.targets)]
		if owner, n, ok := t.pick(m, l, tenant, row); ok {
			m.connectTo(pointer, l, t, owner, n)
			continue
		}
		n := t.choose(m, l, tenant, row)
		if place := slices.Index(keys, l); place >= 0 && len(keys) > 1 {
			n = m.keyPart(tenant, row, place)
		}
		m.connectTo(pointer, l, t, tenant, n)
	}
}

func (m *model) connectTo(pointer reflect.Value, l *link, t *target, tenant, n int) {
	if n < 0 && !l.nullable {
		n = 0
	}
	var parent reflect.Value
	if n >= 0 {
		parent = t.parent.shallow(t.parent.ownerOf(tenant), n)
	}
	for _, p := range t.pairs {
		m.clear(p.foreign, pointer)
		if n >= 0 {
			v, _ := p.primary.ValueOf(context.Background(), parent)
			m.set(p.foreign, pointer, v)
		}
	}
	switch {
	case t.kind == nil:
	case n < 0:
		m.clear(t.kind, pointer)
	default:
		m.set(t.kind, pointer, t.value)
	}
}

// choose picks the parent of a row; -1 is none.
func (t *target) choose(child *model, l *link, tenant, row int) int {
	isWholeKey := l.inKey && len(t.pairs) == len(child.schema.PrimaryFields)
	isNew := row >= firstMade
	switch {
	case t.parent.single():
		return 0
	case isWholeKey && isNew:
		panic(inapplicable{}) // each parent has its child already
	case isWholeKey:
		return oneParent[tenant][row]
	case t.one && l.nullable && (row == orphanRow || row > firstMade):
		return -1
	case t.one && isNew:
		return orphanRow
	case t.one:
		return oneParent[tenant][row]
	case isNew:
		return (row + 1) % 3 // none of them is deleted
	case t.parent == child:
		return selfParents[tenant][row]
	case row == orphanRow && l.nullable:
		return -1
	}
	return manyParents[tenant][row]
}

// keyPart spreads the rows of a join table over pairs, no pair twice.
func (m *model) keyPart(tenant, row, place int) int {
	if tenant == 1 && m.disjointKeys {
		row += firstMade
	}
	if row < len(keyPairs[0]) {
		return keyPairs[(place+tenant)%2][row]
	}
	row = min(row-firstMade, len(newPairs[0])-1)
	return newPairs[place%2][row]
}

// shallow builds what a reference can refer to: the row without references of
// its own, other than those that its key consists of. Tables that refer to each
// other would not come to an end otherwise.
func (m *model) shallow(tenant, row int) reflect.Value {
	pointer := reflect.New(m.schema.ModelType)
	s := m.seedOf(tenant, row)
	for _, field := range m.stored() {
		if v := value(field, m.seedFor(field, s)); v != nil && field != m.tenant {
			m.set(field, pointer, v)
		}
	}
	m.connect(pointer, tenant, row, true)
	if m.tenant != nil && tenant != everybody {
		m.set(m.tenant, pointer, m.f.tenants[tenant])
	}
	return pointer
}

// ownerOf is whose rows of a table a tenant refers to: shared ones are the first
// tenant's.
func (m *model) ownerOf(tenant int) int {
	if m.tenant == nil || tenant == everybody && !m.isMixed() {
		return 0
	}
	return tenant
}
