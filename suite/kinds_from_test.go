package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

func TestFreeTablesInFromNeedNoScope(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.Create(&Rule{Text: "r"}).Error)
		rules := func() *gorm.DB { return w.db.Model(&Rule{}) }
		var found []map[string]any
		var n int64
		for name, chain := range map[string]*gorm.DB{
			"query":       w.db.Table("(?) AS x", rules()).Find(&found),
			"two queries": w.db.Table("(?) AS x, (?) AS y", rules(), rules().Where("text = ?", "r")).Find(&found),
			"and a table": w.db.Table("(?) AS x, rules r", rules()).Find(&found),
			"nested":      w.db.Table("(?) AS x", w.db.Table("(?) AS y", rules())).Find(&found),
			"count":       w.db.Table("(?) AS x", rules().Select("id")).Count(&n),
			"a clause":    w.db.Table("? AS x", clause.Table{Name: "rules"}).Find(&found),
			"insert": w.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{
				"text": gorm.Expr("(?)", w.db.Table("rules AS y").Select("MAX(y.text)")),
			})}).Create(&Rule{ID: 1, Text: "s"}),
		} {
			require.NoError(t, chain.Error, name)
		}
		require.Equal(t, int64(1), n)
		for name, chain := range map[string]*gorm.DB{
			"another's query":        w.db.Table("(?) AS x", w.db.Model(&Chore{})).Find(&found),
			"text":                   w.db.Table("(SELECT * FROM chores) AS x").Find(&found),
			"another table":          w.db.Table("(?) AS x, chores", rules()).Find(&found),
			"another, nested":        w.db.Table("(?) AS x", rules().Where("id IN (?)", w.db.Model(&Chore{}).Select("id"))).Find(&found),
			"raw SQL":                w.db.Table("(?) AS x", w.db.Raw("SELECT * FROM chores")).Find(&found),
			"a clause for another":   w.db.Table("? AS x", clause.Table{Name: "chores"}).Find(&found),
			"of another's scope":     w.db.Table("(?) AS x", w.a.Model(&Rule{})).Find(&found),
			"private":                w.db.Table("(?) AS x", w.db.Model(&Passkey{})).Find(&found),
			"linked beside it":       w.db.Table("(?) AS x, people", rules()).Find(&found),
			"everybody's":            w.db.Table("(?) AS x", w.db.Model(&Label{})).Find(&found),
			"a clause that is text":  w.db.Table("? AS x", clause.Table{Name: "chores", Raw: true}).Find(&found),
			"a clause with a source": w.db.Table("? AS x", clause.Table{Name: "rules AS y, chores", Raw: true}).Find(&found),
		} {
			require.Error(t, chain.Error, name)
		}
	})
}

// What is written with a row is judged before the row is: no transaction is needed to
// leave nothing behind.
func TestChildrenOfOtherKindsAreJudgedFirst(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		plain := w.a.Session(&gorm.Session{SkipDefaultTransaction: true})
		people, chores := w.count(t, &Person{}), w.count(t, &Chore{})
		for _, refused := range []struct {
			value any
			err   error
		}{
			{&Person{Email: "x", Secrets: []Passkey{{Key: "k"}}}, tenancy.ErrPrivate},
			{&Person{Email: "x", Secrets: []Passkey{{ID: 1, Key: "k"}}}, tenancy.ErrPrivate},
			{&[]Person{{Email: "x"}, {Email: "y", Secrets: []Passkey{{Key: "k"}}}}, tenancy.ErrPrivate},
			{&Chore{Title: "x", Assignee: &Person{Email: "x"}, Device: &Device{Name: "new"}}, tenancy.ErrPrivate},
			{&Label{Name: "x", Chores: []Chore{{Title: "x", Device: &Device{Name: "new"}}}}, tenancy.ErrPrivate},
			{&Label{Name: "x", Powers: []Power{{Name: "new"}}}, tenancy.ErrSharedReadOnly},
		} {
			require.ErrorIs(t, plain.Create(refused.value).Error, refused.err)
		}
		require.Equal(t, people, w.count(t, &Person{}))
		require.Equal(t, chores, w.count(t, &Chore{}))
		require.Equal(t, []uint{1, 3}, ids[Label](t, w.a))
		require.NoError(t, plain.Create(&Label{Name: "x", Powers: []Power{{ID: 1}}}).Error)
	}, func(c *tenancy.Config) { c.Linked[0].Writable = true })
}

