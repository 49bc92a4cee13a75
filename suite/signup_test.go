package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Galley is a root whose key the database makes.
type Galley struct {
	ID     int64 `tenancy:"tenant"`
	Name   string
	Rowers []Rower
}

type Rower struct {
	ID       uint
	GalleyID int64 `tenancy:"tenant"`
	Galley   *Galley
	Name     string
	OarID    *uint
	Oar      *Oar
	Outings  []Outing
	Medals   []Medal `gorm:"many2many:rower_medals"`
}

type Oar struct {
	ID       uint
	GalleyID int64 `tenancy:"tenant"`
	Room     string
}

type Outing struct {
	ID       uint
	GalleyID int64 `tenancy:"tenant"`
	RowerID  uint
	Rower    *Rower
}

type Medal struct {
	ID       uint
	GalleyID int64 `tenancy:"tenant"`
	Name     string
}

// TestCreateMakesATenantWithItsRows signs tenants up with all that they begin with.
func TestCreateMakesATenantWithItsRows(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.AutoMigrate(&Galley{}, &Oar{}, &Medal{}, &Rower{}, &Outing{}))
		all := w.bypass()
		member := func(name string) Rower {
			return Rower{Name: name, Oar: &Oar{Room: name}, Outings: []Outing{{}, {}}, Medals: []Medal{{Name: name}}}
		}
		owned := func(crew int64, members, plans int) {
			t.Helper()
			require.NotZero(t, crew)
			db := w.db.WithContext(tenancy.With(context.Background(), crew))
			var found []Rower
			require.NoError(t, db.Preload("Oar").Preload("Outings").Preload("Medals").Find(&found).Error)
			require.Len(t, found, members)
			n := 0
			for _, m := range found {
				require.NotNil(t, m.Oar)
				require.Equal(t, m.Name, m.Oar.Room)
				require.Len(t, m.Medals, 1)
				require.Equal(t, m.Name, m.Medals[0].Name)
				n += len(m.Outings)
			}
			require.Equal(t, plans, n)
		}

		crew := Galley{Name: "one", Rowers: []Rower{member("a"), member("b")}}
		require.NoError(t, all.Create(&crew).Error)
		owned(crew.ID, 2, 4)

		crews := []Galley{{Name: "two", Rowers: []Rower{member("c")}}, {Name: "three", Rowers: []Rower{member("d"), member("e")}}}
		require.NoError(t, all.Create(&crews).Error)
		owned(crews[0].ID, 1, 2)
		owned(crews[1].ID, 2, 4)

		signed := member("f")
		signed.Galley = &Galley{}
		require.NoError(t, all.Create(&signed).Error)
		owned(signed.GalleyID, 1, 2)
		several := []*Rower{{Name: "g", Galley: &Galley{}, Oar: &Oar{Room: "g"}, Medals: []Medal{{Name: "g"}}},
			{Name: "h", Galley: &Galley{}, Oar: &Oar{Room: "h"}, Medals: []Medal{{Name: "h"}}}}
		require.NoError(t, all.Create(&several).Error)
		require.NotEqual(t, several[0].GalleyID, several[1].GalleyID)
		owned(several[0].GalleyID, 1, 0)
		owned(several[1].GalleyID, 1, 0)
		plan := Outing{Rower: &Rower{Name: "i", Galley: &Galley{}, Oar: &Oar{Room: "i"}, Medals: []Medal{{Name: "i"}}}}
		require.NoError(t, all.Create(&plan).Error)
		owned(plan.GalleyID, 1, 1)

		set := w.db.WithContext(tenancy.WithSet(context.Background(), crew.ID, crews[0].ID))
		for scope, db := range map[string]*gorm.DB{"bypass": all, "set": set} {
			more := member(scope)
			more.Galley = &crew
			require.NoError(t, db.Create(&more).Error, scope)
			require.Equal(t, crew.ID, more.GalleyID)
			next := Outing{Rower: &more}
			require.NoError(t, db.Create(&next).Error, scope)
			require.Equal(t, crew.ID, next.GalleyID)
			mixed := []Outing{{Rower: &more}, {Rower: &crews[0].Rowers[0]}}
			require.NoError(t, db.Create(&mixed).Error, scope)
			require.Equal(t, []int64{crew.ID, crews[0].ID}, []int64{mixed[0].GalleyID, mixed[1].GalleyID})
		}
		before := w.count(t, &Rower{})
		for name, err := range map[string]error{
			"a set makes no tenant":     set.Create(&Galley{Rowers: []Rower{member("x")}}).Error,
			"nor with its member":       set.Create(&Rower{Name: "x", Galley: &Galley{}}).Error,
			"a stranger to the set":     set.Create(&Rower{Name: "x", Galley: &crews[1]}).Error,
			"a member of another crew":  all.Create(&Galley{Rowers: []Rower{{GalleyID: crew.ID}}}).Error,
			"a desk of another crew":    all.Create(&Galley{Rowers: []Rower{{Oar: &Oar{GalleyID: crew.ID}}}}).Error,
			"two crews":                 all.Create(&Rower{Galley: &crew, Oar: &Oar{ID: 1, GalleyID: crews[1].ID}}).Error,
			"a desk beside a new crew":  all.Create(&Rower{Galley: &Galley{}, Oar: &Oar{GalleyID: crew.ID}}).Error,
			"a named member's new crew": all.Create(&Rower{GalleyID: crew.ID, Galley: &crews[1]}).Error,
			"one tenant":                w.as(crew.ID).Create(&Rower{Galley: &crews[1]}).Error,
			"none is named":             all.Create(&Rower{Name: "x", Outings: []Outing{{}}}).Error,
		} {
			require.ErrorIs(t, err, tenancy.ErrTenantMismatch, name)
		}
		require.Equal(t, before, w.count(t, &Rower{}))
	})
}

// A new row is of the tenant of what it belongs to. Where that is two tenants, or one
// beyond the set, the row is refused, and left as it came.
func TestANewRowOfTwoTenants(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.AutoMigrate(&Galley{}, &Oar{}, &Medal{}, &Rower{}, &Outing{}))
		set := w.db.WithContext(tenancy.WithSet(context.Background(), int64(1), int64(2)))
		for reason, row := range map[string]*Rower{
			"of two tenants":  {Galley: &Galley{ID: 1}, Oar: &Oar{ID: 1, GalleyID: 2}},
			"beyond the set":  {Oar: &Oar{ID: 1, GalleyID: 3}},
			"both beyond":     {Galley: &Galley{ID: 3}, Oar: &Oar{ID: 1, GalleyID: 3}},
			"of three, by it": {GalleyID: 3},
		} {
			named := row.GalleyID
			require.ErrorIs(t, set.Omit(clause.Associations).Create(row).Error, tenancy.ErrTenantMismatch, reason)
			require.Equal(t, named, row.GalleyID, reason)
			require.Zero(t, w.count(t, &Rower{}), reason)
		}
		two := &Rower{Galley: &Galley{ID: 1}, Oar: &Oar{ID: 1, GalleyID: 2}}
		require.ErrorIs(t, w.bypass().Omit(clause.Associations).Create(two).Error, tenancy.ErrTenantMismatch)
		require.NoError(t, set.Omit(clause.Associations).Create(&Rower{Oar: &Oar{ID: 1, GalleyID: 2}}).Error)
		require.Equal(t, int64(1), w.count(t, &Rower{}))
	})
}
