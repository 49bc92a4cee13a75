package tenancytest

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// step is one part of a random chain.
type step struct {
	name string
	add  func(tx *gorm.DB, m *model, draw func(n int) int) *gorm.DB
}

// Chain runs one random chain of conditions, joins, preloads and a finisher as
// the first tenant, and compares it with the oracle like the operations of
// [Suite.Run]. Each choice comes from draw, which returns a number in [0, n), so
// that a property-testing library can drive and shrink it. The error is nil or a
// *[Finding].
func (f *Fixture) Chain(draw func(n int) int) error {
	f.running.Lock()
	defer f.running.Unlock()
	t := f.randomTask(draw)
	lone, applies := f.execute(context.Background(), f.lone, t)
	if !applies {
		return nil
	}
	if finding := f.try(t, scopes[0], lone); finding != nil {
		finding.Operation = t.name
		return finding
	}
	return nil
}

// randomTask draws a chain. It is built again in each database, from the same
// choices.
func (f *Fixture) randomTask(draw func(n int) int) *task {
	var owned []*model
	for _, m := range f.models {
		if m.named() && m.tenant != nil {
			owned = append(owned, m)
		}
	}
	m := owned[draw(len(owned))]
	ending := endings[draw(len(endings))]
	planned := make([]step, 1+draw(5))
	name := m.schema.Name + "/"
	for i := range planned {
		planned[i] = steps[draw(len(steps))]
		name += planned[i].name + ", "
	}
	var choices []int
	at := 0
	replay := func(n int) int {
		if at == len(choices) {
			choices = append(choices, draw(n))
		}
		at++
		return choices[at-1]
	}
	return &task{name: name + ending.name, flags: ending.flags, model: m, run: func(tx *gorm.DB) answer {
		at = 0
		chain := tx
		for _, s := range planned {
			chain = m.extend(chain, s, replay)
		}
		return ending.run(chain, m)
	}}
}

// endings are the finishers of random chains.
var endings = slices.Concat(finishers, []finisher{
	{"Find pointers", 0, func(tx *gorm.DB, m *model) answer { out := m.pointers(); return got(tx.Find(out), out) }},
	{"Find page", inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		key := m.q(m.key())
		inner := tx.Model(m.new()).Select(key)
		return got(tx.Session(&gorm.Session{NewDB: true}).Where(key+" IN (?)", inner).Order(key).Limit(2).Offset(1).Find(out), out)
	}},
	{"Pluck", 0, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Model(m.new()).Pluck(m.q(m.any()), &out), &out)
	}},
	{"Group", 0, func(tx *gorm.DB, m *model) answer {
		c := m.q(m.any())
		return intoMaps(tx.Model(m.new()).Select(c+" AS c, COUNT(*) AS n").Group(c).Having("COUNT(*) > ?\tor\t1 = 1", 1))
	}},
	{"Count and Find", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		out := m.slice()
		chain := tx.Model(m.new()).Session(&gorm.Session{})
		return got(chain.Count(&n), n).and(got(chain.Find(out), out))
	}},
	{"Rows", 0, func(tx *gorm.DB, m *model) answer { return m.scanRows(tx.Model(m.new())) }},
	{"in a subquery", 0, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		key := m.q(m.key())
		inner := tx.Model(m.new()).Select(key)
		return got(tx.Session(&gorm.Session{NewDB: true}).Where(key+" IN (?)", inner).Find(out), out)
	}},
	{"Delete Unscoped", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Unscoped().Delete(m.new())) }},
	{"Update expression", changes, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(tx.Model(m.new()).Update(c.DBName, gorm.Expr(m.c(c)+" + ?", 1)))
	}},
})

// extend adds a step where it applies.
func (m *model) extend(tx *gorm.DB, s step, draw func(n int) int) *gorm.DB {
	if chain, ok := attempt(func() *gorm.DB { return s.add(tx, m, draw) }); ok {
		return chain
	}
	return tx
}

// words join two conditions in text; all of them mean OR or AND.
var words = []string{" OR ", " or ", "\tor\t", "\nOR\n", " AND ", "\tand\t", " Or\t"}

