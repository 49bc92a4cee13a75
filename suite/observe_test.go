package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// trace keeps the SQL that is sent.
type trace struct {
	logger.Interface
	mu  sync.Mutex
	sql []string
}

func (l *trace) Trace(_ context.Context, _ time.Time, fc func() (string, int64), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sql, rows := fc()
	l.sql = append(l.sql, fmt.Sprint(sql, " -- ", rows, " ", err))
}

func (l *trace) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	sql := l.sql
	l.sql = nil
	return sql
}

// observing is a database whose statements are traced, with the plugin in place
// or without.
type observing struct {
	db     *gorm.DB
	plugin *tenancy.Plugin
	trace  *trace
	A, B   uuid.UUID
}

var (
	observedA = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001")
	observedB = uuid.MustParse("bbbbbbbb-0000-4000-8000-000000000002")
)

func newObserving(t *testing.T, db *gorm.DB, config *tenancy.Config) *observing {
	t.Helper()
	w := &observing{trace: &trace{Interface: logger.Discard}, A: observedA, B: observedB}
	if config != nil {
		if config.OnFinding == nil {
			config.OnFinding = func(context.Context, tenancy.Finding) {}
		}
		w.plugin = tenancy.New(*config)
		require.NoError(t, db.Use(w.plugin))
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w.db = db.Session(&gorm.Session{Logger: w.trace, NowFunc: func() time.Time { return now }})
	require.NoError(t, db.AutoMigrate(models...))
	w.trace.take()
	return w
}

func observe() *tenancy.Config {
	c := config()
	c.Mode = tenancy.Observe
	return &c
}

func (w *observing) in(tenant uuid.UUID) *gorm.DB {
	return w.db.WithContext(tenancy.With(context.Background(), tenant))
}

// observedStep is a statement and what is found; found is empty if it is
// scoped already.
type observedStep struct {
	name  string
	run   func(w *observing, db *gorm.DB) error
	found []string
	alone bool // it is sent only where nothing is enforced
}

func user(id uint, tenant uuid.UUID, name string) *User {
	u := &User{Name: name}
	u.ID, u.TenantID = id, tenant
	return u
}

var observedSteps = []observedStep{
	{"create with its tenant", func(w *observing, db *gorm.DB) error {
		return db.Create(user(1, w.A, "ann")).Error
	}, nil, false},
	{"create without", func(_ *observing, db *gorm.DB) error {
		return db.Create(user(2, uuid.Nil, "bob")).Error
	}, []string{"create on users: fills in the tenant"}, false},
	{"create of another's", func(w *observing, db *gorm.DB) error {
		return db.Create(user(3, w.B, "cid")).Error
	}, []string{"create on users: would be refused: tenancy: tenant does not match the scope"}, false},
	{"create with children", func(w *observing, db *gorm.DB) error {
		u := user(4, w.A, "dan")
		u.Orders = []Order{{ID: 1, Amount: 5, TenantModel: tenancy.TenantModel{TenantID: w.A}}, {ID: 2, Amount: 7}}
		u.Tags = []Tag{{ID: 1, Name: "x", TenantModel: tenancy.TenantModel{TenantID: w.A}}}
		return db.Create(u).Error
	}, []string{
		"create on orders: adds the tenant's condition for orders; fills in the tenant",
		"create on user_tags: fills in the tenant",
	}, false},
	{"create of a map", func(w *observing, db *gorm.DB) error {
		return db.Model(&Tag{}).Create(map[string]any{"id": 2, "name": "y", "tenant_id": w.A}).Error
	}, nil, false},
	{"create of maps without", func(w *observing, db *gorm.DB) error {
		return db.Model(&Order{}).Create([]map[string]any{{"id": 11, "amount": 1, "tenant_id": w.B}, {"id": 12, "amount": 1, "tenant_id": w.A}}).Error
	}, []string{"create on orders: would be refused: tenancy: tenant does not match the scope"}, false},
	{"upsert", func(w *observing, db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Tag{TenantModel: tenancy.TenantModel{TenantID: w.A}, ID: 1, Name: "z"}).Error
	}, []string{"create on tags: adds the tenant's condition for tags; leaves the tenant column out of SET"}, false},
	{"find all", func(_ *observing, db *gorm.DB) error {
		return db.Find(&[]User{}).Error
	}, []string{"query on users: adds the tenant's condition for users"}, false},
	{"find with the tenant", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.A).Find(&[]User{}).Error
	}, nil, false},
	{"find with the tenant and more", func(w *observing, db *gorm.DB) error {
		return db.Where("name LIKE ? AND users.tenant_id = ?", "%n%", w.A).Where("age >= ?", 0).Order("id").Limit(3).Find(&[]User{}).Error
	}, nil, false},
	{"find with the tenant by map", func(w *observing, db *gorm.DB) error {
		return db.Where(map[string]any{"tenant_id": w.A}).First(&User{}).Error
	}, nil, false},
	{"find with the tenant by struct, as text", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.A.String()).Take(&User{}).Error
	}, nil, false},
	{"find with another's", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.B).Find(&[]User{}).Error
	}, []string{"query on users: adds the tenant's condition for users"}, false},
	{"find with the tenant or else", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.A).Or("name = ?", "cid").Find(&[]User{}).Error
	}, []string{"query on users: adds the tenant's condition for users"}, false},
	{"join that says it", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id AND o.tenant_id = users.tenant_id").
			Where("users.tenant_id = ?", w.A).Count(new(int64)).Error
	}, nil, false},
	{"join that says the value", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("LEFT JOIN orders o ON o.user_id = users.id AND o.tenant_id = ?", w.A).
			Where("users.tenant_id = ?", w.A).Count(new(int64)).Error
	}, nil, false},
	{"join that does not", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").
			Where("users.tenant_id = ?", w.A).Count(new(int64)).Error
	}, []string{"query on users: adds the tenant's condition for orders"}, false},
	{"join that says nothing", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id AND o.tenant_id = o.tenant_id").
			Where("users.tenant_id = ?", w.A).Count(new(int64)).Error
	}, []string{"query on users: adds the tenant's condition for orders"}, false},
	{"join that the condition says", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").
			Where("users.tenant_id = ? AND o.tenant_id = ?", w.A, w.A).Count(new(int64)).Error
	}, nil, false},
	{"left join that the condition says", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Joins("LEFT JOIN orders o ON o.user_id = users.id").
			Where("users.tenant_id = ? AND o.tenant_id = ?", w.A, w.A).Count(new(int64)).Error
	}, nil, false},
	{"list that says both", func(w *observing, db *gorm.DB) error {
		return db.Table("users u, orders o").Where("o.user_id = u.id AND u.tenant_id = ? AND o.tenant_id = u.tenant_id", w.A).Count(new(int64)).Error
	}, nil, false},
	{"between dates, and the tenant", func(w *observing, db *gorm.DB) error {
		return db.Where("age BETWEEN ? AND ? AND tenant_id = ?", 1, 9, w.A).Find(&[]User{}).Error
	}, nil, false},
	{"between the tenant", func(w *observing, db *gorm.DB) error {
		return db.Where("1 BETWEEN 0 AND tenant_id = ?", w.A).Find(&[]Note{}).Error
	}, []string{"query on notes: adds the tenant's condition for notes"}, false},
	{"with a function", func(_ *observing, db *gorm.DB) error {
		_ = db.Model(&Tag{}).Select("unheard_of(name)").Find(&[]string{}).Error
		return nil
	}, []string{"query on tags: would be refused: tenancy: SQL text cannot be scoped"}, true},
	{"a column of a table's name", func(w *observing, db *gorm.DB) error {
		return db.Table("(?) AS x", db.Model(&Tag{}).Select("id AS docs").Where("tenant_id = ?", w.A)).Select("docs, x.docs").Order("docs").Scan(&[]map[string]any{}).Error
	}, nil, false},
	{"a clause that nobody knows", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.A).Scopes(func(db *gorm.DB) *gorm.DB {
			db.Statement.BuildClauses = []string{"SELECT", "FROM", "WHERE", "TAIL"}
			db.Statement.Clauses["TAIL"] = clause.Clause{Expression: clause.Expr{SQL: "LIMIT 9"}}
			return db
		}).Find(&[]Profile{}).Error
	}, []string{"query on profiles: would be refused: tenancy: SQL text cannot be scoped"}, true},
	{"relation join", func(w *observing, db *gorm.DB) error {
		return db.Joins("Company").Where("users.tenant_id = ?", w.A).Find(&[]User{}).Error
	}, []string{"query on users: adds the tenant's condition for companies"}, false},
	{"preload", func(w *observing, db *gorm.DB) error {
		return db.Preload("Orders", "tenant_id = ?", w.A).Preload("Tags").Where("tenant_id = ?", w.A).Find(&[]User{}).Error
	}, []string{
		"query on tags: adds the tenant's condition for tags",
		"query on user_tags: adds the tenant's condition for user_tags",
	}, false},
	{"subquery", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ? AND id IN (?)", w.A, db.Model(&Order{}).Select("user_id")).Find(&[]User{}).Error
	}, []string{"query on users: adds the tenant's condition for orders"}, false},
	{"subquery that says it", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ? AND id IN (?)", w.A, db.Model(&Order{}).Select("user_id").Where("tenant_id = ?", w.A)).Find(&[]User{}).Error
	}, nil, false},
	{"text query", func(_ *observing, db *gorm.DB) error {
		return db.Where("id IN (SELECT user_id FROM orders)").Find(&[]User{}).Error
	}, []string{"query on users: would be refused: tenancy: SQL text cannot be scoped"}, false},
	{"text query in a subquery", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ? AND id IN (?)", w.A, db.Model(&Order{}).Select("user_id").Where("id IN (SELECT id FROM users)")).Find(&[]User{}).Error
	}, []string{"query on orders: would be refused: tenancy: SQL text cannot be scoped"}, false},
	{"subquery of another tenant", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ? AND id IN (?)", w.A, w.in(w.B).Model(&Order{}).Select("user_id")).Find(&[]User{}).Error
	}, []string{"query on users: would be refused: tenancy: tenant does not match the scope"}, false},
	{"raw", func(_ *observing, db *gorm.DB) error {
		return db.Raw("SELECT count(*) FROM orders").Scan(new(int64)).Error
	}, []string{"row: would be refused: tenancy: SQL text cannot be scoped"}, false},
	{"exec", func(_ *observing, db *gorm.DB) error {
		return db.Exec("UPDATE orders SET amount = amount").Error
	}, []string{"raw: would be refused: tenancy: SQL text cannot be scoped"}, false},
	{"row", func(w *observing, db *gorm.DB) error {
		return db.Model(&Order{}).Select("count(*)").Row().Scan(new(int64))
	}, []string{"row on orders: adds the tenant's condition for orders"}, false},
	{"update", func(_ *observing, db *gorm.DB) error {
		return db.Model(&User{}).Where("name = ?", "bob").Update("age", 3).Error
	}, []string{"update on users: adds the tenant's condition for users"}, false},
	{"update that says it", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Where("name = ? AND tenant_id = ?", "bob", w.A).Update("age", 3).Error
	}, nil, false},
	{"update of the tenant", func(w *observing, db *gorm.DB) error {
		return db.Model(&User{}).Where("name = ? AND tenant_id = ?", "bob", w.A).Update("tenant_id", w.B).Error
	}, []string{"update on users: would be refused: tenancy: a row's tenant cannot be changed"}, false},
	{"save", func(w *observing, db *gorm.DB) error {
		return db.Save(user(1, w.A, "anna")).Error
	}, []string{"update on users: adds the tenant's condition for users; leaves the tenant column out of SET"}, false},
	{"soft delete", func(_ *observing, db *gorm.DB) error {
		return db.Delete(&User{}, 2).Error
	}, []string{"delete on users: adds the tenant's condition for users"}, false},
	{"delete that says it", func(w *observing, db *gorm.DB) error {
		return db.Where("tenant_id = ?", w.A).Delete(&Order{}, 2).Error
	}, nil, false},
	{"delete of all", func(_ *observing, db *gorm.DB) error {
		err := db.Delete(&Order{}).Error
		if errors.Is(err, gorm.ErrMissingWhereClause) {
			return nil
		}
		return fmt.Errorf("not %w: %w", gorm.ErrMissingWhereClause, err)
	}, []string{"delete on orders: adds the tenant's condition for orders"}, false},
	{"association mode", func(w *observing, db *gorm.DB) error {
		return db.Model(user(4, w.A, "")).Association("Tags").Find(&[]Tag{})
	}, []string{"query on tags: adds the tenant's condition for user_tags, tags"}, false},
	{"undeclared", func(_ *observing, db *gorm.DB) error {
		_ = db.Find(&[]Secret{}).Error // there is no such table
		return nil
	}, []string{"query on secrets: would be refused: tenancy: table is not declared"}, false},
	{"shared", func(_ *observing, db *gorm.DB) error {
		return db.Find(&[]Country{}).Error
	}, nil, false},
	{"shared written", func(_ *observing, db *gorm.DB) error {
		return db.Create(&Country{Code: "fr"}).Error
	}, []string{"create on countries: would be refused: tenancy: shared table is read-only"}, false},
	{"shared parent", func(w *observing, db *gorm.DB) error {
		u := user(6, w.A, "fay")
		u.Country = &Country{Code: "it"}
		return db.Create(u).Error
	}, []string{"create on countries: leaves the shared row as it is"}, false},
	{"bypass", func(w *observing, _ *gorm.DB) error {
		return w.db.WithContext(tenancy.Bypass(context.Background(), "a report")).Find(&[]User{}).Error
	}, nil, false},
	{"no tenant", func(w *observing, _ *gorm.DB) error {
		return w.db.Find(&[]User{}).Error
	}, []string{"query on users: would be refused: tenancy: no tenant in the context (query on users): use db.WithContext"}, false},
	{"no tenant, scoped by hand", func(w *observing, _ *gorm.DB) error {
		return w.db.Where("tenant_id = ?", w.A).Find(&[]User{}).Error
	}, []string{lacking("query on users", "")}, false},
	{"no tenant, and a join", func(w *observing, _ *gorm.DB) error {
		return w.db.Joins("JOIN orders ON orders.user_id = users.id").Find(&[]User{}).Error
	}, []string{lacking("query on users", "adds the tenant's condition for orders, users")}, false},
	{"no tenant, and a subquery", func(w *observing, _ *gorm.DB) error {
		return w.db.Where("id IN (?)", w.db.Model(&Order{}).Select("user_id")).Find(&[]User{}).Error
	}, []string{lacking("query on users", "adds the tenant's condition for users, orders")}, false},
	{"no tenant, and text that is refused", func(w *observing, _ *gorm.DB) error {
		return w.db.Where("id IN (SELECT user_id FROM orders)").Find(&[]User{}).Error
	}, []string{lacking("query on users", "would be refused: tenancy: SQL text cannot be scoped (query on users): it holds a query of its own")}, false},
	{"no tenant, and raw SQL", func(w *observing, _ *gorm.DB) error {
		return w.db.Raw("SELECT * FROM users").Scan(&[]User{}).Error
	}, []string{lacking("row", "would be refused: tenancy: SQL text cannot be scoped (row): raw SQL needs Config.RawSQL")}, false},
	{"no tenant, and a value of one", func(w *observing, _ *gorm.DB) error {
		return w.db.Create(user(71, w.B, "gus")).Error
	}, []string{lacking("create on users", "")}, false},
	{"no tenant, and a value of none", func(w *observing, _ *gorm.DB) error {
		u := user(72, w.B, "hal")
		u.TenantID = uuid.Nil
		return w.db.Create(u).Error
	}, []string{lacking("create on users", "fills in the tenant")}, false},
	{"no tenant, and values of two", func(w *observing, _ *gorm.DB) error {
		return w.db.Create([]*User{user(73, w.A, "ida"), user(74, w.B, "joe")}).Error
	}, []string{lacking("create on users", "would be refused: tenancy: tenant does not match the scope (create on users)")}, false},
	{"no tenant, and an update", func(w *observing, _ *gorm.DB) error {
		return w.db.Model(user(4, w.A, "")).Update("name", "kim").Error
	}, []string{lacking("update on users", "adds the tenant's condition for users")}, false},
	{"transaction and batches", func(w *observing, db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error {
			var users []User
			return tx.Where("tenant_id = ?", w.A).FindInBatches(&users, 1, func(tx *gorm.DB, _ int) error { return nil }).Error
		})
	}, nil, false},
}

