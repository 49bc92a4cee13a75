package migration

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// stand returns the steps that are certainly done. Others may be found done when
// their turn comes.
func (r *run) stand(ctx context.Context, c *catalog.Catalog) (done []bool, err error) {
	done = make([]bool, len(r.line.steps))
	fit := r.line.fit(c, view{})
	n := fit.halfway()
	exact := fit.exact()
	switch {
	case len(exact) > 0:
		n, err = r.proven(ctx, exact)
	case n < 0:
		if n, _ = r.line.fit(c, takenBack).first(); n < 0 {
			return done, r.stale(c)
		}
	}
	for i := range n {
		done[i] = true
	}
	if len(exact) == 0 {
		r.line.reopen(c, done[:n])
	}
	return done, err
}

// done returns the steps that the catalogue shows done. A batch shows only by what
// follows it.
func (t *timeline) done(c *catalog.Catalog) []bool {
	done := make([]bool, len(t.steps))
	n := t.fit(c, view{}).least()
	if n < 0 {
		n = t.fit(c, takenBack).least()
	}
	for i := range n {
		done[i] = true
	}
	t.reopen(c, done[:max(n, 0)])
	return done
}

// reopen marks the steps that must be done again: those whose results were taken
// back further than the rest, and those whose undo was interrupted.
func (t *timeline) reopen(c *catalog.Catalog, done []bool) {
	for o, mentions := range t.objects {
		definition := c.Definition(o.table, string(o.kind), o.name)
		if definition != "" && !slices.ContainsFunc(mentions, mention.there) { // left of an undo
			for _, m := range mentions {
				if m.step < len(done) {
					done[m.step] = false
				}
			}
			continue
		}
		was := len(done)
		for was >= 0 && !admits(mentions, was, definition, view{kept: true, unfinished: true}) {
			was--
		}
		for _, m := range mentions {
			if was >= 0 && m.step >= was && m.step < len(done) && m.after != nil {
				done[m.step] = false
			}
		}
	}
}

// proven chooses among the numbers of done steps that fit the catalogue. It takes
// the largest one, unless a step in between leaves no trace in the catalogue: a
// batch with rows left, or a step that nothing shows.
func (r *run) proven(ctx context.Context, exact []int) (int, error) {
	first, last := exact[0], exact[len(exact)-1]
	for i := first; i < last; i++ {
		s := r.line.steps[i]
		if !s.neutral() {
			continue
		}
		if s.Batch != nil {
			left, err := r.left(ctx, s.Batch)
			if err != nil {
				return 0, r.at(i, err)
			}
			if left == 0 {
				continue
			}
		} else if len(s.After) > 0 {
			continue
		}
		for _, n := range slices.Backward(exact) {
			if n <= i {
				return n, nil
			}
		}
	}
	return last, nil
}

// standBack returns how many steps there are to take back. The last of them may be
// half done.
func (r *run) standBack(c *catalog.Catalog) (int, error) {
	fit := r.line.fit(c, view{})
	if exact := fit.exact(); len(exact) > 0 {
		n := exact[0]
		for slices.Contains(exact, n+1) && r.line.steps[n].neutral() {
			n++
		}
		return n, nil
	}
	if n := fit.halfway(); n >= 0 {
		return n + 1, nil
	}
	again := takenBack
	again.again = true
	n, open := r.line.fit(c, again).first()
	switch {
	case n < 0:
		return 0, r.stale(c)
	case open:
		n++
	}
	return n, nil
}

// stale returns an error that says where the catalogue differs from the plan.
func (r *run) stale(c *catalog.Catalog) error {
	n := r.line.fit(c, view{}).nearest()
	step := max(0, min(n, len(r.line.steps)-1))
	objects := slices.SortedFunc(maps.Keys(r.line.objects), func(a, b object) int {
		return strings.Compare(a.String(), b.String())
	})
	for _, o := range objects {
		mentions := r.line.objects[o]
		found := c.Definition(o.table, string(o.kind), o.name)
		if admits(mentions, n, found, view{}) || names(mentions, n) {
			continue
		}
		return r.staleAt(step, o, found, admitted(mentions, n))
	}
	return r.at(step, ErrStale)
}

// admitted is the definition that an object should have after n steps.
func admitted(mentions []mention, n int) string {
	var definition string
	for _, m := range mentions {
		if m.step < n && m.after != nil {
			definition = *m.after
		} else if m.before != nil {
			definition = *m.before
		}
		if m.step >= n {
			break
		}
	}
	return definition
}

func (r *run) staleAt(i int, o object, found, want string) error {
	err := r.at(i, ErrStale)
	err.Detail = fmt.Sprintf("%s: found %s, expected %s; make a new plan, which begins with what is there",
		o, described(found), described(want))
	return err
}

func described(definition string) string {
	if definition == "" {
		return "none"
	}
	return quoted(definition)
}

// at returns an error that names the step.
func (r *run) at(i int, err error) *StepError {
	s := r.line.steps[i]
	return &StepError{Phase: r.plan.Phases[s.phase].Name, Step: s.Name, Err: err}
}
