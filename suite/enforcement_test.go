package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// enforcedConfigs are configurations that observe all tables, or some.
func enforcedConfigs() map[string]tenancy.Config {
	configs := mixedModes()
	all, reads, quiet := config(), config(), func(context.Context, tenancy.Finding) {}
	all.Mode, reads.Mode = tenancy.Observe, tenancy.ObserveReads
	configs["Observe"], configs["ObserveReads"] = all, reads
	for name, c := range configs {
		c.OnFinding = quiet
		configs[name] = c
	}
	return configs
}

// What WithEnforcement covers is answered as if no table were observed.
func TestWithEnforcementPassesTheConformanceSuite(t *testing.T) {
	t.Parallel()
	for name, c := range enforcedConfigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := "file:" + uuid.NewString() + "?mode=memory&cache=shared&_pragma=busy_timeout(5000)"
			migrated, db := openSQLiteAt(t, dsn), openSQLiteAt(t, dsn)
			require.NoError(t, migrated.Use(tenancy.New(config())))
			require.NoError(t, migrated.AutoMigrate(models...))
			require.NoError(t, db.Use(tenancy.New(c)))
			tenancytest.Suite{DB: db, Lone: openSQLite(t), Models: []any{&Doc{}}, Enforced: true}.Run(t)
		})
	}
}

// TestWithEnforcementHoldsWhateverTheModes runs statements that change or read too
// much without it.
func TestWithEnforcementHoldsWhateverTheModes(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		for which, c := range enforcedConfigs() {
			t.Run(name+"/"+which, func(t *testing.T) {
				t.Parallel()
				enforcement(t, newMixed(t, open(t), c))
			})
		}
	}
}

func enforcement(t *testing.T, m *mixed) {
	t.Helper()
	ctx := tenancy.WithEnforcement(context.Background())
	db := m.db.WithContext(tenancy.With(ctx, m.A))
	others := func() (users []User, orders []Order) {
		t.Helper()
		require.NoError(t, m.everyone().Where("tenant_id = ?", m.B).Order("id").Find(&users).Error)
		require.NoError(t, m.everyone().Where("tenant_id = ?", m.B).Order("id").Find(&orders).Error)
		return users, orders
	}
	users, orders := others()
	require.Len(t, users, 1)
	require.Len(t, orders, 1)

	var read []User
	require.NoError(t, db.Preload("Orders").Find(&read).Error)
	require.Len(t, read, 1)
	assert.Len(t, read[0].Orders, 1, "a preload")
	var n int64
	require.NoError(t, db.Model(&User{}).Joins("JOIN orders o ON o.user_id = ?", 1).Count(&n).Error)
	assert.EqualValues(t, 1, n, "a join")
	require.NoError(t, db.Model(&User{}).Where("id IN (?)", m.db.Model(&Order{}).Select("user_id").Where("amount = ?", secret)).Count(&n).Error)
	assert.Zero(t, n, "a subquery that has its scope from the statement")
	assert.EqualValues(t, 1, db.Model(&read[0]).Association("Orders").Count(), "association mode")
	found, err := gorm.G[User](m.db).Find(db.Statement.Context)
	require.NoError(t, err)
	assert.Len(t, found, 1, "generics")
	rows := db.Model(&User{}).Select("count(*)").Row()
	require.NoError(t, rows.Scan(&n))
	assert.EqualValues(t, 1, n, "Row")

	all := db.Session(&gorm.Session{AllowGlobalUpdate: true})
	require.NoError(t, all.Model(&User{}).Update("age", 99).Error)
	require.NoError(t, all.Table("orders").Where("1 = 1").Update("amount", 1).Error)
	require.ErrorIs(t, db.Create(user(9, m.B, "theirs")).Error, tenancy.ErrTenantMismatch)
	require.ErrorIs(t, db.Model(user(1, m.A, "")).Update("tenant_id", m.B).Error, tenancy.ErrTenantImmutable)
	require.ErrorIs(t, db.Exec("DELETE FROM users").Error, tenancy.ErrUnscopedSQL)
	require.ErrorIs(t, db.Raw("SELECT count(*) FROM users").Scan(&n).Error, tenancy.ErrUnscopedSQL)
	made := user(77, uuid.Nil, "made")
	require.NoError(t, db.Create(made).Error)
	assert.Equal(t, m.A, made.TenantID)
	require.NoError(t, all.Delete(&Order{}).Error)
	require.NoError(t, all.Unscoped().Delete(&User{}).Error)

	bare := m.db.WithContext(ctx)
	for reason, err := range map[string]error{
		"a read":   bare.Find(&read).Error,
		"a write":  bare.Model(&User{}).Where("1 = 1").Update("age", 1).Error,
		"a create": bare.Create(&User{Name: "nobody's"}).Error,
		"a text":   bare.Exec("DELETE FROM users").Error,
	} {
		require.ErrorIs(t, err, tenancy.ErrNoTenant, reason)
	}
	derived, cancel := context.WithCancel(tenancy.With(ctx, m.A))
	defer cancel()
	require.NoError(t, m.db.WithContext(tenancy.Switch(derived, m.A, "test")).Find(&read).Error)
	assert.Empty(t, read, "a context that is made from it")

	afterUsers, afterOrders := others()
	assert.Equal(t, users, afterUsers)
	assert.Equal(t, orders, afterOrders)
}

// A hook may ask for it while its statement runs, too.
func TestWithEnforcementFromAHook(t *testing.T) {
	t.Parallel()
	c := observe()
	w := newObserving(t, openSQLite(t), c)
	for i, tenant := range []uuid.UUID{w.A, w.B} {
		require.NoError(t, w.in(tenant).Create(user(uint(i+1), tenant, "u")).Error)
	}
	strengthen := func(db *gorm.DB) { db.Statement.Context = tenancy.WithEnforcement(db.Statement.Context) }
	require.NoError(t, w.db.Callback().Query().After("tenancy:begin").Before("tenancy:check").Register("test:strengthen", strengthen))
	require.NoError(t, w.db.Callback().Update().After("tenancy:begin").Before("tenancy:check").Register("test:strengthen", strengthen))
	var users []User
	require.NoError(t, w.in(w.A).Find(&users).Error)
	assert.Len(t, users, 1)
	require.NoError(t, w.in(w.A).Model(&User{}).Where("1 = 1").Update("age", 7).Error)
	var n int64
	require.NoError(t, w.db.WithContext(tenancy.Bypass(context.Background(), "test")).Model(&User{}).Where("age = 7").Count(&n).Error)
	assert.EqualValues(t, 1, n)
}