// observing configurations: all of it, and beside a table that is enforced, which
// these statements do not touch.
func observingConfigs() map[string]func() *tenancy.Config {
	return map[string]func() *tenancy.Config{
		"Observe": observe,
		"Observe but docs": func() *tenancy.Config {
			c := observe()
			c.Modes = []tenancy.TableMode{{Table: &Doc{}, Mode: tenancy.Enforce}, {Table: "secrets", Mode: tenancy.Observe}}
			return c
		},
		"Enforce but these": func() *tenancy.Config {
			c := config()
			for _, model := range models {
				if _, ok := model.(*Doc); !ok {
					c.Modes = append(c.Modes, tenancy.TableMode{Table: model, Mode: tenancy.Observe})
				}
			}
			c.Modes = append(c.Modes, tenancy.TableMode{Table: "user_tags", Mode: tenancy.Observe}, tenancy.TableMode{Table: "secrets", Mode: tenancy.Observe})
			return &c
		},
	}
}

// Everything is sent as without the plugin, and each finding is what it should be.
func TestObserveChangesNothing(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		for which, configure := range observingConfigs() {
			t.Run(which+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := configure()
				c.OnRefusal = func(_ context.Context, r tenancy.Refusal) { t.Errorf("refused: %v", r.Err) }
				plain, observed := newObserving(t, open(t), nil), newObserving(t, open(t), c)
				for _, step := range observedSteps {
					if step.alone && which != "Observe" {
						continue
					}
					before := observed.plugin.Findings().List
					wantErr := step.run(plain, plain.in(plain.A))
					err := step.run(observed, observed.in(observed.A))
					assert.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err), step.name)
					assert.Equal(t, plain.trace.take(), observed.trace.take(), step.name)
					assertFindings(t, step, before, observed.plugin.Findings().List)
				}
			})
		}
	}
}

