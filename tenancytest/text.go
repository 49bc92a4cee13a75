package tenancytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// place is a part of a statement that takes text.
type place struct {
	flags flags
	run   func(tx *gorm.DB, m *model, text string) answer
}

// find ends a chain in maps, which take whatever columns come.
func find(chain *gorm.DB, m *model) answer { return intoMaps(chain.Model(m.new())) }

// change ends a chain in an update.
func change(chain *gorm.DB, m *model) answer {
	f := m.any()
	return got(chain.Model(m.new()).Updates(map[string]any{f.DBName: m.next(f)}))
}

var places = map[string]place{
	"Where":       {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where(text), m) }},
	"Where first": {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where(text).Where("1 = 1"), m) }},
	"Where last":  {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where("1 = 1").Where(text), m) }},
	"Where group": {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where(tx.Where(text).Or("1 = 0")), m) }},
	"Unscoped":    {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Unscoped().Where(text), m) }},
	"Not":         {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Not(text), m) }},
	"Or":          {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where("1 = 0").Or(text), m) }},
	"Expr":        {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Where(gorm.Expr(text)), m) }},
	"Select":      {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Select(text), m) }},
	"Select args": {0, func(tx *gorm.DB, m *model, text string) answer {
		return find(tx.Select(text+", CAST(? AS integer)", 1), m)
	}},
	"Distinct": {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Distinct(text), m) }},
	"Order":    {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Order(text), m) }},
	"Group": {0, func(tx *gorm.DB, m *model, text string) answer {
		return find(tx.Select("COUNT(*) AS n").Group(text), m)
	}},
	"Having": {0, func(tx *gorm.DB, m *model, text string) answer {
		return find(tx.Select(m.c(m.any())).Group(m.c(m.any())).Having(text), m)
	}},
	"Joins": {0, func(tx *gorm.DB, m *model, text string) answer { return find(tx.Joins(text), m) }},
	"Joins tail": {0, func(tx *gorm.DB, m *model, text string) answer {
		return find(tx.Joins("JOIN "+m.f.name(m.table)+" j ON "+text), m)
	}},
	"Table": {0, func(tx *gorm.DB, m *model, text string) answer { return intoMaps(tx.Table(text)) }},
	"Table alias": {0, func(tx *gorm.DB, m *model, text string) answer {
		return intoMaps(tx.Table(m.f.name(m.table) + " " + text))
	}},
	"Pluck": {0, func(tx *gorm.DB, m *model, text string) answer {
		out := []any{}
		return got(tx.Model(m.new()).Pluck(text, &out), &out)
	}},
	"Preload": {0, func(tx *gorm.DB, m *model, text string) answer { return m.preloadText(tx, text) }},
	"Subquery": {0, func(tx *gorm.DB, m *model, text string) answer {
		return find(tx.Where(m.c(m.key())+" IN (?)", keys(tx, m).Where(text)), m)
	}},
	"Update where": {changes, func(tx *gorm.DB, m *model, text string) answer { return change(tx.Where(text), m) }},
	"Delete where": {changes, func(tx *gorm.DB, m *model, text string) answer { return got(tx.Where(text).Delete(m.new())) }},
	"Delete hard":  {changes, func(tx *gorm.DB, m *model, text string) answer { return got(tx.Unscoped().Where(text).Delete(m.new())) }},
	"Set": {changes, func(tx *gorm.DB, m *model, text string) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Updates(map[string]any{m.any().DBName: gorm.Expr(text)}))
	}},
	"Set column": {changes, func(tx *gorm.DB, m *model, text string) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Updates(map[string]any{text: m.next(m.any())}))
	}},
	"Returning": {changes, func(tx *gorm.DB, m *model, text string) answer {
		v := m.slice()
		returning := clause.Returning{Columns: []clause.Column{{Name: text, Raw: true}}}
		return got(row(where, tx.Model(v).Clauses(returning), m, 0).Updates(map[string]any{m.any().DBName: m.next(m.any())}), v)
	}},
	"OnConflict where": {creates, func(tx *gorm.DB, m *model, text string) answer {
		on := m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: text}}},
		})
		return got(tx.Clauses(on).Create(m.changed(0)))
	}},
	"OnConflict set": {creates, func(tx *gorm.DB, m *model, text string) answer {
		on := m.conflict(clause.OnConflict{
			DoUpdates: clause.Assignments(map[string]any{m.any().DBName: gorm.Expr(text)}),
		})
		return got(tx.Clauses(on).Create(m.changed(0)))
	}},
	"Create value": {creates, func(tx *gorm.DB, m *model, text string) answer {
		columns := m.columns(m.made(0))
		columns[m.any().DBName] = gorm.Expr(text)
		return got(tx.Model(m.new()).Create(columns))
	}},
	"Raw": {changes, func(tx *gorm.DB, m *model, text string) answer {
		out := []map[string]any{}
		return got(tx.Raw(text).Scan(&out), &out)
	}},
	"Exec": {changes, func(tx *gorm.DB, m *model, text string) answer { return got(tx.Exec(text)) }},
}

