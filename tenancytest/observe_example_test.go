package tenancytest_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

type (
	User struct {
		tenancy.TenantModel
		ID     uint
		Orders []Order
	}

	Order struct {
		tenancy.TenantModel
		ID     uint
		UserID uint
	}
)

// One table is enforced and the others are observed, each in turn.
func ExampleSuite_observe() {
	var db *gorm.DB // a handle with the plugin, on an empty database
	var config tenancy.Config
	_ = func(t *testing.T) { // a test of yours
		tenancytest.Suite{
			DB: db, Models: []any{&User{}, &Order{}},
			Observe: &tenancytest.Observed{Config: config, Sample: 100},
		}.Run(t)
	}
}
