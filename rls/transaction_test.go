package rls_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
)

// TestTransaction: one transaction a request, on a pool of this package and on a
// plain one.
func TestTransaction(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	tenants := fillDocs(t, d)
	a, b := tenancy.With(t.Context(), tenants[0]), tenancy.With(t.Context(), tenants[1])
	for name, db := range map[string]*gorm.DB{"own": d.app(t, false), "plain": open(t, d.DSN)} {
		count := func(tx *gorm.DB) (n int64) {
			require.NoError(t, tx.Model(&doc{}).Count(&n).Error)
			return n
		}
		require.NoError(t, rls.Transaction(a, db, func(tx *gorm.DB) error {
			assert.EqualValues(t, 3, count(tx), name)
			require.NoError(t, rls.Transaction(b, tx, func(inner *gorm.DB) error {
				var docs []doc
				require.NoError(t, inner.Find(&docs).Error)
				require.Len(t, docs, 3, name)
				assert.Equal(t, tenants[1], docs[0].TenantID, name)
				return nil
			}))
			var docs []doc
			require.NoError(t, tx.WithContext(a).Find(&docs).Error)
			require.Len(t, docs, 3, name)
			assert.Equal(t, tenants[0], docs[0].TenantID, name)
			return nil
		}))
		failed := errors.New("failed")
		require.ErrorIs(t, rls.Transaction(a, db, func(tx *gorm.DB) error {
			require.NoError(t, tx.Exec("UPDATE docs SET title = 'changed'").Error)
			return failed
		}), failed)
		assert.Zero(t, count(db), "%s: nothing stays on the connection", name)
		require.ErrorIs(t, rls.Transaction(context.Background(), db, nil), tenancy.ErrNoTenant)
		require.ErrorIs(t, rls.Transaction(tenancy.With(a, "b"), db, nil), tenancy.ErrTenantMismatch)
	}
	require.ErrorIs(t, rls.Transaction(tenancy.Bypass(t.Context(), "test"), open(t, d.DSN), nil), rls.ErrSpan)
	var n int64
	require.NoError(t, d.admin.QueryRow("SELECT count(*) FROM docs WHERE title = 'changed'").Scan(&n))
	assert.Zero(t, n)
}
