package tenancytest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// The references of these models cannot be NULL, and lead to tables that no tenant
// reaches, too.
type (
	login struct {
		_    struct{} `tenancy:"private"`
		ID   uint
		Name string
	}

	author struct {
		tenancy.TenantModel
		ID      uint
		Name    string
		LoginID uint `gorm:"not null"`
		Login   *login
		Books   []book
	}

	book struct {
		tenancy.TenantModel
		ID       uint
		Title    string
		AuthorID uint `gorm:"not null"`
		Author   *author
	}
)

func TestRunWithRequiredReferencesAndPrivateTables(t *testing.T) {
	t.Parallel()
	db := openAs(t, Postgres(t).OwnerDSN, &gorm.Config{})
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	sampled(Suite{DB: db, Models: []any{&book{}}}).Run(t)
}
