package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	plans "github.com/gorm-tenancy/tenancy/migration"
)

// DistributeOptions say how a database is spread over a Citus cluster. The zero
// value is a dry run that gives nothing up.
type DistributeOptions struct {
	// Plan says how tables are spread. Zero: in one transaction.
	Plan distribution.Options
	// Keys says what the catalogue, the configuration and the models do not, as
	// for [PlanKeys]. Zero: nothing.
	Keys keys.Options
	// Limits bound what is asked about rows that stand in the way. Zero: its
	// defaults.
	Limits keys.Limits
	// Run says how the plan is carried out. Zero: it is not; without Run.Apply
	// nothing is changed. Run.Passed may name phases of earlier runs.
	Run plans.Options
	// Out is where the report is written before anything is changed. Nil: nowhere.
	Out io.Writer
}

// biggestTenants are how many the report tells.
const biggestTenants = 10

// PlanDistribution says what becomes of a database's tables on the Citus cluster
// whose coordinator db is connected to, and what stands in the way, all at once.
// It reads the catalogue and the cluster and changes nothing; what [PlanKeys] says
// of the plugin and the models holds here, too. [distribution.Analysis.Plan] makes
// the plan.
func PlanDistribution(ctx context.Context, db *gorm.DB, o DistributeOptions, models ...any) (*distribution.Analysis, error) {
	c, analysis, err := planKeys(ctx, db, o.Keys, models)
	if err != nil {
		return nil, err
	}
	cluster, err := distribution.Survey(ctx, db.WithContext(ctx).Statement.ConnPool)
	if err != nil {
		return nil, err
	}
	return distribution.Analyze(c, analysis, cluster, o.Plan)
}

// Distribute spreads the tables of an application over a Citus cluster: the root
// and the tenants' tables by their tenant column, with their shards together, and
// shared tables as reference tables. The application runs on unchanged, and keeps
// its data. db is connected to the coordinator, where the tables are, as their
// owner, with a pool of two connections at least.
//
// The options' zero value is a dry run: the report says what would be done, what
// it takes, and what stands in the way, which is also the error then
// ([distribution.ErrUndecided]). With Run.Apply the report is written first. See
// [distribution.Analysis.Plan] for the two ways, and [plans.Execute] for what
// happens when it is ended on the way: it is called again, with the same options.
// A plan that was begun step by step is kept in the database until it is done, and
// carried on with; see [distribution.JournalTable].
//
// Keep the plan, if the keys with the tenant are to be taken back some day: its
// undo can. [Undistribute] brings back plain tables with the keys that they have.
func Distribute(ctx context.Context, db *gorm.DB, o DistributeOptions, models ...any) (*plans.Result, error) {
	pool, journal, err := begun(ctx, db)
	if err != nil {
		return nil, err
	}
	if journal != (distribution.Journal{}) {
		return carryOn(ctx, pool, journal, o, plans.Execute)
	}
	analysis, err := PlanDistribution(ctx, db, o, models...)
	if err != nil {
		return nil, err
	}
	plan, err := review(ctx, pool, analysis, o)
	if err != nil {
		return nil, err
	}
	if !o.Run.Apply || o.Plan.Way == distribution.Transactional || len(plan.Phases) == 0 {
		return run(ctx, pool, plan, o, plans.Execute)
	}
	journal = analysis.NewJournal()
	if err := journal.Save(ctx, pool, plan); err != nil {
		return nil, err
	}
	return carryOn(ctx, pool, journal, o, plans.Execute)
}

// review makes the plan, and writes the report in any case.
func review(ctx context.Context, pool *sql.DB, analysis *distribution.Analysis, o DistributeOptions) (*plans.Plan, error) {
	err := analysis.Preflight(ctx, pool, o.Limits)
	if err != nil {
		return nil, err
	}
	plan, undecided := analysis.Plan()
	if o.Out != nil {
		weight, err := analysis.Weigh(ctx, pool, biggestTenants)
		if err != nil {
			return nil, err
		}
		if err := analysis.WriteReport(o.Out, weight, plan); err != nil {
			return nil, fmt.Errorf("tenancy: write the report: %w", err)
		}
	}
	return plan, undecided
}

// Undistribute brings all tables that Citus has spread back to plain ones on the
// coordinator, with the same rows and keys, in one transaction. Without Run.Apply
// it is a dry run, whose report says whether they fit and can come back. A plan
// that Distribute began step by step and did not finish is taken back instead,
// with the keys that it made.
func Undistribute(ctx context.Context, db *gorm.DB, o DistributeOptions) (*plans.Result, error) {
	pool, journal, err := begun(ctx, db)
	if err != nil {
		return nil, err
	}
	if journal != (distribution.Journal{}) {
		return carryOn(ctx, pool, journal, o, plans.Undo)
	}
	c, err := catalog.Read(ctx, pool, catalog.Options{})
	if err != nil {
		return nil, err
	}
	cluster, err := distribution.Survey(ctx, pool)
	if err != nil {
		return nil, err
	}
	plan, err := review(ctx, pool, distribution.AnalyzeBack(c, cluster), o)
	if err != nil {
		return nil, err
	}
	return run(ctx, pool, plan, o, plans.Execute)
}

// A way carries a plan out, or takes it back.
type way func(context.Context, *sql.DB, *plans.Plan, plans.Options) (*plans.Result, error)

func run(ctx context.Context, pool *sql.DB, plan *plans.Plan, o DistributeOptions, way way) (*plans.Result, error) {
	passed, err := distribution.Passed(plan, o.Run.Passed)
	if err != nil {
		return nil, err
	}
	o.Run.Passed = passed
	return way(ctx, pool, plan, o.Run)
}

// begun returns the journal of a plan that was begun.
func begun(ctx context.Context, db *gorm.DB) (*sql.DB, distribution.Journal, error) {
	if name := db.Name(); name != "postgres" {
		return nil, distribution.Journal{}, errors.New("tenancy: tables are spread by Citus on PostgreSQL, not on " + name)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, distribution.Journal{}, err
	}
	c, err := catalog.Read(ctx, pool, catalog.Options{})
	if err != nil {
		return nil, distribution.Journal{}, err
	}
	return pool, distribution.FindJournal(c), nil
}

// carryOn goes on with the plan that is kept, and forgets it when nothing is left
// to do.
func carryOn(ctx context.Context, pool *sql.DB, journal distribution.Journal, o DistributeOptions, way way) (*plans.Result, error) {
	plan, err := journal.Load(ctx, pool)
	if err != nil {
		return nil, err
	}
	if o.Out != nil {
		fmt.Fprintf(o.Out, "The plan that was begun is in %s:\n", journal.Table)
		if err := plan.WriteTable(o.Out); err != nil {
			return nil, err
		}
	}
	result, err := run(ctx, pool, plan, o, way)
	if err != nil || !o.Run.Apply || result.Barrier != nil {
		return result, err
	}
	return result, journal.Forget(ctx, pool)
}