func (m *model) preloadText(tx *gorm.DB, text string) answer {
	chain := tx
	for _, r := range m.rels {
		chain = chain.Preload(r.path, text)
	}
	out := m.slice()
	return got(chain.Find(out), out)
}

// Places lists the places of [Fixture.Text].
func Places() []string { return slices.Sorted(maps.Keys(places)) }

// Text puts text in a place of a statement on the first of the suite's models
// and runs it as the first tenant. Whatever the text is, nothing of the other
// tenant may come out or change; an error is as good as an answer. The error is
// nil or a *[Finding], or says that there is no such place.
//
// What the database itself says in an error is not looked at: without row-level
// security, a text that makes the database fail on a value may see this value.
func (f *Fixture) Text(name, text string) error {
	p, ok := places[name]
	if !ok {
		return fmt.Errorf("tenancytest: there is no place %q: see Places", name)
	}
	if strings.Contains(strings.ToLower(text), foreignWord) || strings.Contains(text, f.spelled()[1]) {
		return nil // it could not be told from the other tenant's
	}
	f.running.Lock()
	defer f.running.Unlock()
	m := f.first()
	// The text may change rows in any place: ; and WITH can follow.
	t := &task{name: name, flags: p.flags | changes, model: m, run: func(tx *gorm.DB) answer { return p.run(tx, m, text) }}
	shared, applies := f.execute(f.as(0), f.shared, t)
	if !applies {
		return nil
	}
	finding := f.judgeText(shared)
	if finding == nil && shared.err == nil {
		finding = f.compareText(t, p, text, shared)
	}
	if finding == nil {
		return nil
	}
	finding.SQL, finding.Operation = f.statements(f.as(0), t), fmt.Sprintf("text in %s: %q", name, text)
	return finding
}

// first is the model that texts are tried on.
func (f *Fixture) first() *model {
	stmt := &gorm.Statement{DB: f.shared}
	for _, value := range f.suite.Models {
		if stmt.Parse(value) == nil && f.tables[stmt.Schema.Table].tenant != nil {
			return f.tables[stmt.Schema.Table]
		}
	}
	return f.models[len(f.models)-1]
}

// compareText compares the sizes of the answers: with the oracle's, and with
// what it gives when a comment at the end ends with its line. It swallows the
// rest of the statement otherwise, which the plugin may or may not prevent.
func (f *Fixture) compareText(t *task, p place, text string, shared *outcome) *Finding {
	var excess *Finding
	for _, variant := range []string{text, text + "\n"} {
		alone := &task{name: t.name, flags: t.flags, model: t.model, run: func(tx *gorm.DB) answer {
			return p.run(tx, t.model, variant)
		}}
		lone, _ := f.execute(context.Background(), f.lone, alone)
		switch {
		case shared.panicked != nil && lone.panicked == nil:
			return found(Wrong, "panic: %v", shared.panicked)
		case shared.panicked != nil || lone.panicked != nil || lone.err != nil:
			continue
		case size(shared.values) <= size(lone.values):
			return nil
		}
		excess = found(Leak, "more than the oracle gives: %s",
			difference(render(lone.values, labels(lone.values)), render(shared.values, labels(shared.values))))
	}
	return excess
}

func (f *Fixture) judgeText(shared *outcome) *Finding {
	if finding := f.judgeForeign(shared); finding != nil {
		return finding
	}
	var finding *Finding
	look := func(where string) func(leaf any) {
		return func(leaf any) {
			text, isText := leaf.(string)
			if finding == nil && isText && (strings.Contains(text, foreignWord) || text == f.spelled()[1]) {
				finding = found(Leak, "%s hold another tenant's %q", where, text)
			}
		}
	}
	walk(shared.plain, look("the answers"))
	if shared.state != nil {
		walk(shared.state.own, look("the tenant's rows"))
		walk(shared.state.rest, look("rows of no tenant"))
	}
	return finding
}

// size is how many leaves there are.
func size(tree any) (n int) {
	walk(tree, func(any) { n++ })
	return n
}
