package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/google/uuid"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// User has its tenant, a UUIDv7 and two times from Model.
type User struct {
	tenancy.Model
	Name   string
	Orders []Order
	Tags   []Tag `gorm:"many2many:user_tags"`
}

// Order embeds the tenant column alone and keeps a key of its own.
type Order struct {
	tenancy.TenantModel
	ID     uint
	UserID uuid.UUID
	User   *User
	Amount int
}

type Tag struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

// Country belongs to no tenant.
type Country struct {
	_    struct{} `tenancy:"shared"`
	Code string   `gorm:"primaryKey"`
	Name string
}

// Note has a tenant whose ids are strings.
type Note struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Text string
}

// Invoice has a tenant column of another name and type.
type Invoice struct {
	ID        uint
	AccountID int64 `tenancy:"tenant"`
	Total     int
}

// Account is the tenants' own table: the root, scoped by its key.
type Account struct {
	ID   int64 `gorm:"primaryKey" tenancy:"tenant"`
	Name string
}

// OrderTotal reads the table orders, and so is scoped as Order is.
type OrderTotal struct {
	UserID uuid.UUID
	Total  int
}

func (OrderTotal) TableName() string { return "orders" }

// Setting may be written by every tenant.
type Setting struct {
	_     struct{} `tenancy:"shared,writable"`
	Name  string   `gorm:"primaryKey"`
	Value string
}

// acme and globex are tenants.
var (
	acme   = uuid.MustParse("0198b0a0-0000-7000-8000-00000000000a")
	globex = uuid.MustParse("0198b0a0-0000-7000-8000-00000000000b")
)

// dry returns a handle that writes the SQL for PostgreSQL and sends none of it.
func dry(config tenancy.Config) *gorm.DB { return observed(tenancy.New(config)) }

// observed is dry for a plugin that is asked for its findings.
func observed(plugin *tenancy.Plugin) *gorm.DB {
	db, err := gorm.Open(postgres.Open("host=unused"), &gorm.Config{
		DryRun: true, DisableAutomaticPing: true, SkipDefaultTransaction: true,
		Logger: logger.Default.LogMode(logger.Silent),
	})
	if err == nil {
		err = db.Use(plugin)
	}
	if err != nil {
		panic(err)
	}
	return db
}

// show prints the SQL of a statement, or why it was refused.
func show(tx *gorm.DB) {
	if tx.Error != nil {
		fmt.Println(tx.Error)
		return
	}
	fmt.Println(tx.Statement.SQL.String())
}

func open(dsn string) (*gorm.DB, error) {
	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{})
	if err != nil {
		return nil, err
	}
	if err := db.Use(tenancy.New(tenancy.Config{
		Models: []any{&User{}, &Order{}},
		Shared: []any{&Country{}},
	})); err != nil {
		return nil, err
	}
	return db, nil
}

func Example() {
	db := dry(tenancy.Config{Models: []any{&User{}}})

	ctx := tenancy.With(context.Background(), acme)
	var users []User
	show(db.WithContext(ctx).Where("name = ? OR name = ?", "Ann", "Bob").Find(&users))
	show(db.Find(&users))
	// Output:
	// SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (name = $2 OR name = $3)
	// tenancy: no tenant in the context (query on users): use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context
}

func Example_sql() {
	ctx := tenancy.With(context.Background(), acme)
	db := dry(tenancy.Config{Models: []any{&User{}}}).WithContext(ctx)
	var users []User
	spenders := db.Model(&Order{}).Select("user_id").Where("amount > ?", 20)

	show(db.Where("id IN (?)", spenders).Find(&users))
	show(db.Select("users.id").Joins("LEFT JOIN orders o ON o.user_id = users.id").Find(&users))
	show(db.Model(&User{}).Where("name = ?", "Ann").Update("name", "Anna"))
	show(db.Create(&Order{Amount: 10}))
	show(db.Delete(&Order{}, 10))
	show(db.Delete(&Order{}))
	// Output:
	// SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (id IN (SELECT "user_id" FROM "orders" WHERE "orders"."tenant_id" = $2 AND (amount > $3)))
	// SELECT users.id FROM "users" LEFT JOIN orders o ON o."tenant_id" = "users"."tenant_id" AND (o.user_id = users.id) WHERE "users"."tenant_id" = $1
	// UPDATE "users" SET "name"=$1,"updated_at"=$2 WHERE "users"."tenant_id" = $3 AND (name = $4)
	// INSERT INTO "orders" ("tenant_id","user_id","amount") VALUES ($1,$2,$3) RETURNING "id"
	// DELETE FROM "orders" WHERE "orders"."tenant_id" = $1 AND ("orders"."id" = $2)
	// WHERE conditions required
}