// lacking is the finding of a statement without a tenant, of which more is to be
// said, or nothing.
func lacking(of, more string) string {
	text := of + ": would be refused: tenancy: no tenant in the context (" + of +
		"): use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context"
	if more == "" {
		return text + "$"
	}
	return text + "; of a tenant, " + more
}

func assertFindings(t *testing.T, step observedStep, before, after []tenancy.Finding) {
	t.Helper()
	known := map[string]bool{}
	for _, f := range before {
		known[f.String()] = true
	}
	var found []string
	for _, f := range after {
		if known[f.String()] {
			continue
		}
		assert.Contains(t, f.Source, "observe_test.go:", step.name)
		assert.Equal(t, f.Err != nil, strings.HasPrefix(f.Reason, "would be refused"), step.name)
		found = append(found, strings.TrimPrefix(f.String(), f.Source+": "))
	}
	if !assert.Len(t, found, len(step.found), "%s: %q", step.name, found) {
		return
	}
	for i := range found {
		assert.True(t, strings.HasPrefix(found[i]+"$", step.found[i]), "%s: %q", step.name, found[i])
	}
}

func TestObserveModes(t *testing.T) {
	t.Parallel()
	both := func(t *testing.T, test func(t *testing.T, open func(testing.TB) *gorm.DB)) {
		for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open) })
		}
	}
	both(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		c := config()
		c.Mode = tenancy.ObserveReads
		w := newObserving(t, open(t), &c)
		u := user(1, uuid.Nil, "ann")
		require.NoError(t, w.in(w.A).Create(u).Error)
		assert.Equal(t, w.A, u.TenantID, "writes are enforced")
		require.ErrorIs(t, w.in(w.A).Create(user(2, w.B, "bob")).Error, tenancy.ErrTenantMismatch)
		require.NoError(t, w.in(w.B).Model(&User{}).Where("1 = 1").Update("age", 9).Error)
		var users []User
		require.NoError(t, w.in(w.B).Find(&users).Error)
		require.Len(t, users, 1, "reads are not")
		assert.Zero(t, users[0].Age)
		require.ErrorIs(t, w.in(w.A).Exec("DELETE FROM users").Error, tenancy.ErrUnscopedSQL)
		require.ErrorIs(t, w.in(w.A).Raw("DELETE FROM users RETURNING id").Scan(&[]int{}).Error, tenancy.ErrUnscopedSQL)
		require.ErrorIs(t, w.in(w.A).Raw("WITH x AS (DELETE FROM users RETURNING id) SELECT id FROM x").Scan(&[]int{}).Error, tenancy.ErrUnscopedSQL)
		require.NoError(t, w.in(w.A).Raw("SELECT count(*) FROM users").Scan(new(int)).Error)
		assert.Len(t, w.plugin.Findings().List, 2)
	})
	both(t, func(t *testing.T, open func(testing.TB) *gorm.DB) {
		c := observe()
		c.Modes = []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}, {Table: "tags", Mode: tenancy.ObserveReads}}
		w := newObserving(t, open(t), c)
		require.NoError(t, w.in(w.A).Create(user(1, w.A, "ann")).Error)
		for i, tenant := range []uuid.UUID{w.A, w.B} {
			require.NoError(t, w.in(tenant).Create(&Order{ID: uint(i + 1), UserID: 1, Amount: i}).Error)
		}
		var orders []Order
		require.NoError(t, w.in(w.A).Find(&orders).Error)
		require.Len(t, orders, 1, "enforced")
		var users []User
		require.NoError(t, w.in(w.B).Find(&users).Error)
		require.Len(t, users, 1, "observed")
		n := int64(0)
		require.NoError(t, w.in(w.A).Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id").Count(&n).Error)
		assert.EqualValues(t, 1, n, "an observed table with an enforced one")
		require.NoError(t, w.in(w.A).Model(&User{}).Where("id IN (?)", w.in(w.A).Model(&Order{}).Select("user_id").Where("amount = 1")).Count(&n).Error)
		assert.Zero(t, n, "an enforced one in a subquery")
		users = nil
		require.NoError(t, w.in(w.A).Where("id IN (?)", w.db.Model(&Order{}).Select("user_id").Where("amount = 1")).Find(&users).Error)
		assert.Empty(t, users, "an enforced one in a subquery that has its scope from the statement")
		require.NoError(t, w.in(w.A).Table("orders AS o").Count(&n).Error)
		assert.EqualValues(t, 1, n, "an enforced one under an alias")
		require.ErrorIs(t, w.in(w.A).Raw(`SELECT count(*) FROM "orders"`).Scan(&n).Error, tenancy.ErrUnscopedSQL)
		require.NoError(t, w.in(w.A).Raw(`SELECT count(*) FROM users`).Scan(&n).Error)
		require.ErrorIs(t, w.in(w.A).Where("id IN (SELECT user_id FROM orders)").Find(&users).Error, tenancy.ErrUnscopedSQL,
			"an enforced one in text")
		require.ErrorIs(t, w.in(w.A).Create(&Tag{ID: 1, TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error, tenancy.ErrTenantMismatch)
	})
}

