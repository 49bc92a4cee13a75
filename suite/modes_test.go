package suite

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// carrying is an expression of somebody else's that holds a query.
type carrying struct{ query *gorm.DB }

func (c carrying) Build(b clause.Builder) {
	_ = b.WriteByte('(')
	b.AddVar(b, c.query)
	_ = b.WriteByte(')')
}

// carried brings a query as its value.
type carried struct{ query *gorm.DB }

func (c carried) GormValue(context.Context, *gorm.DB) clause.Expr {
	return clause.Expr{SQL: "(?)", Vars: []any{c.query}}
}

// secret is what the other tenant's row of the enforced table holds; ownAmount is
// in the tenant's own.
const (
	secret    = 777777
	ownAmount = 5
)

// mixed is a database in which users are observed and orders are enforced. Both
// tenants have an order, and both of these say that they are the same user's.
type mixed struct{ *observing }

func newMixed(t *testing.T, db *gorm.DB, config tenancy.Config) *mixed {
	t.Helper()
	m := &mixed{newObserving(t, db, &config)}
	for i, tenant := range []uuid.UUID{m.A, m.B} {
		require.NoError(t, m.in(tenant).Create(user(uint(i+1), tenant, fmt.Sprint("user", i+1))).Error)
		require.NoError(t, m.in(tenant).Create(&Order{
			ID: uint(i + 1), UserID: 1, Amount: []int{ownAmount, secret}[i], TenantModel: tenancy.TenantModel{TenantID: tenant},
		}).Error)
	}
	m.bypassed(t, "CREATE VIEW listing AS SELECT * FROM orders")
	if db.Name() == "postgres" {
		m.bypassed(t, "CREATE FUNCTION top_amount() RETURNS bigint LANGUAGE sql AS 'SELECT max(amount) FROM orders'")
	}
	m.trace.take()
	return m
}

func (m *mixed) bypassed(t *testing.T, sql string) {
	t.Helper()
	require.NoError(t, m.everyone().Exec(sql).Error)
}

func (m *mixed) everyone() *gorm.DB {
	return m.db.WithContext(tenancy.Bypass(context.Background(), "the test looks at everything"))
}

func (m *mixed) trusted() *gorm.DB {
	return m.db.WithContext(tenancy.Trust(tenancy.With(context.Background(), m.A), "the test has read it"))
}

// mixedModes are the configurations by which users are observed and orders are not.
func mixedModes() map[string]tenancy.Config {
	some, others, reads := config(), config(), config()
	some.Mode, some.Modes = tenancy.Observe, []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}}
	others.Modes = []tenancy.TableMode{{Table: &User{}, Mode: tenancy.Observe}}
	reads.Mode = tenancy.ObserveReads
	reads.Modes = []tenancy.TableMode{{Table: "orders", Mode: tenancy.Enforce}, {Table: "users", Mode: tenancy.Observe}}
	return map[string]tenancy.Config{"Observe but orders": some, "Enforce but users": others, "each by name": reads}
}

type attack struct {
	name string
	run  func(m *mixed, db *gorm.DB, into *[]string) error
	only string // a dialect
}

