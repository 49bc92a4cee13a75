package keys

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// reach finds for each table without a tenant column the foreign key that tells
// its tenant, from the tenants' tables outwards; and for those whose column may
// be null one to fill it along.
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

// askRoot asks for the root alone where no table is a tenant's: all other
// questions follow from it.
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

// reachBy reaches the tables that are one hop away, by references that may be
// null only where no other are left. It is false when there is none.
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

// followParent makes a partition what its table is.
func (a *Analysis) followParent(t *Table) {
	parent := a.byName[t.PartitionOf]
	for parent != nil && parent.isPartition() {
		parent = a.byName[parent.PartitionOf]
	}
	if parent != nil && t.Role != Skipped {
		t.Role, t.Column = parent.Role, parent.Column
	}
}

// continued is the path behind a hop: on to the table that has the column.
func (a *Analysis) continued(hop Hop) []Hop {
	if to := a.byName[hop.To]; to.Role == Reaching {
		return to.Path
	}
	return nil
}

// hop chooses the foreign key that tells a table's tenant. One that is never
// null comes before one that may be, and a short way before a long one; where two
// are equally good, a person must choose.
func (a *Analysis) hop(t *Table, nullables bool) (Hop, bool) {
	type candidate struct {
		hop  Hop
		rank int
	}
	var candidates []candidate
	for i := range t.Constraints {
		c := &t.Constraints[i]
		if c.Foreign == nil || c.Foreign.Table == t.Name || c.Inherited || slices.Contains(c.Columns, t.Column) {
			continue
		}
		to := a.byName[c.Foreign.Table]
		chosen := a.options.Paths[t.Name]
		if to == nil || !to.owned() || to == t || chosen != "" && chosen != c.Name {
			continue
		}
		if slices.ContainsFunc(to.Path, func(h Hop) bool { return h.From == t.Name || h.To == t.Name }) {
			continue
		}
		rank := len(to.Path)
		if nullable(t.Table, c.Columns) {
			if !nullables {
				continue
			}
			rank += len(a.catalog.Tables)
		}
		candidates = append(candidates, candidate{Hop{t.Name, to.Name, c.Name}, rank})
	}
	slices.SortStableFunc(candidates, func(x, y candidate) int { return cmp.Compare(x.rank, y.rank) })
	switch {
	case len(candidates) == 0:
		return Hop{}, false
	case len(candidates) > 1 && candidates[0].rank == candidates[1].rank && t.Role == Undecided:
		var ways []string
		for _, c := range candidates {
			if c.rank == candidates[0].rank {
				ways = append(ways, fmt.Sprintf("%s (to %s)", catalog.Quote(c.hop.Constraint), c.hop.To))
			}
		}
		a.ask(t, "reaches a tenant by "+strings.Join(ways, " and by ")+": which tells its tenant?", "Options.Paths")
		return Hop{}, false
	}
	return candidates[0].hop, true
}

func nullable(t *catalog.Table, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool { return !t.Column(name).NotNull })
}

// String writes a path as a person reads it.
func (h Hop) String() string {
	return fmt.Sprintf("%s → %s (%s)", h.From, h.To, h.Constraint)
}
