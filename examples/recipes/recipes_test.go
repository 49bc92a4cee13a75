// Package recipes holds the programs of docs/recipes.md.
package recipes

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite", which needs no C compiler

	"github.com/gorm-tenancy/tenancy"
)

// Project is a tenant's.
type Project struct {
	tenancy.TenantModel
	ID   uint `gorm:"primaryKey;autoIncrement:false"`
	Name string
}

var (
	acme   = uuid.MustParse("0193b6a0-0000-7000-8000-00000000000a")
	globex = uuid.MustParse("0193b6a0-0000-7000-8000-00000000000b")
)

// open returns a database in memory with the plugin.
func open(t *testing.T, config tenancy.Config, models ...any) *gorm.DB {
	t.Helper()
	dsn := "file:" + uuid.NewString() + "?mode=memory&cache=shared"
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	require.NoError(t, db.Use(tenancy.New(config)))
	require.NoError(t, db.AutoMigrate(models...))
	return db
}

func as(db *gorm.DB, tenant any) *gorm.DB {
	return db.WithContext(tenancy.With(context.Background(), tenant))
}

// names returns the names that a handle finds.
func names(t *testing.T, db *gorm.DB) (found []string) {
	t.Helper()
	require.NoError(t, db.Model(&Project{}).Order("id").Pluck("name", &found).Error)
	return found
}
