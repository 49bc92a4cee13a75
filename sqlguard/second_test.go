//go:build cgo

package sqlguard_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// renamed is a clause that writes another text than its name.
type renamed struct{}

func (renamed) Name() string         { return "ORDER BY" }
func (renamed) Build(clause.Builder) {}
func (renamed) MergeClause(c *clause.Clause) {
	c.Name, c.Expression = "UNION ALL SELECT label FROM tags ORDER BY", clause.Expr{SQL: "1"}
}

// TestPluginRefusesFirst: what the plugin refuses by itself never comes to the
// verifier, which would be the second to refuse it. Where it does come so far,
// the plugin has a hole; suite/mutation makes some.
func TestPluginRefusesFirst(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: conformanceModels, Functions: []string{"unnest"}, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
	})))
	require.NoError(t, db.AutoMigrate(conformanceModels...))
	own := db.WithContext(tenancy.With(context.Background(), acme))
	other := db.WithContext(tenancy.With(context.Background(), globex))
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	foreign := func() *tag {
		row := &tag{Slug: uuid.NewString()}
		row.TenantID = globex
		return row
	}
	for _, tt := range []struct {
		reason string
		err    error // nil if the guard may scope it
		run    func() error
	}{
		{"a shared table", tenancy.ErrSharedReadOnly, func() error { return own.Create(&country{Code: "NO"}).Error }},
		{"an undeclared table", tenancy.ErrUndeclared, func() error { return own.Table("pg_stats").Find(&[]map[string]any{}).Error }},
		{"another tenant's row", tenancy.ErrTenantMismatch, func() error { return own.Create(foreign()).Error }},
		{"another tenant's rows", tenancy.ErrTenantMismatch, func() error { return own.Create([]*tag{{Slug: "own"}, foreign()}).Error }},
		{"another tenant's in a map", tenancy.ErrTenantMismatch, func() error {
			return own.Model(&tag{}).Create(map[string]any{"slug": "x", "tenant_id": globex}).Error
		}},
		{"a tenant outside of a set", tenancy.ErrTenantMismatch, func() error {
			return set.Model(&tag{}).Create(map[string]any{"slug": "x", "tenant_id": third}).Error
		}},
		{"another tenant in SET", tenancy.ErrTenantImmutable, func() error {
			return own.Model(&tag{}).Where("slug = ?", "x").Update("tenant_id", globex).Error
		}},
		{"a clause of another name", tenancy.ErrUnscopedSQL, func() error {
			return own.Model(&tag{}).Select("label").Clauses(renamed{}).Find(&[]map[string]any{}).Error
		}},
		{"a subquery of another tenant", tenancy.ErrTenantMismatch, func() error {
			return own.Where("slug IN (?)", other.Model(&tag{}).Select("slug")).Find(&[]tag{}).Error
		}},
		{"text behind a query", nil, func() error {
			return own.Where("slug IN (? OR 1 = 1)", own.Model(&tag{}).Select("slug")).Find(&[]tag{}).Error
		}},
		{"a parenthesis that is left open", tenancy.ErrUnscopedSQL, func() error { return own.Where("(1 = 1").Find(&[]tag{}).Error }},
		{"a parenthesis that is closed", tenancy.ErrUnscopedSQL, func() error { return own.Where("1 = 1) OR (1 = 1").Find(&[]tag{}).Error }},
		{"a function in FROM", nil, func() error {
			return own.Table("unnest(ARRAY['SELECT to_tsvector(label) FROM tags']) t").Select("t.ts_stat").Find(&[]map[string]any{}).Error
		}},
		{"a function that runs text", nil, func() error {
			return own.Where("query_to_xml('SELECT * FROM tags', true, true, '') IS NOT NULL").Find(&[]tag{}).Error
		}},
		{"a query", nil, func() error { return own.Where("slug IN (SELECT slug FROM tags)").Find(&[]tag{}).Error }},
	} {
		err := tt.run()
		if tt.err != nil {
			assert.ErrorIs(t, err, tt.err, tt.reason)
		}
		if err != nil {
			assert.NotContains(t, err.Error(), "could not be proven safe", tt.reason)
			assert.NotContains(t, err.Error(), globex.String(), tt.reason)
		}
	}
}

type (
	kindGuest struct {
		ID   int64
		Name string
	}
	kindVisit struct {
		tenancy.TenantModel
		ID        int64
		GuestID   int64
		DeletedAt gorm.DeletedAt
	}
)

