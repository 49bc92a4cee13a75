package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

type Crew struct {
	AccountID int64 `tenancy:"tenant"`
	ID        int64
	Ships     []Vessel `gorm:"many2many:crew_vessels"`
}

type Vessel struct {
	AccountID int64 `tenancy:"tenant"`
	ID        int64
}

// CrewVessel has the tenant column that its sides have.
type CrewVessel struct {
	AccountID int64 `tenancy:"tenant"`
	CrewID    int64 `gorm:"primaryKey"`
	VesselID  int64 `gorm:"primaryKey"`
	Since     int
}

// A join model may be set up before the plugin is used, and after it.
func TestSetupJoinTableAfterUse(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		s := openConfigured(t, first.dsn, tenancy.Config{Models: []any{&Crew{}, &Vessel{}}})
		require.NoError(t, s.db.SetupJoinTable(&Crew{}, "Ships", &CrewVessel{}))
		require.Empty(t, s.migrate(t, &Crew{}, &Vessel{}, &CrewVessel{}))
		a := s.db.WithContext(tenancy.With(context.Background(), 1))
		b := s.db.WithContext(tenancy.With(context.Background(), 2))
		require.NoError(t, a.Create(&Crew{ID: 1, Ships: []Vessel{{ID: 1}, {ID: 2}}}).Error)
		require.NoError(t, b.Create(&Crew{ID: 3, Ships: []Vessel{{ID: 3}}}).Error)
		var crews []Crew
		require.NoError(t, a.Preload("Ships").Find(&crews).Error)
		require.Len(t, crews, 1)
		require.Len(t, crews[0].Ships, 2)
		var count int64
		require.NoError(t, b.Model(&CrewVessel{}).Count(&count).Error)
		require.Equal(t, int64(1), count)
		require.Equal(t, int64(1), b.Model(&Crew{ID: 3}).Association("Ships").Count())
	})
}
