package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// TestConflictsLeaveNothingBehind runs on tables whose key is the id alone.
func TestConflictsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		if w.db.Name() == "postgres" { // as they were before there was a tenant
			for _, table := range []string{"tags", "users", "orders", "companies"} {
				require.NoError(t, w.bypass().Exec("ALTER TABLE "+table+" DROP CONSTRAINT "+table+"_pkey, ADD PRIMARY KEY (id)").Error)
			}
		}
		seed(t, w)
		var theirs Tag
		require.NoError(t, w.b.First(&theirs).Error)
		tags := w.count(t, &Tag{})
		err := w.a.Clauses(clause.OnConflict{UpdateAll: true}).Create([]Tag{{ID: theirs.ID, Name: "mine"}, {ID: 77, Name: "new"}}).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict)
		require.Equal(t, tags, w.count(t, &Tag{}), "the row beside it was rolled back")

		var bob User
		require.NoError(t, w.b.First(&bob).Error)
		orders := w.count(t, &Order{})
		err = w.a.Save(&User{Model: gorm.Model{ID: bob.ID}, Name: "evil", Orders: []Order{{Amount: 9}}}).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict)
		require.Equal(t, orders, w.count(t, &Order{}), "no order was saved for it")

		var theirOrder Order
		require.NoError(t, w.b.First(&theirOrder).Error)
		err = w.a.Create(&User{Name: "x", Orders: []Order{{ID: theirOrder.ID}}}).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "a child is not re-parented")
		err = w.a.Create(&User{Name: "x", Company: &Company{ID: *bob.CompanyID}}).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, "a parent is not referenced")
		require.Equal(t, int64(2), w.count(t, &User{}))

		var ann User
		require.NoError(t, w.a.Preload(clause.Associations).First(&ann).Error)
		require.NoError(t, w.a.Session(&gorm.Session{FullSaveAssociations: true}).Save(&ann).Error, "one's own row is saved")
	})
}

func TestTenantsAreFilledAndKept(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		for name, err := range map[string]error{
			"a map's column":  w.a.Model(&Tag{}).Create(map[string]any{"name": "x", "tenant_id": w.B}).Error,
			"a map's field":   w.a.Model(&Tag{}).Create(map[string]any{"Name": "x", "TenantID": w.B}).Error,
			"one of maps":     w.a.Model(&Tag{}).Create([]map[string]any{{"name": "x"}, {"name": "y", "TenantID": w.B}}).Error,
			"a struct":        w.a.Create(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error,
			"one of a slice":  w.a.Create(&[]Tag{{}, {TenantModel: tenancy.TenantModel{TenantID: w.B}}}).Error,
			"an expression":   w.a.Model(&Tag{}).Create(map[string]any{"name": "x", "tenant_id": gorm.Expr("'x'")}).Error,
			"a model":         w.a.Model(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}, ID: 1}).Update("name", "x").Error,
			"a value deleted": w.a.Delete(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}, ID: 1}).Error,
		} {
			require.ErrorIs(t, err, tenancy.ErrTenantMismatch, name)
		}
		for name, err := range map[string]error{
			"update":          w.a.Model(&Tag{}).Where("1=1").Update("tenant_id", w.B).Error,
			"a map":           w.a.Model(&Tag{}).Where("1=1").Updates(map[string]any{"TenantID": w.B}).Error,
			"a struct":        w.a.Model(&Tag{}).Where("1=1").Updates(Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error,
			"update column":   w.a.Model(&Tag{}).Where("1=1").UpdateColumn("tenant_id", w.B).Error,
			"quoted":          w.a.Model(&Tag{}).Where("1=1").Update("tags.tenant_id", w.B).Error,
			"an expression":   w.a.Model(&Tag{}).Where("1=1").Update("tenant_id", gorm.Expr("NULL")).Error,
			"clause.Set":      w.a.Model(&Tag{}).Where("1=1").Clauses(clause.Set{{Column: clause.Column{Name: "tenant_id"}, Value: w.B}}).Updates(map[string]any{}).Error,
			"do update":       w.a.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{"tenant_id": w.B})}).Create(&Tag{ID: 1}).Error,
			"without a Model": w.a.Where("1=1").Updates(Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error,
		} {
			if name == "without a Model" {
				require.Error(t, err, name)
				continue
			}
			require.ErrorIs(t, err, tenancy.ErrTenantImmutable, name)
		}
		require.NoError(t, w.a.Model(&Tag{}).Where("1=1").Update("tenant_id", w.A).Error, "its own tenant changes nothing")
		require.NoError(t, w.a.Omit("TenantID").Create(&Tag{Name: "omitted"}).Error)
		require.NoError(t, w.a.Select("Name").Create(&Tag{Name: "selected"}).Error)
		require.NoError(t, w.a.Table("tags").Create(map[string]any{"name": "by table"}).Error)
		require.NoError(t, w.a.Create([]*Tag{{Name: "p"}, {Name: "q"}}).Error)
		require.NoError(t, w.a.CreateInBatches([]Tag{{Name: "r"}, {Name: "s"}, {Name: "t"}}, 2).Error)
		doc := Doc{Title: "x"}
		require.NoError(t, w.a.Create(&doc).Error)
		require.Equal(t, w.A, doc.TenantID)
		require.Equal(t, byte(7), doc.ID[6]>>4, "a UUIDv7")
		require.NoError(t, w.a.Model(&Doc{}).Create(map[string]any{"title": "y"}).Error)
		require.Equal(t, int64(2), w.a.Find(&[]Doc{}).RowsAffected)
		require.Equal(t, int64(9), w.a.Find(&[]Tag{}).RowsAffected)
		require.Equal(t, int64(1), w.b.Find(&[]Tag{}).RowsAffected)
	})
}

