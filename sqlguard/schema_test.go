//go:build cgo

package sqlguard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var wideName = strings.Repeat("wide", 16) // a byte more than PostgreSQL keeps

type wide struct {
	tenancy.TenantModel
	ID   int `gorm:"primaryKey;autoIncrement:false"`
	Name string
}

func (wide) TableName() string { return wideName }

// TestTablesOfOnesNameElsewhere: a tenant's table is one wherever it lies, a temporary
// one and one of another schema included, and by every spelling of a name that is cut
// off.
func TestTablesOfOnesNameElsewhere(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{false, true} {
		db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		pool, err := db.DB()
		require.NoError(t, err)
		t.Cleanup(func() { _ = pool.Close() })
		pool.SetMaxOpenConns(1)
		const columns = " (tenant_id uuid NOT NULL, id int, name text)"
		tables := []string{"public.authors", "pg_temp.authors", "other.authors", `"` + wideName + `"`}
		require.NoError(t, db.Exec("CREATE SCHEMA other").Error)
		for _, table := range tables {
			require.NoError(t, db.Exec("CREATE TABLE "+table+columns).Error, table)
			for _, id := range []uuid.UUID{acme, globex} {
				require.NoError(t, db.Exec("INSERT INTO "+table+" VALUES (?, 1, ?)", id, id.String()).Error, table)
			}
		}
		require.NoError(t, db.Use(tenancy.New(tenancy.Config{
			Models: []any{&author{}, &wide{}}, AllowUndeclared: allow, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
		})))
		own := db.WithContext(tenancy.With(context.Background(), acme))
		for _, table := range []string{
			"authors", "pg_temp.authors", "PG_TEMP.Authors", "other.authors", `"other"."authors"`, `U&"\006fther".authors`, "public.authors",
			wideName, wideName[:63], wideName + "_more", strings.ToUpper(wideName), "public." + wideName, `"` + wideName + `"`, `"public"."` + wideName + `x"`,
		} {
			for _, text := range []string{
				"SELECT name FROM @", "SELECT a.name FROM @ a, @ b", "SELECT a.name FROM @ a JOIN @ b ON true", "TABLE @",
				"SELECT (SELECT max(name) FROM @) AS name", "SELECT name FROM @ WHERE id IN (SELECT id FROM @)",
				"WITH w AS (SELECT * FROM @) SELECT name FROM w", "UPDATE @ SET id = 1 RETURNING name", "DELETE FROM @ WHERE false OR id = 2 RETURNING name",
			} {
				var rows []map[string]any
				text = strings.ReplaceAll(text, "@", table)
				err := own.Raw(text).Find(&rows).Error
				if strings.HasPrefix(strings.ToLower(table), "pg_") {
					require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "the verifier takes each such schema for the system's: %s", text)
					continue
				}
				require.NoError(t, err, text)
				assert.Equal(t, strings.Contains(text, "DELETE"), len(rows) == 0, text)
				for _, row := range rows {
					assert.Equal(t, acme.String(), row["name"], text)
				}
			}
			var rows []author
			err := own.Find(&rows, "EXISTS (SELECT 1 FROM "+table+" e WHERE e.name = ?)", globex.String()).Error
			if !strings.HasPrefix(strings.ToLower(table), "pg_") && !strings.Contains(table, "&") { // which the core refuses
				require.NoError(t, err, table)
			}
			assert.Empty(t, rows, table)
		}
	}
}

type longColumn struct {
	ID     uint
	Tenant uuid.UUID `gorm:"type:uuid;column:tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_" tenancy:"tenant"`
	Text   string
}

// TestColumnsThatAreCutOff: the tenant column is not assigned by a longer name.
func TestColumnsThatAreCutOff(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: []any{&longColumn{}}, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
	})))
	require.NoError(t, db.AutoMigrate(&longColumn{}))
	own := db.WithContext(tenancy.With(context.Background(), acme))
	require.NoError(t, own.Create(&longColumn{Text: "a"}).Error)
	longer := "tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_tenant_x"
	require.ErrorIs(t, own.Model(&longColumn{}).Where("id > 0").Updates(map[string]any{longer: globex}).Error, tenancy.ErrTenantImmutable)
	require.Error(t, own.Exec("UPDATE long_columns SET "+longer+" = ?", globex).Error)
}
