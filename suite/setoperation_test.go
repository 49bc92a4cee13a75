package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// TestSetOperationsOfSubqueriesAreScoped joins queries, each scoped, by text that
// holds the operators and parentheses alone.
func TestSetOperationsOfSubqueriesAreScoped(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		set := jobs(t, w)
		ids := func(least int) *gorm.DB {
			return w.db.Model(&Job{}).Select("id").Where("priority >= ? OR 1=1 AND id = 1", least)
		}
		isPostgres := w.db.Name() == "postgres"
		for _, x := range []struct {
			text     string
			queries  []any
			want     int64
			postgres bool // SQLite has no parentheses around operands
		}{
			{"? UNION ?", []any{ids(20), ids(30)}, 3, false},
			{"? UNION ALL ?", []any{ids(20), ids(30)}, 5, false},
			{"?\n\tunion /* all */ All\n?", []any{ids(20), ids(30)}, 5, false},
			{"? INTERSECT ?", []any{ids(20), ids(30)}, 2, false},
			{"? EXCEPT ?", []any{ids(20), ids(30)}, 1, false},
			{"? UNION ALL ? UNION ALL ?", []any{ids(30), ids(30), ids(30)}, 6, false},
			{"? UNION ? ORDER BY id DESC LIMIT ?", []any{ids(20), ids(30), 1}, 1, false},
			{"? UNION ALL (? EXCEPT ALL ?)", []any{ids(20), ids(20), ids(30)}, 4, true},
			{"(? UNION ALL ?) EXCEPT (?)", []any{ids(20), ids(20), ids(30)}, 1, true},
			{"((? UNION DISTINCT ?) INTERSECT ALL (? UNION ?)) LIMIT 2 OFFSET 1", []any{ids(20), ids(20), ids(30), ids(30)}, 1, true},
		} {
			if x.postgres && !isPostgres {
				continue
			}
			var n int64
			require.NoError(t, w.a.Table("("+x.text+") AS t", x.queries...).Count(&n).Error, x.text)
			require.Equal(t, x.want, n, x.text)
			var found []Job
			require.NoError(t, w.b.Where("priority > 0 AND id IN ("+x.text+")", x.queries...).Where("id > ?", 0).Find(&found).Error, x.text)
			for _, job := range found {
				require.Equal(t, w.B, job.TenantID, x.text)
			}
		}
		var n int64
		require.NoError(t, set.Table("(? UNION ALL ?) AS t", ids(20), ids(30)).Count(&n).Error)
		require.Equal(t, int64(10), n)
		require.NoError(t, w.bypass().Table("(? UNION ALL ?) AS t", ids(20), ids(30)).Count(&n).Error)
		require.Equal(t, int64(10), n)
		require.NoError(t, w.a.Model(&Job{}).Joins("JOIN (? UNION ?) t ON t.id = jobs.id", ids(30), ids(30)).Count(&n).Error)
		require.Equal(t, int64(2), n)

		for _, text := range []string{
			"? UNION SELECT id FROM jobs", "? UNION TABLE jobs", "? UNION ALL ? OR 1=1", "? OR 1=1", "? UNION ? WHERE 1=1",
			"? , ?", "? UNION", "UNION ?", "? UNION ? ORDER BY (SELECT 1)", "? UNION (? OR 1=1)", "? UNION ALL ALL ?", "? -- UNION ?\n",
			"? UNION ? FOR UPDATE", "? UNION x ?", "? LIMIT 1 UNION SELECT id FROM jobs",
		} {
			queries := []any{ids(20), ids(30)}
			for name, chain := range map[string]*gorm.DB{
				"condition": w.a.Where("id IN ("+text+")", queries[:min(2, countOf(text))]...),
				"from":      w.a.Table("("+text+") AS t", queries[:min(2, countOf(text))]...),
			} {
				err := chain.Find(&[]Job{}).Error
				require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%s: %s", name, text)
			}
		}
		for name, chain := range map[string]*gorm.DB{
			"intersect": set.Table("(? INTERSECT ?) AS t", ids(20), ids(30)),
			"except":    w.bypass().Table("(? EXCEPT ?) AS t", ids(20), ids(30)),
		} {
			require.ErrorIs(t, chain.Find(&[]map[string]any{}).Error, tenancy.ErrUnscopedSQL, name)
		}
	})
}

func countOf(text string) (n int) {
	for _, c := range text {
		if c == '?' {
			n++
		}
	}
	return n
}
