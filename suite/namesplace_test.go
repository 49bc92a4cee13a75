package suite

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Clips of two tenants lie in a temporary table and in another database, or schema, as
// well as in their own. Wherever a statement names one of them, it sees those of its
// tenant, or is refused.
func TestTablesOfOnesNameElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open  func(testing.TB) *gorm.DB
		make  func(dir string) []string
		at    []string // the tables' schemas
		names []string
	}{
		"sqlite": {openSQLite, func(dir string) []string {
			return []string{
				"CREATE TEMP TABLE clips (tenant_id text, id integer, tags text)", "ATTACH DATABASE '" + filepath.Join(dir, "other.db") + "' AS other",
				"CREATE TABLE other.clips (tenant_id text, id integer, tags text)",
			}
		}, []string{"temp", "main", "other"}, []string{"clips", "temp.clips", "TEMP.Clips", "main.clips", "other.clips", "[other].[clips]", `"temp"."clips"`, "`other`.clips"}},
		"postgres": {openPostgres, func(string) []string {
			return []string{
				"CREATE TEMP TABLE clips (tenant_id uuid, id bigint, tags text)", "CREATE SCHEMA other",
				"CREATE TABLE other.clips (tenant_id uuid, id bigint, tags text)",
			}
		}, []string{"pg_temp", "public", "other"}, []string{"clips", "pg_temp.clips", "PG_TEMP.Clips", "public.clips", "other.clips", `"other"."clips"`, `"pg_temp"."clips"`}},
	} {
		for _, allow := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				db := c.open(t)
				pool, err := db.DB()
				require.NoError(t, err)
				pool.SetMaxOpenConns(1)
				a, b := uuid.New(), uuid.New()
				require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{&Clip{}}, Shared: []any{&Plan{}}, AllowUndeclared: allow})))
				require.NoError(t, db.AutoMigrate(&Clip{}))
				for _, sql := range c.make(t.TempDir()) {
					_, err = pool.Exec(sql)
					require.NoError(t, err, sql)
				}
				own, bypass := db.WithContext(tenancy.With(t.Context(), a)), db.WithContext(tenancy.Bypass(t.Context(), "test"))
				fill := func(tenant uuid.UUID) {
					t.Helper()
					for _, schema := range c.at {
						sql := "INSERT INTO " + schema + ".clips (tenant_id, id, tags) VALUES (?, 1, ?)"
						require.NoError(t, bypass.Exec(sql, tenant, tenant.String()).Error, schema)
					}
				}
				fill(b)
				if !allow {
					err := own.Table("other.plans").Find(&[]map[string]any{}).Error
					require.ErrorIs(t, err, tenancy.ErrUndeclared, "what is shared is so in its own place")
				}
				for _, table := range c.names {
					for _, schema := range c.at {
						require.NoError(t, bypass.Exec("DELETE FROM "+schema+".clips WHERE tenant_id = ?", a).Error)
					}
					fill(a)
					for place, run := range map[string]func(into *[]map[string]any) error{
						"Table": func(into *[]map[string]any) error { return own.Table(table).Find(into).Error },
						"alias": func(into *[]map[string]any) error {
							return own.Table(table + " AS c").Select("c.tags").Find(into).Error
						},
						"list": func(into *[]map[string]any) error {
							return own.Table(table + " c, " + table + " d").Select("d.tags").Find(into).Error
						},
						"Joins": func(into *[]map[string]any) error {
							return own.Model(&Clip{}).Select("c.tags").Joins("JOIN " + table + " c ON true").Find(into).Error
						},
						"query": func(into *[]map[string]any) error {
							return own.Model(&Clip{}).Select("(SELECT max(tags) FROM " + table + ") AS tags").Find(into).Error
						},
						"EXISTS":   func(into *[]map[string]any) error { return own.Find(into, "EXISTS (SELECT 1 FROM "+table+")").Error },
						"Raw":      func(into *[]map[string]any) error { return own.Raw("SELECT * FROM " + table).Find(into).Error },
						"subquery": func(into *[]map[string]any) error { return own.Table("(?) AS s", own.Table(table)).Find(into).Error },
					} {
						var rows []map[string]any
						if run(&rows) != nil {
							continue // refused
						}
						assert.NotEmpty(t, rows, "%s %s", place, table)
						for _, row := range rows {
							assert.Equal(t, a.String(), row["tags"], "%s %s", place, table)
						}
					}
					require.ErrorIs(t, own.Exec("DELETE FROM "+table).Error, tenancy.ErrUnscopedSQL, table)
					if deleted := own.Table(table).Where("id = 1").Delete(nil); deleted.Error == nil {
						assert.Equal(t, int64(1), deleted.RowsAffected, table)
						var left int64
						require.NoError(t, bypass.Table(table).Where("tags = ?", b.String()).Count(&left).Error, table)
						assert.Equal(t, int64(1), left, table)
					}
				}
			})
		}
	}
}
