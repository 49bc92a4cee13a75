package tenancytest

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/gorm-tenancy/tenancy"
)

// wholeScope is a scope that is compared with a database that holds all that the scope sees
// of one table: it can, where the keys of several tenants' rows differ.
type wholeScope struct {
	name     string
	ctx      func(f *Fixture) context.Context
	everyRow bool // the oracle holds all rows, and those for everybody can be written
}

var wholeScopes = []wholeScope{
	{"set", func(f *Fixture) context.Context { return tenancy.WithSet(f.context(), f.tenants[0], f.tenants[1]) }, false},
	{"bypass", func(f *Fixture) context.Context { return tenancy.Bypass(f.context(), "conformance suite") }, true},
	{"none", (*Fixture).context, false},
}

// includes reports whether a task is run under the scope. What is created in a set or in
// a bypass has no tenant; the text of a bypass is sent as it is.
func (w *wholeScope) includes(t *task) bool {
	m := t.model
	switch {
	case t.target != nil || t.flags&(naming|refused|blocked|inTenant) != 0:
		return false
	case m.isForAll():
		return w.name != "bypass" || t.flags&variant == 0
	case w.name == "none":
		return false
	case w.everyRow && t.flags&variant != 0:
		return false
	case m.isMixed() && hasSuffix(t.name, "/Table twice", "/From twice", "/From join any"):
		return false // rows of two tenants do not meet
	case m.isMixed():
		return t.flags&creates == 0
	case m.isLinked():
		return w.everyRow || t.flags&creates == 0
	}
	return m.isPrivate()
}

// takes reports whether operations of these flags are tried on the table. Shared
// tables are read-only; values that name a tenant need a column for it.
func (m *model) takes(flags flags) bool {
	switch {
	case m.tenant != nil || flags&(changes|creates|refused|blocked|naming) == 0:
		return true
	case !m.isOwnKind() || flags&(refused|naming) != 0:
		return false
	}
	return flags&blocked == 0 || m.isLinked()
}

// needsTenant reports whether a statement on the table fails without a tenant.
func (m *model) needsTenant() bool {
	return m.tenant != nil || m.kind == tenancy.KindShared && !m.f.suite.Backstop || m.isLinked() || m.isPrivate()
}

// sampled draws the tasks that run: so many of each model.
func (f *Fixture) sampled(tasks []*task) (drawn []*task) {
	n := f.suite.Sample
	if n <= 0 {
		return tasks
	}
	byModel := map[*model][]*task{}
	for _, t := range tasks {
		byModel[t.model] = append(byModel[t.model], t)
	}
	for _, m := range f.models {
		list := byModel[m]
		name := fnv.New64a()
		_, _ = name.Write([]byte(m.table + strconv.FormatUint(f.suite.Seed, 10)))
		random := rand.New(rand.NewPCG(f.suite.Seed, name.Sum64())) //nolint:gosec // repeatable on purpose
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		drawn = append(drawn, list[:min(n, len(list))]...)
	}
	return drawn
}

// checkOthers runs what reads as the other tenant, where the tasks of sets have not.
// The oracle holds that tenant.
func (f *Fixture) checkOthers(tasks []*task, alone map[*task]*outcome, step func(string, func() *Finding)) {
	for _, t := range tasks {
		if alone[t] != nil || !t.model.isOwnKind() || !t.reads() || t.flags&(variant|naming|refused|blocked|inTenant) != 0 {
			continue
		}
		if b, applies := f.execute(context.Background(), f.lone, t); applies && b.err == nil {
			step("other tenant/"+t.name, func() *Finding { return f.tryOther(t, b) })
		}
	}
}

