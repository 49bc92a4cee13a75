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

// DistributeOptions say how a database is spread over a Citus cluster. The zero value
// is a dry run that gives nothing up.
type DistributeOptions struct {
	// Plan says how tables are spread. Zero means in one transaction.
	Plan distribution.Options
	// Keys adds to what the catalogue, the configuration and the models say, as for
	// [PlanKeys]. Zero means nothing.
	Keys keys.Options
	// Limits bound the queries for rows that stand in the way. Zero means their
	// defaults.
	Limits keys.Limits
	// Run says how the plan is carried out. Without Run.Apply nothing is changed.
	// Run.Passed may name phases of earlier runs. Zero means a dry run.
	Run migration.Options
	// Out is where the report is written before anything is changed. Nil means nowhere.
	Out io.Writer
}

func (o *DistributeOptions) driver() distribution.Driver {
	return distribution.Driver{Limits: o.Limits, Run: o.Run, Out: o.Out}
}

// PlanDistribution says what becomes of a database's tables on the Citus cluster whose
// coordinator db is connected to, and lists all obstacles. It reads the catalogue and
// the cluster and changes nothing. It uses the plugin and the models as [PlanKeys]
// does. [distribution.Analysis.Plan] makes the plan.
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

// Distribute spreads the tables of an application over a Citus cluster: the root and
// the tenants' tables by their tenant column, with their shards together, and shared
// tables as reference tables. The application runs on unchanged, and keeps its data. db
// must be connected to the coordinator, where the tables are, as their owner, with a
// pool of at least two connections.
//
// The options' zero value is a dry run. The report says what would be done, what it
// takes, and what stands in the way; if anything does, the error is
// [distribution.ErrUndecided]. It changes no table: what Citus refuses is tried with
// empty tables in a transaction that is rolled back. With Run.Apply the report is written first.
// [distribution.Analysis.Plan] describes the two ways. If a run is interrupted, call
// Distribute again with the same options; see [migration.Execute]. A plan that was
// begun step by step is kept in the database until it is done, and the next run
// continues it; see [distribution.JournalTable].
//
// Keep the plan if you may want the keys without the tenant back: only its undo
// restores them. [Undistribute] brings back plain tables with the keys that they have.
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

// Undistribute brings all tables that Citus has spread back to plain tables on the
// coordinator, with the same rows and keys, in one transaction. Without Run.Apply it is
// a dry run, whose report says whether they fit and can come back. If options.Keys.Root
// is set, only the tree of that root comes back; shared tables come back with the last
// tree. If Distribute began
// a plan step by step and did not finish it, Undistribute takes that plan back instead,
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
	var roots []catalog.Name
	if options.Keys.Root != (catalog.Name{}) {
		roots = append(roots, options.Keys.Root)
	}
	return options.driver().Undistribute(ctx, pool, c, roots...)
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