// Preloads from an observed table into an enforced one meet the row's own tenant
// alone, whatever the scope spans.
func TestObservePreloadsEnforced(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := observe()
			c.Modes = []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}, {Table: &Profile{}, Mode: tenancy.ObserveReads}}
			w := newObserving(t, open(t), c)
			third := uuid.MustParse("00000000-0000-4000-8000-00000000000c")
			for i, tenant := range []uuid.UUID{w.A, w.B, third} {
				id := uint(i + 1)
				require.NoError(t, w.in(tenant).Create(user(id, tenant, "ann")).Error)
				require.NoError(t, w.in(tenant).Create(&Profile{ID: id, UserID: 1}).Error)
				for user := uint(1); user <= 3; user++ { // whose rows other tenants' users have
					require.NoError(t, w.in(tenant).Create(&Order{ID: 10*id + user, UserID: user}).Error)
				}
			}
			for reason, span := range map[string]struct {
				ctx    context.Context
				orders map[uint][]uint // of the users
			}{
				"a set":    {tenancy.WithSet(t.Context(), w.A, w.B), map[uint][]uint{1: {11}, 2: {22}, 3: {}}},
				"a bypass": {tenancy.Bypass(t.Context(), "a report"), map[uint][]uint{1: {11}, 2: {22}, 3: {33}}},
				"one":      {tenancy.With(t.Context(), w.A), map[uint][]uint{1: {11}, 2: {12}, 3: {13}}},
			} {
				for _, path := range []string{"Orders", clause.Associations} {
					var users []User
					w.trace.take()
					require.NoError(t, w.db.WithContext(span.ctx).Preload(path).Preload("Profile").Order("id").Find(&users).Error, reason)
					require.Len(t, users, 3, reason)
					for _, u := range users {
						ids := []uint{}
						for _, o := range u.Orders {
							ids = append(ids, o.ID)
						}
						assert.ElementsMatch(t, span.orders[u.ID], ids, "%s, user %d, %s", reason, u.ID, path)
					}
					if path == "Orders" {
						assert.NotNil(t, users[0].Profile, "an observed relation is as without the plugin")
					}
				}
				var users []User
				err := w.db.WithContext(span.ctx).Select("id").Preload("Orders").Find(&users).Error
				if reason == "one" {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tenancy.ErrTenantMismatch, reason)
				}
				require.NoError(t, w.db.WithContext(span.ctx).Select("id").Preload("Profile").Find(&users).Error, reason)
			}
			require.ErrorIs(t, w.db.Preload("Orders").Find(&[]User{}).Error, tenancy.ErrNoTenant)
		})
	}
}

