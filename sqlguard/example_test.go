//go:build cgo

package sqlguard_test

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
)

// User and Order are tenants' rows.
type User struct {
	tenancy.TenantModel
	ID   uint
	Name string
	Age  int
}

type Order struct {
	tenancy.TenantModel
	ID     uint
	UserID uint
	Amount int
}

func ExampleNew() {
	ctx, tenant := context.Background(), uuid.MustParse("0198b0a0-0000-7000-8000-00000000000a")
	db, err := gorm.Open(postgres.Open("host=unused"), &gorm.Config{
		DryRun: true, DisableAutomaticPing: true, Logger: logger.Discard,
	})
	if err != nil {
		panic(err)
	}
	if err := db.Use(tenancy.New(tenancy.Config{
		Models: []any{&User{}, &Order{}},
		RawSQL: sqlguard.New(sqlguard.Options{}),
	})); err != nil {
		panic(err)
	}
	show := func(tx *gorm.DB) {
		if tx.Error != nil {
			fmt.Println(tx.Error)
			return
		}
		fmt.Println(tx.Statement.SQL.String())
	}
	var names []string
	var users []User

	tx := db.Session(&gorm.Session{Logger: logger.Default.LogMode(logger.Silent)}).WithContext(tenancy.With(ctx, tenant))
	show(tx.Raw("SELECT name FROM users WHERE age > ? OR name = ?", 30, "Ann").Find(&names))
	show(tx.Where("id IN (SELECT user_id FROM orders o WHERE o.amount > ?)", 100).Find(&users))
	show(tx.Exec("TRUNCATE users"))
	// Output:
	// SELECT name FROM users WHERE "users"."tenant_id" = $3 AND (age > $1 OR name = $2)
	// SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND (id IN (SELECT user_id FROM orders o WHERE "o"."tenant_id" = $3 AND (o.amount > $2)))
	// tenancy: SQL text cannot be scoped (line 1, column 1): TRUNCATE empties a table for all tenants; use DELETE (raw)
}
