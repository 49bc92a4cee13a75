package tenancytest

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// A blend is which tables the statements of an operation name.
type blend int

const (
	mixed blend = iota // some the enforced table, some not, and some of them both
	free               // none the enforced table: they are sent as they are
	whole              // all the enforced table: they are enforced
	apart              // each the enforced table alone, or others
)

// trial is a task under a scope, with one table enforced.
type trial struct {
	task    *task
	scope   observedScope
	ref     *reference
	class   blend
	shared  *effect  // with the other tenant's rows in the table
	finding *Finding // that is known before they are removed
}

// observedScope is a scope of [Suite.Observe].
type observedScope struct {
	name    string
	ctx     func(f *Fixture) context.Context
	applies func(t *task) bool
	several bool // a set: an observed row of a tenant outside of it gets no preload
}

var observedScopes = []observedScope{
	{"tenant", func(f *Fixture) context.Context { return f.as(0) }, func(*task) bool { return true }, false},
	{"none", (*Fixture).context, func(t *task) bool { return t.model.tenant != nil && t.flags&(inTenant|variant) == 0 }, false},
	{
		"set of one", func(f *Fixture) context.Context { return tenancy.WithSet(f.context(), f.tenants[0]) },
		func(t *task) bool { return t.flags&(creates|naming|refused|blocked|variant) == 0 }, true,
	},
}

// effect is what an operation did, as text.
type effect struct {
	values    string
	affected  int64
	err       error
	panicked  any
	own, rest string // what the tables hold of the tenant, and of nobody
	foreign   string // and of the other tenant, but for the enforced table
	target    string // in which this is what they hold of it
	kept      string // and this of the tenant
}

func (f *Fixture) effectOf(out *outcome, m *model) *effect {
	e := &effect{values: render(out.plain, labels(out.plain)), affected: out.affected, err: out.err, panicked: out.panicked}
	if s := out.state; s != nil {
		e.own, e.rest = f.intern(s.text().own), f.intern(s.text().rest)
		e.foreign, e.target = f.foreignOf(s, m)
		if m != nil && s.own[m.table] != nil {
			e.kept = f.intern(render(s.own[m.table], labels(s.own[m.table])))
		}
		f.intern(s.text().foreign)
		s.own, s.foreign, s.rest = nil, nil, nil // the text is enough
	}
	return e
}

// foreignOf is what the tables hold of the other tenant, and one of them.
func (f *Fixture) foreignOf(s *state, m *model) (others, target string) {
	if m == nil {
		return "", ""
	}
	rest := map[string]any{}
	for table, rows := range s.foreign {
		if table == m.table {
			target = render(rows, labels(rows))
			continue
		}
		rest[table] = rows
	}
	return f.intern(render(rest, labels(rest))), f.intern(target)
}

// intern keeps one copy of equal texts: most operations leave most tables alone.
func (f *Fixture) intern(text string) string {
	if f.interned == nil {
		f.interned = map[string]string{}
	}
	if known, ok := f.interned[text]; ok {
		return known
	}
	f.interned[text] = text
	return text
}

var (
	quotedText = regexp.MustCompile(`'(?:[^']|'')*'`)
	doubled    = regexp.MustCompile(`"(?:[^"]|"")*"`)
	word       = regexp.MustCompile(`[\pL_][\pL\pN_]*`)
)

// names reports whether a statement names a table, and another one.
func (f *Fixture) names(statement string, table *model) (it, others bool) {
	text := strings.ToLower(quotedText.ReplaceAllString(statement, ""))
	if f.shared.Name() == "sqlite" { // its driver quotes names with backticks, and values like this
		text = doubled.ReplaceAllString(text, "")
	}
	for _, name := range word.FindAllString(text, -1) {
		switch {
		case name == strings.ToLower(table.table):
			it = true
		case f.tables[name] != nil:
			others = true
		}
	}
	return it, others
}

