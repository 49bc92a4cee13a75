package tenancy

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// modelTables tells the engine what is known of the tables of models.
type modelTables struct{ *knownTables }

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
		return nil //nolint:nilerr // a model that is wrong has been reported by Table
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
