//go:build cgo

package sqlguard_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// A comment at the end of a text hides nothing that the plugin, GORM or the guard writes
// after it, and the verifier agrees.
func TestCommentsEndWithTheirText(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	for name, chain := range map[string]func(db *gorm.DB, c string) *gorm.DB{
		"a condition": func(db *gorm.DB, c string) *gorm.DB { return db.Model(&author{}).Where("id > 0" + c).Where("id < 2") },
		"a condition with a query": func(db *gorm.DB, c string) *gorm.DB {
			return db.Model(&author{}).Where("id IN (SELECT author_id FROM books WHERE id < 9" + c + "\n)" + c).Where("id < 2")
		},
		"an order": func(db *gorm.DB, c string) *gorm.DB {
			return db.Model(&author{}).Order("lower(name)" + c).Order("id").Limit(1)
		},
		"joins": func(db *gorm.DB, c string) *gorm.DB {
			return db.Model(&author{}).Select("authors.name").
				Joins("JOIN books b ON b.author_id = authors.id" + c).Joins("JOIN books d ON d.author_id = authors.id AND d.id = 1" + c)
		},
		"raw": func(db *gorm.DB, c string) *gorm.DB { return db.Raw("SELECT name FROM authors" + c) },
		"raw, with a condition": func(db *gorm.DB, c string) *gorm.DB {
			return db.Raw("SELECT name FROM authors WHERE id > 0"+c+"\n AND id < ?"+c, 2)
		},
		"raw, with a subquery": func(db *gorm.DB, c string) *gorm.DB {
			return db.Raw("SELECT name FROM authors WHERE id IN (SELECT author_id FROM books WHERE id = 1" + c + "\n) ORDER BY id" + c)
		},
		"raw, beside an outer join": func(db *gorm.DB, c string) *gorm.DB {
			return db.Raw("SELECT a.name FROM authors a" + c + "\nFULL JOIN books b" + c + "\nON b.author_id = a.id" + c)
		},
		"raw, grouped": func(db *gorm.DB, c string) *gorm.DB {
			return db.Raw("SELECT name FROM authors GROUP BY id" + c)
		},
	} {
		for reason, ctx := range map[string]*gorm.DB{
			"a tenant": db.WithContext(tenancy.With(t.Context(), acme)),
			"a set":    db.WithContext(tenancy.WithSet(t.Context(), acme, globex)),
		} {
			if name == "raw, beside an outer join" && reason == "a set" {
				continue // refused, with or without a comment
			}
			read := func(c string) (names []string) {
				require.NoError(t, chain(ctx, c).Pluck("name", &names).Error, "%s: %s: %q", name, reason, c)
				slices.Sort(names)
				return names
			}
			want := read("")
			require.NotEmpty(t, want, name)
			for _, c := range []string{" -- x y", " -- 'x", " /* y */ -- )"} {
				assert.Equal(t, want, read(c), "%s: %s: %q", name, reason, c)
			}
		}
	}
}
