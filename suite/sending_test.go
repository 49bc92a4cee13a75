package suite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// processor is one of GORM's lists of callbacks.
type processor interface {
	Get(name string) func(*gorm.DB)
	Replace(name string, fn func(*gorm.DB)) error
}

// meddling is a plugin that does something to statements that are marked with a
// setting, at some place among the callbacks.
type meddling struct {
	name string
	at   func(db *gorm.DB, op string, f func(*gorm.DB)) error
}

func before(db *gorm.DB, op, name string, f func(*gorm.DB)) error {
	all := db.Callback()
	switch op {
	case "create":
		return all.Create().Before(name).Register("test:meddle", f)
	case "update":
		return all.Update().Before(name).Register("test:meddle", f)
	case "delete":
		return all.Delete().Before(name).Register("test:meddle", f)
	case "row":
		return all.Row().Before(name).Register("test:meddle", f)
	case "raw":
		return all.Raw().Before(name).Register("test:meddle", f)
	}
	return all.Query().Before(name).Register("test:meddle", f)
}

func processorOf(db *gorm.DB, op string) processor {
	all := db.Callback()
	return map[string]processor{"create": all.Create(), "query": all.Query(), "update": all.Update(), "delete": all.Delete(), "row": all.Row(), "raw": all.Raw()}[op]
}

var meddlings = []meddling{
	{"before what sends", func(db *gorm.DB, op string, f func(*gorm.DB)) error { return before(db, op, "gorm:"+op, f) }},
	{"before the plugin", func(db *gorm.DB, op string, f func(*gorm.DB)) error { return before(db, op, "tenancy:begin", f) }},
	{"before everything", func(db *gorm.DB, op string, f func(*gorm.DB)) error { return before(db, op, "*", f) }},
	{"before its check", func(db *gorm.DB, op string, f func(*gorm.DB)) error { return before(db, op, "tenancy:check", f) }},
	{"in the place of what sends", func(db *gorm.DB, op string, f func(*gorm.DB)) error {
		list := processorOf(db, op)
		send := list.Get("gorm:" + op)
		return list.Replace("gorm:"+op, func(db *gorm.DB) { f(db); send(db) })
	}},
	{"as another that sends", func(db *gorm.DB, op string, f func(*gorm.DB)) error {
		config := &callbacks.Config{
			CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
			UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
			DeleteClauses: []string{"DELETE", "FROM", "WHERE", "RETURNING"},
		}
		own := map[string]func(*gorm.DB){"create": callbacks.Create(config), "query": callbacks.Query, "update": callbacks.Update(config),
			"delete": callbacks.Delete(config), "row": callbacks.RowQuery, "raw": callbacks.RawExec}[op]
		return processorOf(db, op).Replace("gorm:"+op, func(db *gorm.DB) { f(db); own(db) })
	}},
}

// What a plugin's callback writes is judged, wherever it stands among the others.
func TestTextOfCallbacksIsJudged(t *testing.T) {
	t.Parallel()
	statements := map[string]string{
		"create": "UPDATE orders SET amount = 0", "query": "SELECT * FROM orders", "update": "UPDATE orders SET amount = 0",
		"delete": "DELETE FROM orders", "row": "SELECT amount FROM orders", "raw": "DELETE FROM orders",
	}
	observedBoth(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		for name, config := range map[string]tenancy.Config{"all enforced": config(), "some": mixedModes()["Observe but orders"]} {
			for _, swap := range []bool{false, true} {
				for _, m := range meddlings {
					if swap && strings.HasPrefix(m.name, "before the") || swap && m.name == "as another that sends" { // that is a program which uses another pool
						continue
					}
					db := open(t)
					pool := db.ConnPool
					w := newMixed(t, db, config)
					for op, text := range statements {
						require.NoError(t, m.at(w.db, op, func(db *gorm.DB) {
							if how, ok := db.Get("meddle"); ok && how == op {
								db.Statement.SQL.Reset()
								db.Statement.SQL.WriteString(text)
								db.Statement.Vars = nil
								if swap {
									db.Statement.ConnPool = pool
								}
							}
						}), m.name)
					}
					for op, run := range map[string]func(db *gorm.DB) (string, error){
						"create": func(db *gorm.DB) (string, error) { return "", db.Create(user(7, w.A, "new")).Error },
						"query": func(db *gorm.DB) (string, error) {
							var rows []map[string]any
							err := db.Table("users").Find(&rows).Error
							return fmt.Sprint(rows), err
						},
						"update": func(db *gorm.DB) (string, error) {
							return "", db.Model(&User{}).Where("id = 1").Update("age", 1).Error
						},
						"delete": func(db *gorm.DB) (string, error) { return "", db.Where("id = 9").Delete(&User{}).Error },
						"row": func(db *gorm.DB) (string, error) {
							var amount sql.NullString
							err := db.Table("users").Select("name").Order("id desc").Row().Scan(&amount)
							return amount.String, err
						},
						"raw": func(db *gorm.DB) (string, error) { return "", db.Exec("UPDATE users SET age = 1").Error },
					} {
						what := fmt.Sprint(name, ", ", m.name, ", ", op, ", another pool: ", swap)
						read, err := run(w.in(w.A).Set("meddle", op))
						require.ErrorContains(t, err, tenancy.ErrUnscopedSQL.Error(), what) // GORM may add that the pool is not a transaction
						require.NotContains(t, read, fmt.Sprint(secret), what)
						var left []Order
						require.NoError(t, w.everyone().Where("tenant_id = ?", w.B).Find(&left).Error)
						require.Len(t, left, 1, what)
						require.Equal(t, secret, left[0].Amount, what)
					}
				}
			}
		}
	})
}

