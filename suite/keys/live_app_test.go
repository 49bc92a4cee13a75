package keys_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// A version of the application is its statements. Those of the first know no
// tenants; the second writes them; the third asks by them, too.
type version struct {
	insertUser, upsertUser, insertOrder, upsertOrder       string
	renameUser, changeOrder, deleteOrder, deleteUser, join string
}

var (
	firstVersion = version{
		insertUser:  `INSERT INTO live.users (team_id, email, name) VALUES (:team, :email, :name) RETURNING id`,
		upsertUser:  `INSERT INTO live.users (team_id, email, name) VALUES (:team, :email, :name) ON CONFLICT (email) DO UPDATE SET name = excluded.name`,
		insertOrder: `INSERT INTO live.orders (user_id, amount) VALUES (:user, :amount) RETURNING id`,
		upsertOrder: `INSERT INTO live.orders (id, user_id, amount) VALUES (:order, :user, :amount) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount`,
		renameUser:  `UPDATE live.users SET name = :name WHERE id = :user`,
		changeOrder: `UPDATE live.orders SET amount = :amount WHERE id = :order`,
		deleteOrder: `DELETE FROM live.orders WHERE id = :order`,
		deleteUser:  `DELETE FROM live.users WHERE id = :user`,
		join:        `SELECT count(*) FROM live.users AS u JOIN live.orders AS o ON o.user_id = u.id WHERE u.id = :user`,
	}
	secondVersion = version{
		insertUser: `INSERT INTO live.users (tenant_id, team_id, email, name) VALUES (:tenant, :team, :email, :name) RETURNING id`,
		upsertUser: `INSERT INTO live.users (tenant_id, team_id, email, name) VALUES (:tenant, :team, :email, :name)
			ON CONFLICT (email) DO UPDATE SET name = excluded.name`,
		insertOrder: `INSERT INTO live.orders (tenant_id, user_id, amount) VALUES (:tenant, :user, :amount) RETURNING id`,
		upsertOrder: `INSERT INTO live.orders (tenant_id, id, user_id, amount) VALUES (:tenant, :order, :user, :amount)
			ON CONFLICT (id) DO UPDATE SET amount = excluded.amount`,
		renameUser: firstVersion.renameUser, changeOrder: firstVersion.changeOrder, deleteOrder: firstVersion.deleteOrder,
		deleteUser: firstVersion.deleteUser, join: firstVersion.join,
	}
	thirdVersion = version{
		insertUser: secondVersion.insertUser, insertOrder: secondVersion.insertOrder,
		upsertUser: `INSERT INTO live.users (tenant_id, team_id, email, name) VALUES (:tenant, :team, :email, :name)
			ON CONFLICT (tenant_id, email) DO UPDATE SET name = excluded.name`,
		upsertOrder: `INSERT INTO live.orders (tenant_id, id, user_id, amount) VALUES (:tenant, :order, :user, :amount)
			ON CONFLICT (tenant_id, id) DO UPDATE SET amount = excluded.amount`,
		renameUser:  `UPDATE live.users SET name = :name WHERE tenant_id = :tenant AND id = :user`,
		changeOrder: `UPDATE live.orders SET amount = :amount WHERE tenant_id = :tenant AND id = :order`,
		deleteOrder: `DELETE FROM live.orders WHERE tenant_id = :tenant AND id = :order`,
		deleteUser:  `DELETE FROM live.users WHERE tenant_id = :tenant AND id = :user`,
		join: `SELECT count(*) FROM live.users AS u JOIN live.orders AS o ON o.tenant_id = u.tenant_id AND o.user_id = u.id
			WHERE u.tenant_id = :tenant AND u.id = :user`,
	}
)

// values are those of a statement, by name.
type values map[string]any

var named = regexp.MustCompile(`:[a-z]+`)

// bind numbers the names of a statement.
func (v values) bind(statement string) (string, []any) {
	var args []any
	return named.ReplaceAllStringFunc(statement, func(name string) string {
		args = append(args, v[name[1:]])
		return fmt.Sprint("$", len(args))
	}), args
}

