package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// A mode for a table of one schema is none for the table that the search path has.
func TestModeOfASchemaLeavesTheOthersEnforced(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"other.users", "nosuch.users", "a.b.users", "OTHER.users", `"other"."users"`} {
		for _, mode := range []tenancy.Mode{tenancy.Observe, tenancy.ObserveReads} {
			db := openPostgres(t)
			plugin := tenancy.New(tenancy.Config{
				Models:    []any{&User{}},
				Modes:     []tenancy.TableMode{{Table: table, Mode: mode}},
				OnFinding: func(context.Context, tenancy.Finding) {},
			})
			if db.Use(plugin) != nil {
				continue // refused is as good
			}
			require.NoError(t, db.AutoMigrate(&User{}))
			a, b := uuid.New(), uuid.New()
			as := func(tenant uuid.UUID) *gorm.DB { return db.WithContext(tenancy.With(t.Context(), tenant)) }
			require.NoError(t, as(b).Create(&User{Name: "b's"}).Error)
			var users []User
			require.NoError(t, as(a).Find(&users).Error, table)
			require.Empty(t, users, table)
			require.NoError(t, as(a).Table("users").Find(&users).Error, table)
			require.Empty(t, users, table)
			require.ErrorIs(t, as(a).Raw("SELECT * FROM users").Scan(&users).Error, tenancy.ErrUnscopedSQL, table)
			require.ErrorIs(t, db.Find(&users).Error, tenancy.ErrNoTenant, table)
			require.NoError(t, as(a).Where("1 = 1").Delete(&User{}).Error, table)
			require.NoError(t, as(b).Find(&users).Error, table)
			require.Len(t, users, 1, table)
		}
	}
}

// A view that has an observed table's name in a schema that nobody declared may show
// the rows of an enforced one.
func TestObservedNamesOfOtherSchemasAreEnforced(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	pool, err := db.DB()
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: []any{&User{}, &Order{}}, Mode: tenancy.Observe,
		Modes:     []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}},
		OnFinding: func(context.Context, tenancy.Finding) {},
	})))
	require.NoError(t, db.AutoMigrate(&User{}, &Order{}))
	for _, sql := range []string{"CREATE SCHEMA alt", "CREATE VIEW alt.users AS SELECT tenant_id, id, CAST(amount AS text) AS name FROM orders"} {
		_, err = pool.Exec(sql)
		require.NoError(t, err)
	}
	a, b := uuid.New(), uuid.New()
	as := func(tenant uuid.UUID) *gorm.DB { return db.WithContext(tenancy.With(t.Context(), tenant)) }
	require.NoError(t, as(b).Create(&Order{Amount: 7}).Error)

	var names []string
	for reason, tx := range map[string]*gorm.DB{
		"raw":       as(a).Raw("SELECT name FROM alt.users").Scan(&names),
		"quoted":    as(a).Raw(`SELECT name FROM "alt"."users"`).Scan(&names),
		"joined":    as(a).Raw("SELECT v.name FROM users RIGHT JOIN alt.users v ON true").Scan(&names),
		"no tenant": db.Raw("SELECT name FROM alt.users").Scan(&names),
		"exec":      as(a).Exec("UPDATE alt.users SET name = 'x'"),
	} {
		assert.Error(t, tx.Error, reason)
		assert.Empty(t, names, reason)
	}
	require.NoError(t, as(a).Table("alt.users").Pluck("name", &names).Error)
	assert.Empty(t, names, "a table in a chain is scoped")
	require.NoError(t, as(a).Raw("SELECT name FROM public.users").Scan(&names).Error, "the declared table")
	require.NoError(t, db.Raw("SELECT name FROM users").Scan(&names).Error, "and without its schema")
}