// What lacks a tenant is rehearsed as some tenant's, and never sent as that.
func TestObserveSendsNothingOfNoTenant(t *testing.T) {
	t.Parallel()
	c := observe()
	c.Modes = []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}}
	w := newObserving(t, openSQLite(t), c)
	require.NoError(t, w.in(w.A).Create(user(1, w.A, "ann")).Error)
	require.NoError(t, w.in(w.A).Create(&Order{ID: 1, UserID: 1}).Error)
	for name, send := range map[string]func(db *gorm.DB) error{
		"read": func(db *gorm.DB) error {
			return db.Joins("JOIN orders o ON o.user_id = users.id").Find(&[]User{}).Error
		},
		"update": func(db *gorm.DB) error {
			return db.Model(&User{}).Where("id IN (?)", w.db.Model(&Order{}).Select("user_id")).Update("age", 7).Error
		},
		"value": func(db *gorm.DB) error {
			return db.Model(user(1, w.A, "ann")).Where("id IN (?)", w.db.Model(&Order{}).Select("user_id")).Update("age", 7).Error
		},
		"delete": func(db *gorm.DB) error {
			return db.Unscoped().Where("id IN (?)", w.db.Model(&Order{}).Select("user_id")).Delete(&User{}).Error
		},
		"create": func(db *gorm.DB) error {
			return db.Model(&User{}).Create(map[string]any{"id": 9, "tenant_id": w.A, "age": w.db.Model(&Order{}).Select("count(*)")}).Error
		},
	} {
		w.trace.take()
		require.ErrorIs(t, send(w.db), tenancy.ErrNoTenant, name)
		for _, line := range w.trace.take() {
			assert.NotContains(t, line, "some tenant", name)
		}
	}
	var users []User
	require.NoError(t, w.in(w.A).Find(&users).Error)
	require.Len(t, users, 1)
	assert.Zero(t, users[0].Age)
}

