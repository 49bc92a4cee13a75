package tenancy

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/automigrate"
)

// MigrationReport is what [AutoMigrate] did, and what it left for a plan.
type MigrationReport struct {
	// Done is what was made or changed, in that order. Under DryRun it is what
	// would be.
	Done []SchemaChange
	// Pending is what the models want and the tables do not have: changes of
	// tables with rows that would lock them, or that the rows themselves forbid.
	Pending []SchemaChange
}

// A SchemaChange is a change of one table, made or pending.
type SchemaChange struct {
	Table  string // with its schema where it has one
	Object string // table, column, primary key, unique constraint, unique index, index or foreign key
	Name   string // of the object; empty where it has none
	SQL    string // that was sent, or that would make it on an empty table; empty where GORM sent it
	Reason string // of a pending change: why it was not made
}

// String returns the change as a line for people.
func (c SchemaChange) String() string { return automigrate.Change(c).String() }

// AutoMigrate makes the tables of models, as gorm.DB.AutoMigrate does, with keys
// that begin with the tenant column: primary keys, unique constraints, indexes,
// and foreign keys that cannot refer to another tenant's row. gorm.DB.AutoMigrate
// itself does the same where the plugin is in place, and logs what is pending.
//
// Keys are compared by what they are, not by name, and a second run changes
// nothing. Tables without rows are changed. On those with rows only what can be
// made beside the running program is: indexes that are missing (CONCURRENTLY on
// PostgreSQL), and foreign keys that are missing (NOT VALID, then validated). The
// rest is Pending. It needs no tenant in the context.
//
// Rows that belong to no tenant, because their table lacks the tenant column or has
// NULL in it, are seen by nobody: they are [ErrRowsWithoutTenant], in a [ScopeError]
// for each table, after everything else is done. Any other error ends it; the
// report says how far it came, and the next run goes on from there. It must not run
// twice at once on one database: one of the two may then fail.
func AutoMigrate(db *gorm.DB, models ...any) (*MigrationReport, error) {
	m, ok := db.Migrator().(migrator)
	if !ok {
		return &MigrationReport{}, errors.New("tenancy: AutoMigrate needs the plugin: call db.Use(tenancy.New(…)) first")
	}
	done, err := m.Migrate(models)
	return migrationOf(done), err
}

// migrationOf returns the result of the engine as this package's.
func migrationOf(r *automigrate.Result) *MigrationReport {
	return &MigrationReport{Done: changesOf(r.Done), Pending: changesOf(r.Pending)}
}

func changesOf(list []automigrate.Change) (changes []SchemaChange) {
	for _, c := range list {
		changes = append(changes, SchemaChange(c))
	}
	return changes
}

// AssignRows gives the rows that have no tenant to one: to the first customer of an
// application that becomes multi-tenant, say. It is the remedy for
// [ErrRowsWithoutTenant] where all such rows are one tenant's; on PostgreSQL
// [PlanKeys] plans it for those whose tenants other rows tell, and while the
// application runs.
//
// In one transaction, tables of the models that lack the tenant column get it, and
// every row with NULL in it gets the tenant. Then the models are migrated as
// [AutoMigrate] does, and the report says what was done and what is pending. Rows
// for everybody of a table that is [Config.Mixed] keep NULL. As
// there, the tables that the models are related to come along; roots, shared tables
// and tables that are observed stay as they are. On PostgreSQL the tables are locked
// for the time of the transaction.
//
// The tenant is an id or a value as [With] takes it; one that cannot be a tenant is
// [ErrInvalidTenant], and nothing is changed. It needs no tenant in the context.
func AssignRows(db *gorm.DB, tenant any, models ...any) (*MigrationReport, error) {
	m, ok := db.Migrator().(migrator)
	if !ok {
		return &MigrationReport{}, errors.New("tenancy: AssignRows needs the plugin: call db.Use(tenancy.New(…)) first")
	}
	one, err := newTenant(tenant)
	if err != nil {
		return &MigrationReport{}, &ScopeError{Op: "AssignRows", Err: ErrInvalidTenant, Detail: err.Error()}
	}
	tables := pluginOf(db).tables
	done, err := m.AssignRows(models, func(s *schema.Schema, table string) (any, error) {
		known, err := tables.model(s)
		if err != nil {
			return nil, err
		}
		value, err := known.id.value(&one)
		if err != nil {
			return nil, &ScopeError{Op: "AssignRows", Table: table, Err: err, Detail: "the tenant column is of another type"}
		}
		return value, nil
	})
	return migrationOf(done), err
}