func TestSharedTables(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		require.Equal(t, int64(1), w.a.Find(&[]Country{}).RowsAffected)
		require.ErrorIs(t, w.a.Create(&Country{Code: "FR"}).Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Model(&Country{}).Where("1=1").Update("name", "x").Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Where("1=1").Delete(&Country{}).Error, tenancy.ErrSharedReadOnly)
		require.NoError(t, w.a.Create(&User{Name: "x", Country: &Country{Code: "DE", Name: "changed"}}).Error)
		require.ErrorIs(t, w.a.Create(&User{Name: "x", Country: &Country{Name: "no key"}}).Error, tenancy.ErrSharedReadOnly)
		var de Country
		require.NoError(t, w.a.First(&de, "code = ?", "DE").Error)
		require.Equal(t, "Germany", de.Name, "the parent stays as it is")
		require.NoError(t, w.a.Create(&Event{Text: "writable"}).Error)
		require.Equal(t, int64(1), w.b.Find(&[]Event{}).RowsAffected)
		require.ErrorIs(t, w.a.Find(&[]Secret{}).Error, tenancy.ErrUndeclared)
		require.ErrorIs(t, w.a.Create(&Secret{}).Error, tenancy.ErrUndeclared)
		require.NoError(t, w.bypass().Create(&Account{ID: w.A}).Error)
		require.NoError(t, w.bypass().Create(&Account{ID: w.B}).Error)
		require.Equal(t, int64(1), w.a.Find(&[]Account{}).RowsAffected, "the root is scoped by its key")
	})
}

// TestCompositeKeys runs on keys that contain the tenant, under which both
// tenants have a row of the same id.
func TestCompositeKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openPostgres(t))
	require.NoError(t, w.bypass().Exec("ALTER TABLE tags DROP CONSTRAINT tags_pkey, ADD PRIMARY KEY (tenant_id, id)").Error)
	names := func() (names []string) {
		require.NoError(t, w.bypass().Model(&Tag{}).Order("name").Pluck("name", &names).Error)
		return names
	}
	require.NoError(t, w.a.Create(&Tag{ID: 1, Name: "a"}).Error)
	require.NoError(t, w.b.Create(&Tag{ID: 1, Name: "b"}).Error)
	require.NoError(t, w.a.Save(&Tag{ID: 1, Name: "a2"}).Error)
	require.NoError(t, w.a.Save(&Tag{ID: 2, Name: "new"}).Error)
	require.NoError(t, w.a.Clauses(clause.OnConflict{UpdateAll: true}).Create(&[]Tag{{ID: 1, Name: "a3"}, {ID: 3, Name: "new too"}}).Error)
	require.NoError(t, w.a.Clauses(clause.OnConflict{DoNothing: true}).Create(&Tag{ID: 1, Name: "nothing"}).Error)
	require.NoError(t, w.a.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
	}).Create(&Tag{ID: 1, Name: "a4"}).Error)
	require.Equal(t, []string{"a4", "b", "new", "new too"}, names())

	require.NoError(t, w.a.Create(&User{Name: "ann", Tags: []Tag{{ID: 1}}}).Error, "an own tag is referenced")
	theirs := Tag{TenantModel: tenancy.TenantModel{TenantID: w.B}, ID: 1, Name: "b2"}
	require.NoError(t, w.bypass().Model(&theirs).Update("name", "b3").Error)
	require.NoError(t, w.bypass().Save(&theirs).Error)
	require.Equal(t, []string{"a4", "b3", "new", "new too"}, names())
	require.NoError(t, w.bypass().Delete(&theirs).Error)
	require.Equal(t, []string{"a4", "new", "new too"}, names(), "a value is changed for its own tenant")
}
