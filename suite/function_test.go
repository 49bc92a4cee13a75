package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// PostgreSQL reads alias.name as name(alias) where the alias is a function's that
// gives plain values, and ts_stat runs its argument as SQL.
func TestFunctionsInFromCallNoOthers(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	c := config()
	c.Functions = []string{"unnest", "generate_series", "jsonb_each"}
	require.NoError(t, db.Use(tenancy.New(c)))
	require.NoError(t, db.AutoMigrate(models...))
	a, b := db.WithContext(tenancy.With(t.Context(), uuid.New())), db.WithContext(tenancy.With(t.Context(), uuid.New()))
	require.NoError(t, a.Create(&Tag{Name: "own"}).Error)
	require.NoError(t, b.Create(&Tag{Name: "secret"}).Error)
	texts := func() *gorm.DB { return a.Table("unnest(ARRAY['SELECT to_tsvector(name) FROM tags']) t") }
	const long = "a23456789_123456789_123456789_123456789_123456789_123456789_123"

	for name, tx := range map[string]*gorm.DB{
		"selected":      texts().Select("t.ts_stat"),
		"spaced":        texts().Select(`t . /**/ "ts_stat"`),
		"folded":        texts().Select("T.TS_STAT"),
		"structured":    texts().Clauses(clause.Select{Columns: []clause.Column{{Table: "t", Name: "ts_stat"}}}),
		"ordered":       texts().Select("1").Order("t.ts_stat"),
		"grouped":       texts().Select("1").Group("t.ts_stat"),
		"condition":     texts().Select("1").Where("t.ts_stat IS NOT NULL"),
		"argument":      texts().Select("to_jsonb(t.ts_stat)"),
		"no alias":      a.Table("unnest(ARRAY['SELECT to_tsvector(name) FROM tags'])").Select("unnest.ts_stat"),
		"other columns": a.Table("unnest(ARRAY['SELECT to_tsvector(name) FROM tags']) t (x)").Select("t.ts_stat"),
		"cut off":       a.Table("unnest(ARRAY['SELECT to_tsvector(name) FROM tags']) " + long + "4567").Select(long + ".ts_stat"),
		"joined":        a.Model(&Tag{}).Select("t.ts_stat").Joins("CROSS JOIN unnest(ARRAY['SELECT to_tsvector(name) FROM tags']) t"),
		"joined on":     a.Model(&Tag{}).Select("1").Joins("JOIN unnest(ARRAY['SELECT to_tsvector(name) FROM tags']) t ON t.ts_stat IS NOT NULL"),
		"from inside":   texts().Select("1").Where("EXISTS (?)", a.Model(&Tag{}).Select("t.ts_stat")),
		"inside":        a.Model(&Tag{}).Where("EXISTS (?)", texts().Select("t.ts_stat")),
		"counted":       texts().Select("t.ts_stat").Distinct("t.ts_stat"),
	} {
		var rows []map[string]any
		assert.ErrorIs(t, tx.Find(&rows).Error, tenancy.ErrUnscopedSQL, name)
		assert.Empty(t, rows, name)
	}

	for name, tx := range map[string]*gorm.DB{
		"the alias":      a.Table("unnest(ARRAY[1, 2]) t").Select("t.t"),
		"without":        a.Table("generate_series(1, 2)").Select("generate_series.generate_series"),
		"its columns":    a.Table("unnest(ARRAY['x', 'y']) AS t (ts_stat)").Select("t.ts_stat"),
		"ordinality":     a.Table("unnest(ARRAY['x', 'y']) WITH ORDINALITY AS t").Select("t.ordinality"),
		"key and value":  a.Table(`jsonb_each('{"a": 1, "b": 2}') e`).Select("e.key, e.value"),
		"a safe one":     a.Table("unnest(ARRAY['x', 'y']) t").Select("t.upper"),
		"another's name": a.Model(&Tag{}).Select("tags.name").Joins("CROSS JOIN generate_series(1, 2) g"),
	} {
		var rows []map[string]any
		if assert.NoError(t, tx.Find(&rows).Error, name) {
			assert.Len(t, rows, 2, name)
		}
	}
}
