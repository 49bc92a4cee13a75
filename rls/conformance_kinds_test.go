package rls_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/kindmodels"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// TestConformanceKinds is TestConformance on private, linked, mixed and free tables.
func TestConformanceKinds(t *testing.T) {
	for name, plugin := range map[string]bool{"alone": false, "with the plugin": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			kinds := tenancy.New(kindmodels.Config(false))
			require.NoError(t, d.owner.Use(kinds))
			require.NoError(t, d.owner.AutoMigrate(kindmodels.Models...))
			_, err := rls.Enable(t.Context(), d.owner, d.policies(), migration.Options{Apply: true}, kindmodels.Models...)
			require.NoError(t, err)
			db := d.app(t, false)
			if plugin {
				require.NoError(t, db.Use(tenancy.New(kindmodels.Config(false))))
			}
			suite := tenancytest.Suite{
				DB: db, Models: kindmodels.Models, Kinds: kinds,
				Owner:    open(t, with(with(d.DSN, "role", d.span), "app.tenant_id_set", "all")),
				Reading:  tenancy.Bypass(context.Background(), "conformance suite"),
				Backstop: !plugin,
				Skip: []string{
					// Rows for everybody are not locked: see docs/row-level-security.md.
					"Label/Locking*",
					// A row that is hidden is left out when rows that refer to it are saved, as the
					// database does not say that it is there.
					"*/*/Association Append the other's key", "*/*/Create with the other's key",
				},
			}
			if testing.Short() {
				suite.Sample = 25
			}
			suite.Run(t)
		})
	}
}
