package distribution

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// A Driver distributes, undistributes, and continues unfinished plans. The zero value
// is a dry run that writes no report.
type Driver struct {
	// Limits bound the queries for rows that are obstacles. Zero: their defaults.
	Limits keys.Limits
	// Run says how the plan is carried out. Without Run.Apply nothing is changed.
	// Run.Passed may name phases of earlier runs.
	Run migration.Options
	// Out is where the report is written before anything is changed. Nil: nowhere.
	Out io.Writer
}

// biggestTenants is how many tenants the report lists.
const biggestTenants = 10

// Distribute distributes the tables of an analysis. A plan that goes step by step is
// kept in the database until it is done; see [JournalTable]. If there are obstacles,
// the error is [ErrUndecided].
func (d Driver) Distribute(ctx context.Context, pool *sql.DB, analysis *Analysis) (*migration.Result, error) {
	plan, err := d.review(ctx, pool, analysis)
	if err != nil {
		return nil, err
	}
	if !d.Run.Apply || analysis.options.Way == Transactional || len(plan.Phases) == 0 {
		return d.run(ctx, pool, plan, migration.Execute)
	}
	journal := analysis.NewJournal()
	if err := journal.Save(ctx, pool, plan); err != nil {
		return nil, err
	}
	return d.CarryOn(ctx, pool, journal)
}

// Undistribute turns the tables of a catalogue into plain tables again, in one
// transaction: the trees of the given roots, or all; see [AnalyzeBack].
func (d Driver) Undistribute(ctx context.Context, pool *sql.DB, c *catalog.Catalog, roots ...catalog.Name) (*migration.Result, error) {
	cluster, err := Survey(ctx, pool)
	if err != nil {
		return nil, err
	}
	plan, err := d.review(ctx, pool, AnalyzeBack(c, cluster, roots...))
	if err != nil {
		return nil, err
	}
	return d.run(ctx, pool, plan, migration.Execute)
}

// CarryOn continues an unfinished plan, and removes the journal when nothing is left
// to do.
func (d Driver) CarryOn(ctx context.Context, pool *sql.DB, journal Journal) (*migration.Result, error) {
	return d.finish(ctx, pool, journal, migration.Execute)
}

// TakeBack takes an unfinished plan back, with the keys that it made, and removes the
// journal when nothing is left to do.
func (d Driver) TakeBack(ctx context.Context, pool *sql.DB, journal Journal) (*migration.Result, error) {
	return d.finish(ctx, pool, journal, migration.Undo)
}

// review makes the plan, and writes the report in any case.
func (d Driver) review(ctx context.Context, pool *sql.DB, analysis *Analysis) (*migration.Plan, error) {
	if err := analysis.Preflight(ctx, pool, d.Limits); err != nil {
		return nil, err
	}
	plan, undecided := analysis.Plan()
	if d.Out != nil {
		weight, err := analysis.Weigh(ctx, pool, biggestTenants)
		if err != nil {
			return nil, err
		}
		if err := analysis.WriteReport(d.Out, weight, plan); err != nil {
			return nil, fmt.Errorf("distribution: write the report: %w", err)
		}
	}
	return plan, undecided
}

// A direction carries a plan out, or takes it back.
type direction func(context.Context, *sql.DB, *migration.Plan, migration.Options) (*migration.Result, error)

func (d Driver) run(ctx context.Context, pool *sql.DB, plan *migration.Plan, direction direction) (*migration.Result, error) {
	passed, err := Passed(plan, d.Run.Passed)
	if err != nil {
		return nil, err
	}
	o := d.Run
	o.Passed = passed
	return direction(ctx, pool, plan, o)
}

// finish carries the journal's plan out, or takes it back.
func (d Driver) finish(ctx context.Context, pool *sql.DB, journal Journal, direction direction) (*migration.Result, error) {
	plan, err := journal.Load(ctx, pool)
	if err != nil {
		return nil, err
	}
	if d.Out != nil {
		fmt.Fprintf(d.Out, "The plan that was begun is in %s:\n", journal.Table)
		if err := plan.WriteTable(d.Out); err != nil {
			return nil, err
		}
	}
	result, err := d.run(ctx, pool, plan, direction)
	if err != nil || !d.Run.Apply || result.Barrier != nil {
		return result, err
	}
	return result, journal.Forget(ctx, pool)
}
