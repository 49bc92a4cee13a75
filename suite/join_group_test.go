package suite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Groups by a key beside joins that keep rows of the right side answer as in a database
// that holds the tenant alone, and under several tenants as their answers together.
func TestGroupsByKeyBesideOuterJoins(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		lone := map[string]*gorm.DB{}
		for _, x := range []struct {
			name string
			db   *gorm.DB
		}{{"a", w.a}, {"b", w.b}} {
			lone[x.name] = openSQLite(t)
			if w.db.Name() == "postgres" {
				lone[x.name] = openPostgres(t)
			}
			require.NoError(t, lone[x.name].AutoMigrate(models...))
			for _, db := range []*gorm.DB{x.db, lone[x.name]} {
				shift := uint(0)
				if x.name == "b" && w.db.Name() == "sqlite" {
					shift = 100 // its keys are the id alone
				}
				seedGroups(t, db, x.name, shift)
			}
		}
		for name, chain := range groupedJoins {
			read := func(db *gorm.DB) []string {
				var rows []struct {
					Name  *string
					Age   *int
					Count int
				}
				require.NoError(t, chain(db.Unscoped()).Scan(&rows).Error, name)
				list := make([]string, 0, len(rows))
				for _, r := range rows {
					list = append(list, fmt.Sprint(value(r.Name), value(r.Age), r.Count))
				}
				slices.Sort(list)
				return list
			}
			a, b := read(lone["a"]), read(lone["b"])
			require.NotEmpty(t, a, name)
			assert.Equal(t, a, read(w.a), name)
			assert.Equal(t, b, read(w.b), name)
			// Rows without a user have no key that tells their tenant.
			withUser := func(rows []string) []string {
				return slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "NULL") })
			}
			all := slices.Sorted(slices.Values(withUser(append(a, b...))))
			for reason, db := range map[string]*gorm.DB{
				"a set":    w.db.WithContext(tenancy.WithSet(t.Context(), w.A, w.B)),
				"a bypass": w.bypass(),
			} {
				if name == "using" {
					require.ErrorIs(t, chain(db).Scan(&[]map[string]any{}).Error, tenancy.ErrUnscopedSQL, reason)
					continue
				}
				assert.Equal(t, all, withUser(read(db)), "%s: %s", name, reason)
			}
		}
	})
}

func value[T any](p *T) any {
	if p == nil {
		return "NULL"
	}
	return *p
}

var groupedJoins = map[string]func(*gorm.DB) *gorm.DB{
	"right": func(db *gorm.DB) *gorm.DB {
		return db.Model(&User{}).Select("users.*, count(o.id) AS count").Joins("RIGHT JOIN orders o ON o.user_id = users.id").Group("users.id")
	},
	"full": func(db *gorm.DB) *gorm.DB {
		return db.Model(&User{}).Select("users.name, users.age, count(o.id) AS count").Joins("FULL JOIN orders o ON o.user_id = users.id").Group("users.id")
	},
	"the other side": func(db *gorm.DB) *gorm.DB {
		return db.Table("orders o").Select("u.name, u.age, count(o.id) AS count").Joins("FULL OUTER JOIN users u ON o.user_id = u.id").Group("u.id").Having("count(o.id) >= 0")
	},
	"using": func(db *gorm.DB) *gorm.DB {
		return db.Table("profiles p").Select("max(p.bio) AS name, o.user_id AS age, count(o.id) AS count").Joins("LEFT JOIN orders o USING (user_id)").Group("o.id")
	},
	"three": func(db *gorm.DB) *gorm.DB {
		return db.Model(&User{}).Select("users.name, users.age, count(p.id) AS count").
			Joins("RIGHT JOIN orders o ON o.user_id = users.id").Joins("LEFT JOIN profiles p ON p.user_id = o.user_id").Group("users.id")
	},
	"by two keys": func(db *gorm.DB) *gorm.DB {
		return db.Model(&User{}).Select("users.name, o.user_id AS age, count(*) AS count").
			Joins("FULL JOIN orders o ON o.user_id = users.id").Group("users.id").Group("o.id")
	},
	"a relation": func(db *gorm.DB) *gorm.DB {
		return db.Model(&User{}).Select("users.name, users.age, count(*) AS count").
			Joins("RIGHT JOIN orders o ON o.user_id = users.id").Where("users.age > 0 OR o.id > 0").Group("users.id").Order("users.name")
	},
	"in a subquery": func(db *gorm.DB) *gorm.DB {
		s := db.Session(&gorm.Session{NewDB: true})
		return db.Table("(?) AS q", s.Model(&User{}).Unscoped().Select("users.*, count(o.id) AS count").
			Joins("FULL JOIN orders o ON o.user_id = users.id").Group("users.id")).Select("name, age, count")
	},
}

func seedGroups(t *testing.T, db *gorm.DB, name string, shift uint) {
	t.Helper()
	for i := range uint(3) {
		u := &User{Name: fmt.Sprint(name, i), Age: 30 + int(i)}
		u.ID = shift + i + 1
		require.NoError(t, db.Create(u).Error)
		require.NoError(t, db.Create(&[]Order{{ID: shift + i + 1, UserID: shift + i + 1}, {ID: shift + i + 21, UserID: shift + 2*i}}).Error)
		require.NoError(t, db.Create(&Profile{ID: shift + i + 1, UserID: shift + i, Bio: name}).Error)
	}
}
