/*
Package tenancy is a GORM plugin that scopes every statement to the tenant in its
context.Context.

	if err := db.Use(tenancy.New(tenancy.Config{
		Models: []any{&User{}, &Order{}},
		Shared: []any{&Country{}},
	})); err != nil {
		return nil, err
	}

From then on a statement without a tenant is refused, and one with a tenant reads
and writes that tenant's rows only:

	ctx := tenancy.With(context.Background(), acme)
	var users []User
	show(db.WithContext(ctx).Where("name = ? OR name = ?", "Ann", "Bob").Find(&users))
	show(db.Find(&users))

where show prints a statement's SQL or its error:

	SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (name = $2 OR name = $3)
	tenancy: no tenant in the context (query on users): use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context

PostgreSQL and SQLite are supported.

# Models

A model is a tenant's when it has the tenant column: by embedding [TenantModel],
[TenantModelOf] or [Model], by a column that is called as [Config].Column says
("tenant_id"), or by a field that is marked.

	type Order struct {
		tenancy.TenantModel
		ID     uint
		UserID uuid.UUID
		User   *User
		Amount int
	}

	type Invoice struct {
		ID        uint
		AccountID int64 `tenancy:"tenant"`
		Total     int
	}

The mark on the primary key makes a table the root, the tenants' own, which is
scoped by that key. Its values can be given to [With].

	type Account struct {
		ID   int64 `gorm:"primaryKey" tenancy:"tenant"`
		Name string
	}

A table that belongs to no tenant is declared, here or in [Config].Shared. Tenants
may read it, and write it where it is declared [Writable].

	type Country struct {
		_    struct{} `tenancy:"shared"`
		Code string   `gorm:"primaryKey"`
		Name string
	}

Every other table is refused with [ErrUndeclared]. Tables are known by their
names, too: Table("orders o"), a join that names orders, and a struct whose
TableName is orders are scoped as Order is, once Order is known. A model is known
from its first use, or from the start when it, or one that is related to it, is
listed in [Config].Models.

# What is sent

The tenant's predicate stands before the caller's conditions, which are one
group, and once for each table that the statement names:

	show(db.Where("id IN (?)", spenders).Find(&users))
	show(db.Select("users.id").Joins("LEFT JOIN orders o ON o.user_id = users.id").Find(&users))
	show(db.Model(&User{}).Where("name = ?", "Ann").Update("name", "Anna"))
	show(db.Create(&Order{Amount: 10}))
	show(db.Delete(&Order{}, 10))
	show(db.Delete(&Order{}))

This prints:

	SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (id IN (SELECT "user_id" FROM "orders" WHERE "orders"."tenant_id" = $2 AND (amount > $3)))
	SELECT users.id FROM "users" LEFT JOIN orders o ON o."tenant_id" = "users"."tenant_id" AND (o.user_id = users.id) WHERE "users"."tenant_id" = $1
	UPDATE "users" SET "name"=$1,"updated_at"=$2 WHERE "users"."tenant_id" = $3 AND (name = $4)
	INSERT INTO "orders" ("tenant_id","user_id","amount") VALUES ($1,$2,$3) RETURNING "id"
	DELETE FROM "orders" WHERE "orders"."tenant_id" = $1 AND ("orders"."id" = $2)
	WHERE conditions required

A create fills the tenant column, of associations and join tables as well. A value
that names another tenant is refused before anything is sent, and the column is in
no SET:

	show(db.Model(&order).Update("tenant_id", globex))
	show(db.Create(&Order{TenantModel: tenancy.TenantModel{TenantID: globex}}))

This prints:

	tenancy: a row's tenant cannot be changed (update on orders)
	tenancy: tenant does not match the scope (create on orders)

# Scopes

[With] scopes a context to one tenant. Inside of it another With is refused;
[Switch] changes the tenant on purpose. [WithSet] spans several tenants, [Bypass]
all of them; both can be narrowed by With, and in both a create must name its
tenant. Rows of different tenants do not meet in a join, a preload or a subquery:

	ctx := tenancy.WithSet(context.Background(), acme, globex)

[Bypass], [Switch] and [Trust] want a reason, and [Config].OnBypass sees each
statement that runs under a bypass, and each raw one under Trust:

	ctx := tenancy.Bypass(context.Background(), "nightly report")

A subquery inherits the scope of its statement and may not have another one.
Under several tenants it is asked for the tenant of each row; [Across] asks once
for all of them.

# Text

Conditions, selections, orders, groups, joins and expressions may hold text, as
long as it stays in its place and holds no query of its own. The functions that
it calls are PostgreSQL's and SQLite's that touch no table, and those of
[Config].Functions. A join may name tables, which are scoped.

	show(db.Order("lower(name) DESC").Find(&users, "full_name(id) LIKE ? -- a comment", "A%"))
	show(db.Find(&users, "id IN (SELECT user_id FROM orders)"))
	show(db.Find(&users, "name = 'x') OR (1 = 1"))

The second and the third are refused with [ErrUnscopedSQL]. So are Raw and Exec,
without a [Config].RawSQL that scopes them, a bypass or [Trust], whose raw SQL is
scoped by its author:

	trusted := tenancy.Trust(ctx, "the text names its tenant")
	show(db.WithContext(trusted).Exec("UPDATE orders SET amount = 0 WHERE tenant_id = ?", acme))

# Keys

In GORM the primary key of a model is what it declares; the tenant column is no
part of it, so that First(&order, 10) works as ever. In the database keys, unique
constraints and foreign keys begin with the tenant column: then two tenants may use
the same key, and a row cannot refer to another tenant's. [AutoMigrate], and
gorm.DB.AutoMigrate as well, makes them from plain models. A field that is marked
`tenancy:"global"` keeps its key or its uniques for all tenants. What would lock a
table with rows is left and reported:

	done, err := tenancy.AutoMigrate(db, &User{}, &Order{})
	if err != nil {
		return err
	}
	for _, change := range done.Pending {
		fmt.Println(change)
	}

[PlanKeys] makes a plan for a PostgreSQL database that is in use. On SQLite a key of
integers stays as it is. The target of an upsert follows the
table's keys, which are read once a table:

	err := db.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"text"}),
	}).Create(note).Error
	if errors.Is(err, tenancy.ErrCrossTenantConflict) {
		return fmt.Errorf("the id is taken: %w", err)
	}

Where the key is the id alone, the update is guarded, and one that meets another
tenant's row is [ErrCrossTenantConflict].

# Errors

The reasons are variables of this package, and most come in a [ScopeError] that
says where:

	var refused *tenancy.ScopeError
	if errors.As(err, &refused) {
		fmt.Println(refused.Op, refused.Table, errors.Is(err, tenancy.ErrNoTenant))
	}

# Limits

Sequences are shared. Keys and unique constraints without the tenant column answer
for all tenants. What is sent past GORM (gorm.DB.DB, Statement.ConnPool) is not
seen. The text of a database's error may quote a value of a row that the tenant
predicate would have excluded. docs/limits.md has the whole list.
*/
package tenancy