// blend tells which tables statements name.
func (f *Fixture) blend(statements []string, table *model) (isFree, isWhole, isApart bool) {
	isFree, isWhole, isApart = true, len(statements) > 0, true
	for _, statement := range statements {
		it, others := f.names(statement, table)
		isFree = isFree && !it
		isWhole = isWhole && (it || !others)
		isApart = isApart && !(it && others)
	}
	return isFree, isWhole && !isFree, isApart
}

// classify tells how a task is judged. A run that is sent as it is names what plain
// GORM names; one that is enforced throughout names what a lone tenant names. What is
// saved with a value of the enforced table is judged and filled with it, though GORM
// may then have nothing to send for the value itself.
func (p *partial) classify(t *task, ref *reference) blend {
	if isFree, _, _ := p.f.blend(ref.plain.statements, p.m); isFree && t.savesWith(p.m) {
		return mixed
	} else if isFree {
		return free
	}
	_, isWhole, _ := p.f.blend(ref.lone.statements, p.m)
	if named := t.foreign(); isWhole && (named == nil || named == p.m) {
		return whole
	}
	return mixed
}

// savesWith reports whether a task saves related values with one of a table.
func (t *task) savesWith(m *model) bool {
	return t.target != nil && t.flags&creates != 0 && t.model == m
}

// foreign is the model of the value that names the other tenant, where that must be
// refused; else nil.
func (t *task) foreign() *model {
	switch {
	case t.want() == nil:
		return nil
	case t.target == nil || t.flags&byOwner != 0:
		return t.model
	}
	return t.target
}

// begin runs a task with the other tenant's rows in the table.
func (p *partial) begin(t *task, s observedScope, ref *reference) *trial {
	tr := &trial{task: t, scope: s, ref: ref, class: p.classify(t, ref)}
	before := int64(0)
	if tr.class == free {
		before = p.found()
	}
	shared, _ := p.f.trace(s.ctx(p.f), p.db, t, p.m)
	tr.shared = shared.effect
	if isFree, _, _ := p.f.blend(shared.statements, p.m); tr.class == free && !isFree && ref.plain.err != nil {
		tr.class = mixed // plain GORM came to an end before
	}
	switch {
	case shared.panicked != nil && ref.lone.panicked == nil && ref.plain.panicked == nil:
		tr.finding = found(Wrong, "panic: %v", shared.panicked)
	case shared.out.state != nil && p.baseline() != shared.target:
		tr.finding = found(Leak, "another tenant's rows of the enforced table were changed: %s", difference(p.baseline(), shared.target))
	case tr.class == free:
		tr.finding = p.judgeFree(tr, shared)
		if tr.finding == nil && s.name == "tenant" {
			tr.finding = p.judgeReport(tr, shared, before)
		}
	case s.name == "none":
		tr.finding = p.judgeNone(tr, shared)
	case tr.class == mixed && s.name == "tenant" && t.foreign() == p.m && !p.refuses(tr, shared):
		tr.finding = found(Leak, "a value of the enforced table that names another tenant is accepted: want %q, got %v", t.want(), shared.err)
	case tr.class == whole && s.name == "tenant":
		tr.finding = p.f.judgeTenant(p.f.asText(s.name, t, shared.out), shared.out, ref.lone.out)
	}
	if tr.finding != nil {
		tr.finding.SQL = shared.statements
	}
	return tr
}

// refuses reports whether a task that names another tenant is refused for it. Where a
// statement on an observed table failed before, there was nothing to refuse.
func (p *partial) refuses(tr *trial, shared *trace) bool {
	isFree, _, _ := p.f.blend(tr.ref.plain.statements, p.m)
	return errors.Is(shared.err, tr.task.want()) || isFree || shared.err != nil || tr.task.flags&refusable != 0
}

// found is how many findings there are so far.
func (p *partial) found() (n int64) {
	all := p.plugin.Findings()
	for _, finding := range all.List {
		n += finding.Count
	}
	return n + all.Dropped
}

