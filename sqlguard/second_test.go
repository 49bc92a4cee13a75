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
		err    error // nil where the guard may scope it
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
