package tenancytest

import (
	"context"
	"maps"
	"path"
	"slices"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// operation is one thing that an application may do with a model. The tables of
// operations are in the files operation_*.go; a new one is a line there.
type operation struct {
	name  string
	flags flags
	run   func(tx *gorm.DB, m *model) answer
}

// relationOperation is one thing that an application may do with a relation.
type relationOperation struct {
	name  string
	flags flags
	run   func(tx *gorm.DB, r *relation) answer
}

// flags say what is expected of an operation.
type flags int

const (
	// What it does; nothing of these: it reads.
	changes flags = 1 << iota // updates or deletes: also done to a set, with the union of the effects
	creates                   // writes rows, which a set cannot do without naming their tenant

	inOrder   // the order of rows in the answer counts
	union     // the answer for a set is both tenants' answers joined
	refusable // a tenancy error is right as well: text that nobody can judge
	oneByOne  // a set may refuse it: subqueries, association mode, values without a tenant
	silent    // it has no way to return an error
	variant   // differs from its likes in a condition alone
	echoes    // the answer holds what the caller put in
	inTenant  // makes sense for one tenant's context alone
	naming    // the caller's values name the other tenant

	mismatch  // must be refused with ErrTenantMismatch
	immutable // must be refused with ErrTenantImmutable
	noTenant  // must be refused with ErrNoTenant
	blocked   // concerns the other tenant's key: where keys are global, changes nothing
	unique    // the same for a unique column instead of the key
	taking    // the key is that of the related table
	owned     // concerns a value of the first tenant, also in a set
	asWritten // text that a bypass sends as it is, so that rows of both tenants meet
	textual   // holds text that needs Config.RawSQL: refusable where Suite.AnswersText does not say otherwise
	inInsert  // a subquery among the values of an INSERT, which Citus does not have
	byOwner   // the owner of a relation is what names the other tenant
	locks     // locks rows, which Citus does on one shard alone

	refused = mismatch | immutable | noTenant
)

// task is an operation on a certain model or relation.
type task struct {
	name   string
	flags  flags
	model  *model
	target *model // of a relation
	join   *model // the table between
	run    func(tx *gorm.DB) answer
}

func (t *task) reads() bool { return t.flags&(changes|creates) == 0 }

// want is the error that the task must be refused with; nil if it is compared
// with the oracle.
func (t *task) want() error {
	switch {
	case t.flags&mismatch != 0:
		return tenancy.ErrTenantMismatch
	case t.flags&immutable != 0:
		return tenancy.ErrTenantImmutable
	case t.flags&noTenant != 0:
		return tenancy.ErrNoTenant
	}
	return nil
}

// isBlocked reports whether the task concerns a key that is taken globally.
func (t *task) isBlocked() bool {
	m := t.model
	if t.flags&taking != 0 {
		m = t.target
	}
	return t.flags&blocked != 0 && (t.flags&unique == 0 && m.globalKey || t.flags&unique != 0 && m.globalUnique)
}

// tasks lists what is run: every operation on every model and relation.
func (f *Fixture) tasks() (tasks []*task) {
	add := func(t *task) {
		skipped := slices.ContainsFunc(f.suite.Skip, func(pattern string) bool {
			matches, _ := path.Match(pattern, t.name)
			return matches
		})
		if !skipped {
			tasks = append(tasks, t)
		}
	}
	for _, m := range f.models {
		if !m.named() {
			continue
		}
		for _, op := range operations() {
			if !m.takes(op.flags) {
				continue
			}
			add(&task{name: m.schema.Name + "/" + op.name, flags: op.flags, model: m, run: func(tx *gorm.DB) answer { return op.run(tx, m) }})
		}
		for _, r := range m.rels {
			for _, op := range relationOperations() {
				if !m.takes(op.flags) {
					continue
				}
				t := &task{name: m.schema.Name + "/" + r.name + "/" + op.name, flags: op.flags, model: m, target: r.target}
				if r.JoinTable != nil {
					t.join = f.tables[r.JoinTable.Table]
				}
				t.run = func(tx *gorm.DB) answer { return op.run(tx, r) }
				add(t)
			}
		}
	}
	return f.sampled(tasks)
}

// operations are all operations on models.
func operations() []operation {
	return slices.Concat(
		conditionOperations(), readOperations, tableOperations, subqueryOperations, createOperations,
		upsertOperations, updateOperations, deleteOperations, foreignOperations, sessionOperations, textOperations,
		kindOperations,
	)
}

// relationOperations are all operations on relations.
func relationOperations() []relationOperation {
	return slices.Concat(joinOperations, preloadOperations, associationOperations, nestedOperations, textJoinOperations,
		kindRelationOperations)
}

// check runs all tasks under all scopes. It hands each to run, which decides
// whether to call it.
func (f *Fixture) check(run func(name string, do func() *Finding)) *report {
	f.running.Lock()
	defer f.running.Unlock()
	result := &report{}
	step := func(name string, do func() *Finding) {
		run(name, func() *Finding {
			result.operations++
			f.unsupported, f.denied = 0, 0
			finding := do()
			if finding != nil && f.suite.Backstop && finding.Verdict != Leak {
				finding = nil
			}
			result.unsupported += f.unsupported
			result.denied += f.denied
			if finding != nil {
				finding.Operation = name
				result.findings = append(result.findings, finding)
			}
			return finding
		})
	}
	f.texts = textCount{}
	tasks, alone := f.tasks(), map[*task]*outcome{}
	for _, t := range tasks {
		lone, applies := f.execute(context.Background(), f.lone, t)
		if !applies {
			continue
		}
		if t.spans() && lone.err == nil && !f.suite.brief {
			alone[t] = lone
		}
		for i, s := range scopes {
			if s.applies(t, alone[t] != nil) && (i == 0 || !f.suite.brief) {
				step(s.name+"/"+t.name, func() *Finding { return f.try(t, s, lone) })
			}
		}
	}
	if !f.suite.oneTenant && !f.suite.brief {
		f.checkSets(tasks, alone, step)
	}
	result.texts = f.texts
	if !f.suite.brief && f.suite.Sample == 0 {
		for _, pattern := range slices.Sorted(maps.Keys(f.suite.MayRefuse)) {
			if !f.texts.excused[pattern] {
				step("MayRefuse/"+pattern, func() *Finding { return found(Wrong, "Suite.MayRefuse excuses what was not refused: %q", pattern) })
			}
		}
	}
	return result
}

// spans reports whether a set's answer or effect can be told from its members'.
func (t *task) spans() bool {
	return !t.model.isLoose() && t.want() == nil && t.flags&(naming|creates|blocked) == 0 && t.flags&(union|changes|owned) != 0
}

// scope is a scope that is compared with one tenant's database.
type scope struct {
	name    string
	ctx     func(f *Fixture) context.Context
	applies func(t *task, inSets bool) bool // inSets: it also runs for both tenants
	judge   func(f *Fixture, t *task, shared, lone *outcome) *Finding
}

var scopes = []scope{
	{
		name:    "tenant",
		ctx:     func(f *Fixture) context.Context { return f.as(0) },
		applies: func(*task, bool) bool { return true },
		judge:   (*Fixture).judgeTenant,
	}, {
		name:    "none",
		ctx:     (*Fixture).context,
		applies: func(t *task, _ bool) bool { return t.model.needsTenant() && t.flags&(inTenant|variant) == 0 },
		judge:   (*Fixture).judgeNone,
	}, {
		name: "set of one",
		ctx:  func(f *Fixture) context.Context { return tenancy.WithSet(f.context(), f.tenants[0]) },
		applies: func(t *task, inSets bool) bool {
			return !inSets && t.flags&(creates|naming|refused|blocked) == 0
		},
		judge: (*Fixture).judgeSetOfOne,
	},
}

func (f *Fixture) judgeTenant(t *task, shared, lone *outcome) *Finding {
	switch {
	case t.want() != nil:
		return f.judgeWant(t, shared, lone)
	case t.isBlocked():
		return f.judgeBlocked(t, shared)
	}
	return f.judge(t, shared, lone)
}

func (f *Fixture) judgeSetOfOne(t *task, shared, lone *outcome) *Finding {
	return f.judge(t.inSet(), shared, lone)
}

// inSet is the task as it is judged in a set.
func (t *task) inSet() *task {
	if t.flags&oneByOne == 0 && !t.model.isLoose() {
		return t
	}
	refusing := *t
	refusing.flags |= refusable
	return &refusing
}

// try runs a task under a scope, once more with its statements when it fails.
func (f *Fixture) try(t *task, s scope, lone *outcome) *Finding {
	shared, _ := f.execute(s.ctx(f), f.shared, t)
	finding := s.judge(f, f.asText(s.name, t, shared), shared, lone)
	if finding != nil {
		finding.SQL = f.statements(s.ctx(f), t)
	}
	return finding
}

// checkSets runs what spans tenants under a set of both and under bypass, and
// compares it with the two tenants' databases. What reads, it also runs as the
// other tenant: nothing of the first one may have stayed behind.
func (f *Fixture) checkSets(tasks []*task, alone map[*task]*outcome, step func(string, func() *Finding)) {
	if err := f.fillLone(1); err != nil {
		step("set", func() *Finding { return found(Wrong, "%v", err) })
		return
	}
	set := tenancy.WithSet(f.context(), f.tenants[0], f.tenants[1])
	bypass := tenancy.Bypass(f.context(), "conformance suite")
	for _, t := range tasks {
		a := alone[t]
		if a == nil {
			continue
		}
		b, applies := f.execute(context.Background(), f.lone, t)
		if !applies || b.err != nil || t.model.tenant == nil {
			continue
		}
		if t.reads() && t.flags&variant == 0 {
			step("other tenant/"+t.name, func() *Finding { return f.tryOther(t, b) })
		}
		if t.flags&owned != 0 {
			b = &outcome{state: f.baseline}
		}
		if f.suite.Backstop {
			continue
		}
		step("set/"+t.name, func() *Finding { return f.tryUnion(set, "set", t, a, b) })
		if t.flags&(variant|asWritten) == 0 { // nothing is added to the caller's conditions there
			step("bypass/"+t.name, func() *Finding { return f.tryUnion(bypass, "bypass", t, a, b) })
		}
	}
	f.checkOthers(tasks, alone, step)
	if err := f.fillLone(0); err != nil {
		step("set", func() *Finding { return found(Wrong, "%v", err) })
		return
	}
	f.checkKinds(tasks, step)
}

// tryUnion runs a task for both tenants.
func (f *Fixture) tryUnion(ctx context.Context, name string, t *task, a, b *outcome) *Finding {
	shared, _ := f.execute(ctx, f.shared, t)
	finding := f.judgeUnion(f.asText(name, t, shared).inSet(), shared, a, b)
	if finding != nil {
		finding.SQL = f.statements(ctx, t)
	}
	return finding
}

// tryOther runs a task that reads as the second tenant.
func (f *Fixture) tryOther(t *task, lone *outcome) *Finding {
	shared, _ := f.execute(f.as(1), f.shared, t)
	t = f.asText("other tenant", t, shared)
	finding, judged := f.judgeKind(t, shared, lone, true)
	if judged {
		return finding
	}
	switch {
	case shared.panicked != nil:
		finding = found(Wrong, "panic: %v", shared.panicked)
	case isTenancyError(shared.err) && t.flags&(refusable|owned) != 0:
		return nil // a value of the first tenant is none of the second's
	case shared.err != nil:
		finding = found(Wrong, "the oracle succeeds, the tenant gets: %v", shared.err)
	default:
		finding = judgeAnswer(&outcome{values: shared.plain, affected: shared.affected},
			&outcome{values: lone.plain, affected: lone.affected})
	}
	if finding != nil {
		finding.SQL = f.statements(f.as(1), t)
	}
	return finding
}
