package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
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
	Run migration.Options
	// Out is where the report is written before anything is changed. Nil: nowhere.
	Out io.Writer
}

func (o *DistributeOptions) driver() distribution.Driver {
	return distribution.Driver{Limits: o.Limits, Run: o.Run, Out: o.Out}
}

// PlanDistribution says what becomes of a database's tables on the Citus cluster
// whose coordinator db is connected to, and what stands in the way, all at once.
// It reads the catalogue and the cluster and changes nothing; what [PlanKeys] says
// of the plugin and the models holds here, too. [distribution.Analysis.Plan] makes
// the plan.
func PlanDistribution(ctx context.Context, db *gorm.DB, options DistributeOptions, models ...any) (*distribution.Analysis, error) {
	c, analysis, err := planKeys(ctx, db, options.Keys, models)
	if err != nil {
		return nil, err
	}
	cluster, err := distribution.Survey(ctx, db.WithContext(ctx).Statement.ConnPool)
	if err != nil {
		return nil, err
	}
	return distribution.Analyze(c, analysis, cluster, options.Plan)
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
// [distribution.Analysis.Plan] for the two ways, and [migration.Execute] for what
// happens when it is ended on the way: it is called again, with the same options.
// A plan that was begun step by step is kept in the database until it is done, and
// carried on with; see [distribution.JournalTable].
//
// Keep the plan, if the keys with the tenant are to be taken back some day: its
// undo can. [Undistribute] brings back plain tables with the keys that they have.
func Distribute(ctx context.Context, db *gorm.DB, options DistributeOptions, models ...any) (*migration.Result, error) {
	pool, journal, err := begun(ctx, db)
	if err != nil {
		return nil, err
	}
	if journal != (distribution.Journal{}) {
		return options.driver().CarryOn(ctx, pool, journal)
	}
	analysis, err := PlanDistribution(ctx, db, options, models...)
	if err != nil {
		return nil, err
	}
	return options.driver().Distribute(ctx, pool, analysis)
}

// Undistribute brings all tables that Citus has spread back to plain ones on the
// coordinator, with the same rows and keys, in one transaction. Without Run.Apply
// it is a dry run, whose report says whether they fit and can come back. A plan
// that Distribute began step by step and did not finish is taken back instead,
// with the keys that it made.
func Undistribute(ctx context.Context, db *gorm.DB, options DistributeOptions) (*migration.Result, error) {
	pool, journal, err := begun(ctx, db)
	if err != nil {
		return nil, err
	}
	if journal != (distribution.Journal{}) {
		return options.driver().TakeBack(ctx, pool, journal)
	}
	c, err := catalog.Read(ctx, pool, catalog.Options{})
	if err != nil {
		return nil, err
	}
	return options.driver().Undistribute(ctx, pool, c)
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