// An enforced table is, whatever names it in an observed one's statement.
func TestObserveBesideEnforced(t *testing.T) {
	t.Parallel()
	c := observe()
	c.Modes = []tenancy.TableMode{{Table: "main.orders", Mode: tenancy.Enforce}}
	w := newObserving(t, openSQLite(t), c)
	require.NoError(t, w.in(w.A).Create(user(1, w.A, "ann")).Error)
	require.NoError(t, w.in(w.B).Create(&Order{ID: 1, UserID: 1, TenantModel: tenancy.TenantModel{TenantID: w.B}}).Error)
	n := int64(0)
	require.ErrorIs(t, w.in(w.A).Raw("SELECT count(*) FROM orders").Scan(&n).Error, tenancy.ErrUnscopedSQL, "without its schema")
	joined := func() *gorm.DB { return w.in(w.A).Model(&User{}).Joins("JOIN orders o ON o.user_id = users.id") }
	require.NoError(t, joined().Count(&n).Error)
	assert.Zero(t, n)

	tail := joined().Scopes(func(db *gorm.DB) *gorm.DB {
		db.Statement.BuildClauses = []string{"SELECT", "FROM", "WHERE", "TAIL"}
		db.Statement.Clauses["TAIL"] = clause.Clause{Expression: clause.Expr{SQL: "LIMIT 9"}}
		return db
	})
	require.ErrorIs(t, tail.Find(&[]User{}).Error, tenancy.ErrUnscopedSQL, "behind a clause that is not known")

	require.NoError(t, w.db.Callback().Query().After("tenancy:begin").Before("tenancy:check").Register("test:write", func(db *gorm.DB) {
		if _, ok := db.Get("write"); ok {
			db.Statement.SQL.WriteString("SELECT count(*) FROM orders")
		}
	}))
	require.ErrorIs(t, w.in(w.A).Set("write", true).Model(&User{}).Find(&[]User{}).Error, tenancy.ErrUnscopedSQL, "text of a callback's")
}

