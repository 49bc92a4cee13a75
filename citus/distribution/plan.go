package distribution

import (
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// The phases' names, for migration.Options.Passed. With StepByStep the phases of
// package keys come before them.
const (
	Spread  = "spread"  // all of it, in a transaction
	Detach  = "detach"  // foreign keys and what is given up are dropped
	Convert = "convert" // tables are spread, one after the other
	Attach  = "attach"  // foreign keys are made again
	Gather  = "gather"  // back to plain tables, in a transaction
)

// Plan turns the analysis into a plan. It returns [ErrUndecided] while there are
// open questions or blockers. A plan without phases means that nothing is left to
// do.
//
// The plan of [Transactional] is one step: after it the tables have composite keys
// and are distributed, or nothing has changed. The plan of [StepByStep] makes the
// keys as package keys does, while the application runs, and then distributes
// table by table. From phase detach to phase attach, foreign keys between the
// tables are not enforced. Some statements that need both a distributed and a
// plain table fail; the phase lists them.
func (a *Analysis) Plan() (*migration.Plan, error) {
	if err := a.Blocked(); err != nil {
		return nil, err
	}
	plan := &migration.Plan{Title: "Distribution of " + a.database, ApplicationPath: true}
	switch {
	case a.back:
		plan.Title = "Plain tables again for " + a.database
		plan.Phases = a.gathered()
	case a.options.Way == StepByStep:
		plan.Phases = a.stepByStep()
	default:
		plan.Phases = a.atOnce()
	}
	plan.Seal(a.live)
	return plan, nil
}

// moving returns the tables that the plan distributes or undistributes.
func (a *Analysis) moving() []*Table {
	return slices.DeleteFunc(slices.Clone(a.Tables), func(t *Table) bool { return !a.moves(t) })
}

// leftovers returns the distributed tables whose local copies were left.
func (a *Analysis) leftovers() (left []*Table) {
	for _, t := range a.Tables {
		for _, member := range t.family() {
			if !a.back && t.spread() && member.live.Distribution.LocalRows {
				left = append(left, member)
			}
		}
	}
	return left
}

// changing returns the foreign keys that are dropped, made or both.
func (a *Analysis) changing() []*foreign {
	return slices.DeleteFunc(slices.Clone(a.foreign), func(f *foreign) bool { return !a.changes(f) })
}

// spreadStates are what the catalogue shows before and after a table is
// distributed.
func (t *Table) spreadStates() (before, after []migration.State) {
	for _, member := range t.family() {
		state := migration.State{Table: member.Name, Object: migration.Distribution}
		state.Definition = member.live.Distribution.Definition()
		before = append(before, state)
		state.Definition = t.wanted()
		after = append(after, state)
		after = append(after, localRows(member, ""))
	}
	return before, after
}

func localRows(t *Table, definition string) migration.State {
	return migration.State{Table: t.Name, Object: migration.LocalRows, Definition: definition}
}

func constraintState(table catalog.Name, name string, c *catalog.Constraint) migration.State {
	state := migration.State{Table: table, Object: migration.Constraint, Name: name}
	if c != nil {
		state.Definition = c.Definition()
	}
	return state
}

// sized sets how much a step reads or writes: the size of a table, here or in
// shards.
func (a *Analysis) sized(step *migration.Step, t *Table) {
	for _, member := range t.family() {
		step.Rows += max(0, int64(member.live.Rows))
		if bytes := a.Cluster.bytes(member.Name); bytes > 0 {
			step.Bytes += bytes
		} else {
			step.Bytes += member.live.Bytes + member.live.IndexBytes
		}
	}
}

// Passed returns those of the names that are phases of the plan: a plan that
// continues an earlier run has fewer phases. It returns an error for a name that
// no plan of this package, or of package keys, has.
func Passed(plan *migration.Plan, names []string) ([]string, error) {
	var passed []string
	for _, name := range names {
		switch {
		case slices.ContainsFunc(plan.Phases, func(phase migration.Phase) bool { return phase.Name == name }):
			passed = append(passed, name)
		case !slices.Contains(phases, name):
			return nil, fmt.Errorf("distribution: there is no phase %q", name)
		}
	}
	return passed, nil
}

var phases = []string{keys.Expand, keys.Backfill, keys.Build, keys.Swap, keys.Contract, Spread, Detach, Convert, Attach, Gather}
