package keys

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// reach finds, for each table without a tenant column, the foreign key that leads to
// its tenant, beginning with the tenants' tables. For tables whose column may be null
// it finds one to fill the column from.
func (a *Analysis) reach() {
	if a.askRoot() {
		return
	}
	for a.reachBy(false) || a.reachBy(true) {
	}
	for _, ct := range a.catalog.Tables {
		switch t := a.byName[ct.Name]; {
		case t.isPartition():
			a.followParent(t)
		case t.Role == Undecided && !t.asked:
			answers := []string{"Options.Shared", "Options.Columns", "Options.Skip"}
			if !slices.ContainsFunc(a.catalog.Tables, func(t *catalog.Table) bool { return a.byName[t.Name].Role == Root }) {
				answers = append(answers, "Options.Root")
			}
			a.ask(t, "reaches no tenant along its foreign keys: is it shared, or what tells its tenant?", answers...)
		case t.Role == Tenants && !t.Table.Column(t.Column).NotNull:
			if hop, ok := a.hop(t, true); ok {
				t.Path = append([]Hop{hop}, a.continued(hop)...)
			}
		}
	}
}

// askRoot asks only for the root if no table is a tenant's: all other questions follow
// from it.
func (a *Analysis) askRoot() bool {
	references := map[Object]int{} // to a table, by columns of that name
	for _, ct := range a.catalog.Tables {
		if a.byName[ct.Name].owned() {
			return false
		}
		for i := range ct.Constraints {
			if c := &ct.Constraints[i]; c.Foreign != nil && !c.Inherited && len(c.Columns) == 1 {
				references[Object{c.Foreign.Table, c.Columns[0]}]++
			}
		}
	}
	var most Object
	for o, n := range references {
		if t := a.byName[o.Table]; t == nil || t.Role != Undecided {
			continue
		}
		if m := references[most]; n > m || n == m && cmp.Or(o.Table.Compare(most.Table), cmp.Compare(o.Name, most.Name)) < 0 {
			most = o
		}
	}
	t := a.byName[most.Table]
	if t == nil {
		return false
	}
	a.ask(t, fmt.Sprintf("is what most foreign keys refer to, %d of them by %s, and no table has a column %s: is it the tenants' own, or which is?",
		references[most], catalog.Quote(most.Name), catalog.Quote(a.options.Column)), "Options.Root", "Options.Column")
	return true
}

// reachBy reaches the tables that are one hop away. With nullables, the references may
// be null. It is false if it reached no table.
func (a *Analysis) reachBy(nullables bool) bool {
	var reached []*Table
	for _, ct := range a.catalog.Tables {
		t := a.byName[ct.Name]
		if t.Role != Undecided || t.isPartition() || t.asked {
			continue
		}
		if hop, ok := a.hop(t, nullables); ok {
			t.Path = append([]Hop{hop}, a.continued(hop)...)
			reached = append(reached, t)
		}
	}
	for _, t := range reached {
		t.Role, t.Column = Reaching, a.columnOf(t.Table)
	}
	return len(reached) > 0
}

// followParent gives a partition the role of its table.
func (a *Analysis) followParent(t *Table) {
	parent := a.byName[t.PartitionOf]
	for parent != nil && parent.isPartition() {
		parent = a.byName[parent.PartitionOf]
	}
	if parent != nil && t.Role != Skipped {
		t.Role, t.Column = parent.Role, parent.Column
	}
}

// continued is the path that begins with a hop, as far as the table that has the
// column.
func (a *Analysis) continued(hop Hop) []Hop {
	if to := a.byName[hop.To]; to.Role == Reaching {
		return to.Path
	}
	return nil
}

// hop chooses the foreign key that leads to a table's tenant. It prefers one that is
// never null, then the shorter path. If two are equally good, a person must choose.
func (a *Analysis) hop(t *Table, nullables bool) (Hop, bool) {
	type candidate struct {
		hop  Hop
		rank int
	}
	var candidates []candidate
	for _, hop := range a.hops(t) {
		to := a.byName[hop.To]
		if to == nil || !to.owned() || to == t || slices.Contains(hop.Columns, t.Column) ||
			slices.ContainsFunc(to.Path, func(h Hop) bool { return h.From == t.Name || h.To == t.Name }) {
			continue
		}
		rank := len(to.Path)
		if nullable(t.Table, hop.Columns) {
			if !nullables {
				continue
			}
			rank += len(a.catalog.Tables)
		}
		candidates = append(candidates, candidate{hop, rank})
	}
	slices.SortStableFunc(candidates, func(x, y candidate) int { return cmp.Compare(x.rank, y.rank) })
	var best []Hop
	for _, c := range candidates {
		if c.rank == candidates[0].rank {
			best = append(best, c.hop)
		}
	}
	switch {
	case len(candidates) == 0:
		return Hop{}, false
	case len(best) > 1 && t.Role == Undecided && !a.joins(t.Table, best):
		var ways []string
		for _, hop := range best {
			ways = append(ways, fmt.Sprintf("%s (to %s)", catalog.Quote(hop.Constraint), hop.To))
		}
		a.ask(t, "reaches a tenant by "+strings.Join(ways, " and by ")+": which tells its tenant?", "Options.Paths")
		return Hop{}, false
	}
	return best[0], true
}

