package rls_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// newCluster makes a database on a cluster. The application's role spans tenants as
// well: Citus lets no two roles read and write a shard in one transaction, as the
// suite does to see what a statement has left.
func newCluster(t *testing.T) (*database, *tenancytest.Cluster) {
	t.Helper()
	cluster := tenancytest.Citus(t)
	return &database{
		Database: &cluster.Database, owner: open(t, cluster.OwnerDSN), span: userOf(t, cluster.DSN), citus: true,
	}, cluster
}

// spread makes the models' tables, distributes them, and makes their policies.
func (d *database) spread(t *testing.T) {
	t.Helper()
	models := []any{&account{}, &country{}, &company{}, &member{}, &order{}, &label{}}
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, d.owner.AutoMigrate(models...))
	tx := d.owner.WithContext(tenancy.Bypass(t.Context(), "distribution")).Begin()
	for _, statement := range []string{
		"SET LOCAL citus.enable_local_reference_table_foreign_keys = off",
		"SELECT create_reference_table('countries')",
		"SELECT create_distributed_table('accounts', 'id', colocate_with => 'none')",
		"SELECT create_distributed_table('companies', 'tenant_id', colocate_with => 'accounts')",
		"SELECT create_distributed_table('members', 'tenant_id', colocate_with => 'accounts')",
		"SELECT create_distributed_table('orders', 'tenant_id', colocate_with => 'accounts')",
		"SELECT create_distributed_table('labels', 'tenant_id', colocate_with => 'accounts')",
		"SELECT create_distributed_table('member_labels', 'tenant_id', colocate_with => 'accounts')",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + d.span,
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO " + d.span,
	} {
		require.NoError(t, tx.Exec(statement).Error, statement)
	}
	require.NoError(t, tx.Commit().Error)
	_, err := rls.Enable(t.Context(), d.owner, d.policies(), migration.Options{Apply: true}, models...)
	require.NoError(t, err)
}

// TestConformanceOnCitus is TestConformance on distributed tables.
func TestConformanceOnCitus(t *testing.T) {
	if testing.Short() {
		t.Skip("the run without -short has it")
	}
	checked := []any{&label{}}
	if os.Getenv("TENANCY_TEST_LONG") != "" {
		checked = []any{&account{}, &country{}, &company{}, &member{}, &order{}, &label{}}
	}
	for name, plugin := range map[string]bool{"alone": false, "with the plugin": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, cluster := newCluster(t)
			d.spread(t)
			tenancytest.Suite{
				DB: d.app(t, plugin), Models: checked, Owner: open(t, cluster.AdminDSN),
				Reading:  tenancy.Bypass(context.Background(), "conformance suite"),
				Backstop: !plugin,
			}.Run(t)
		})
	}
}
