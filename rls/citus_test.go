package rls_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// A citusNote is a row of a distributed table.
type citusNote struct {
	tenancy.TenantModel
	ID   int64
	Text string
}

// TestCitus: the policies hold on the shards, where the setting has to arrive.
func TestCitus(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Citus(t).AdminDSN
	admin := open(t, dsn)
	name := "rls_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	app, span := name+"_app", name+"_span"
	run := func(format string, args ...any) {
		t.Helper()
		require.NoError(t, admin.Exec(fmt.Sprintf(format, args...)).Error)
	}
	run("CREATE SCHEMA %s", name)
	t.Cleanup(func() {
		run("DROP SCHEMA %s CASCADE", name)
		run("DO $$ BEGIN PERFORM run_command_on_all_nodes('DROP OWNED BY %s, %s CASCADE'); END $$", app, span)
		run("DROP ROLE %s, %s", app, span)
	})
	run("CREATE ROLE %s LOGIN NOINHERIT", app)
	run("CREATE ROLE %s LOGIN", span)
	run("GRANT %s TO %s", span, app)
	run("DO $$ BEGIN PERFORM run_command_on_all_nodes(format('GRANT CONNECT ON DATABASE %%I TO %s, %s', current_database())); END $$", app, span)
	run("GRANT USAGE ON SCHEMA %s TO %s, %s", name, app, span)

	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	config.RuntimeParams["search_path"] = name
	pool, err := rls.OpenConfig(config, rls.Options{SpanRole: span, Citus: true})
	require.NoError(t, err)
	owner := gormOf(t, pool)
	require.NoError(t, owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, owner.AutoMigrate(&citusNote{}))
	run("SELECT create_distributed_table('%s.citus_notes', 'tenant_id', shard_count => 8)", name)
	run("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.citus_notes TO %s, %s", name, app, span)
	run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA %s TO %s, %s", name, app, span)
	policies := rls.Policies{SpanRole: span}
	_, err = rls.Enable(t.Context(), owner, policies, migration.Options{Apply: true}, &citusNote{})
	require.NoError(t, err)

	config.User = app
	pool, err = rls.OpenConfig(config, rls.Options{SpanRole: span, Citus: true})
	require.NoError(t, err)
	db := gormOf(t, pool)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	_, err = rls.Check(t.Context(), db, policies, &citusNote{})
	require.NoError(t, err)
	tenants := make([]uuid.UUID, 20)
	for i := range tenants {
		tenants[i] = uuid.New()
		require.NoError(t, db.WithContext(tenancy.With(t.Context(), tenants[i])).Create(&citusNote{Text: tenants[i].String()}).Error)
	}
	for _, q := range []rowser{pool, begin(t, pool)} {
		for _, tenant := range tenants {
			assert.Equal(t, []string{tenant.String()}, texts(tenancy.With(t.Context(), tenant), t, q, ""))
			assert.Empty(t, texts(tenancy.With(t.Context(), tenant), t, q, "WHERE tenant_id <> '"+tenant.String()+"'"))
		}
		assert.Empty(t, texts(t.Context(), t, q, ""))
		assert.Len(t, texts(tenancy.WithSet(t.Context(), tenants[0], tenants[1]), t, q, ""), 2)
		assert.Len(t, texts(tenancy.Bypass(t.Context(), "test"), t, q, ""), len(tenants))
	}
	deaf, err := rls.OpenConfig(config, rls.Options{SpanRole: span})
	require.NoError(t, err)
	t.Cleanup(func() { _ = deaf.Close() })
	assert.Empty(t, texts(tenancy.With(t.Context(), tenants[0]), t, deaf, ""), "set_config stays on the coordinator")
	first := db.WithContext(tenancy.With(t.Context(), tenants[0]))
	require.NoError(t, first.Transaction(func(tx *gorm.DB) error {
		return tx.Model(&citusNote{}).Where("id > ?", 0).Update("text", "changed").Error
	}))
	_, err = pool.ExecContext(tenancy.With(t.Context(), tenants[0]),
		"INSERT INTO citus_notes (tenant_id, text) VALUES ($1, 'x')", tenants[1])
	assert.ErrorContains(t, err, "42501")
}

type rowser interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

func begin(t *testing.T, pool *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func texts(ctx context.Context, t *testing.T, q rowser, where string) (list []string) {
	t.Helper()
	rows, err := q.QueryContext(ctx, "SELECT text FROM citus_notes "+where)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		list = append(list, text)
	}
	require.NoError(t, rows.Err())
	return list
}
