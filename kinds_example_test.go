package tenancy_test

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Person logs in, and may be a member of several tenants.
type Person struct {
	ID    uint
	Email string
}

// Membership links a person to a tenant.
type Membership struct {
	tenancy.TenantModel
	ID        uint
	PersonID  uint
	Person    *Person
	DeletedAt gorm.DeletedAt
}

// Passkey is nobody's business but the application's.
type Passkey struct {
	_        struct{} `tenancy:"private"`
	ID       uint
	PersonID uint
	Key      string
}

// Template is a tenant's, or everybody's where the tenant is NULL.
type Template struct {
	_        struct{} `tenancy:"mixed"`
	ID       uint
	TenantID *uuid.UUID `gorm:"type:uuid"`
	Name     string     `gorm:"unique"`
}

// PolicyRule is a policy engine's, which brings contexts of its own.
type PolicyRule struct {
	_    struct{} `tenancy:"free"`
	ID   uint
	Rule string
}

// Parcel is of another package, and knows nothing of tenants.
type Parcel struct {
	ID     uint
	Weight int
}

type jobKey struct{}

var kindsConfig = tenancy.Config{
	Linked: []tenancy.Link{{Model: &Person{}, Via: &Membership{}}},
	Models: []any{&Passkey{}, &Template{}, &PolicyRule{}, &Parcel{}},
	Tables: []tenancy.Table{{Name: "parcels", Column: "account_id", Type: "bigint"}},
	AssumeScope: func(ctx context.Context) tenancy.Scope {
		scope, _ := ctx.Value(jobKey{}).(tenancy.Scope)
		return scope
	},
}

// Kinds of tables beside a tenant's own and shared ones.
func ExampleLink() {
	db := dry(kindsConfig)
	ctx := tenancy.With(context.Background(), 42)
	handle := db.WithContext(ctx) // each statement of it is scoped
	show(handle.Select("id").Find(&[]Parcel{}))
	show(db.Select("rule").Find(&[]PolicyRule{}))
	show(handle.Find(&[]Passkey{}))

	ctx = tenancy.With(context.Background(), acme)
	show(db.WithContext(ctx).Select("email").Find(&[]Person{}))
	show(db.WithContext(ctx).Select("name").Find(&[]Template{}))
	// Output:
	// SELECT "id" FROM "parcels" WHERE "parcels"."account_id" = $1
	// SELECT "rule" FROM "policy_rules"
	// tenancy: table is private to the application (query on passkeys): the application reaches it under Bypass
	// SELECT "email" FROM "people" WHERE EXISTS (SELECT 1 FROM "memberships" AS tenancy_link WHERE tenancy_link."person_id" = "people"."id" AND tenancy_link."tenant_id" = $1 AND ("tenancy_link"."deleted_at" IS NULL))
	// SELECT "name" FROM "templates" WHERE ("templates"."tenant_id" = $1 OR "templates"."tenant_id" IS NULL)
}