// An execer is a pool or a transaction.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// A worker is one of the application's goroutines. It knows what it wrote.
type worker struct {
	db      *sql.DB
	version version
	tenant  int64
	random  *rand.Rand

	users, orders map[int64]int64 // with an order's user
	emails        map[string]bool
	races         int // of upserts, where the plan says so
	mayRace       func() bool
}

// statement executes a statement that must change one row.
func (w *worker) statement(ctx context.Context, on execer, text string, v values) error {
	v["tenant"], v["team"] = w.tenant, w.tenant
	text, args := v.bind(text)
	result, err := on.ExecContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%s: changed %d rows, %w", text, n, err)
	}
	return nil
}

// insert executes one that returns an id.
func (w *worker) insert(ctx context.Context, on execer, text string, v values) (id int64, err error) {
	v["tenant"], v["team"] = w.tenant, w.tenant
	text, args := v.bind(text)
	if err := on.QueryRowContext(ctx, text, args...).Scan(&id); err != nil {
		return 0, fmt.Errorf("%s: %w", text, err)
	}
	return id, nil
}

var people sync.Map // numbers that emails are made of

func (w *worker) email() string {
	for {
		email := fmt.Sprintf("%d-%d@example.com", w.tenant, w.random.Int64())
		if _, taken := people.LoadOrStore(email, true); !taken {
			return email
		}
	}
}

