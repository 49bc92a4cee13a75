package tenancytest_test

import (
	"testing"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func ExampleOneShard() {
	_ = func(t *testing.T) { // a test of yours
		db, err := gorm.Open(postgres.Open(tenancytest.Citus(t).OwnerDSN), &gorm.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Use(tenancy.New(tenancy.Config{})); err != nil {
			t.Fatal(err)
		}
		// Make the tables, and distribute them.
		watch := tenancytest.OneShard(t, db)
		// What the application does.
		t.Log(watch.Counts())
	}
}