// attacks try to read, as tenant A and from statements on users, the order of
// tenant B, or to change it.
var attacks = []attack{
	{name: "text join", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Pluck("o.amount", into).Error
	}},
	{name: "left join", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("LEFT JOIN orders o ON o.user_id = users.id").Pluck("coalesce(o.amount, 0)", into).Error
	}},
	{name: "join that says its author's tenant", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").
			Where("users.id BETWEEN 0 AND 9 AND o.tenant_id = o.tenant_id AND users.tenant_id = ?", m.A).Pluck("o.amount", into).Error
	}},
	{name: "list of tables", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("users, orders").Pluck("orders.amount", into).Error
	}},
	{name: "list of tables with aliases", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("users u, orders o").Pluck("o.amount", into).Error
	}},
	{name: "alias of an observed table's name", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("orders AS users").Pluck("users.amount", into).Error
	}},
	{name: "model of an observed table", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Unscoped().Table("orders").Pluck("amount", into).Error
	}},
	{name: "DTO", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		var rows []OrderRow
		err := db.Find(&rows).Error
		*into = append(*into, fmt.Sprint(rows))
		return err
	}},
	{name: "quoted name", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins(`JOIN "orders" o ON o.user_id = users.id`).Pluck("o.amount", into).Error
	}},
	{name: "comments and case", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("JOIN/**/OrDeRs/**/o ON o.user_id = users.id").Pluck("o.amount", into).Error
	}},
	{name: "schema", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("JOIN "+m.schema()+".orders o ON o.user_id = users.id").Pluck("o.amount", into).Error
	}},
	{name: "view", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("listing").Pluck("amount", into).Error
	}},
	{name: "view beside", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Joins("JOIN listing o ON true").Pluck("o.amount", into).Error
	}},
	{name: "view in text", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT name FROM users UNION ALL SELECT CAST(l.amount AS text) FROM users u, listing l").Scan(into).Error
	}},
	{name: "selection", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Pluck("(SELECT max(amount) FROM orders)", into).Error
	}},
	{name: "condition", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Where("EXISTS (SELECT 1 FROM orders WHERE amount = 777777)").Pluck("777777", into).Error
	}},
	{name: "group", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Select("name").Group("name UNION ALL SELECT CAST(amount AS text) FROM orders").Scan(into).Error
	}},
	{name: "having", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Select("'777777'").Group("name").Having("max(777777) IN (SELECT amount FROM orders)").Scan(into).Error
	}},
	{name: "order", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("users").Select("name").Order("name LIMIT 0) UNION ALL SELECT CAST(amount AS text) FROM (SELECT * FROM orders").Scan(into).Error
	}},
	{name: "expression of somebody's", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Where(opaque{"777777 IN (SELECT amount FROM orders)"}).Pluck("777777", into).Error
	}},
	{name: "expression with a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Select("(?)", carrying{m.in(m.A).Model(&Order{}).Select("max(amount)")}).Scan(into).Error
	}},
	{name: "expression with a query of no tenant", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Select("(?)", carrying{m.db.Model(&Order{}).Select("max(amount)")}).Scan(into).Error
	}},
	{name: "expression with a query of both", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		sub := m.in(m.A).Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Select("max(o.amount)")
		return db.Model(&User{}).Select("(?)", carrying{sub}).Scan(into).Error
	}},
	{name: "value with a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Where("777777 IN ?", carried{m.db.Model(&Order{}).Select("amount")}).Pluck("777777", into).Error
	}},
	{name: "query in a map", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Where(map[string]any{"id": m.in(m.A).Model(&Order{}).Select("user_id").Where("amount = 777777")}).Pluck("777777", into).Error
	}},
	{name: "query of no tenant in a query of an observed table", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		inner := m.db.Model(&User{}).Select("id").Where("777777 IN (?)", m.db.Model(&Order{}).Select("amount"))
		return db.Model(&User{}).Where("id IN (?)", inner).Pluck("777777", into).Error
	}},
	{name: "table that is a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return db.Table("(?) AS u", m.db.Model(&Order{})).Pluck("amount", into).Error
	}},
	{name: "trusted text around a query", run: func(m *mixed, _ *gorm.DB, into *[]string) error {
		return m.trusted().Raw("SELECT amount FROM (?) o", m.in(m.A).Model(&Order{})).Scan(into).Error
	}},
	{name: "trusted text around a query of both", run: func(m *mixed, _ *gorm.DB, into *[]string) error {
		sub := m.in(m.A).Model(&User{}).Select("o.amount").Joins("JOIN orders o ON o.user_id = users.id").Where("o.amount > ?", 1)
		return m.trusted().Raw("SELECT amount FROM (?) o WHERE amount > ?", sub, 2).Scan(into).Error
	}},
	{name: "trusted text around a query that is refused", run: func(m *mixed, _ *gorm.DB, into *[]string) error {
		sub := m.in(m.A).Model(&User{}).Select("id").Where("id IN (SELECT user_id FROM orders WHERE amount = 777777)")
		return m.trusted().Raw("SELECT 777777 FROM users WHERE id IN (?)", sub).Scan(into).Error
	}},
	{name: "bypassed text around a tenant's query", run: func(m *mixed, _ *gorm.DB, into *[]string) error {
		return m.everyone().Raw("SELECT amount FROM (?) o", m.in(m.A).Model(&Order{})).Scan(into).Error
	}},
	{name: "preload", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		var users []User
		err := db.Preload("Orders").Find(&users).Error
		for i := range users {
			*into = append(*into, fmt.Sprint(users[i].Orders))
		}
		return err
	}},
	{name: "association", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		var orders []Order
		err := db.Model(user(1, m.A, "")).Association("Orders").Find(&orders)
		*into = append(*into, fmt.Sprint(orders))
		return err
	}},
	{name: "Row", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		var n *int
		err := db.Model(&User{}).Select("(SELECT max(amount) FROM orders)").Limit(1).Row().Scan(&n)
		if n != nil {
			*into = append(*into, fmt.Sprint(*n))
		}
		return err
	}},
	{name: "generics", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return gorm.G[User](m.db).Joins(clause.LeftJoin.Association("Company"), func(db gorm.JoinBuilder, _, _ clause.Table) error {
			db.Where("? IN (SELECT amount FROM orders)", secret)
			return nil
		}).Select("CASE WHEN ? IN (SELECT amount FROM orders) THEN '777777' END", secret).Scan(db.Statement.Context, into)
	}},
	{name: "raw", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT o.amount FROM users u JOIN orders o ON true").Scan(into).Error
	}},
	{name: "raw behind a comma", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT o.amount FROM users, orders AS o").Scan(into).Error
	}},
	{name: "raw behind a condition", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT o.amount FROM users u JOIN users v ON u.id = v.id AND u.id IN (1, 2), orders o").Scan(into).Error
	}},
	{name: "raw in parentheses", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT o.amount FROM (users u CROSS JOIN orders o)").Scan(into).Error
	}},
	{name: "raw WITH", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("WITH users AS (SELECT * FROM orders) SELECT amount FROM users").Scan(into).Error
	}},
	{name: "raw WITH of a view", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("WITH listing AS (SELECT * FROM listing) SELECT amount FROM listing").Scan(into).Error
	}},
	{name: "raw through sqlite's quotes", only: "sqlite", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT amount FROM [orders] UNION SELECT amount FROM `orders`").Scan(into).Error
	}},
	{name: "raw of a literal", only: "sqlite", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT amount FROM 'orders'").Scan(into).Error
	}},
	{name: "raw behind an alias that is a keyword elsewhere", only: "sqlite", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT amount FROM users offset, orders").Scan(into).Error
	}},
	{name: "IN of a table", only: "sqlite", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT 777777 FROM users WHERE (2, 777777) IN (SELECT id, amount FROM main.'listing')").Scan(into).Error
	}},
	{name: "two statements", only: "sqlite", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Exec("SELECT 1; UPDATE orders SET amount = 0").Error
	}},
	{name: "escaped name", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw(`SELECT amount FROM U&"\006frders"`).Scan(into).Error
	}},
	{name: "TABLE", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT amount FROM users, (TABLE orders) o").Scan(into).Error
	}},
	{name: "ONLY", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT amount FROM users, ONLY (orders)").Scan(into).Error
	}},
	{name: "LATERAL", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT o.amount FROM users u, LATERAL (SELECT * FROM orders WHERE user_id = u.id) o").Scan(into).Error
	}},
	{name: "function", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Model(&User{}).Pluck("top_amount()", into).Error
	}},
	{name: "function in raw SQL", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT top_amount() FROM users").Scan(into).Error
	}},
	{name: "function among tables", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT t FROM users, top_amount() t").Scan(into).Error
	}},
	{name: "function that runs text", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT query_to_xml('SELECT amount FROM ord' || 'ers', true, true, '')").Scan(into).Error
	}},
	{name: "function by its attribute", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT ('x').top_amount FROM users").Scan(into).Error
	}},
	{name: "statistics", only: "postgres", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Raw("SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'orders'").Scan(into).Error
	}},
	{name: "block", only: "postgres", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Exec("DO $$ BEGIN UPDATE orders SET amount = 0; END $$").Error
	}},
	{name: "search path", only: "postgres", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Exec("SET search_path TO elsewhere").Error
	}},
	{name: "copy", only: "postgres", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Exec("TRUNCATE users, orders").Error
	}},
	{name: "data-modifying WITH", only: "postgres", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Raw("WITH x AS (UPDATE orders SET amount = 0 RETURNING id) SELECT id FROM x").Scan(&[]int{}).Error
	}},
	{name: "update with a query in text", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Model(&User{}).Where("id = 1").Update("age", gorm.Expr("(SELECT max(amount) FROM orders)")))
	}},
	{name: "update with a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Model(&User{}).Where("id = 1").Update("age", m.db.Model(&Order{}).Select("max(amount)")))
	}},
	{name: "update with an expression's query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Model(&User{}).Where("id = 1").Updates(map[string]any{"age": carrying{m.in(m.A).Model(&Order{}).Select("max(amount)")}}))
	}},
	{name: "update from", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Exec("UPDATE users SET age = orders.amount FROM orders WHERE orders.user_id = users.id AND amount > 5"))
	}},
	{name: "create with a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Model(&User{}).Create(map[string]any{"name": "new", "tenant_id": m.A, "age": m.db.Model(&Order{}).Select("max(amount)")}))
	}},
	{name: "upsert with a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		return m.ageOf(into, db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "id"}},
			DoUpdates: clause.Assignments(map[string]any{"age": gorm.Expr("(SELECT max(amount) FROM orders)")}),
		}).Create(user(1, m.A, "user1")))
	}},
	{name: "delete by a query", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		err := db.Unscoped().Where("777777 IN (SELECT amount FROM orders)").Delete(&User{}).Error
		n := int64(0)
		if m.everyone().Model(&User{}).Count(&n); n < 2 {
			*into = append(*into, "777777")
		}
		return err
	}},
	{name: "delete through an expression", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		err := db.Where(carrying{m.db.Model(&Order{}).Select("max(amount) > 5")}).Delete(&User{}).Error
		n := int64(0)
		if m.everyone().Model(&User{}).Count(&n); n < 2 {
			*into = append(*into, "777777")
		}
		return err
	}},
	{name: "children are saved", run: func(m *mixed, db *gorm.DB, _ *[]string) error {
		u := user(1, m.A, "user1")
		u.Orders = []Order{{ID: 2, Amount: 1}}
		return db.Session(&gorm.Session{FullSaveAssociations: true}).Save(u).Error
	}},
	{name: "children are replaced", run: func(m *mixed, db *gorm.DB, _ *[]string) error {
		return db.Model(user(1, m.A, "user1")).Association("Orders").Replace(&Order{ID: 2, Amount: 1})
	}},
	{name: "children are cleared", run: func(m *mixed, db *gorm.DB, _ *[]string) error {
		return db.Model(user(1, m.A, "user1")).Association("Orders").Unscoped().Clear()
	}},
	{name: "delete with children", run: func(m *mixed, db *gorm.DB, _ *[]string) error {
		return db.Select("Orders").Unscoped().Delete(user(1, m.A, "user1")).Error
	}},
	{name: "update through a view", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Table("listing").Where("1 = 1").Updates(map[string]any{"amount": 0}).Error
	}},
	{name: "raw update through a view", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Exec("UPDATE listing SET amount = 0").Error
	}},
	{name: "delete from another table", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Unscoped().Clauses(clause.From{Tables: []clause.Table{{Name: "orders"}}}).Where("1 = 1").Delete(&User{}).Error
	}},
	{name: "update of another table", run: func(_ *mixed, db *gorm.DB, _ *[]string) error {
		return db.Unscoped().Clauses(clause.Update{Table: clause.Table{Name: "orders"}}).Model(&User{}).Where("1 = 1").UpdateColumns(map[string]any{"amount": 0}).Error
	}},
	{name: "returning", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		var users []User
		err := db.Model(&users).Clauses(clause.Returning{Columns: []clause.Column{{Name: "(SELECT max(amount) FROM orders) AS age", Raw: true}}}).
			Where("id = 1").Update("name", "user1").Error
		for _, u := range users {
			*into = append(*into, fmt.Sprint(u.Age))
		}
		return err
	}},
	{name: "dry run", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		tx := db.Session(&gorm.Session{DryRun: true, Logger: logger.Discard}).Find(&[]Order{})
		if !strings.Contains(tx.Statement.SQL.String(), "tenant_id") {
			*into = append(*into, "777777")
		}
		return tx.Error
	}},
	{name: "ToSQL", run: func(m *mixed, db *gorm.DB, into *[]string) error {
		sql := db.ToSQL(func(tx *gorm.DB) *gorm.DB {
			return tx.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Find(&[]User{})
		})
		if !strings.Contains(sql, m.A.String()) {
			*into = append(*into, "777777")
		}
		return nil
	}},
	{name: "prepared in nested transactions", run: func(_ *mixed, db *gorm.DB, into *[]string) error {
		return db.Session(&gorm.Session{PrepareStmt: true}).Transaction(func(tx *gorm.DB) error {
			return tx.Transaction(func(tx *gorm.DB) error {
				return tx.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Pluck("o.amount", into).Error
			})
		})
	}},
}