// TestPluginRefusesFirstOfOtherKinds does the same for the other kinds of tables.
func TestPluginRefusesFirstOfOtherKinds(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
		Models: []any{&kindLabel{}, &kindTask{}, &kindKey{}, &kindRule{}, &kindVisit{}},
		Linked: []tenancy.Link{
			{Model: &kindPerson{}, Via: &kindTask{}, ForeignKey: "LabelID"},
			{Model: &kindGuest{}, Via: &kindVisit{}, ForeignKey: "GuestID", Writable: true},
		},
	})))
	require.NoError(t, db.AutoMigrate(&kindLabel{}, &kindTask{}, &kindKey{}, &kindRule{}, &kindPerson{}, &kindVisit{}, &kindGuest{}))
	own := db.WithContext(tenancy.With(context.Background(), acme))
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	maps := func() *[]map[string]any { return &[]map[string]any{} }
	for _, tt := range []struct {
		reason string
		err    error // nil if the plugin may scope it
		run    func() error
	}{
		{"a private table", tenancy.ErrPrivate, func() error { return own.Find(&[]kindKey{}).Error }},
		{"a private table by its name", tenancy.ErrPrivate, func() error { return own.Table("kind_keys").Find(maps()).Error }},
		{"a private table that is joined", tenancy.ErrPrivate, func() error { return own.Joins("JOIN kind_keys k ON true").Find(&[]kindTask{}).Error }},
		{"a tenant's table beside a free one", tenancy.ErrNoTenant, func() error {
			return db.Joins("JOIN kind_tasks t ON true").Find(&[]kindRule{}).Error
		}},
		{"a tenant's table below a free one", tenancy.ErrNoTenant, func() error {
			return db.Where("id IN (?)", db.Model(&kindTask{}).Select("id")).Find(&[]kindRule{}).Error
		}},
		{"a linked table", nil, func() error { return own.Find(&[]kindPerson{}).Error }},
		{"a linked table of a set", nil, func() error { return set.Find(&[]kindPerson{}).Error }},
		{"a linked table that is joined", nil, func() error {
			return own.Joins("JOIN kind_people p ON p.id = kind_tasks.label_id").Find(&[]kindTask{}).Error
		}},
		{"a linked table that a set joins", nil, func() error {
			return set.Joins("JOIN kind_people p ON p.id = kind_tasks.label_id").Find(&[]kindTask{}).Error
		}},
		{"a linked table twice", nil, func() error {
			return set.Joins("JOIN kind_people p ON p.id = kind_people.id").Find(&[]kindPerson{}).Error
		}},
		{"links that may be deleted", nil, func() error { return own.Find(&[]kindGuest{}).Error }},
		{"a linked table that is changed", nil, func() error { return own.Model(&kindGuest{}).Where("1 = 1").Update("name", "x").Error }},
		{"a linked row that another may have", nil, func() error {
			return own.Clauses(clause.OnConflict{UpdateAll: true}).Create(&kindGuest{ID: 1, Name: "x"}).Error
		}},
		{"a row for everybody that a set makes", nil, func() error { return set.Create(&kindLabel{Name: "x"}).Error }},
		{"a row for everybody that a set saves", nil, func() error { return set.Save(&kindLabel{ID: 7, Name: "x"}).Error }},
		{"a mixed table", nil, func() error { return own.Find(&[]kindLabel{}).Error }},
		{"a mixed table that is changed", nil, func() error { return own.Model(&kindLabel{}).Where("1 = 1").Update("name", "x").Error }},
		{"a mixed table that is emptied", nil, func() error { return own.Where("1 = 1").Delete(&kindLabel{}).Error }},
		{"a mixed table that a set changes", nil, func() error { return set.Model(&kindLabel{}).Where("1 = 1").Update("name", "x").Error }},
		{"a mixed table that a set empties", nil, func() error { return set.Where("1 = 1").Delete(&kindLabel{}).Error }},
		{"a mixed table that a set joins", nil, func() error {
			return set.Joins("LEFT JOIN kind_labels l ON l.id = kind_tasks.label_id").Find(&[]kindTask{}).Error
		}},
		{"a mixed table that a set joins to two", nil, func() error {
			return set.Table("kind_labels l").Joins("JOIN kind_tasks t ON t.label_id = l.id").Joins("JOIN kind_tasks u ON u.label_id = l.id").Find(maps()).Error
		}},
	} {
		err := tt.run()
		if tt.err != nil {
			assert.ErrorIs(t, err, tt.err, tt.reason)
		}
		if err != nil {
			assert.NotContains(t, err.Error(), "could not be proven safe", tt.reason)
		}
	}
}
