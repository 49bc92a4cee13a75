package suite

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// sortableID is 16 bytes with a spelling of its own, as a ULID is.
type sortableID [16]byte

func (id sortableID) String() string               { return "01" + hex.EncodeToString(id[4:]) }
func (id sortableID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id sortableID) Value() (driver.Value, error) { return id[:], nil }

// storedID is spelled as it comes and stored as bytes.
type storedID [16]byte

func (id storedID) Value() (driver.Value, error) { return id[:], nil }

// ownUUID is a UUID of another package's.
type ownUUID [16]byte

func (id ownUUID) String() string               { return uuid.UUID(id).String() }
func (id ownUUID) Value() (driver.Value, error) { return id.String(), nil }

type Packet struct {
	TenantID string
	ID       int64
}

type Crate struct {
	TenantID ownUUID `gorm:"type:uuid"`
	ID       int64
}

// An id is bound as it is spelled, and one that has no form in a column is an error
// from Use.
func TestIDsWithASpellingOfTheirOwn(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		s := openConfigured(t, first.dsn, tenancy.Config{})
		require.Empty(t, s.migrate(t, &Packet{}, &Crate{}))
		id := sortableID{1, 2, 3, 4, 5, 6}
		db := s.db.WithContext(tenancy.With(context.Background(), id))
		require.NoError(t, db.Create(&Packet{ID: 1}).Error)
		var packet Packet
		require.NoError(t, db.First(&packet).Error)
		require.Equal(t, id.String(), packet.TenantID)
		require.NoError(t, s.db.WithContext(tenancy.With(context.Background(), packet.TenantID)).Save(&packet).Error)
		require.ErrorIs(t, db.Create(&Crate{ID: 1}).Error, tenancy.ErrInvalidTenant)

		db = s.db.WithContext(tenancy.With(context.Background(), ownUUID{1}))
		crate := Crate{ID: 1}
		require.NoError(t, db.Create(&crate).Error)
		require.NoError(t, db.Save(&crate).Error)
		require.ErrorIs(t, s.db.WithContext(tenancy.With(context.Background(), sortableID{})).First(&packet).Error, tenancy.ErrInvalidTenant)
	})
	type Shelf struct {
		TenantID sortableID `gorm:"type:char(26)"`
		ID       int64
	}
	type Bin struct {
		TenantID storedID `gorm:"type:uuid"`
		ID       int64
	}
	for _, model := range []any{&Shelf{}, &Bin{}} {
		err := openSQLite(t).Use(tenancy.New(tenancy.Config{Models: []any{model}}))
		require.ErrorContains(t, err, "is stored in another spelling than it shows")
	}
}
