package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// The migrator needs no scope, nor does the query of a view.
func TestCreateViewNeedsNoScope(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, &Ware{}, &WarePart{}))
		a, b := uuid.New(), uuid.New()
		for _, tenant := range []uuid.UUID{a, b} {
			db := s.db.WithContext(tenancy.With(context.Background(), tenant))
			require.NoError(t, db.Create(&Ware{ID: "1", Name: "x"}).Error)
			require.NoError(t, db.Create(&WarePart{ID: "1", WareID: "1"}).Error)
		}
		scoped := s.db.WithContext(tenancy.With(context.Background(), a))
		for name, test := range map[string]struct {
			query *gorm.DB
			rows  int64
		}{
			"view_model":    {s.db.Model(&Ware{}).Where("name = ?", "x"), 2},
			"view_table":    {s.db.Table("wares").Select("id"), 2},
			"view_join":     {s.db.Model(&Ware{}).Select("wares.id").Joins("JOIN ware_parts p ON p.ware_id = wares.id"), 2},
			"view_subquery": {s.db.Model(&Ware{}).Where("id IN (?)", s.db.Model(&WarePart{}).Select("ware_id")), 2},
			"view_raw":      {s.db.Raw("SELECT id FROM wares"), 2},
			"view_scoped":   {scoped.Model(&Ware{}), 1},
		} {
			require.NoError(t, s.db.Migrator().CreateView(name, gorm.ViewOption{Query: test.query}), name)
			var count int64
			require.NoError(t, s.pool.QueryRow("SELECT count(*) FROM "+name).Scan(&count), name)
			require.Equal(t, test.rows, count, name)
		}
		err := s.db.Migrator().CreateView("view_bad", gorm.ViewOption{Query: s.db.Model(&Ware{}).Where("id = 1) OR (1 = 1")})
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
	})
}