func Example_tables() {
	ctx := tenancy.With(context.Background(), acme)
	db := dry(tenancy.Config{Models: []any{&User{}, &Order{}}}).WithContext(ctx)

	var totals []OrderTotal
	show(db.Select("user_id, sum(amount) AS total").Group("user_id").Find(&totals))
	var count int64
	show(db.Table("orders o").Where("o.amount > ?", 20).Count(&count))
	show(db.Table("secrets").Count(&count))
	// Output:
	// SELECT user_id, sum(amount) AS total FROM "orders" WHERE "orders"."tenant_id" = $1 GROUP BY "user_id"
	// SELECT count(*) FROM orders o WHERE o."tenant_id" = $1 AND (o.amount > $2)
	// tenancy: table is not declared (query on secrets): list its model in Config.Models, or in Config.Shared if it belongs to no tenant
}

func Example_models() {
	db := dry(tenancy.Config{Models: []any{&Account{}, &Invoice{}, &Note{}, &Country{}, &Setting{}}})
	one := db.WithContext(tenancy.With(context.Background(), &Account{ID: 7}))
	show(one.Find(&[]Invoice{}))
	show(one.Find(&[]Account{}))
	show(one.Find(&[]Country{}))
	show(one.Create(&Country{Code: "DE"}))
	show(one.Create(&Setting{Name: "theme", Value: "dark"}))
	show(db.WithContext(tenancy.With(context.Background(), "acme")).Find(&[]Note{}))
	// Output:
	// SELECT * FROM "invoices" WHERE "invoices"."account_id" = $1
	// SELECT * FROM "accounts" WHERE "accounts"."id" = $1
	// SELECT * FROM "countries"
	// tenancy: shared table is read-only for tenants (create on countries)
	// INSERT INTO "settings" ("name","value") VALUES ($1,$2)
	// SELECT * FROM "notes" WHERE "notes"."tenant_id" = $1
}

func Example_text() {
	ctx := tenancy.With(context.Background(), acme)
	db := dry(tenancy.Config{Models: []any{&User{}}, Functions: []string{"full_name"}}).WithContext(ctx)

	var users []User
	show(db.Order("lower(name) DESC").Find(&users, "full_name(id) LIKE ? -- a comment", "A%"))
	show(db.Find(&users, "id IN (SELECT user_id FROM orders)"))
	show(db.Find(&users, "name = 'x') OR (1 = 1"))
	show(db.Find(&users, "pg_sleep(10) IS NULL"))
	show(db.Raw("SELECT * FROM users").Scan(&users))
	// Output:
	// SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (full_name(id) LIKE $2 -- a comment
	// ) ORDER BY lower(name) DESC
	// tenancy: SQL text cannot be scoped (query on users): it holds a query of its own: pass a *gorm.DB instead
	// tenancy: SQL text cannot be scoped (query on users): it closes a parenthesis that it did not open
	// tenancy: SQL text cannot be scoped (query on users): it calls a function that is not known to be safe: list it in Config.Functions if it touches no table
	// tenancy: SQL text cannot be scoped (row): raw SQL needs Config.RawSQL, such as sqlguard, or a context from Trust or Bypass
}

func ExampleWith() {
	db := dry(tenancy.Config{})
	ctx := tenancy.With(context.Background(), acme)

	show(db.WithContext(ctx).Find(&[]Order{}))
	show(db.WithContext(tenancy.With(ctx, globex)).Find(&[]Order{}))
	// Output:
	// SELECT * FROM "orders" WHERE "orders"."tenant_id" = $1
	// tenancy: tenant does not match the scope (With): the context is scoped already; use Switch to change its tenant on purpose
}