// Rows of an observed table may have no tenant, so that its keys cannot have one.
func TestObserveKeepsKeys(t *testing.T) {
	t.Parallel()
	c := config()
	c.Modes = []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Observe}, {Table: "user_tags", Mode: tenancy.Observe}, {Table: "memos", Mode: tenancy.Observe}}
	w := newObserving(t, openPostgres(t), &c)
	var keys []string
	require.NoError(t, w.db.WithContext(tenancy.Bypass(context.Background(), "the catalogue")).Raw(
		`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid IN ('users'::regclass, 'orders'::regclass, 'user_tags'::regclass) ORDER BY 1`,
	).Scan(&keys).Error)
	assert.Equal(t, []string{"PRIMARY KEY (id)", "PRIMARY KEY (tenant_id, id)", "PRIMARY KEY (user_id, tag_id)"}, keys)
	require.NoError(t, w.in(w.A).Create(&Order{ID: 1}).Error, "without a tenant")
	type memo struct {
		ID       uint
		TenantID *uuid.UUID `gorm:"type:uuid"`
	}
	require.NoError(t, w.db.AutoMigrate(&memo{}))
	require.NoError(t, w.in(w.A).Create(&memo{}).Error, "NULL for a tenant")
	u := user(1, w.A, "ann")
	u.Tags = []Tag{{ID: 1}}
	require.NoError(t, w.in(w.A).Create(u).Error)
	assert.Equal(t, w.A, u.Tags[0].TenantID)
}