func (m *mixed) schema() string {
	if m.db.Name() == "postgres" {
		return "public"
	}
	return "main"
}

// ageOf reads what a write has put into the users, and takes it out again.
func (m *mixed) ageOf(into *[]string, tx *gorm.DB) error {
	var ages []string
	m.everyone().Model(&User{}).Unscoped().Pluck("age", &ages)
	*into = append(*into, ages...)
	m.everyone().Model(&User{}).Where("1 = 1").Update("age", 0)
	return tx.Error
}

// What is enforced is, whatever reaches for it from a statement on what is not.
func TestModesKeepApart(t *testing.T) {
	t.Parallel()
	for name, config := range mixedModes() {
		for dialect, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
			t.Run(name+"/"+dialect, func(t *testing.T) {
				t.Parallel()
				m := newMixed(t, open(t), config)
				for _, a := range attacks {
					if a.only != "" && a.only != dialect {
						continue
					}
					var read []string
					assert.NotPanics(t, func() { _ = a.run(m, m.in(m.A), &read) }, a.name)
					if !assert.NotContains(t, strings.Join(read, " "), fmt.Sprint(secret), a.name) {
						t.Log(a.name, m.trace.take())
					}
					var left []Order
					require.NoError(t, m.everyone().Where("tenant_id = ?", m.B).Find(&left).Error)
					want := []Order{{ID: 2, UserID: 1, Amount: secret, TenantModel: tenancy.TenantModel{TenantID: m.B}}}
					if !assert.Equal(t, want, left, a.name) {
						m.bypassed(t, "UPDATE orders SET user_id = 1, amount = 777777 WHERE id = 2")
					}
				}
			})
		}
	}
}

