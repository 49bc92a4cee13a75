package migration

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// A timeline is what the plan's steps say about each object of the catalogue.
// Comparing it with the catalogue shows how far the plan has come: after the first
// n steps each object must be as the last of them left it, or as the next one
// expects it.
type timeline struct {
	steps   []located
	objects map[object][]mention
}

// A mention is what a step says about an object.
type mention struct {
	step          int
	before, after *string // nil if it says nothing
	kept          bool    // the undo has nothing to take back
}

func (p *Plan) timeline() *timeline {
	t := &timeline{steps: p.steps(), objects: map[object][]mention{}}
	for i, s := range t.steps {
		of := func(o object) *mention {
			mentions := t.objects[o]
			if len(mentions) == 0 || mentions[len(mentions)-1].step != i {
				mentions = append(mentions, mention{step: i, kept: len(s.Undo) == 0 && s.NoUndo == ""})
				t.objects[o] = mentions
			}
			return &mentions[len(mentions)-1]
		}
		for n := range s.Before {
			of(s.Before[n].object()).before = &s.Before[n].Definition
		}
		for n := range s.After {
			of(s.After[n].object()).after = &s.After[n].Definition
		}
	}
	return t
}

// A view says which other states of an object are acceptable, besides those that
// the steps make.
type view struct {
	// kept: what a step made and its undo leaves in place.
	kept bool
	// earlier: any earlier state, since the undo of a step may take back others on
	// its way.
	earlier bool
	// unfinished: an earlier state with an invalid index or a constraint that is
	// not validated, or an object that exists only while an undo runs, since an
	// undo may have been interrupted.
	unfinished bool
	// again: an interrupted undo must still be carried out, from its beginning.
	again bool
}

// takenBack is the view of a plan that was partly taken back.
var takenBack = view{kept: true, earlier: true, unfinished: true}

// names reports whether one of the mentions is by that step.
func names(mentions []mention, step int) bool {
	return slices.ContainsFunc(mentions, func(m mention) bool { return m.step == step })
}

// admits reports whether an object may have the definition after n steps.
func admits(mentions []mention, n int, definition string, v view) bool {
	next := 0
	for next < len(mentions) && mentions[next].step < n {
		next++
	}
	said := false
	is := func(text *string) bool {
		said = said || text != nil
		return text != nil && *text == definition
	}
	if next > 0 {
		last := mentions[next-1]
		if last.after != nil && is(last.after) || last.after == nil && is(last.before) {
			return true
		}
	}
	if next < len(mentions) && is(mentions[next].before) {
		return true
	}
	if !said {
		return true
	}
	if v.kept {
		for _, later := range mentions[next:] {
			if later.after != nil && !later.kept {
				break
			}
			if is(later.after) {
				return true
			}
		}
	}
	was := func(m mention) bool { return is(m.before) || is(m.after) }
	if v.earlier && slices.ContainsFunc(mentions[:next], was) {
		return true
	}
	if !v.unfinished {
		return false
	}
	if !slices.ContainsFunc(mentions, mention.there) {
		return true // a help of the undo
	}
	v.unfinished = false
	whole := finished(definition)
	if v.again && !slices.ContainsFunc(mentions[:next], func(m mention) bool { return m.was(whole) }) {
		return false
	}
	return admits(mentions, n, whole, v)
}

// was reports whether the object has the definition before or after the step.
func (m mention) was(definition string) bool {
	return m.before != nil && *m.before == definition || m.after != nil && *m.after == definition
}

// there reports whether the object exists before or after the step.
func (m mention) there() bool {
	return m.before != nil && *m.before != "" || m.after != nil && *m.after != ""
}

// finished is the definition of a complete index or a validated constraint.
func finished(definition string) string {
	return strings.TrimSuffix(strings.TrimSuffix(definition, " INVALID"), " NOT VALID")
}

// A fit says how well a catalogue fits the plan after each number of steps.
type fit struct {
	misses []int // objects that are otherwise than the plan says
	open   []int // those of them that the next step names: it may have come halfway
}

func (t *timeline) fit(c *catalog.Catalog, v view) fit {
	f := fit{make([]int, len(t.steps)+2), make([]int, len(t.steps)+2)}
	for o, mentions := range t.objects {
		definition := c.Definition(o.table, string(o.kind), o.name)
		from := 0
		for i := 0; i <= len(mentions); i++ {
			to := len(t.steps)
			if i < len(mentions) {
				to = mentions[i].step
			}
			if !admits(mentions, from, definition, v) {
				f.misses[from]++
				f.misses[to+1]--
				if i < len(mentions) {
					f.open[to]++
				}
			}
			from = to + 1
		}
	}
	for n := 1; n <= len(t.steps); n++ {
		f.misses[n] += f.misses[n-1]
	}
	f.misses, f.open = f.misses[:len(t.steps)+1], f.open[:len(t.steps)+1]
	return f
}

// exact returns the numbers of done steps that fit the catalogue.
func (f fit) exact() []int {
	var exact []int
	for n, misses := range f.misses {
		if misses == 0 {
			exact = append(exact, n)
		}
	}
	return exact
}

// halfway returns the first number of done steps that fits, apart from objects of
// the next step; -1 if none does.
func (f fit) halfway() int {
	for n, misses := range f.misses {
		if misses == f.open[n] {
			return n
		}
	}
	return -1
}

// least returns the first number of done steps that fits, with or without the
// objects of the next step; -1 if none does.
func (f fit) least() int {
	n, _ := f.first()
	return n
}

// first returns the first number of done steps that fits. If none does, it returns
// the first that fits apart from objects of the next step (open); -1 if there is
// none of those either.
func (f fit) first() (n int, open bool) {
	if exact := f.exact(); len(exact) > 0 {
		return exact[0], false
	}
	return f.halfway(), true
}

// nearest returns the number of done steps that fits best.
func (f fit) nearest() int {
	best := 0
	for n := range f.misses {
		if f.misses[n]-f.open[n] <= f.misses[best]-f.open[best] {
			best = n
		}
	}
	return best
}

// holds reports whether the catalogue shows all of the states.
func holds(c *catalog.Catalog, states []State) bool {
	return !slices.ContainsFunc(states, func(s State) bool { return !s.holds(c) })
}

func (s State) holds(c *catalog.Catalog) bool { return s.found(c) == s.Definition }

func (s State) found(c *catalog.Catalog) string {
	return c.Definition(s.Table, string(s.Object), s.Name)
}

// neutral reports whether the step leaves no trace in the catalogue.
func (s *Step) neutral() bool {
	return !slices.ContainsFunc(s.After, func(after State) bool { return !slices.Contains(s.Before, after) })
}

// undone reports whether the catalogue shows that step i was not done, or was
// taken back, perhaps with earlier ones.
func (t *timeline) undone(c *catalog.Catalog, i int) bool {
	s := t.steps[i]
	if s.neutral() || len(s.Before) == 0 || holds(c, s.After) {
		return false
	}
	return !slices.ContainsFunc(s.Before, func(before State) bool {
		return !before.holds(c) && !admits(t.objects[before.object()], i, before.found(c), view{kept: true, earlier: true})
	})
}
