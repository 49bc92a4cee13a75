//go:build cgo

package sqlguard_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
)

// With a guard, text that reaches an enforced table from an observed statement is
// scoped, and text that its author has scoped is no finding.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, verify := range []bool{false, true} {
		config := guardedConfig(sqlguard.New(sqlguard.Options{VerifyAll: verify}))
		config.OnFinding = func(context.Context, tenancy.Finding) {}
		config.Mode, config.Modes = tenancy.Observe, []tenancy.TableMode{{Table: &book{}, Mode: tenancy.Enforce}}
		plugin := tenancy.New(config)
		db := openWith(t, plugin).WithContext(tenancy.With(context.Background(), acme))
		own, all := []string{"ab1", "ab2"}, []string{"a1", "a2", "b1", "b2", "c1", "c2"}
		for _, test := range []struct {
			reason string
			run    func() *gorm.DB
			want   []string
			found  bool
		}{
			{"an observed table", func() *gorm.DB { return db.Raw("SELECT name FROM authors ORDER BY name") }, all, true},
			{"an observed table that is scoped", func() *gorm.DB { return db.Raw("SELECT name FROM authors WHERE tenant_id = ? ORDER BY name", acme) }, all[:2], false},
			{"an enforced one", func() *gorm.DB { return db.Raw("SELECT title FROM books ORDER BY title") }, own, false},
			{"both", func() *gorm.DB {
				return db.Raw("SELECT title FROM authors a, books b WHERE a.id = b.author_id ORDER BY title")
			}, own, false},
			{"both, in one statement of GORM's", func() *gorm.DB {
				return db.Model(&author{}).Joins("JOIN (SELECT * FROM books) b ON b.author_id = authors.id").Select("b.title").Order("1")
			}, own, false},
			{"a query in text", func() *gorm.DB {
				return db.Model(&author{}).Select("name").Where("name IN (SELECT substring(title FROM 1 FOR 1) || substring(title FROM 3) FROM books)").Order("1")
			}, all[:2], false},
			{"a query in text that is scoped", func() *gorm.DB {
				return db.Model(&author{}).Select("name").Where("tenant_id = ? AND id IN (SELECT id FROM authors WHERE tenant_id = ?)", acme, acme).Order("1")
			}, all[:2], false},
			{"trusted text around a query", func() *gorm.DB {
				trusted := db.WithContext(tenancy.Trust(db.Statement.Context, "it is a test"))
				return trusted.Raw("SELECT title FROM (?) b ORDER BY 1", db.Model(&book{}))
			}, own, false},
		} {
			before := len(plugin.Findings().List)
			var got []string
			require.NoError(t, test.run().Scan(&got).Error, test.reason)
			assert.Equal(t, test.want, got, test.reason)
			assert.Equal(t, test.found, len(plugin.Findings().List) > before, "%s: %v", test.reason, plugin.Findings())
		}
		require.NoError(t, db.Exec("UPDATE books SET title = 'x'").Error)
		var left []string
		require.NoError(t, db.WithContext(tenancy.Bypass(context.Background(), "a look")).Model(&book{}).Order("title").Pluck("title", &left).Error)
		assert.Equal(t, []string{"bb1", "bb2", "cb1", "cb2", "x", "x"}, left)
	}
}
