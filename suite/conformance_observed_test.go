package suite

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// inTurn is the conformance suite with one table enforced at a time: a sample, or with
// TENANCY_TEST_LONG all of it, which lasts many minutes.
func inTurn(sample int) *tenancytest.Observed {
	if os.Getenv("TENANCY_TEST_LONG") != "" {
		sample = 0
	}
	return &tenancytest.Observed{Config: config(), Sample: sample}
}

// TestConformanceObserved enforces each table in turn and observes the others, in
// tables whose keys contain the tenant.
func TestConformanceObserved(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Use(tenancy.New(config())))
			require.NoError(t, db.AutoMigrate(models...))
			tenancytest.Suite{DB: db, Lone: open(t), Models: []any{&User{}, &Doc{}, &Account{}}, Observe: inTurn(20),
				Skip: []string{"*/*/Create with new Omit related rows"}, // see TestConformance
			}.Run(t)
		})
	}
}

// TestConformanceObservedAsMigrated is the same for tables as AutoMigrate makes them
// while the others are observed, whose keys do not contain the tenant yet.
func TestConformanceObservedAsMigrated(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"users", "orders", "notes", "user_tags"} {
		for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
			t.Run(table+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := config()
				c.Mode, c.Modes = tenancy.Observe, []tenancy.TableMode{{Table: table, Mode: tenancy.Enforce}}
				migrating := open(t)
				require.NoError(t, migrating.Use(tenancy.New(c)))
				require.NoError(t, migrating.AutoMigrate(models...))
				db := beside(t, migrating)
				require.NoError(t, db.Use(tenancy.New(config())))
				o := inTurn(20)
				o.Tables = []string{table}
				tenancytest.Suite{DB: db, Lone: open(t), Models: []any{&User{}}, Observe: o,
					Skip: []string{"*/*/Create with new Omit related rows"}, // see TestConformance
				}.Run(t)
			})
		}
	}
}

// beside opens another handle, without a plugin, on the same database.
func beside(t *testing.T, db *gorm.DB) *gorm.DB {
	t.Helper()
	pool, err := db.DB()
	require.NoError(t, err)
	dialector := postgres.New(postgres.Config{Conn: pool})
	if db.Name() == "sqlite" {
		dialector = sqlite.New(sqlite.Config{DriverName: "sqlite", Conn: pool})
	}
	another, err := gorm.Open(dialector, quiet())
	require.NoError(t, err)
	return another
}