// hops returns the references that may lead to a table's tenant.
func (a *Analysis) hops(t *Table) (hops []Hop) {
	if r, ok := a.options.References[t.Name]; ok {
		return []Hop{{From: t.Name, To: r.Table, Columns: r.Columns, Keys: a.keysOf(r)}}
	}
	chosen := a.options.Paths[t.Name]
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Foreign != nil && !c.Inherited && (chosen == "" || chosen == c.Name) {
			hops = append(hops, Hop{t.Name, c.Foreign.Table, c.Name, c.Columns, c.Foreign.Columns})
		}
	}
	return hops
}

// joins reports whether a table is a join table. Either of its foreign keys may lead to
// the tenant: each gets the tenant column, so that a pair of two tenants' rows is
// refused in any case.
func (a *Analysis) joins(t *catalog.Table, hops []Hop) bool {
	var columns []string
	for _, hop := range hops {
		if to := a.byName[hop.To]; nullable(t, hop.Columns) || to.unfit() || to.Role == Root {
			return false
		}
		columns = append(columns, hop.Columns...)
	}
	isPair := func(of []string) bool {
		return len(of) > 0 && !slices.ContainsFunc(of, func(c string) bool { return !slices.Contains(columns, c) }) &&
			!slices.ContainsFunc(hops, func(h Hop) bool {
				return !slices.ContainsFunc(h.Columns, func(c string) bool { return slices.Contains(of, c) })
			})
	}
	var all []string
	for i := range t.Columns {
		all = append(all, t.Columns[i].Name)
	}
	if isPair(all) {
		return true
	}
	return slices.ContainsFunc(t.Indexes, func(index catalog.Index) bool {
		var of []string
		for _, part := range index.Parts {
			of = append(of, part.Column)
		}
		return index.Unique && index.Predicate == "" && isPair(of)
	})
}

// keysOf returns the columns that a reference refers to.
func (a *Analysis) keysOf(r Reference) []string {
	if key := a.byName[r.Table].PrimaryKey(); len(r.Keys) == 0 && key != nil {
		return key.Columns
	}
	return r.Keys
}

// checkReference finds a reference that leads to no tenant, or to several. A table
// whose rows have a tenant already needs none.
func (a *Analysis) checkReference(t *Table, r Reference) error {
	if t.Role == Tenants && t.Table.Column(t.Column).NotNull {
		return nil
	}
	to, keys := a.byName[r.Table], a.keysOf(r)
	fail := func(format string, args ...any) error {
		return fmt.Errorf("keys: Options.References of %s: %s", t.Name, fmt.Sprintf(format, args...))
	}
	if a.options.Paths[t.Name] != "" {
		return fail("Options.Paths names a foreign key")
	}
	if len(keys) == 0 || len(keys) != len(r.Columns) {
		return fail("%d columns for %d of %s", len(r.Columns), len(keys), r.Table)
	}
	for i := range keys {
		own, theirs := t.Table.Column(r.Columns[i]), to.Table.Column(keys[i])
		switch {
		case own == nil:
			return fail("it has no column %s", catalog.Quote(r.Columns[i]))
		case theirs == nil:
			return fail("%s has no column %s", r.Table, catalog.Quote(keys[i]))
		case !alike(own.Type, theirs.Type):
			return fail("%s is of type %s, and %s of %s of type %s", catalog.Quote(own.Name), own.Type, catalog.Quote(theirs.Name), r.Table, theirs.Type)
		}
	}
	if !to.hasKey(keys) {
		return fail("%s are no key of %s: a row could refer to rows of several tenants", strings.Join(quoted(keys), ", "), r.Table)
	}
	return nil
}

func nullable(t *catalog.Table, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool { return !t.Column(name).NotNull })
}

// String writes a path as a person reads it.
func (h Hop) String() string {
	return fmt.Sprintf("%s → %s (%s)", h.From, h.To, cmp.Or(h.Constraint, "by "+strings.Join(quoted(h.Columns), ", ")+", without a foreign key"))
}
