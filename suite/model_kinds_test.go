package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Bill lives in another schema.
type Bill struct {
	tenancy.TenantModel
	ID     uint
	UserID uint
	Sum    int
}

func (Bill) TableName() string { return "billing.bills" }

func TestModelsOfAnotherSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openPostgres(t))
	seed(t, w)
	require.NoError(t, w.bypass().Exec("CREATE SCHEMA billing").Error)
	require.NoError(t, w.db.AutoMigrate(&Bill{}))
	require.NoError(t, w.a.Create(&[]Bill{{UserID: 1, Sum: 1}, {UserID: 1, Sum: 2}}).Error)
	require.NoError(t, w.b.Create(&Bill{UserID: 2, Sum: 3}).Error)
	require.NoError(t, w.a.Save(&Bill{ID: 1, UserID: 1, Sum: 4}).Error)
	require.NoError(t, w.a.Save(&Bill{ID: 3, Sum: 5}).Error, "the other tenant's 3 is another row")
	require.NoError(t, w.a.Model(&Bill{}).Where("1=1").Update("user_id", 7).Error)
	var sums []int
	require.NoError(t, w.a.Model(&Bill{}).Where("sum > 0 or 1=1").Order("id").Pluck("sum", &sums).Error)
	require.Equal(t, []int{4, 2, 5}, sums)
	var n int64
	require.NoError(t, w.a.Table("billing.bills AS b").Joins("JOIN users u ON 1=1").Count(&n).Error)
	require.Equal(t, int64(3), n)
	require.NoError(t, w.a.Model(&User{}).Joins("JOIN billing.bills ON 1=1").Count(&n).Error)
	require.Equal(t, int64(3), n)
	require.ErrorIs(t, w.a.Table("private.secrets").Count(&n).Error, tenancy.ErrUndeclared)
	require.NoError(t, w.a.Where("1=1").Delete(&Bill{}).Error)
	require.Equal(t, int64(1), w.count(t, &Bill{}))
}

// Cat and Dog share a table, as in single-table inheritance.
type Animal struct {
	tenancy.TenantModel
	ID   uint
	Kind string
	Name string
}

type Cat struct {
	Animal `gorm:"embedded"`
	Claws  int
}

func (Cat) TableName() string { return "animals" }

type Dog struct {
	Animal `gorm:"embedded"`
	Tricks int
}

func (Dog) TableName() string { return "animals" }

func TestModelsOfOneTable(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		for _, model := range []any{&Cat{}, &Dog{}} { // GORM migrates one model a table at a time
			require.NoError(t, w.db.AutoMigrate(model))
		}
		require.NoError(t, w.a.Create(&Cat{Animal: Animal{Kind: "cat", Name: "tom"}, Claws: 18}).Error)
		require.NoError(t, w.b.Create(&Dog{Animal: Animal{Kind: "dog", Name: "rex"}, Tricks: 2}).Error)
		require.Equal(t, int64(0), w.a.Where("kind = ?", "dog").Find(&[]Dog{}).RowsAffected)
		require.Equal(t, int64(1), w.b.Where("kind = ?", "dog").Find(&[]Dog{}).RowsAffected)
		require.Equal(t, int64(1), w.a.Clauses(clause.Locking{Strength: "UPDATE"}).Find(&[]Animal{}).RowsAffected)
		require.NoError(t, w.a.Model(&Cat{}).Where("1=1").Update("claws", 1).Error)
		var dog Dog
		require.NoError(t, w.b.First(&dog).Error)
		require.Equal(t, "rex", dog.Name)
	})
}