// Plugins that do no harm find everything as it was: the pool, transactions, hooks
// and nested statements.
func TestOtherPluginsWork(t *testing.T) {
	t.Parallel()
	observedBoth(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		for _, m := range meddlings {
			for _, late := range []bool{false, true} {
				for _, prepared := range []bool{false, late} {
					what := fmt.Sprint(m.name, ", after the plugin: ", late, ", prepared: ", prepared)
					db := open(t)
					if prepared {
						db = db.Session(&gorm.Session{PrepareStmt: true})
					}
					seen, last := map[string]int{}, uint(100)
					ids := func() uint { last++; return last }
					meddle := func() {
						for _, op := range []string{"create", "query", "update", "delete", "row", "raw"} {
							require.NoError(t, m.at(db, op, func(db *gorm.DB) {
								if _, ok := db.Get("meddle"); !ok || db.Error != nil {
									return
								}
								seen[op]++
								var n int64
								nested := db.Session(&gorm.Session{NewDB: true})
								assert.NoError(t, nested.Model(&Tag{}).Count(&n).Error, what)
								assert.NoError(t, nested.Create(&Tag{ID: ids(), Name: "nested"}).Error, what)
								if _, err := db.DB(); err != nil {
									t.Error(what, err)
								}
							}), what)
						}
					}
					afterUse := meddle
					if !late && m.name != "before the plugin" && m.name != "before its check" {
						meddle()
						afterUse = func() {}
					}
					c := config()
					w := newObserving(t, db, &c)
					afterUse()
					run := func(db *gorm.DB) error {
						u := user(1, uuid.Nil, "ann")
						u.Orders = []Order{{ID: 1, Amount: 5}}
						var users []User
						var n int
						return errors.Join(
							db.Create(u).Error,
							db.Preload("Orders").Find(&users).Error,
							db.Model(&User{}).Where("id = 1").Update("age", 2).Error,
							db.Model(&User{}).Select("count(*)").Scan(&n).Error,
							db.Where("id = 1").Delete(&User{}).Error,
							db.Unscoped().Where("id = 1").Delete(&Order{}).Error,
							db.Unscoped().Where("id = 1").Delete(&User{}).Error,
						)
					}
					require.NoError(t, run(w.in(w.A).Set("meddle", true).Session(&gorm.Session{})), what)
					require.NoError(t, w.in(w.A).Set("meddle", true).Session(&gorm.Session{}).Transaction(func(tx *gorm.DB) error {
						return tx.Transaction(run)
					}), what)
					for _, op := range []string{"create", "query", "update", "delete", "row"} {
						assert.Positive(t, seen[op], what+", "+op)
					}
				}
			}
		}
	})
}

// scoping is a RawSQL that scopes one text, and refuses others.
type scoping struct{ seen *[]string }

func (s scoping) Scope(_ context.Context, stmt tenancy.RawStatement) (string, []any, error) {
	*s.seen = append(*s.seen, fmt.Sprint(stmt.SQL, stmt.Vars))
	if strings.Contains(stmt.SQL, "refused") {
		return "", nil, tenancy.ErrUnscopedSQL
	}
	return stmt.SQL + " /* scoped */", stmt.Vars, nil
}

// A statement that was changed after it was judged is judged again, with its values,
// where there is a judge; a comment changes nothing.
func TestChangedStatementsAreJudgedAgain(t *testing.T) {
	t.Parallel()
	var seen []string
	c := config()
	c.RawSQL = scoping{&seen}
	w := newObserving(t, openSQLite(t), &c)
	change := func(db *gorm.DB) {
		how, _ := db.Get("meddle")
		stmt := db.Statement
		switch how {
		case "value":
			stmt.Vars[0] = 7
		case "text":
			stmt.SQL.WriteString(" AND 1 = 1")
		case "comment":
			stmt.SQL.WriteString(" /* a trace */")
		case "refused":
			stmt.SQL.WriteString(" AND refused")
		}
	}
	require.NoError(t, w.db.Callback().Raw().Before("gorm:raw").Register("test:meddle", change))
	for _, test := range []struct {
		how  string
		want int
		err  error
	}{{"", 1, nil}, {"value", 2, nil}, {"text", 2, nil}, {"comment", 1, nil}, {"refused", 2, tenancy.ErrUnscopedSQL}} {
		seen = nil
		w.trace.take()
		err := w.in(w.A).Set("meddle", test.how).Exec("UPDATE users SET age = ? WHERE tenant_id = ?", 1, w.A).Error
		require.ErrorIs(t, err, test.err, test.how)
		assert.Len(t, seen, test.want, "%s: %q", test.how, seen)
	}
	seen = nil
	sent := w.in(w.A).ToSQL(func(tx *gorm.DB) *gorm.DB {
		tx.Statement.BuildClauses = []string{"SELECT", "FROM", "WHERE", "TAIL"}
		tx.Statement.Clauses["TAIL"] = clause.Clause{Expression: clause.Expr{SQL: "LIMIT 1"}}
		return tx.Find(&[]User{})
	})
	assert.Len(t, seen, 1, "a clause that is not known is judged when the statement is whole")
	assert.True(t, strings.HasSuffix(sent, "LIMIT 1 /* scoped */"), sent)
}

