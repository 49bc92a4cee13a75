package suite

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// textValue writes text where a value stands.
type textValue string

// GormValue implements gorm.Valuer.
func (v textValue) GormValue(context.Context, *gorm.DB) clause.Expr {
	return clause.Expr{SQL: string(v)}
}

// foreign is an expression of another package.
type foreign string

// Build implements clause.Expression.
func (e foreign) Build(b clause.Builder) { _, _ = b.WriteString(string(e)) }

// negated writes its negation itself.
type negated struct{ foreign }

// NegationBuild implements clause.NegationExpressionBuilder.
func (e negated) NegationBuild(b clause.Builder) {
	_, _ = b.WriteString("NOT (1 = 0) AND NOT " + string(e.foreign))
}

// commented are chains with a comment at the end of a text; what follows the text is to
// count. Each returns a slice of rows.
var commented = map[string]func(db, sub *gorm.DB, c string) *gorm.DB{
	"a condition before the soft delete": func(db, _ *gorm.DB, c string) *gorm.DB { return db.Where("age > 0" + c) },
	"an inline condition":                func(db, _ *gorm.DB, c string) *gorm.DB { return db.Where("age > 0"+c).Where("name = ?", "ann") },
	"a value": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where("age > ? AND name = 'ann'", gorm.Expr("0"+c))
	},
	"a named value": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where("age > @n AND name = 'ann'", map[string]any{"n": gorm.Expr("0" + c)})
	},
	"a value that writes text": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where("age > ? AND name = 'ann'", textValue("0"+c))
	},
	"a value of a comparison": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where(clause.Gt{Column: "age", Value: textValue("0" + c)}, clause.Eq{Column: "name", Value: "ann"})
	},
	"a column of a comparison": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where(clause.IN{Column: clause.Column{Raw: true, Name: "lower(name)" + c}, Values: []any{"ann"}})
	},
	"a comparison": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Where(clause.Eq{Column: clause.Column{Raw: true, Name: "lower(name)" + c}, Value: "ann"})
	},
	"another package's expression": func(db, _ *gorm.DB, c string) *gorm.DB { return db.Where(foreign("age > 0" + c)).Where("name = 'ann'") },
	"not":                          func(db, _ *gorm.DB, c string) *gorm.DB { return db.Not("age < 0" + c).Where("name = 'ann'") },
	"not, of another package":      func(db, _ *gorm.DB, c string) *gorm.DB { return db.Not(foreign("age < 0" + c)).Where("name = 'ann'") },
	"not, written by itself": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Not(negated{foreign("age < 0" + c)}).Where("name = 'ann'")
	},
	"or": func(db, _ *gorm.DB, c string) *gorm.DB { return db.Where("age < 0" + c).Or("name = 'ann'" + c) },
	"a group": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Where(sub.Where("age > 0" + c).Where("name = 'ann'" + c))
	},
	"having": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Select("name, 1 AS age").Group("name" + c).Having("max(age) > 0" + c).Having("name = 'ann'" + c).Order("name")
	},
	"groups": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Select("name, age").Group("lower(name)" + c).Group("name" + c).Group("age")
	},
	"orders": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Order("length(name)" + c).Order(clause.OrderByColumn{Column: clause.Column{Raw: true, Name: "name" + c}, Desc: true}).Limit(2)
	},
	"selected": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Select([]string{"lower(name) AS name" + c, "age + 0 AS age" + c})
	},
	"distinct":    func(db, _ *gorm.DB, c string) *gorm.DB { return db.Distinct("lower(name) AS name"+c, "age + 0 AS age") },
	"select text": func(db, _ *gorm.DB, c string) *gorm.DB { return db.Select("name, age + ? AS age"+c, gorm.Expr("0"+c)) },
	"joins": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Joins("JOIN orders o ON o.user_id = users.id" + c).Joins("JOIN orders p ON p.user_id = users.id AND p.amount = 1" + c)
	},
	"a join before a relation": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Joins("JOIN orders o ON o.user_id = users.id" + c).InnerJoins("Manager")
	},
	"a relation's condition": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Joins("Manager", sub.Where("1 = 1"+c).Where("1 = 1"+c)).Where("users.name = 'ann'")
	},
	"a table": func(db, _ *gorm.DB, c string) *gorm.DB {
		return db.Table("users" + c).Joins("JOIN orders o ON o.user_id = users.id")
	},
	"a subquery": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Where("id IN (?)", sub.Model(&User{}).Select("users.id"+c).Table("users v").Where("v.age > 0 AND v.id = users.id"+c))
	},
	"a subquery with a soft delete": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Unscoped().Where("EXISTS (?)", sub.Model(&User{}).Table("users v").Select("1"+c).Where("v.id = users.id"+c))
	},
	"a subquery with more conditions": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Where("id IN (?)", sub.Model(&Order{}).Select("user_id").Where("amount > 0 AND orders.user_id = users.id"+c).Where("amount = 1"+c))
	},
	"a set operation": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Table("(? UNION ?) AS users", sub.Model(&User{}).Where("age > 1"+c), sub.Model(&User{}).Where("age < 0"+c))
	},
	"a query in FROM": func(db, sub *gorm.DB, c string) *gorm.DB {
		return db.Table("(?) AS users", sub.Model(&User{}).Where("age > 0"+c).Order("id"+c))
	},
}