// What is enforced is so by the plugin's own conditions, whatever its author's are.
func TestModesRelyOnNoAuthor(t *testing.T) {
	t.Parallel()
	for name, config := range mixedModes() {
		m := newMixed(t, openSQLite(t), config)
		sql := m.in(m.A).ToSQL(func(tx *gorm.DB) *gorm.DB {
			return tx.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id AND o.tenant_id = users.tenant_id").
				Where("users.tenant_id = ?", m.A).Find(&[]User{})
		})
		assert.Contains(t, sql, "ON o.`tenant_id` = `users`.`tenant_id` AND (", name)
		assert.Equal(t, 2, strings.Count(sql, m.A.String()), "%s: %s", name, sql)
	}
}

// What is put into an observed statement after it was begun is seen as well.
func TestModesSeeLateText(t *testing.T) {
	t.Parallel()
	observedBoth(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		for name, config := range mixedModes() {
			db := open(t)
			m := newMixed(t, db, config)
			query := m.db.Callback().Query()
			require.NoError(t, query.After("tenancy:begin").Before("tenancy:check").Register("test:late", func(db *gorm.DB) {
				switch how, _ := db.Get("late"); how {
				case "join":
					db.Statement.AddClause(clause.From{Joins: []clause.Join{{Expression: clause.Expr{SQL: "JOIN orders o ON true"}}}})
				case "table":
					db.Statement.Table = "orders"
				case "clause":
					db.Statement.BuildClauses = []string{"SELECT", "FROM", "TAIL"}
					db.Statement.Clauses["TAIL"] = clause.Clause{Expression: clause.Expr{SQL: "UNION ALL SELECT CAST(amount AS text) FROM orders"}}
				case "text":
					db.Statement.SQL.WriteString("SELECT amount FROM orders")
				}
			}))
			for _, how := range []string{"join", "table", "clause", "text"} {
				var read []map[string]any
				_ = m.in(m.A).Set("late", how).Table("users").Find(&read).Error
				assert.NotContains(t, fmt.Sprint(read), fmt.Sprint(secret), name+": "+how)
			}

			limit := db.ClauseBuilders["LIMIT"]
			db.ClauseBuilders["LIMIT"] = func(c clause.Clause, b clause.Builder) { limit(c, b) }
			var read []string
			_ = m.in(m.A).Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Limit(9).Pluck("o.amount", &read).Error
			assert.NotContains(t, read, fmt.Sprint(secret), name+": behind somebody's builder of a clause")
		}
	})
}

