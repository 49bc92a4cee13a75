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

A model belongs to tenants if it has the tenant column. Embed [TenantModel],
[TenantModelOf] or [Model], have a column with the name of [Config].Column
("tenant_id"), or mark a field:

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

The mark on the primary key makes a table the root, the tenants' own table, which
is scoped by that key. Its values can be given to [With]. A type that cannot be
marked implements [Tenanter].

	type Account struct {
		ID   int64 `gorm:"primaryKey" tenancy:"tenant"`
		Name string
	}

A table that belongs to no tenant must be declared, on the model or in
[Config].Shared. Tenants read it, and write it only if it is declared [Writable].

	type Country struct {
		_    struct{} `tenancy:"shared"`
		Code string   `gorm:"primaryKey"`
		Name string
	}

All tables have one of these kinds ([Kind]):

  - tenant: rows of tenants; each tenant sees its own.
  - root: the tenants' own table, whose key is the tenant.
  - shared ([Config].Shared): all tenants read it.
  - private ([Config].Private): the application's own; no tenant reaches it.
  - linked ([Config].Linked): a tenant sees the rows that its own rows link to, as
    memberships link to users; see [Link].
  - mixed ([Config].Mixed): a tenants' table with rows for everybody.
  - free ([Config].Free): no tenant, and no scope needed.

A statement on any other table is refused with [ErrUndeclared].

Tables are known by their names, too: Table("orders o"), a join that names orders,
and a struct whose TableName is orders are scoped as Order is, once Order is known.
A model is known from its first use. It is known from the start if it, or one that
is related to it, is listed in [Config].Models. [Table] declares a tenants' table
whose model does not say so.

# What is sent

Each table that the statement names gets the tenant's predicate once. It stands
before the caller's conditions, which become one group:

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

A create fills the tenant column, in associations and join tables as well. A value
that names another tenant is refused before anything is sent, and the column is
never part of a SET clause:

	show(db.Model(&order).Update("tenant_id", globex))
	show(db.Create(&Order{TenantModel: tenancy.TenantModel{TenantID: globex}}))

This prints:

	tenancy: a row's tenant cannot be changed (update on orders)
	tenancy: tenant does not match the scope (create on orders)

# Scopes

[With] scopes a context to one tenant. Inside it, a With of another tenant is
refused; [Switch] changes the tenant on purpose. [WithSet] spans several tenants,
and [Bypass] all of them. With narrows both, and in both a create must name its
tenant. Rows of different tenants do not meet in a join, a preload or a subquery:

	ctx := tenancy.WithSet(context.Background(), acme, globex)

[Bypass], [Switch] and [Trust] require a reason. [Config].OnBypass is called with it
for each statement under a bypass, and for each raw one under Trust:

	ctx := tenancy.Bypass(context.Background(), "nightly report")

A subquery inherits the scope of its statement and must not have another one.
Under several tenants it runs for the tenant of each row; [Across] makes it run once
for all of them. [From] returns the scope of a context.

# Text

Conditions, selections, orders, groups, joins and expressions may hold text, if it
stays in its place and holds no query of its own. It may call those functions of
PostgreSQL and SQLite that touch no table, and those in [Config].Functions. A join
may name tables, which are scoped.

	show(db.Order("lower(name) DESC").Find(&users, "full_name(id) LIKE ? -- a comment", "A%"))
	show(db.Find(&users, "id IN (SELECT user_id FROM orders)"))
	show(db.Find(&users, "name = 'x') OR (1 = 1"))

The second and the third are refused with [ErrUnscopedSQL]. So are Raw and Exec,
unless [Config].RawSQL scopes them (the module sqlguard does), or the context is one
of [Bypass] or [Trust]. Under these two their author scopes them:

	trusted := tenancy.Trust(ctx, "the text names its tenant")
	show(db.WithContext(trusted).Exec("UPDATE orders SET amount = 0 WHERE tenant_id = ?", acme))

# Keys

In GORM the primary key of a model is what the model declares. The tenant column is
not part of it, so First(&order, 10) works as before. In the database, keys, unique
constraints and foreign keys begin with the tenant column. Two tenants may then use
the same key, and a row cannot refer to another tenant's row. [AutoMigrate], and
gorm.DB.AutoMigrate as well, makes such keys from plain models. A field that is
marked `tenancy:"global"` keeps its key or its uniques for all tenants. Changes that
would lock a table with rows are left and reported:

	done, err := tenancy.AutoMigrate(db, &User{}, &Order{})
	if err != nil {
		return err
	}
	for _, change := range done.Pending {
		fmt.Println(change)
	}

[PlanKeys] makes a plan for a PostgreSQL database that is in use. [AssignRows] gives
rows without a tenant to one. [DDL] returns the statements for an empty database. On
SQLite a key of integers stays as it is.

The target of an upsert follows the table's keys, which are read once a table:

	err := db.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"text"}),
	}).Create(note).Error
	if errors.Is(err, tenancy.ErrCrossTenantConflict) {
		return fmt.Errorf("the id is taken: %w", err)
	}

If the key is the id alone, the update is guarded, and one that meets another
tenant's row is [ErrCrossTenantConflict].

# Errors

Errors come wrapped; use errors.Is. Most are in a [ScopeError] that says where:

	var refused *tenancy.ScopeError
	if errors.As(err, &refused) {
		fmt.Println(refused.Op, refused.Table, errors.Is(err, tenancy.ErrNoTenant))
	}

They are:

  - [ErrNoTenant]: the context has no scope.
  - [ErrInvalidTenant]: the tenant is zero or malformed, or does not fit its column.
  - [ErrTenantMismatch]: a value, a subquery or a nested With names another tenant,
    or a create names none.
  - [ErrTenantImmutable]: an update would change a row's tenant.
  - [ErrCrossTenantConflict]: an upsert met another tenant's row.
  - [ErrUnscopedSQL]: the text cannot be scoped.
  - [ErrUndeclared]: the table is neither a tenant's nor declared.
  - [ErrSharedReadOnly]: a tenant writes a shared or linked table that is read-only.
  - [ErrPrivate]: a tenant's statement names a private table.
  - [ErrRowsWithoutTenant]: AutoMigrate found rows that belong to no tenant.

# Limits

Sequences are shared. Keys and unique constraints without the tenant column hold
across all tenants. Statements that bypass GORM's callbacks (gorm.DB.DB,
Statement.ConnPool) are not seen. The text of a database's error may quote a value of
a row that the tenant predicate excludes. docs/limits.md has the whole list.

# Adopting it

In an existing application, [Config].Mode set to [Observe] sends every statement as
it is, and reports what [Enforce] would change or refuse as a [Finding]. Then enforce
table by table in [Config].Modes. [WithEnforcement] enforces the statements of one
context before that. docs/adopting.md describes the way.

# Citus

[Distribute] spreads the tables over a Citus cluster, and [Undistribute] brings them
back. The application runs on unchanged.

# For authors of extensions

What follows is for packages that build on this one, such as sqlguard, rls and
tenancytest. An application does not need it.

[Plugin.Table] and [Tables] return what the plugin knows of tables, as a
[TenantTable] with its [TableLink].

A [TextScoper] in [Config].RawSQL scopes text that the core cannot. It gets a
[RawStatement], and may implement more:

  - [Verifier] judges all statements that the plugin has scoped.
  - [ErrorTranslator] tells which errors of the database are this package's.
  - [TextReader] returns the [Names] in a statement, with each [TableName].

[SchemaOnly] is a plugin for tools that ask GORM for DDL and send nothing.
*/
package tenancy
