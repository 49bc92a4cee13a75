package tenancy

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

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
