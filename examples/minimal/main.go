// Command minimal is the quick start of the README as one program.
//
//	go run ./examples/minimal
package main

import (
	"context"
	"fmt"
	"log"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite" // the driver "sqlite", which needs no C compiler

	"github.com/gorm-tenancy/tenancy"
)

// Note has the column tenant_id, which holds ids such as "acme".
type Note struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Text string
}

func main() {
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: "file::memory:?cache=shared"}))
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Use(tenancy.New(tenancy.Config{Models: []any{&Note{}}})); err != nil {
		log.Fatal(err)
	}
	if err := db.AutoMigrate(&Note{}); err != nil {
		log.Fatal(err)
	}
	acme := db.WithContext(tenancy.With(context.Background(), "acme"))
	globex := db.WithContext(tenancy.With(context.Background(), "globex"))
	acme.Create(&Note{Text: "for Acme only"})

	var notes []Note
	fmt.Println(acme.Find(&notes).RowsAffected, globex.Find(&notes).RowsAffected) // 1 0
	fmt.Println(db.Find(&notes).Error)                                            // tenancy: no tenant in the context …
}
