package keys

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// The phases' names, for migration.Options.Passed.
const (
	Expand   = "expand"
	Backfill = "backfill"
	Build    = "build"
	Swap     = "swap"
	Contract = "contract"
)

// Plan turns the analysis into a plan. It returns ErrUndecided while questions are open
// or blockers are known, including those of the last Preflight. A plan without phases
// means that nothing is missing.
func (a *Analysis) Plan() (*migration.Plan, error) {
	if err := a.undecided(); err != nil {
		return nil, err
	}
	column := catalog.Quote(a.options.Column)
	plan := &migration.Plan{Title: "Composite keys for " + a.catalog.Database, ApplicationPath: true}
	for _, phase := range []migration.Phase{
		{
			Name: Expand, About: "Tenant columns are added to tables that have none. A connection that has prepared a SELECT * of one " +
				"gets one error at its next use (0A000, cached plan must not change result type), and no other: " +
				"GORM and pgx prepare, unless default_query_exec_mode=exec is in their DSN." + a.redoAbout(),
			Steps: a.expand(),
		}, {
			Name: Backfill, About: "Rows without a tenant get theirs from the rows that they refer to.",
			Barrier: "Every running version of the application writes " + column + " with each new row." + a.mend(Backfill),
			Steps:   a.backfill(),
		}, {
			Name: Build, About: "Unique indexes and foreign keys with the tenant are made beside the old ones. " +
				"While both stand, two upserts that insert the same new row in the same moment may get an error (23505, unique_violation) " +
				"instead of their ON CONFLICT, which knows only one of the uniques.",
			Steps: a.build(),
		}, {
			Name: Swap, About: "The new keys replace primary keys and foreign keys.",
			Barrier: "No running version groups by a primary key alone (GROUP BY id with other columns selected), " +
				"or names a primary key's constraint (ON CONFLICT ON CONSTRAINT)." + a.mend(Swap),
			Steps: a.swap(),
		}, {
			Name: Contract, About: "What holds between tenants is dropped: the uniques without the tenant.",
			Barrier: "Every running version scopes its statements by tenant, and names " + column + " in its conflict targets, " +
				"which the GORM plugin does in programs that were started after phase swap." + a.mend(Contract),
			Steps: a.contract(),
		},
	} {
		if len(phase.Steps) > 0 {
			plan.Phases = append(plan.Phases, phase)
		}
	}
	plan.Seal(a.live)
	return plan, nil
}

func (a *Analysis) undecided() error {
	var errs []error
	for _, q := range a.Questions {
		errs = append(errs, fmt.Errorf("%w: %s", ErrUndecided, q))
	}
	for _, f := range slices.Concat(a.Findings, a.preflight) {
		if f.Severity == Blocker {
			errs = append(errs, fmt.Errorf("%w: %s", ErrUndecided, f))
		}
	}
	return errors.Join(errs...)
}

// stepOn is a step that changes a table by ALTER TABLE.
func stepOn(t *Table, name, about string, actions ...string) migration.Step {
	s := migration.Step{Name: t.Name.String() + ": " + name, Table: t.Name, About: about, Transaction: true,
		Lock: migration.AccessExclusive, Blocks: "everything, for a moment"}
	for _, action := range actions {
		s.SQL = append(s.SQL, alter(t, action))
	}
	return s
}

func alter(t *Table, action string) string { return "ALTER TABLE " + t.Name.String() + " " + action }

func state(t *Table, object migration.Object, name, definition string) migration.State {
	return migration.State{Table: t.Name, Object: object, Name: name, Definition: definition}
}

func constraintState(t *Table, c *catalog.Constraint) migration.State {
	return state(t, migration.Constraint, c.Name, c.Definition())
}

func indexState(t *Table, i *catalog.Index) migration.State {
	return state(t, migration.Index, i.Name, i.Definition())
}

// gone is the state in which the object does not exist.
func gone(s migration.State) migration.State {
	s.Definition = ""
	return s
}

// sized says how much a step reads or writes.
func sized(s migration.Step, tables ...*Table) migration.Step {
	for _, t := range tables {
		s.Rows += max(0, int64(t.Rows))
		s.Bytes += t.Bytes
	}
	return s
}

// family is a table with all that are its partitions.
func (t *Table) family() []*Table {
	family := []*Table{t}
	for _, partition := range t.partitions {
		family = append(family, partition.family()...)
	}
	return family
}