func ExampleWithSet() {
	db := dry(tenancy.Config{})
	ctx := tenancy.WithSet(context.Background(), acme, globex)

	show(db.WithContext(ctx).Joins("User").Select("orders.id").Find(&[]Order{}))
	show(db.WithContext(ctx).Create(&Order{Amount: 10}))
	show(db.WithContext(tenancy.With(ctx, acme)).Create(&Order{Amount: 10}))
	// Output:
	// SELECT orders.id,"User"."tenant_id" AS "User__tenant_id","User"."id" AS "User__id","User"."created_at" AS "User__created_at","User"."updated_at" AS "User__updated_at","User"."name" AS "User__name" FROM "orders" LEFT JOIN "users" "User" ON "User"."tenant_id" = "orders"."tenant_id" AND ("orders"."user_id" = "User"."id") WHERE "orders"."tenant_id" IN ($1,$2)
	// tenancy: tenant does not match the scope (create on orders): under a set or a bypass a create must name its row's tenant
	// INSERT INTO "orders" ("tenant_id","user_id","amount") VALUES ($1,$2,$3) RETURNING "id"
}

func ExampleSwitch() {
	ctx := tenancy.With(context.Background(), acme)
	ctx = tenancy.Switch(ctx, globex, "copy the template's rows")

	scope, _ := tenancy.From(ctx)
	id, _ := scope.Tenant()
	fmt.Println(id == globex.String(), scope.Reason())
	// Output: true copy the template's rows
}

func ExampleBypass() {
	db := dry(tenancy.Config{
		OnBypass: func(ctx context.Context, use tenancy.BypassUse) error {
			fmt.Printf("%s on %s: %s\n", use.Op, use.Table, use.Reason)
			return nil
		},
	})
	ctx := tenancy.Bypass(context.Background(), "nightly report")
	show(db.WithContext(ctx).Select("tenant_id, sum(amount)").Group("tenant_id").Find(&[]Order{}))
	// Output:
	// query on orders: nightly report
	// SELECT tenant_id, sum(amount) FROM "orders" GROUP BY "tenant_id"
}

func ExampleTrust() {
	db := dry(tenancy.Config{})
	ctx := tenancy.With(context.Background(), acme)

	trusted := tenancy.Trust(ctx, "the text names its tenant")
	show(db.WithContext(trusted).Exec("UPDATE orders SET amount = 0 WHERE tenant_id = ?", acme))
	show(db.WithContext(trusted).Find(&[]Order{}))
	// Output:
	// UPDATE orders SET amount = 0 WHERE tenant_id = $1
	// SELECT * FROM "orders" WHERE "orders"."tenant_id" = $1
}

func ExampleFrom() {
	ctx := tenancy.With(context.Background(), acme)

	if scope, ok := tenancy.From(ctx); ok && scope.Err() == nil {
		tenant, one := scope.Tenant()
		fmt.Println(tenant, one)
	}
	// Output: 0198b0a0-0000-7000-8000-00000000000a true
}

func ExampleScopeError() {
	db := dry(tenancy.Config{})
	err := db.Find(&[]Order{}).Error

	var refused *tenancy.ScopeError
	if errors.As(err, &refused) {
		fmt.Println(refused.Op, refused.Table, errors.Is(err, tenancy.ErrNoTenant))
	}
	// Output: query orders true
}

func ExampleTenantModel() {
	ctx := tenancy.With(context.Background(), acme)
	db := dry(tenancy.Config{}).WithContext(ctx)

	order := Order{Amount: 10}
	show(db.Create(&order))
	fmt.Println(order.TenantID == acme)

	show(db.Model(&order).Update("tenant_id", globex))
	show(db.Create(&Order{TenantModel: tenancy.TenantModel{TenantID: globex}}))
	// Output:
	// INSERT INTO "orders" ("tenant_id","user_id","amount") VALUES ($1,$2,$3) RETURNING "id"
	// true
	// tenancy: a row's tenant cannot be changed (update on orders)
	// tenancy: tenant does not match the scope (create on orders)
}

func ExampleModel() {
	ctx := tenancy.With(context.Background(), acme)
	db := dry(tenancy.Config{}).WithContext(ctx)

	user := User{Name: "Ann"}
	db.Create(&user)
	fmt.Println(user.TenantID == acme, user.ID.Version())
	// Output: true VERSION_7
}

func ExampleWritable() {
	db := dry(tenancy.Config{
		Shared: []any{&Country{}, "plans", tenancy.Writable("feature_votes")},
	}).WithContext(tenancy.With(context.Background(), acme))
	vote := map[string]any{"feature": "dark mode"}
	show(db.Table("feature_votes").Create(vote))
	show(db.Table("plans").Create(vote))
	// Output:
	// INSERT INTO "feature_votes" ("feature") VALUES ($1)
	// tenancy: shared table is read-only for tenants (create on plans)
}

