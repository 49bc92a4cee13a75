package suite

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

type personKey struct{}

func TestRefusalsAreReported(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var refusals []tenancy.Refusal
	var uses []tenancy.BypassUse
	c := config()
	c.Actor = func(ctx context.Context) string { name, _ := ctx.Value(personKey{}).(string); return name }
	c.OnRefusal = func(_ context.Context, r tenancy.Refusal) {
		mu.Lock()
		defer mu.Unlock()
		refusals = append(refusals, r)
	}
	c.OnBypass = func(_ context.Context, use tenancy.BypassUse) error {
		uses = append(uses, use)
		return nil
	}
	db := openSQLite(t)
	require.NoError(t, db.Use(tenancy.New(c)))
	require.NoError(t, db.AutoMigrate(models...))
	A, B := observedA, observedB
	ctx := context.WithValue(context.Background(), personKey{}, "eve")
	a := db.WithContext(tenancy.With(ctx, A))
	noTenant := db.WithContext(ctx)
	twice := db.WithContext(tenancy.With(tenancy.With(ctx, A), B))

	for _, test := range []struct {
		reason string
		run    func() error
		op     string
		table  string
		err    error
	}{
		{"a read without tenant", func() error { return noTenant.Find(&[]User{}).Error }, "query", "users", tenancy.ErrNoTenant},
		{"a row", func() error { return noTenant.Model(&User{}).Select("id").Row().Scan(new(int)) }, "row", "users", tenancy.ErrNoTenant},
		{"another's value", func() error { return a.Create(user(1, B, "x")).Error }, "create", "users", tenancy.ErrTenantMismatch},
		{"another's value among the children", func() error {
			u := user(1, A, "x")
			u.Orders = []Order{{TenantModel: tenancy.TenantModel{TenantID: B}}}
			return a.Create(u).Error
		}, "create", "orders", tenancy.ErrTenantMismatch},
		{"text", func() error { return a.Where("id IN (SELECT user_id FROM orders)").Find(&[]User{}).Error }, "query", "users", tenancy.ErrUnscopedSQL},
		{"a subquery", func() error {
			return a.Where("id IN (?)", a.Model(&Order{}).Select("user_id").Where("id IN (SELECT id FROM users)")).Find(&[]User{}).Error
		}, "query", "", tenancy.ErrUnscopedSQL},
		{"a preload", func() error {
			return a.Preload("Orders", "id IN (SELECT id FROM users)").Find(&[]User{}).Error
		}, "query", "orders", tenancy.ErrUnscopedSQL},
		{"raw SQL", func() error { return a.Exec("DELETE FROM users").Error }, "raw", "", tenancy.ErrUnscopedSQL},
		{"a context of two tenants", func() error { return twice.Find(&[]User{}).Error }, "query", "", tenancy.ErrTenantMismatch},
		{"the same context again", func() error { return twice.Find(&[]User{}).Error }, "query", "", tenancy.ErrTenantMismatch},
		{"a transaction", func() error {
			return a.Transaction(func(tx *gorm.DB) error { return tx.Delete(&Country{Code: "fr"}).Error })
		}, "delete", "countries", tenancy.ErrSharedReadOnly},
	} {
		refusals = nil
		if test.reason == "a preload" {
			require.NoError(t, a.Create(user(5, A, "x")).Error)
		}
		require.ErrorIs(t, test.run(), test.err, test.reason)
		require.Len(t, refusals, 1, test.reason)
		got := refusals[0]
		assert.Equal(t, test.op, got.Op, test.reason)
		if test.table != "" {
			assert.Equal(t, test.table, got.Table, test.reason)
		}
		assert.Equal(t, "eve", got.Actor, test.reason)
		assert.Contains(t, got.Source, "audit_test.go:", test.reason)
		require.ErrorIs(t, got.Err, test.err, test.reason)
		var scoped *tenancy.ScopeError
		assert.ErrorAs(t, got.Err, &scoped, test.reason)
	}

	refusals = nil
	require.Error(t, a.First(&User{}, "name = 'nobody'").Error)
	require.Error(t, a.Where("nonsense = 1").Find(&[]User{}).Error)
	assert.Empty(t, refusals, "what the database answers is no refusal")

	require.NoError(t, db.WithContext(tenancy.Bypass(ctx, "a report")).Find(&[]User{}).Error)
	require.Len(t, uses, 1)
	assert.Equal(t, "eve", uses[0].Actor)
	assert.Contains(t, uses[0].Source, "audit_test.go:")
	assert.Equal(t, "a report", uses[0].Reason)
}