// A plugin may add clauses to GORM's lists: a statement without one is as before, and
// one with such a clause is refused by its name, as well as a subquery.
func TestClausesOfOtherPlugins(t *testing.T) {
	t.Parallel()
	observedBoth(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		for _, first := range []bool{true, false} {
			db := open(t)
			add := func() {
				for _, list := range []*[]string{&db.Callback().Query().Clauses, &db.Callback().Row().Clauses, &db.Callback().Update().Clauses, &db.Callback().Delete().Clauses} {
					*list = append(append([]string{"CTE"}, *list...), "UNION")
				}
			}
			if first {
				add()
			}
			c := config()
			w := newObserving(t, db, &c)
			if !first {
				add()
			}
			require.NoError(t, w.in(w.A).Create(user(1, w.A, "ann")).Error)
			require.NoError(t, w.in(w.B).Create(user(2, w.B, "bob")).Error)
			var users []User
			require.NoError(t, w.in(w.A).Find(&users).Error)
			assert.Len(t, users, 1)
			require.NoError(t, w.in(w.A).Where("id IN (?)", w.db.Model(&User{}).Select("id")).Find(&users).Error)
			require.NoError(t, w.in(w.A).Model(&User{}).Where("1 = 1").Update("age", 3).Error)
			require.NoError(t, w.in(w.A).Where("1 = 1").Delete(&User{}).Error)
			union := clause.Clause{Name: "", Expression: clause.Expr{SQL: "UNION ALL SELECT * FROM users"}}
			with := func(db *gorm.DB) *gorm.DB {
				db = db.Session(&gorm.Session{}).Model(&User{})
				db.Statement.Clauses["UNION"] = union
				return db
			}
			for what, err := range map[string]error{
				"a query":    with(w.in(w.A)).Find(&users).Error,
				"a row":      with(w.in(w.A)).Select("name").Row().Scan(new(string)),
				"an update":  with(w.in(w.A)).Where("1 = 1").Update("age", 4).Error,
				"a delete":   with(w.in(w.A)).Where("1 = 1").Delete(&User{}).Error,
				"a subquery": w.in(w.A).Where("id IN (?)", with(w.db).Select("id")).Find(&users).Error,
				"a table":    w.in(w.A).Table("(?) AS u", with(w.db)).Find(&[]map[string]any{}).Error,
			} {
				require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, what)
				require.ErrorContains(t, err, "UNION", what)
			}
		}
	})
}

// A clause that nobody knows is refused wherever it stands among GORM's, so that what
// is judged after it never holds its text.
func TestClausesAmongGORMs(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		all := w.db.Callback()
		for what, op := range map[string]struct {
			list *[]string
			run  func(tx *gorm.DB) error
		}{
			"a query":       {&all.Query().Clauses, func(tx *gorm.DB) error { return tx.Find(&[]User{}).Error }},
			"a row":         {&all.Row().Clauses, func(tx *gorm.DB) error { return tx.Select("name").Row().Scan(new(string)) }},
			"an update":     {&all.Update().Clauses, func(tx *gorm.DB) error { return tx.Where("1 = 1").Update("age", 4).Error }},
			"a soft delete": {&all.Update().Clauses, func(tx *gorm.DB) error { return tx.Where("1 = 1").Delete(&User{}).Error }},
			"a delete":      {&all.Delete().Clauses, func(tx *gorm.DB) error { return tx.Unscoped().Where("1 = 1").Delete(&User{}).Error }},
		} {
			known := slices.Clone(*op.list)
			for at := range len(known) + 1 {
				*op.list = slices.Insert(slices.Clone(known), at, "HINT")
				tx := w.a.Session(&gorm.Session{}).Model(&User{})
				tx.Statement.Clauses["HINT"] = clause.Clause{Expression: clause.Expr{SQL: "/* a hint */"}}
				err := op.run(tx)
				require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%s: %v", what, *op.list)
				require.ErrorContains(t, err, "HINT", "%s: %v", what, *op.list)
			}
			*op.list = known
		}
	})
}
