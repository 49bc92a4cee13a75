package suite

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// disguised shows one tenant and writes another.
type disguised struct {
	shown   string
	written string
}

func (d disguised) Value() (driver.Value, error) { return d.written, nil }

// twoFaced is a string that is written as another.
type twoFaced string

func (twoFaced) Value() (driver.Value, error) { return "other", nil }

// Embedded has its tenant behind a pointer.
type Embedded struct {
	*tenancy.TenantModel
	ID   uint
	Name string
}

// Ledger has a unique expression for upserts.
type Ledger struct {
	tenancy.TenantModel
	ID    uint
	Email string
	Sum   int
}

// Office hangs on a shared parent that carries it along.
type Region struct {
	_       struct{} `tenancy:"shared"`
	ID      uint
	Offices []Office
}

type Office struct {
	tenancy.TenantModel
	ID       uint
	RegionID uint
	Name     string
}

type Branch struct {
	tenancy.TenantModel
	ID       uint
	RegionID uint
	Region   *Region
}

func TestValuesAreBoundAsTheyWereJudged(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.AutoMigrate(&Keyed{}))
		a := w.as("acme")
		require.ErrorIs(t, a.Model(&Keyed{}).Create(map[string]any{"text": "x", "tenant_id": disguised{"acme", "globex"}}).Error,
			tenancy.ErrTenantMismatch)
		require.ErrorIs(t, a.Model(&Keyed{}).Create(map[string]any{"text": "x", "tenant_id": valued{"'globex'"}}).Error,
			tenancy.ErrTenantMismatch)
		require.NoError(t, a.Model(&Keyed{}).Create(map[string]any{"text": "x", "tenant_id": disguised{"globex", "acme"}}).Error)
		require.Equal(t, int64(1), a.Find(&[]Keyed{}).RowsAffected)

		id := uuid.New()
		spelled := "{" + id.String() + "}"
		db := w.as(id)
		require.NoError(t, db.Create(&Keyed{TenantModelOf: tenancy.TenantModelOf[string]{TenantID: spelled}}).Error)
		require.Equal(t, int64(1), db.Find(&[]Keyed{}).RowsAffected, "one spelling is written")
	})
	type Faced struct {
		ID       uint
		TenantID twoFaced
	}
	require.ErrorContains(t, openSQLite(t).Use(tenancy.New(tenancy.Config{Models: []any{&Faced{}}})), "another id")
}

func TestValuesOfEveryShape(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		require.NoError(t, w.db.AutoMigrate(&Embedded{}, &Ledger{}, &Region{}, &Office{}, &Branch{}))
		require.NoError(t, w.a.Table("users").Where("1=1").Updates(User{Name: "by value"}).Error)
		_, err := gorm.G[User](w.db).Where("1=1").Updates(tenancy.With(context.Background(), w.A), User{Name: "generic"})
		require.NoError(t, err)

		require.NoError(t, w.a.Create(&Embedded{Name: "x"}).Error)
		require.NoError(t, w.a.Model(Embedded{ID: 1}).Update("name", "y").Error)
		require.NoError(t, w.a.Delete(Embedded{ID: 1}).Error)

		doc := Doc{Title: "x"}
		require.NoError(t, w.a.Select("Title").Create(&doc).Error)
		var stored Doc
		require.NoError(t, w.a.First(&stored).Error)
		require.Equal(t, doc.ID, stored.ID)
		require.NoError(t, w.a.Model(&Doc{}).Create([]map[string]any{{"title": "a"}, {"title": "b", "id": nil}}).Error)
		require.Equal(t, int64(3), w.a.Find(&[]Doc{}).RowsAffected)

		require.NoError(t, w.bypass().Create(&Region{ID: 1}).Error)
		branch := Branch{Region: &Region{ID: 1, Offices: []Office{{Name: "new"}}}}
		require.NoError(t, w.a.Create(&branch).Error)
		require.Equal(t, int64(1), w.a.Where("region_id = 1").Find(&[]Office{}).RowsAffected, "what hangs on a kept parent is saved")

		require.NoError(t, w.bypass().Exec("CREATE UNIQUE INDEX idx_ledgers ON ledgers (tenant_id, lower(email))").Error)
		upsert := w.a.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "lower(email)", Raw: true}},
			DoUpdates: clause.AssignmentColumns([]string{"sum"}),
		})
		require.NoError(t, upsert.Session(&gorm.Session{}).Create(&Ledger{Email: "A", Sum: 1}).Error)
		require.NoError(t, upsert.Session(&gorm.Session{}).Create(&Ledger{Email: "a", Sum: 2}).Error)
		require.Equal(t, int64(1), w.a.Find(&[]Ledger{}).RowsAffected)

		set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
		require.ErrorIs(t, set.Save(&Tag{ID: 1, Name: "whose?"}).Error, tenancy.ErrTenantMismatch)
	})
}

// TestFirstUseIsTheAssociation begins with a join table that no statement of its
// models has made known.
func TestFirstUseIsTheAssociation(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			w := newWorld(t, db)
			seed(t, w)
			other, err := gorm.Open(db.Dialector, quiet())
			require.NoError(t, err)
			closeAtEnd(t, other)
			require.NoError(t, other.Use(tenancy.New(tenancy.Config{})))
			ann := User{Model: gorm.Model{ID: 1}, TenantModel: tenancy.TenantModel{TenantID: w.A}}
			require.NoError(t, other.WithContext(tenancy.With(context.Background(), w.A)).Model(&ann).Association("Tags").Clear())
			require.Zero(t, w.a.Model(&ann).Association("Tags").Count())
			bob := User{Model: gorm.Model{ID: 2}}
			require.Equal(t, int64(1), w.b.Model(&bob).Association("Tags").Count())
		})
	}
}