// baseline is what the enforced table holds of the other tenant.
func (p *partial) baseline() string {
	rows := p.f.baseline.foreign[p.m.table]
	if rows == nil {
		return ""
	}
	return p.f.intern(render(rows, labels(rows)))
}

// kept is what the enforced table holds of the tenant.
func (p *partial) kept() string {
	rows := p.f.baseline.own[p.m.table]
	if rows == nil {
		return ""
	}
	return p.f.intern(render(rows, labels(rows)))
}

// judgeFree compares what names no enforced table with plain GORM on the same
// tables.
func (p *partial) judgeFree(tr *trial, shared *trace) *Finding {
	t, plain := tr.task, tr.ref.plain
	if isTenancyError(shared.err) {
		if plain.err != nil || p.f.asText(tr.scope.name, t, shared.out).flags&refusable != 0 {
			return p.f.judgeUntouched(shared.out) // what is not understood may hide an enforced table
		}
		return found(Refused, "it names no enforced table, plain GORM succeeds, it gets: %v", shared.err)
	}
	finding := p.compareFree(shared, plain)
	if finding != nil && plain.err == nil { // try once more: rows that an order leaves equal come as they lie
		again, _ := p.f.trace(p.f.as(0), p.plain, t, nil)
		once, _ := p.f.trace(tr.scope.ctx(p.f), p.db, t, p.m)
		finding = p.compareFree(once, again)
	}
	return finding
}

func (p *partial) compareFree(shared, plain *trace) *Finding {
	if shared.err != nil && plain.err != nil && !isTenancyError(shared.err) {
		return nil // which error of the database is the first one depends on the order of relations in a map
	}
	if finding := p.compare(shared.effect, plain.effect, "plain GORM"); finding != nil {
		return finding
	}
	if shared.out.state != nil && plain.out.state.text().foreign != shared.out.state.text().foreign {
		return found(Wrong, "not as plain GORM: %s", difference(plain.out.state.text().foreign, shared.out.state.text().foreign))
	}
	if is, want := p.f.comparable(shared.statements), p.f.comparable(plain.statements); is != want {
		return found(Wrong, "not sent as it is: %s", difference(want, is))
	}
	return nil
}

// judgeReport checks that there is a finding for what was sent as it is and would have
// been something else if it were enforced. A statement that names the tenant may be
// one whose author has written its condition.
func (p *partial) judgeReport(tr *trial, shared *trace, before int64) *Finding {
	is, enforced := p.f.comparable(shared.statements), p.f.comparable(tr.ref.enforced)
	if shared.err != nil || enforced == is || strings.Contains(is, p.f.spelled()[0]) || p.found() > before {
		return nil
	}
	return found(Wrong, "sent as it is, and not reported: enforced it were %q", tr.ref.enforced)
}

