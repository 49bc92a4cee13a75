// Package libraries holds the programs of docs/recipes.md that need another library.
package libraries

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var (
	acme   = uuid.MustParse("0193b6a0-0000-7000-8000-00000000000a")
	globex = uuid.MustParse("0193b6a0-0000-7000-8000-00000000000b")
)

// each runs a test on PostgreSQL and on SQLite, with a function that makes dialectors
// of one database.
func each(t *testing.T, test func(t *testing.T, dialector func() gorm.Dialector)) {
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := tenancytest.Postgres(t).OwnerDSN
		test(t, func() gorm.Dialector { return postgres.Open(dsn) })
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dsn := filepath.Join(t.TempDir(), "test.db") + "?_pragma=busy_timeout(5000)"
		test(t, func() gorm.Dialector { return sqlite.Open(dsn) })
	})
}

// open returns a handle with plugins, in their order.
func open(t *testing.T, d gorm.Dialector, plugins ...gorm.Plugin) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(d, &gorm.Config{Logger: logger.Discard, TranslateError: true})
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	for _, plugin := range plugins {
		require.NoError(t, db.Use(plugin))
	}
	return db
}

// seed makes the tables, and the same rows of two tenants under other names.
func seed(t *testing.T, db *gorm.DB) {
	t.Helper()
	require.NoError(t, db.AutoMigrate(&model.Project{}, &model.Task{}))
	for tenant, name := range map[uuid.UUID]string{acme: "Apollo", globex: "Gemini"} {
		require.NoError(t, as(db, tenant).Create(&model.Project{ID: 1, Name: name, Tasks: []model.Task{
			{ID: 1, Title: name + " 1"}, {ID: 2, Title: name + " 2"},
		}}).Error)
	}
}

func as(db *gorm.DB, tenant any) *gorm.DB {
	return db.WithContext(tenancy.With(context.Background(), tenant))
}

// names returns the names of the projects that a handle finds.
func names(t *testing.T, db *gorm.DB) (found []string) {
	t.Helper()
	require.NoError(t, db.Model(&model.Project{}).Order("id").Pluck("name", &found).Error)
	return found
}
