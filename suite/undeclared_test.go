package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Under AllowUndeclared an unknown table is one that tenants may read: in GORM's
// statements, and as Config.RawSQL is told. The catalogues are no such tables.
func TestAllowUndeclared(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, g, c := open(t), &guard{}, config()
			c.AllowUndeclared, c.RawSQL = true, g
			require.NoError(t, db.Use(tenancy.New(c)))
			require.NoError(t, db.AutoMigrate(append(models, &Secret{})...))
			tx := db.WithContext(tenancy.With(t.Context(), uuid.New()))
			require.NoError(t, tx.Find(&[]Secret{}).Error)
			require.NoError(t, tx.Table("secrets").Find(&[]map[string]any{}).Error)
			require.ErrorIs(t, tx.Create(&Secret{}).Error, tenancy.ErrSharedReadOnly)
			require.ErrorIs(t, tx.Table("pg_stats").Find(&[]map[string]any{}).Error, tenancy.ErrUndeclared)
			require.ErrorIs(t, tx.Table("sqlite_master").Find(&[]map[string]any{}).Error, tenancy.ErrUndeclared)
			require.ErrorIs(t, tx.Table("information_schema.tables").Find(&[]map[string]any{}).Error, tenancy.ErrUndeclared)

			require.NoError(t, tx.Exec("SELECT 1").Error)
			table := g.scoped[len(g.scoped)-1].Table
			known, ok := table("", "secrets")
			require.True(t, ok)
			assert.Equal(t, tenancy.TenantTable{Name: "secrets"}, known)
			known, ok = table("", "users")
			require.True(t, ok)
			assert.Equal(t, "tenant_id", known.Column)
			for _, name := range [][2]string{{"", "pg_stats"}, {"pg_catalog", "pg_class"}, {"information_schema", "tables"}, {"pg_temp", "x"}} {
				_, ok = table(name[0], name[1])
				assert.False(t, ok, name)
			}
		})
	}
}