// tenantOf finds the tenant of an authenticated request.
func tenantOf(*http.Request) uuid.UUID { return acme }

func scoped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := tenancy.With(r.Context(), tenantOf(r))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func listOrders(db *gorm.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var orders []Order
		if err := db.WithContext(r.Context()).Find(&orders).Error; err != nil {
			http.Error(w, "orders cannot be read", http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, len(orders))
	}
}

func upsert(db *gorm.DB, note *Note) error {
	err := db.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"text"}),
	}).Create(note).Error
	if errors.Is(err, tenancy.ErrCrossTenantConflict) {
		return fmt.Errorf("the id is taken: %w", err)
	}
	return err
}

func upsertByExpression() clause.OnConflict {
	on := clause.OnConflict{ // gorm:"uniqueIndex:user_email,expression:lower(email),where:deleted_at IS NULL"
		Columns:     []clause.Column{{Name: "lower(email)", Raw: true}},
		TargetWhere: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "deleted_at IS NULL"}}},
		DoUpdates:   clause.AssignmentColumns([]string{"name"}),
	}
	return on
}

func clearOrders(ctx context.Context, db *gorm.DB, user *User) error {
	ctx = tenancy.With(ctx, user.TenantID) // one of a set's tenants, or any of a bypass's
	return db.WithContext(ctx).Model(user).Association("Orders").Clear()
}

func Example_http() {
	_ = scoped(listOrders(nil))
	_, _, _, _ = open, upsert, upsertByExpression, clearOrders
}

// The schema for a review, or for a tool that loads it.
func ExampleDDL() {
	show := func() error {
		statements, err := tenancy.DDL(postgres.Open(""), tenancy.Config{}, &User{}, &Order{})
		if err != nil {
			return err
		}
		for _, statement := range statements {
			fmt.Println(statement + ";")
		}
		return nil
	}
	_ = show
}

// What would lock tables with rows is left for a maintenance window or a plan.
func ExampleAutoMigrate() {
	migrate := func(db *gorm.DB) error {
		done, err := tenancy.AutoMigrate(db, &User{}, &Order{})
		if err != nil {
			return err
		}
		for _, change := range done.Pending {
			fmt.Println(change)
		}
		return nil
	}
	_ = migrate
}

// Keys for an existing database: ask, look at the rows, make the plan, carry it out.
func ExamplePlanKeys() {
	bring := func(ctx context.Context, db *gorm.DB) error {
		analysis, err := tenancy.PlanKeys(ctx, db, keys.Options{
			Shared: []catalog.Name{{Schema: "shop", Name: "countries"}},
		})
		if err != nil {
			return err
		}
		for _, question := range analysis.Questions {
			fmt.Println(question)
		}

		pool, err := db.DB()
		if err != nil {
			return err
		}
		findings, err := analysis.Preflight(ctx, pool, keys.Limits{})
		if err != nil {
			return err
		}
		for _, finding := range append(analysis.Findings, findings...) {
			fmt.Println(finding)
		}

		plan, err := analysis.Plan()
		if err != nil {
			return err
		}
		if err := plan.WriteTable(os.Stdout); err != nil {
			return err
		}

		result, err := migration.Execute(ctx, pool, plan, migration.Options{
			Apply:  true,
			Passed: []string{keys.Backfill}, // every version writes tenant_id now
		})
		if err != nil {
			return err
		}
		if result.Barrier != nil {
			fmt.Println("deploy first:", result.Barrier.Text)
		}
		return nil
	}
	_ = bring // it needs a PostgreSQL server
}

// One answer for many tables, a path without a foreign key, and what a key does.
func ExamplePlanKeys_options() {
	users := catalog.Name{Schema: "shop", Name: "users"}
	options := keys.Options{
		Shared: []catalog.Name{{Schema: "reference", Name: "*"}},
		Skip:   []catalog.Name{{Schema: "*", Name: "tmp_*"}},
		Global: []keys.Object{{Table: catalog.Name{Schema: "*", Name: "*"}, Name: "*_token_key"}},
		References: map[catalog.Name]keys.Reference{
			{Schema: "shop", Name: "letters"}: {Columns: []string{"to_mail"}, Table: users, Keys: []string{"mail"}},
		},
		OnDelete: map[keys.Object]catalog.Action{{Table: users, Name: "users_manager_id_fkey"}: catalog.NoAction},
	}
	_ = options
}

