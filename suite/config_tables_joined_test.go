package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Gang and Digger are of another package, and joined by a plain tag.
type Gang struct {
	ID      uint
	Name    string
	Diggers []*Digger `gorm:"many2many:gang_diggers"`
}

type Digger struct {
	ID    uint
	Name  string
	Gangs []*Gang `gorm:"many2many:gang_diggers"`
}

// TestJoinTableOfModelsThatDoNotSaySo joins models whose tenant column only the
// configuration knows. Two tenants have the same rows, and each keeps its own.
func TestJoinTableOfModelsThatDoNotSaySo(t *testing.T) {
	t.Parallel()
	sides := []tenancy.Table{{Name: "gangs", Type: "text"}, {Name: "diggers", Type: "text"}}
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		for reason, config := range map[string]tenancy.Config{
			"the sides are declared":               {Tables: sides},
			"models are known from the start":      {Tables: sides, Models: []any{&Gang{}}},
			"the join table is declared, too":      {Tables: append([]tenancy.Table{{Name: "gang_diggers", Type: "text"}}, sides...)},
			"it is, and models are known":          {Tables: append([]tenancy.Table{{Name: "gang_diggers", Type: "text"}}, sides...), Models: []any{&Digger{}}},
			"the tenant column has a name for all": {Tables: sides, Column: "org"},
		} {
			t.Run(name+"/"+reason, func(t *testing.T) {
				t.Parallel()
				column := config.Column
				if column == "" {
					column = "tenant_id"
				}
				db := open(t)
				for _, statement := range []string{
					"CREATE TABLE gangs (" + column + " varchar(40) NOT NULL, id integer, name text, PRIMARY KEY (" + column + ", id))",
					"CREATE TABLE diggers (" + column + " varchar(40) NOT NULL, id integer, name text, PRIMARY KEY (" + column + ", id))",
					"CREATE TABLE gang_diggers (" + column + " varchar(40) NOT NULL, gang_id integer, digger_id integer, PRIMARY KEY (" + column + ", gang_id, digger_id))",
				} {
					require.NoError(t, db.Exec(statement).Error)
				}
				require.NoError(t, db.Use(tenancy.New(config)))
				w := &world{db: db, A: uuid.New()}
				require.NoError(t, db.AutoMigrate(&Gang{}, &Digger{}))
				a, b := w.as("acme"), w.as("globex")
				for _, one := range []*gorm.DB{a, b} {
					require.NoError(t, one.Create(&Gang{ID: 1, Name: "x", Diggers: []*Digger{{ID: 1, Name: "p"}, {ID: 2, Name: "q"}}}).Error)
				}
				require.Equal(t, int64(2), a.Model(&Gang{ID: 1}).Association("Diggers").Count())
				require.NoError(t, a.Model(&Gang{ID: 1}).Association("Diggers").Append(&Digger{ID: 3, Name: "r"}))
				require.NoError(t, a.Model(&Digger{ID: 1}).Association("Gangs").Delete(&Gang{ID: 1}))
				require.NoError(t, a.Create(&Gang{ID: 2, Name: "y"}).Error)
				require.NoError(t, a.Model(&Gang{ID: 2}).Association("Diggers").Replace(&Digger{ID: 1, Name: "p"}))
				var got Gang
				require.NoError(t, a.Preload("Diggers").First(&got, 1).Error)
				require.Len(t, got.Diggers, 2)
				var n int64
				require.NoError(t, a.Table("gang_diggers").Count(&n).Error)
				require.Equal(t, int64(3), n)
				require.NoError(t, a.Model(&Gang{}).Joins("JOIN gang_diggers c ON c.gang_id = gangs.id").Count(&n).Error)
				require.Equal(t, int64(3), n)
				require.NoError(t, a.Model(&Gang{ID: 2}).Association("Diggers").Clear())
				require.NoError(t, b.Table("gang_diggers").Count(&n).Error)
				require.Equal(t, int64(2), n)
				var other Gang
				require.NoError(t, b.Preload("Diggers").First(&other, 1).Error)
				require.Len(t, other.Diggers, 2)
				require.Equal(t, "p", other.Diggers[0].Name)
				require.ErrorIs(t, w.db.Table("gang_diggers").Count(&n).Error, tenancy.ErrNoTenant)
			})
		}
	}
}