// run works until it is told to stop, between two transactions.
func (w *worker) run(stop <-chan struct{}) error {
	ctx := context.Background()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		var err error
		switch n % 6 {
		case 0:
			err = w.register(ctx)
		case 1:
			err = w.order(ctx)
		case 2:
			err = w.touch(ctx)
		case 3:
			err = w.upsert(ctx)
		case 4:
			err = w.read(ctx)
		case 5:
			err = w.leave(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// register writes a parent, then a child, then the parent again.
func (w *worker) register(ctx context.Context) error {
	return w.transaction(ctx, func(tx *sql.Tx) error {
		user, err := w.insert(ctx, tx, w.version.insertUser, values{"email": w.email(), "name": "new"})
		if err != nil {
			return err
		}
		order, err := w.insert(ctx, tx, w.version.insertOrder, values{"user": user, "amount": 1})
		if err != nil {
			return err
		}
		w.users[user], w.orders[order] = 0, user
		return w.statement(ctx, tx, w.version.renameUser, values{"user": user, "name": "registered"})
	})
}

// order writes a child, then the parent.
func (w *worker) order(ctx context.Context) error {
	user, ok := some(w.users)
	if !ok {
		return nil
	}
	return w.transaction(ctx, func(tx *sql.Tx) error {
		order, err := w.insert(ctx, tx, w.version.insertOrder, values{"user": user, "amount": 2})
		if err != nil {
			return err
		}
		w.orders[order] = user
		return w.statement(ctx, tx, w.version.renameUser, values{"user": user, "name": "customer"})
	})
}

// touch changes old rows of the tenant, in the order of their ids as a program
// does that does not want deadlocks with itself.
func (w *worker) touch(ctx context.Context) error {
	first := w.tenant + 3*w.random.Int64N(oldRows/6)
	second := first + 3*w.random.Int64N(oldRows/6) + 3
	return w.transaction(ctx, func(tx *sql.Tx) error {
		for _, id := range []int64{first, second} {
			if err := w.statement(ctx, tx, w.version.changeOrder, values{"order": id, "amount": w.random.IntN(100)}); err != nil {
				return err
			}
		}
		return w.statement(ctx, tx, w.version.renameUser, values{"user": first, "name": "touched"})
	})
}

// upsert inserts or updates what others do at the same time.
func (w *worker) upsert(ctx context.Context) error {
	order := 1_000_000 + w.tenant + 3*w.random.Int64N(10_000)
	err := w.statement(ctx, w.db, w.version.upsertOrder, values{"order": order, "user": w.tenant, "amount": 3})
	if err := w.excuse(err); err != nil {
		return err
	}
	email := fmt.Sprintf("%d-popular-%d@example.com", w.tenant, time.Now().UnixMilli()/10)
	err = w.statement(ctx, w.db, w.version.upsertUser, values{"email": email, "name": "popular"})
	if err == nil {
		w.emails[email] = true
	}
	return w.excuse(err)
}

// excuse lets the one error pass that the plan announces.
func (w *worker) excuse(err error) error {
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() == "23505" && w.mayRace() {
		w.races++
		return nil
	}
	return err
}

func (w *worker) read(ctx context.Context) error {
	user, ok := some(w.users)
	if !ok {
		return nil
	}
	n, err := w.insert(ctx, w.db, w.version.join, values{"user": user})
	if err != nil {
		return err
	}
	want := int64(0)
	for _, of := range w.orders {
		if of == user {
			want++
		}
	}
	if n != want {
		return fmt.Errorf("user %d has %d orders, not %d", user, n, want)
	}
	return nil
}

// leave deletes an order now and then, and a user with all orders.
func (w *worker) leave(ctx context.Context) error {
	order, ok := some(w.orders)
	if !ok || w.random.IntN(2) == 0 {
		return nil
	}
	if err := w.statement(ctx, w.db, w.version.deleteOrder, values{"order": order}); err != nil {
		return err
	}
	user := w.orders[order]
	delete(w.orders, order)
	if w.random.IntN(2) == 0 {
		return nil
	}
	if err := w.statement(ctx, w.db, w.version.deleteUser, values{"user": user}); err != nil {
		return err
	}
	delete(w.users, user)
	for order, of := range w.orders {
		if of == user {
			delete(w.orders, order)
		}
	}
	return nil
}

func (w *worker) transaction(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error before says more
		return err
	}
	return tx.Commit()
}

func some(of map[int64]int64) (id int64, ok bool) {
	for id = range of {
		return id, true
	}
	return 0, false
}

// The models of the worker that uses GORM.
type liveUser struct {
	tenancy.TenantModelOf[int64]
	ID     int64
	TeamID int64
	Email  string
	Name   string
	Orders []liveOrder `gorm:"foreignKey:UserID"`
}

type liveOrder struct {
	tenancy.TenantModelOf[int64]
	ID     int64
	UserID int64
	Amount int
}

func (liveUser) TableName() string  { return "live.users" }
func (liveOrder) TableName() string { return "live.orders" }

// runGORM is the third version as a program with GORM and the plugin has it.
func (w *worker) runGORM(db *gorm.DB, stop <-chan struct{}) error {
	db = db.WithContext(tenancy.With(context.Background(), w.tenant))
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		u := liveUser{TeamID: w.tenant, Email: w.email(), Name: "new", Orders: []liveOrder{{Amount: 1}, {Amount: 2}}}
		if err := db.Create(&u).Error; err != nil {
			return fmt.Errorf("create: %w", err)
		}
		w.users[u.ID] = 0
		for _, o := range u.Orders {
			w.orders[o.ID] = u.ID
		}
		if err := w.changeGORM(db, &u); err != nil {
			return err
		}
	}
}

func (w *worker) changeGORM(db *gorm.DB, u *liveUser) error {
	if err := db.Model(u).Updates(map[string]any{"name": "changed"}).Error; err != nil {
		return fmt.Errorf("update: %w", err)
	}
	again := liveUser{TeamID: w.tenant, Email: u.Email, Name: "upserted"}
	conflict := clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"name"})}
	if err := db.Clauses(conflict).Create(&again).Error; err != nil {
		return fmt.Errorf("upsert: %w", err)
	}
	var found liveUser
	if err := db.Preload("Orders").First(&found, u.ID).Error; err != nil {
		return fmt.Errorf("find: %w", err)
	}
	if len(found.Orders) != 2 || found.Name != "upserted" || found.TenantID != w.tenant {
		return fmt.Errorf("found %+v", found)
	}
	if err := db.Delete(&found.Orders[0]).Error; err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	delete(w.orders, found.Orders[0].ID)
	return nil
}
