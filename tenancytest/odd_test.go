package tenancytest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Odd models: without a key, with a time or a small number for one, with a
// reference to something else than a key, with embedded pointers, with JSON and
// decimals, with defaults, and with hardly any column.
type (
	shade string

	logLine struct { // no key
		tenancy.TenantModel
		Line string
		At   time.Time
	}
	day struct {
		tenancy.TenantModel
		Day  time.Time `gorm:"primaryKey"`
		Open bool
	}
	meta struct {
		By   string
		Data json.RawMessage `gorm:"type:jsonb"`
	}
	thing struct {
		tenancy.Model
		*meta
		Code       string  `gorm:"uniqueIndex;size:12"`
		Shade      shade   `gorm:"size:8"`
		Price      float64 `gorm:"type:numeric(8,2)"`
		Small      int16
		Flags      uint64
		Parts      []part   `gorm:"foreignKey:ThingCode;references:Code"`
		Friends    []*thing `gorm:"many2many:thing_friends;joinForeignKey:FromID;joinReferences:ToID"`
		Main       *part    `gorm:"foreignKey:MainPartID;constraint:-"`
		MainPartID *uint16
	}
	part struct {
		tenancy.TenantModel
		ID        uint16
		ThingCode string
		Thing     thing          `gorm:"foreignKey:ThingCode;references:Code"`
		Spec      map[string]any `gorm:"serializer:json"`
		Token     uuid.UUID      `gorm:"type:uuid;default:gen_random_uuid()"`
		Note      string         `gorm:"default:none"`
		Deleted   gorm.DeletedAt `gorm:"index"`
		FlatPos   position       `gorm:"embedded"`
	}
	position struct{ X, Y float32 }
	lamp     struct {
		tenancy.TenantModel
		ID int
		On bool
	}
)

func TestRunOdd(t *testing.T) {
	skipShort(t)
	t.Parallel()
	db := open(t, false)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	Suite{DB: db, Models: []any{&logLine{}, &day{}, &thing{}, &lamp{}}, brief: true}.Run(t)
}
