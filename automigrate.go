package tenancy

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/automigrate"
)

// MigrationReport is what [AutoMigrate] did, and what it left for a plan.
type MigrationReport struct {
	// Done is what was made or changed, in that order. Under DryRun it is what would
	// be.
	Done []SchemaChange
	// Pending is what the models require and the tables lack: changes that would lock a
	// table with rows, or that the rows themselves rule out.
	Pending []SchemaChange
}

// A SchemaChange is a change of one table, made or pending.
type SchemaChange struct {
	Table  string // with its schema where it has one
	Object string // table, column, primary key, unique constraint, unique index, index or foreign key
	Name   string // of the object; empty if it has none
	SQL    string // that was sent, or that would make it on an empty table; empty where GORM sent it
	Reason string // of a pending change: why it was not made
}

// String returns the change as one line of text.
func (c SchemaChange) String() string { return automigrate.Change(c).String() }

// AutoMigrate makes the tables of models, as gorm.DB.AutoMigrate does, with keys that
// begin with the tenant column: primary keys, unique constraints, indexes, and foreign
// keys that cannot refer to another tenant's row. On a handle with the plugin,
// gorm.DB.AutoMigrate does the same, and logs what is pending. AutoMigrate needs no
// tenant in the context.
//
// Keys are compared by what they are, not by name, and a second run changes nothing.
// Tables without rows are changed. On tables with rows it only adds what can be added
// while the program runs: missing indexes (CONCURRENTLY on PostgreSQL), and missing
// foreign keys (NOT VALID, then validated). The rest is Pending.
//
// Rows that belong to no tenant, because their table lacks the tenant column or has
// NULL in it, are visible to no tenant. They are [ErrRowsWithoutTenant], in a
// [ScopeError] for each table, after everything else is done. Any other error ends the
// run. The report says how far it came, and the next run goes on from there. Do not run
// it twice at the same time on one database: one of the two may then fail.
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

// AssignRows gives all rows that have no tenant to one tenant, such as the first
// customer of an application that becomes multi-tenant. It is the remedy for
// [ErrRowsWithoutTenant] if all such rows belong to that tenant. On PostgreSQL,
// [PlanKeys] plans it for rows whose tenants can be found from other rows, and while
// the application runs.
//
// In one transaction, tables of the models that lack the tenant column get it, and
// every row with NULL in it gets the tenant. Then the models are migrated as
// [AutoMigrate] does, and the report says what was done and what is pending. Rows for
// everybody in a table of [Config.Mixed] keep NULL. The tables that the models are
// related to are included; roots, shared tables and observed tables stay as they are.
// On PostgreSQL the transaction locks the tables.
//
// The tenant is an id or a value as for [With]. For one that cannot be a tenant,
// AssignRows returns [ErrInvalidTenant] and changes nothing. It needs no tenant in the
// context.
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
			return nil, &ScopeError{Op: "AssignRows", Table: table, Err: err, Detail: known.misfit()}
		}
		return value, nil
	})
	return migrationOf(done), err
}
