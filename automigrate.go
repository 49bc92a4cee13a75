package tenancy

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
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

// modelTables tells the engine what is known of the tables of models.
type modelTables struct{ *tables }

// Table implements automigrate.Tables.
func (r modelTables) Table(s *schema.Schema) (automigrate.Table, error) {
	t := automigrate.Table{Observed: r.modeOf(s.Table) == Observe}
	m, err := r.model(s)
	if err != nil || m.table == nil {
		return t, err
	}
	t.Name, t.Column, t.Keyed = m.name, m.column, r.keyed(m.table)
	switch m.kind {
	case KindTenant:
		t.Kind = automigrate.Tenant
	case KindRoot:
		t.Kind = automigrate.Root
	case KindMixed:
		t.Kind = automigrate.Mixed
	}
	if t.Column != "" && s.FieldsByDBName[t.Column] == nil && gormfacts.IsDerived(s) {
		t.Hidden, err = r.tenantOfSides(s)
	}
	return t, err
}

// Register implements automigrate.Tables.
func (r modelTables) Register(db *gorm.DB, values []any) error {
	defer r.guardKeys()
	for _, value := range values {
		stmt := &gorm.Statement{DB: db}
		if stmt.Parse(value) != nil {
			continue // the migrator says what is wrong with it
		}
		if _, err := r.model(stmt.Schema); err != nil {
			return err
		}
		if err := r.migrateJoinTables(stmt.Schema, map[*schema.Schema]bool{}); err != nil {
			return err
		}
	}
	return nil
}

// Current implements automigrate.Tables.
func (r modelTables) Current(s *schema.Schema) *schema.Schema {
	if joined, ok := r.replaced.Load(s); ok {
		return joined.(*schema.Schema)
	}
	return s
}

// IsRequired implements automigrate.Tables. The tenant column of a table that is
// observed is NOT NULL only where it is part of the primary key.
func (r modelTables) IsRequired(field *schema.Field, isKey bool) bool {
	tenant, err := r.tenantField(field.Schema)
	if err != nil || tenant == nil || tenant.DBName != field.DBName || !isKey && r.modeOf(field.Schema.Table) == Observe {
		return false
	}
	t := r.byName("", r.fold(field.Schema.Table))
	return t == nil || t.kind != KindMixed
}

// CheckColumn implements automigrate.Tables.
func (r modelTables) CheckColumn(ctx context.Context, q catalog.Querier, s *schema.Schema) error {
	m, err := r.model(s)
	if err != nil || m.table == nil {
		return nil
	}
	return r.checkColumn(ctx, q, m.table)
}

// RowsWithoutTenant implements automigrate.Tables.
func (r modelTables) RowsWithoutTenant(table, detail string) error {
	return &ScopeError{Op: "AutoMigrate", Table: table, Err: ErrRowsWithoutTenant, Detail: detail}
}

// ForgetKeys implements automigrate.Tables.
func (r modelTables) ForgetKeys(s *schema.Schema) {
	if m, err := r.model(s); err == nil && m.table != nil {
		m.keys.Store(nil)
	}
}
