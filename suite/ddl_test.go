package suite

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"

	"github.com/gorm-tenancy/tenancy"
)

// What DDL returns makes a database that AutoMigrate has nothing to add to.
func TestDDLMakesWhatAutoMigrateWants(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		d := postgres.Open("")
		if !s.isPostgres() {
			d = sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: ":memory:"})
		}
		models := []any{&Pupil{}, &Course{}, &Merit{}, &Essay{}, &Crew{}, &Vessel{}, &School{}, &Teacher{}, &Coach{}}
		ddl, err := tenancy.DDL(d, tenancy.Config{}, models...)
		require.NoError(t, err)
		require.Contains(t, strings.NewReplacer(`"`, "", "`", "").Replace(strings.Join(ddl, "\n")), "PRIMARY KEY (school_id,coach_school_id,coach_id)")
		for _, statement := range ddl {
			s.must(t, statement)
		}
		s.changes()
		require.Empty(t, s.migrate(t, models...))
		require.Empty(t, s.changes())
	})
}
