package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// TestPreloadUnderSetOfNothing preloads where no row was read: there is no tenant to ask
// for, and nothing to refuse.
func TestPreloadUnderSetOfNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		db := w.db.WithContext(tenancy.WithSet(t.Context(), w.A, w.B))
		var user User
		found := db.Preload("Orders").Find(&user, 999)
		require.NoError(t, found.Error, "one struct")
		assert.Zero(t, found.RowsAffected)
		require.ErrorIs(t, db.Preload("Orders").First(&User{}, 999).Error, gorm.ErrRecordNotFound)
		require.NoError(t, db.Session(&gorm.Session{DryRun: true}).Preload("Orders").First(&User{}).Error, "DryRun")
		authors := db.Model(&User{}).Preload("Orders").Select("users.id")
		require.NoError(t, db.Where("user_id IN (?)", authors).Find(&[]Order{}).Error, "a subquery")

		require.NoError(t, w.a.Create(&User{Name: "ann"}).Error)
		err := db.Select("id").Preload("Orders").Find(&[]User{}).Error
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch, "rows without their tenant column")
	})
}