func TestFindings(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	c := observe()
	log := slog.New(slog.NewTextHandler(&logged, nil))
	c.OnFinding = func(ctx context.Context, f tenancy.Finding) { log.WarnContext(ctx, f.Reason, "source", f.Source) }
	w := newObserving(t, openSQLite(t), c)
	require.NoError(t, w.plugin.Findings().Err())
	for range 5 {
		require.NoError(t, w.in(w.A).Find(&[]User{}).Error)
	}
	found := w.plugin.Findings()
	require.Len(t, found.List, 1)
	assert.EqualValues(t, 5, found.List[0].Count)
	assert.Equal(t, 1, strings.Count(logged.String(), "\n"), "told once")
	require.ErrorContains(t, found.Err(), "query on users: adds the tenant's condition for users (5 times)")
	require.Error(t, found.OfTables("orders", "users").Err())
	require.NoError(t, found.OfTables("orders").Err())
	require.Len(t, found.List, 1, "what On was asked of stays whole")

	for i := range tenancy.MaxFindings + 9 { // as many tables, at one place
		require.Error(t, w.in(w.A).Table(fmt.Sprint("nowhere_", i)).Find(&[]map[string]any{}).Error)
	}
	found = w.plugin.Findings()
	assert.Len(t, found.List, tenancy.MaxFindings)
	assert.EqualValues(t, 10, found.Dropped)
	require.ErrorContains(t, found.Err(), "and 10 more")
}

// A clause that another plugin writes takes no finding away.
func TestFindingsBehindAnotherBuilder(t *testing.T) {
	t.Parallel()
	w := newObserving(t, openSQLite(t), observe())
	w.db.ClauseBuilders["LIMIT"] = func(c clause.Clause, b clause.Builder) { c.Build(b) }
	require.NoError(t, w.in(w.A).Limit(9).Find(&[]User{}).Error)
	require.ErrorContains(t, w.plugin.Findings().Err(), "adds the tenant's condition for users")
}

func TestModeConfiguration(t *testing.T) {
	t.Parallel()
	for _, modes := range [][]tenancy.TableMode{
		{{Table: "orders", Mode: 9}},
		{{Table: "", Mode: tenancy.Observe}},
		{{Table: 7, Mode: tenancy.Observe}},
		{{Table: "orders", Mode: tenancy.Observe}, {Table: &Order{}, Mode: tenancy.Enforce}},
	} {
		c := config()
		c.Modes = modes
		require.ErrorContains(t, openSQLite(t).Use(tenancy.New(c)), "Config.Modes")
	}
	mistyped := observe()
	mistyped.Modes = []tenancy.TableMode{{Table: "order", Mode: tenancy.Enforce}}
	require.ErrorContains(t, openSQLite(t).Use(tenancy.New(*mistyped)), "no known model has the table")
	c := config()
	c.Mode = 9
	require.ErrorContains(t, openSQLite(t).Use(tenancy.New(c)), "Config.Mode is Mode(9)")
}