// A text's comment ends with the text: what GORM writes after it on the same line holds,
// as if there were no comment.
func TestCommentsEndWithTheirText(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		lone := openSQLite(t)
		if w.db.Name() == "postgres" {
			lone = openPostgres(t)
		}
		require.NoError(t, lone.AutoMigrate(models...))
		seedComments(t, w.a, lone)
		seedComments(t, w.b)
		comments := []string{" -- x", " -- x y", " -- 'x", "\n -- (x", " /* y */ -- /* z"}
		for name, chain := range commented {
			read := func(db *gorm.DB, c string) ([]string, error) {
				var rows []struct {
					Name string
					Age  int
				}
				err := chain(db.Model(&User{}), w.db.Session(&gorm.Session{NewDB: true}), c).Scan(&rows).Error
				return sorted(name, fmt.Sprint, rows), err
			}
			loneRows, err := func() ([]string, error) {
				var rows []struct {
					Name string
					Age  int
				}
				err := chain(lone.Model(&User{}), lone.Session(&gorm.Session{NewDB: true}), "").Scan(&rows).Error
				return sorted(name, fmt.Sprint, rows), err
			}()
			require.NoError(t, err, name)
			require.NotEmpty(t, loneRows, name)
			for reason, db := range map[string]*gorm.DB{
				"a tenant": w.a,
				"a set":    w.db.WithContext(tenancy.WithSet(t.Context(), w.A, w.B)),
				"a bypass": w.bypass(),
			} {
				want, err := read(db, "")
				require.NoError(t, err, "%s: %s", name, reason)
				if reason == "a tenant" {
					require.Equal(t, loneRows, want, name) //nolint:testifylint // both are what is expected
				}
				for _, c := range comments {
					got, err := read(db, c)
					require.NoError(t, err, "%s: %s: %q", name, reason, c)
					assert.Equal(t, want, got, "%s: %s: %q", name, reason, c)
				}
			}
		}
	})
}

// sorted turns rows into text, in an order of their own unless the chain has one.
func sorted[T any](name string, format func(...any) string, rows []T) []string {
	list := make([]string, 0, len(rows))
	for _, row := range rows {
		list = append(list, format(row))
	}
	if name != "orders" {
		slices.Sort(list)
	}
	return list
}

func seedComments(t *testing.T, dbs ...*gorm.DB) {
	t.Helper()
	for _, db := range dbs {
		for i, name := range []string{"ann", "bob", "cid", "ann"} {
			id := uint(i + 1)
			u := &User{Name: name, Age: 30 + i, ManagerID: &id, Orders: []Order{{Amount: 1}, {Amount: 2}}}
			require.NoError(t, db.Create(u).Error)
			if i == 3 {
				require.NoError(t, db.Delete(u).Error)
			}
		}
	}
}

// What a condition leaves open would hide what GORM writes after it.
func TestConditionsCloseWhatTheyOpen(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seedComments(t, w.a)
		seedComments(t, w.b)
		for reason, db := range map[string]*gorm.DB{
			"a tenant": w.a,
			"a set":    w.db.WithContext(tenancy.WithSet(t.Context(), w.A, w.B)),
			"a bypass": w.bypass(),
		} {
			for name, chain := range map[string]*gorm.DB{
				"a string":       db.Where("name <> 'a").Where("1 = 1").Where("b'"),
				"a name":         db.Where(`age = "age`).Where(`1 = 1 OR "`),
				"a comment":      db.Where("1 = 1 /*").Where("name = 'x'").Where("*/ 1 = 1"),
				"a parenthesis":  db.Where("(1 = 1").Where("1 = 1)"),
				"one of a group": db.Where(w.db.Where("name <> 'a").Where("b'")),
				"in a subquery":  db.Where("id IN (?)", w.db.Model(&User{}).Table("users v").Select("id").Where("name <> 'a").Where("b' AND v.id = users.id")),
			} {
				var n int64
				require.ErrorIs(t, chain.Model(&User{}).Count(&n).Error, tenancy.ErrUnscopedSQL, "%s: %s", name, reason)
			}
		}
	})
}

// hint is a comment after a clause.
type hint struct{ clause, text string }

func (h hint) Name() string                 { return h.clause }
func (hint) Build(clause.Builder)           {}
func (h hint) MergeClause(c *clause.Clause) { c.AfterExpression = clause.Expr{SQL: h.text} }
func (h hint) ModifyStatement(stmt *gorm.Statement) {
	c := stmt.Clauses[h.clause]
	c.Name = h.clause
	h.MergeClause(&c)
	stmt.Clauses[h.clause] = c
}

func TestHintsEndTheirComments(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seedComments(t, w.a)
		seedComments(t, w.b)
		for _, name := range []string{"FROM", "WHERE", "ORDER BY"} {
			var users []User
			require.NoError(t, w.a.Clauses(hint{name, "-- a hint"}).Where("age > 0").Order("id").Limit(2).Find(&users).Error, name)
			require.Len(t, users, 2, name)
			for i := range users {
				require.Equal(t, w.A, users[i].TenantID, name)
			}
		}
	})
}