func TestSetsOfOnePreloadAsTheTenant(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		one := w.set(w.A)
		var labels []Label
		require.NoError(t, one.Table("labels").Preload("Chores").Order("id").Find(&labels).Error)
		require.Len(t, labels, 2)
		require.Len(t, labels[1].Chores, 1, "of everybody's, the tenant's own")
		require.NoError(t, one.Preload("Chores", "id = 1\tor\tid = 2").Find(&labels).Error)
		require.ErrorIs(t, w.set(w.A, w.B).Table("labels").Preload("Chores").Find(&labels).Error, tenancy.ErrTenantMismatch)
	})
}

// A subquery of an upsert has no row to be matched with: into a tenant's table it is
// refused, into one without tenants it sees what the scope sees.
func TestSubqueriesOfASetsUpserts(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.Create(&Rule{Text: "r"}).Error)
		for name, db := range map[string]*gorm.DB{"set": w.set(w.A, w.B), "bypass": w.bypass()} {
			update := func(column string, sub *gorm.DB) clause.OnConflict {
				return clause.OnConflict{
					Columns:   []clause.Column{{Name: "id"}},
					DoUpdates: clause.Assignments(map[string]any{column: gorm.Expr("(?)", sub)}),
				}
			}
			count := db.Table("chores AS c").Select("CAST(COUNT(*) AS text)")
			require.NoError(t, db.Clauses(update("text", count)).Create(&Rule{ID: 1}).Error, name)
			var r Rule
			require.NoError(t, db.First(&r, 1).Error)
			require.Equal(t, "5", r.Text, name)
			chores := []Chore{{ID: 1, Title: "x"}, {ID: 1, Title: "x"}}
			chores[0].TenantID, chores[1].TenantID = w.A, w.B
			require.ErrorIs(t, db.Clauses(update("title", w.db.Table("chores AS c").Select("MAX(c.title)"))).Create(&chores).Error,
				tenancy.ErrUnscopedSQL, name)
			labels := []Label{{ID: 1, Name: "x", TenantID: &w.A}, {ID: 2, Name: "x", TenantID: &w.B}}
			require.ErrorIs(t, db.Clauses(update("color", w.db.Table("chores AS c").Select("MAX(c.title)"))).Create(&labels).Error,
				tenancy.ErrUnscopedSQL, name)
		}
	})
}

func TestUpsertsOfRowsForEverybodyByKey(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		byKey := clause.OnConflict{UpdateAll: true}
		require.NoError(t, w.bypass().Clauses(byKey).Create(&Label{ID: 3, Name: "for all", Color: "red"}).Error)
		require.ErrorIs(t, w.bypass().Clauses(byKey).Create(&Label{ID: 2, Name: "b", Color: "red"}).Error, tenancy.ErrCrossTenantConflict)
		require.ErrorIs(t, w.a.Clauses(byKey).Create(&Label{ID: 3, Name: "mine", Color: "blue"}).Error, tenancy.ErrCrossTenantConflict)
		require.NoError(t, w.a.Clauses(byKey).Create(&Label{ID: 1, Name: "own", Color: "blue"}).Error)
		var colors []string
		require.NoError(t, w.bypass().Model(&Label{}).Order("id").Pluck("color", &colors).Error)
		require.Equal(t, []string{"blue", "", "red"}, colors)
	})
}
