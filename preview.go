package tenancy

import (
	"slices"
	"strings"
)

// preview is what Enforce would do, noted while the copy is built.
type preview struct {
	lacks  error    // that the statement has no tenant
	scoped []string // the tables that get a predicate
	other  []string // the rest, in words
}

// predicate notes that a table gets a predicate.
func (r *preview) predicate(t *table) {
	if r == nil {
		return
	}
	if !slices.Contains(r.scoped, t.name) {
		r.scoped = append(r.scoped, t.name)
	}
}

// note notes something else.
func (r *preview) note(what string) {
	if r != nil && !slices.Contains(r.other, what) {
		r.other = append(r.other, what)
	}
}

// changes reports whether anything was noted.
func (r *preview) changes() bool { return len(r.scoped)+len(r.other) > 0 }

// reason says what was noted.
func (r *preview) reason() string {
	what := r.other
	if len(r.scoped) > 0 {
		what = append([]string{"adds the tenant's condition for " + strings.Join(r.scoped, ", ")}, what...)
	}
	if len(what) == 0 {
		return "changes the text"
	}
	return strings.Join(what, "; ")
}