func observedBoth(t *testing.T, test func(t *testing.T, open func(testing.TB) *gorm.DB)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open) })
	}
}

// Where reads are observed, what is no read, or may be none, is enforced.
func TestObserveReadsOnly(t *testing.T) {
	t.Parallel()
	observedBoth(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		c := config()
		c.Mode = tenancy.ObserveReads
		w := newObserving(t, open(t), &c)
		require.NoError(t, w.in(w.A).Create(user(1, w.A, "ann")).Error)
		require.NoError(t, w.in(w.B).Create(user(2, w.B, "bob")).Error)
		db := w.in(w.A)
		var names []string
		require.NoError(t, db.Raw("SELECT replace(name, 'b', 'r') FROM users ORDER BY id").Scan(&names).Error)
		assert.Equal(t, []string{"ann", "ror"}, names)
		require.NoError(t, db.Table("users").Where("id IN (SELECT id FROM users)").Order("id").Pluck("name", &names).Error)
		assert.Equal(t, []string{"ann", "bob"}, names)

		for name, tx := range map[string]*gorm.DB{
			"a second statement":        db.Model(&User{}).Where("1 = 1; DELETE FROM users"),
			"a second statement behind": db.Model(&User{}).Order("id; DELETE FROM users"),
			"a clause": db.Model(&User{}).Scopes(func(db *gorm.DB) *gorm.DB {
				db.Statement.BuildClauses = []string{"HEAD", "SELECT", "FROM"}
				db.Statement.Clauses["HEAD"] = clause.Clause{Expression: clause.Expr{SQL: "WITH x AS (DELETE FROM users RETURNING id)"}}
				return db
			}),
			"a clause behind": db.Model(&User{}).Scopes(func(db *gorm.DB) *gorm.DB {
				db.Statement.BuildClauses = []string{"SELECT", "FROM", "TAIL"}
				db.Statement.Clauses["TAIL"] = clause.Clause{Expression: clause.Expr{SQL: "; DELETE FROM users"}}
				return db
			}),
			"text":     db.Raw("SELECT 1; DELETE FROM users"),
			"function": db.Raw("SELECT no_one_knows()"),
			"WITH":     db.Raw("WITH x AS (DELETE FROM users RETURNING id) SELECT id FROM x"),
			"INTO":     db.Model(&User{}).Select("* INTO stolen"),
		} {
			require.ErrorIs(t, tx.Scan(&[]map[string]any{}).Error, tenancy.ErrUnscopedSQL, name)
		}
		n := int64(0)
		require.NoError(t, db.Model(&User{}).Count(&n).Error)
		assert.EqualValues(t, 2, n)
		if w.db.Name() == "postgres" {
			require.NoError(t, db.Raw("SELECT id FROM users FOR UPDATE").Scan(&[]int{}).Error)
			require.NoError(t, db.Raw("SELECT id FROM users FOR NO KEY UPDATE").Scan(&[]int{}).Error)
		}
		trusted := w.db.WithContext(tenancy.Trust(tenancy.With(context.Background(), w.A), "the test has read it"))
		require.NoError(t, trusted.Exec("UPDATE users SET age = 9 WHERE id IN (?)", db.Model(&User{}).Select("id")).Error)
		require.NoError(t, db.Raw("SELECT name FROM users WHERE age = 9 AND id IN (?)", db.Model(&User{}).Select("id")).Scan(&names).Error)
		assert.Equal(t, []string{"ann"}, names, "a query among the values of a write")
		assert.NotEmpty(t, w.plugin.Findings().List)
	})
}