func ExamplePlugin_Findings() {
	plugin := tenancy.New(tenancy.Config{
		Models: []any{&User{}, &Order{}},
		Mode:   tenancy.Observe,
		Modes:  []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}},
		OnFinding: func(ctx context.Context, f tenancy.Finding) {
			fmt.Printf("%s on %s: %s\n", f.Op, f.Table, f.Reason)
		},
	})
	db := observed(plugin).WithContext(tenancy.With(context.Background(), acme))

	show(db.Where("tenant_id = ?", acme).Find(&[]User{}))
	show(db.Where("name = ?", "Ann").Find(&[]User{}))
	show(db.Find(&[]Order{}))

	fmt.Println(len(plugin.Findings().List), "finding")
	// Output:
	// SELECT * FROM "users" WHERE tenant_id = $1
	// query on users: adds the tenant's condition for users
	// SELECT * FROM "users" WHERE name = $1
	// SELECT * FROM "orders" WHERE "orders"."tenant_id" = $1
	// 1 finding
}

func ExampleConfig_audit() {
	type userKey struct{}
	db := dry(tenancy.Config{
		Actor: func(ctx context.Context) string {
			name, _ := ctx.Value(userKey{}).(string)
			return name
		},
		OnRefusal: func(ctx context.Context, r tenancy.Refusal) {
			fmt.Printf("%s: %s on %s: %v\n", r.Actor, r.Op, r.Table, errors.Unwrap(r.Err))
		},
	})
	ctx := context.WithValue(context.Background(), userKey{}, "eve")
	show(db.WithContext(ctx).Find(&[]Order{}))
	// Output:
	// eve: query on orders: tenancy: no tenant in the context
	// tenancy: no tenant in the context (query on orders): use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context
}

// Moving to Citus: look at the report, decide, carry it out, keep the way back.
func ExampleDistribute() {
	move := func(ctx context.Context, db *gorm.DB, models []any) error {
		options := tenancy.DistributeOptions{Out: os.Stdout}
		_, err := tenancy.Distribute(ctx, db, options, models...)
		if errors.Is(err, distribution.ErrUndecided) {
			fmt.Println("to be decided first:", err)
		}

		options.Plan = distribution.Options{
			OnDelete: catalog.NoAction, // instead of SET NULL
			OnUpdate: catalog.NoAction, // ids do not change
			Drop:     []keys.Object{{Table: catalog.Name{Schema: "public", Name: "accounts"}, Name: "accounts_slug_key"}},
		}

		analysis, err := tenancy.PlanDistribution(ctx, db, options, models...)
		if err != nil {
			return err
		}
		plan, err := analysis.Plan()
		if err != nil {
			return err
		}
		file, err := os.Create("distribution.json")
		if err != nil {
			return err
		}
		if err := errors.Join(plan.WriteJSON(file), file.Close()); err != nil {
			return err
		}

		options.Run = migration.Options{Apply: true, Passed: []string{distribution.Spread}}
		if _, err := tenancy.Distribute(ctx, db, options, models...); err != nil {
			return err
		}
		return nil
	}
	step := func(ctx context.Context, db *gorm.DB, options tenancy.DistributeOptions, models []any) error {
		options.Plan.Way = distribution.StepByStep
		options.Plan.Online = true // writes go on while a table is copied
		options.Run = migration.Options{Apply: true, Passed: []string{keys.Backfill, keys.Swap}}
		result, err := tenancy.Distribute(ctx, db, options, models...)
		if err != nil {
			return err
		}
		if result.Barrier != nil {
			fmt.Println("before phase", result.Barrier.Phase, "make sure:", result.Barrier.Text)
		}
		return nil
	}
	_, _ = move, step // they need a Citus cluster
}

// Back to plain tables, with the same rows and keys.
func ExampleUndistribute() {
	back := func(ctx context.Context, db *gorm.DB) error {
		_, err := tenancy.Undistribute(ctx, db, tenancy.DistributeOptions{
			Out: os.Stdout,
			Run: migration.Options{Apply: true},
		})
		return err
	}
	_ = back // it needs a Citus cluster
}
