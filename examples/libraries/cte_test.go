package libraries

import (
	"testing"

	extraclause "github.com/WinterYukky/gorm-extra-clause-plugin"
	"github.com/WinterYukky/gorm-extra-clause-plugin/exclause"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
)

// Without a RawSQL, statements that have one of the plugin's clauses are refused, and
// all others are as before.
func TestClausesOfAnotherPluginNeedAParser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		for i, plugins := range [][]gorm.Plugin{
			{tenancy.New(tenancy.Config{}), extraclause.New()},
			{extraclause.New(), tenancy.New(tenancy.Config{})},
		} {
			db := open(t, dialector(), plugins...)
			if i == 0 {
				seed(t, db)
			}
			require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
			require.NoError(t, as(db, acme).Model(&model.Task{}).Where("id = ?", 1).Update("title", "first").Error)
			var titles []string
			require.NoError(t, as(db, acme).Model(&model.Task{}).Where("project_id IN (?)", db.Model(&model.Project{}).Select("id")).
				Order("id").Pluck("title", &titles).Error)
			require.Equal(t, []string{"first", "Apollo 2"}, titles)

			mine := as(db, acme).Model(&model.Project{})
			for what, tx := range map[string]*gorm.DB{
				"a query":      as(db, acme).Clauses(exclause.NewWith("mine", mine)).Table("mine"),
				"text":         as(db, acme).Clauses(exclause.NewWith("mine", "SELECT * FROM projects")).Table("mine"),
				"UNION":        as(db, acme).Model(&model.Project{}).Clauses(exclause.NewUnion(mine)),
				"text's UNION": as(db, acme).Model(&model.Project{}).Clauses(exclause.NewUnion("ALL SELECT * FROM projects")),
			} {
				var rows []map[string]any
				require.ErrorIs(t, tx.Find(&rows).Error, tenancy.ErrUnscopedSQL, what)
				require.Empty(t, rows, what)
			}
		}
	})
}