// Statements of several tenants at once, some of which fail or panic, keep to what
// they are.
func TestModesConcurrently(t *testing.T) {
	t.Parallel()
	for name, config := range mixedModes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMixed(t, openPostgres(t), config)
			require.NoError(t, m.db.Callback().Query().Before("gorm:query").Register("test:panic", func(db *gorm.DB) {
				if _, ok := db.Get("panic"); ok {
					panic("on purpose")
				}
			}))
			var group sync.WaitGroup
			for i := range 8 {
				tenant, own := m.A, []int{ownAmount}
				if i%2 == 1 {
					tenant, own = m.B, []int{} // its order says a user of another's
				}
				group.Go(func() {
					for range 10 {
						db := m.in(tenant)
						var amounts []int
						assert.NoError(t, db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Pluck("o.amount", &amounts).Error)
						assert.Equal(t, own, amounts)
						assert.NoError(t, db.Table("users").Order("id").Pluck("id", &amounts).Error)
						assert.Equal(t, []int{1, 2}, amounts, "observed")
						assert.ErrorIs(t, db.Model(&User{}).Pluck("(SELECT max(amount) FROM orders)", &amounts).Error, tenancy.ErrUnscopedSQL)
						assert.Panics(t, func() { db.Set("panic", true).Model(&User{}).Joins("JOIN orders o ON true").Find(&[]User{}) })
						assert.Error(t, db.Model(&User{}).Where("nothing = 1").Find(&[]User{}).Error)
					}
				})
			}
			group.Wait()
			found := m.plugin.Findings()
			assert.Zero(t, found.Dropped)
			assert.Less(t, len(found.List), 12, "one a place, and not one a statement")
		})
	}
}