// term is a random condition in text, with the table's name before each column.
func (m *model) term(draw func(n int) int) (string, []any) {
	key := m.key()
	switch draw(7) {
	case 0:
		return m.q(key) + " = ?", []any{m.id(draw(orphanRow))}
	case 1:
		return m.q(key) + " <> ?", []any{m.id(draw(orphanRow))}
	case 2:
		return m.q(key) + " IN ?", []any{[]any{m.id(draw(orphanRow)), m.foreignID()}}
	case 3:
		return "1 = 1", nil
	case 4:
		return m.q(m.any()) + " = ?", []any{m.of(m.any(), draw(3))}
	case 5:
		a, args := m.term(draw)
		b, more := m.term(draw)
		return a + words[draw(len(words))] + b, append(args, more...)
	default:
		a, args := m.term(draw)
		b, more := m.term(draw)
		return "(" + a + words[draw(len(words))] + b + ")", append(args, more...)
	}
}

// group is a random group of conditions.
func (m *model) group(tx *gorm.DB, draw func(n int) int) *gorm.DB {
	text, args := m.term(draw)
	group := tx.Session(&gorm.Session{NewDB: true}).Where(text, args...)
	for range draw(3) {
		text, args := m.term(draw)
		switch draw(3) {
		case 0:
			group = group.Or(text, args...)
		case 1:
			group = group.Not(text, args...)
		default:
			group = group.Where(text, args...)
		}
	}
	return group
}

// one picks one of the model's relations.
func (m *model) one(draw func(n int) int) *relation {
	if len(m.rels) == 0 {
		panic(inapplicable{})
	}
	return m.rels[draw(len(m.rels))]
}

var steps = []step{
	{"Where", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		text, args := m.term(draw)
		return tx.Where(text, args...)
	}},
	{"Or", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		text, args := m.term(draw)
		return tx.Or(text, args...)
	}},
	{"Not", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		text, args := m.term(draw)
		return tx.Not(text, args...)
	}},
	{"group", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB { return tx.Where(m.group(tx, draw)) }},
	{"or group", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB { return tx.Or(m.group(tx, draw)) }},
	{"not group", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB { return tx.Not(m.group(tx, draw)) }},
	{"map", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		return tx.Where(map[string]any{m.any().DBName: m.of(m.any(), draw(3))})
	}},
	{"struct", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		return tx.Or(m.holding(m.any(), draw(3)))
	}},
	{"subquery", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		inner := m.group(tx, draw).Model(m.new()).Select(m.q(m.key()))
		return tx.Where(m.q(m.key())+" IN (?)", inner)
	}},
	{"subquery or", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		inner := m.group(tx, draw).Model(m.new()).Select(m.q(m.key()))
		return tx.Or(m.q(m.key())+" NOT IN (?)", inner)
	}},
	{"scope", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		text, args := m.term(draw)
		return tx.Scopes(func(tx *gorm.DB) *gorm.DB { return tx.Or(text, args...) })
	}},
	{"exists", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		r.direct()
		inner := tx.Session(&gorm.Session{NewDB: true}).Table(r.m.f.name(r.target.table) + " AS rel").
			Select("1").Where(r.on(r.m.f.name(r.m.table), "rel"))
		if draw(2) == 0 {
			return tx.Not("EXISTS (?)", inner)
		}
		return tx.Where("EXISTS (?)", inner)
	}},
	{"subquery of related", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		ref := r.References[0]
		if r.Type != schema.BelongsTo {
			panic(inapplicable{})
		}
		inner := r.target.group(tx, draw).Model(r.target.new()).Select(ref.PrimaryKey.DBName)
		return tx.Or(m.q(ref.ForeignKey)+" IN (?)", inner)
	}},
	{"Unscoped", func(tx *gorm.DB, m *model, _ func(int) int) *gorm.DB { return tx.Unscoped() }},
	{"Session", func(tx *gorm.DB, m *model, _ func(int) int) *gorm.DB { return tx.Session(&gorm.Session{}) }},
	{"Preload", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB { return tx.Preload(m.one(draw).path) }},
	{"Preload or", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		return tx.Preload(m.one(draw).path, "1 = 1\tor\t1 = 1")
	}},
	{"Joins", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		r.toOne()
		return tx.Joins(r.name)
	}},
	{"InnerJoins", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		r.toOne()
		return tx.InnerJoins(r.name)
	}},
	{"Joins with condition", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		r.toOne()
		return tx.Joins(r.name, tx.Session(&gorm.Session{NewDB: true}).Where("1 = 1\tor\t1 = 1"))
	}},
	{"Joins text", func(tx *gorm.DB, m *model, draw func(int) int) *gorm.DB {
		r := m.one(draw)
		kind := []string{"JOIN", "LEFT JOIN", "left join"}[draw(3)]
		return tx.Joins(r.join(kind, fmt.Sprintf("j%d", draw(100))))
	}},
}
