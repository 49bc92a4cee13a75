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