// number is what a database generates, or an id that is made at random.
var number = regexp.MustCompile(`\b(?:sp)?\d{6}\b|\bsp\d+\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// comparable are statements without what two runs generate differently.
func (f *Fixture) comparable(statements []string) string {
	sorted := slices.Sorted(slices.Values(statements)) // GORM walks maps of relations
	return number.ReplaceAllStringFunc(strings.Join(sorted, "\n"), func(text string) string {
		if strings.HasPrefix(text, uuidPrefix) || slices.Contains([]string{f.spelled()[0], f.spelled()[1]}, text) {
			return text
		}
		return "(generated)"
	})
}

// judgeNone checks what runs without a tenant, as far as the enforced table is
// concerned: it must fail there.
func (p *partial) judgeNone(tr *trial, shared *trace) *Finding {
	if tr.class == whole {
		return p.f.judgeNone(p.f.asText(tr.scope.name, tr.task, shared.out), shared.out, tr.ref.lone.out)
	}
	isFree, _, _ := p.f.blend(tr.ref.plain.statements, p.m)
	dropped := !tr.task.reads() && shared.kept == p.kept() // GORM drops the error of one statement of two
	if !isFree && tr.ref.plain.err == nil && shared.err == nil && tr.task.flags&silent == 0 && !dropped {
		return found(Leak, "no tenant, but no error")
	}
	return nil
}

// compare compares two effects on the tables but for the other tenant's rows.
func (p *partial) compare(is, want *effect, who string) *Finding {
	switch {
	case class(is.err) != class(want.err) || sentinel(is.err) != sentinel(want.err): //nolint:errorlint // they are the sentinels themselves
		return found(Wrong, "%s gets the error %v, it gets %v", who, want.err, is.err)
	case is.err != nil:
		return nil
	case is.values != want.values:
		return found(Wrong, "another answer than %s: %s", who, difference(want.values, is.values))
	case is.affected != want.affected:
		return found(Wrong, "%d rows affected, by %s %d", is.affected, who, want.affected)
	case is.own+is.rest != want.own+want.rest:
		return found(Wrong, "not as %s: %s", who, difference(want.own+want.rest, is.own+is.rest))
	}
	return nil
}

// sentinel is the error of the package under test that an error is.
func sentinel(err error) error {
	for _, target := range tenancyErrors {
		if errors.Is(err, target) {
			return target
		}
	}
	return nil
}

// finish runs the task again, without the other tenant's rows in the table: they
// must have made no difference.
func (p *partial) finish(tr *trial) *Finding {
	if tr.finding != nil || tr.class == free { // which cannot tell
		return tr.finding
	}
	t, f := tr.task, p.f
	without, _ := f.trace(tr.scope.ctx(f), p.db, t, p.m)
	finding := p.compare(tr.shared, without.effect, "without the other tenant's rows in the enforced table")
	if finding == nil && without.err == nil && tr.shared.foreign != without.foreign {
		finding = found(Wrong, "without the other tenant's rows in the enforced table: %s", difference(without.foreign, tr.shared.foreign))
	}
	switch {
	case finding == nil && tr.scope.name == "tenant" && tr.class == mixed:
		finding = p.judgeApart(tr, without)
	case finding == nil:
	case t.isBlocked(): // the key is taken
		finding = nil
	case class(tr.shared.err) != class(without.err) && (isReference(tr.shared.err) || isReference(without.err)):
		finding = nil // the database's answer to a value
	default:
		finding.Verdict = Leak
	}
	if finding != nil {
		finding.SQL = append(f.statements(tr.scope.ctx(f), t), without.statements...)
	}
	return finding
}

// judgeApart compares statements that name the enforced table alone, or not at all,
// with GORM without the plugin where the table holds the tenant's rows alone.
func (p *partial) judgeApart(tr *trial, without *trace) *Finding {
	t, f := tr.task, p.f
	filled, _ := f.trace(f.as(0), p.filled, t, p.m)
	if isTenancyError(without.err) && filled.err == nil && tr.ref.lone.err == nil && t.want() == nil &&
		f.asText(tr.scope.name, t, without.out).flags&refusable == 0 {
		return found(Refused, "plain GORM succeeds, it gets: %v", without.err)
	}
	if _, _, isApart := f.blend(filled.statements, p.m); !isApart || t.isBlocked() || t.savesWith(p.m) || filled.err != nil {
		return nil // what fails without the plugin, for keys that contain the tenant, may succeed with it
	}
	if isTenancyError(without.err) {
		return nil
	}
	tr.class = apart
	finding := p.compare(without.effect, filled.effect, "plain GORM where the enforced table holds the tenant's rows alone")
	if finding == nil && without.foreign != filled.foreign {
		finding = found(Wrong, "not as plain GORM: %s", difference(filled.foreign, without.foreign))
	}
	return finding
}

// isReference reports whether a database refused a foreign key.
func isReference(err error) bool {
	return errors.Is(err, gorm.ErrForeignKeyViolated) || class(err) == "23503" ||
		err != nil && strings.Contains(err.Error(), "FOREIGN KEY constraint failed")
}