// checkKinds runs what concerns one table of a kind of its own under the scopes that
// see more than a tenant does.
func (f *Fixture) checkKinds(tasks []*task, step func(string, func() *Finding)) {
	if f.suite.Backstop || !slices.ContainsFunc(f.models, (*model).isOwnKind) {
		return
	}
	defer func() { f.loneBoth, f.loneAll = false, false }()
	for _, w := range wholeScopes {
		f.loneBoth, f.loneAll = true, w.everyRow
		if err := errors.Join(f.loneUniques(false), f.fillLone(0)); err != nil {
			step(w.name, func() *Finding { return found(Wrong, "%v", err) })
			return
		}
		for _, t := range tasks {
			if !w.includes(t) {
				continue
			}
			if lone, applies := f.execute(context.Background(), f.lone, t); applies {
				step(w.name+"/"+t.name, func() *Finding { return f.tryWide(&w, t, lone) })
			}
		}
	}
	f.loneBoth, f.loneAll = false, false
	if err := errors.Join(f.fillLone(0), f.loneUniques(true)); err != nil {
		step("set", func() *Finding { return found(Wrong, "%v", err) })
	}
}

func (f *Fixture) tryWide(w *wholeScope, t *task, lone *outcome) *Finding {
	shared, _ := f.execute(w.ctx(f), f.shared, t)
	finding := f.judgeWide(w, f.asText(w.name, t, shared), shared, lone)
	if finding != nil {
		finding.SQL = f.statements(w.ctx(f), t)
	}
	return finding
}

// loneUniques takes the unique indexes of mixed tables from the oracle, or gives them
// back: it holds the rows of several tenants, which may have the same values.
func (f *Fixture) loneUniques(isUnique bool) error {
	for _, m := range f.models {
		if !m.isMixed() || !m.named() {
			continue
		}
		for _, index := range m.schema.ParseIndexes() {
			migrator := f.lone.Migrator()
			if index.Class != "UNIQUE" || migrator.HasIndex(m.new(), index.Name) == isUnique {
				continue
			}
			change := migrator.DropIndex
			if isUnique {
				change = migrator.CreateIndex
			}
			if err := change(m.new(), index.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// judgeNobody checks that the rows which neither tenant links to are what they were.
func (f *Fixture) judgeNobody(shared *outcome) *Finding {
	if was, is := f.baseline.text().nobody, shared.state.text().nobody; was != is {
		return found(Leak, "rows that nobody of the set links to were changed: %s", difference(was, is))
	}
	return nil
}

func (f *Fixture) judgeWide(w *wholeScope, t *task, shared, lone *outcome) *Finding {
	if w.name != "none" {
		t = t.inSet()
	}
	switch {
	case shared.panicked != nil && lone.panicked == nil:
		return found(Wrong, "panic: %v", shared.panicked)
	case shared.panicked != nil || lone.panicked != nil:
		return nil
	}
	if !w.everyRow {
		if finding, judged := f.judgeKind(t, shared, lone, w.name == "none"); judged {
			return finding
		}
	}
	switch {
	case isTenancyError(shared.err) && lone.err == nil && t.flags&refusable == 0:
		return found(Refused, "all rows in one database: it succeeds, the scope gets: %v", shared.err)
	case isTenancyError(shared.err):
		return f.judgeUntouched(shared)
	case lone.err == nil && (f.isHeld(t, shared.err) || f.isUnsupported(t, locks|inInsert|textual, shared.err)):
		return nil
	case shared.err == nil && lone.err != nil && t.flags&refusable != 0:
		return nil
	case (shared.err == nil) != (lone.err == nil), class(shared.err) != class(lone.err) && class(lone.err) != abortedTransaction:
		return found(Wrong, "all rows in one database fail with %v, the scope with %v", lone.err, shared.err)
	case shared.err != nil:
		return nil
	}
	finding := judgeAnswer(&outcome{values: shared.plain, affected: shared.affected},
		&outcome{values: lone.plain, affected: lone.affected})
	if finding != nil || shared.state == nil {
		return finding
	}
	if !w.everyRow {
		if finding := f.judgeNobody(shared); finding != nil {
			return finding
		}
		shared.state.nobody, shared.state.rendered = nil, nil
	}
	if is, want := shared.state.of(t.model), lone.state.of(t.model); is != want {
		return found(Wrong, "the table differs from that of a database with all rows: %s", difference(want, is))
	}
	return nil
}
