package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/kindmodels"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// Private, linked, mixed and free tables on SQLite; tenancytest's own tests run them on
// PostgreSQL.
func TestConformanceKinds(t *testing.T) {
	t.Parallel()
	for name, writable := range map[string]bool{"read-only": false, "writable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := func() *gorm.DB {
				db := openSQLite(t)
				db.Config.DisableForeignKeyConstraintWhenMigrating = writable
				return db
			}
			db := open()
			require.NoError(t, db.Use(tenancy.New(kindmodels.Config(writable))))
			require.NoError(t, db.AutoMigrate(kindmodels.Models...))
			run := tenancytest.Suite{DB: db, Lone: open(), Models: kindmodels.Models, Skip: []string{
				"*/*/Create with new Omit related rows", // see TestConformance
			}}
			if testing.Short() {
				run.Sample = 40
			}
			run.Run(t)
		})
	}
}
