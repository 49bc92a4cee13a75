package rls_test

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
)

// openShop is the program of the package's documentation.
func openShop(dsn, span string, models []any) (*gorm.DB, error) {
	pool, err := rls.Open(dsn, rls.Options{SpanRole: span})
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}))
	if err != nil {
		return nil, err
	}
	if err := db.Use(tenancy.New(tenancy.Config{Models: models})); err != nil {
		return nil, err
	}
	policies := rls.Policies{SpanRole: span}
	if err := db.Use(rls.New(rls.Config{Policies: policies})); err != nil {
		return nil, err
	}
	return db, nil
}

// A program opens its pool by rls.Open, and does not start on a database that
// would not protect its tenants.
func Example() {
	db, err := openShop(os.Getenv("DATABASE_URL"), "shop_span", allModels)
	if err != nil {
		return
	}
	ctx := tenancy.With(context.Background(), uuid.MustParse("0198f0a0-0000-7000-8000-000000000001"))
	var docs []doc
	_ = db.WithContext(ctx).Find(&docs).Error
}

// One transaction a request.
func ExampleTransaction() {
	handle := func(ctx context.Context, db *gorm.DB) error {
		return rls.Transaction(ctx, db, func(tx *gorm.DB) error {
			return tx.Create(&doc{Title: "new"}).Error
		})
	}
	_ = handle
}

// The owner's program makes the tables and their policies.
func ExampleEnable() {
	migrate := func(ctx context.Context, owner *gorm.DB, models ...any) error {
		if err := owner.AutoMigrate(models...); err != nil {
			return err
		}
		_, err := rls.Enable(ctx, owner, rls.Policies{SpanRole: "shop_span"}, migration.Options{Apply: true}, models...)
		return err
	}
	_ = migrate
}

// A database whose models are elsewhere gets its policies from the catalogue.
func ExampleTablesOf() {
	plan := func(ctx context.Context, pool *sql.DB, owner *gorm.DB, o keys.Options) (*migration.Plan, error) {
		structure, err := catalog.Read(ctx, pool, catalog.Options{})
		if err != nil {
			return nil, err
		}
		analysis, err := keys.Analyze(structure, o)
		if err != nil {
			return nil, err
		}
		tables, err := rls.TablesOf(analysis)
		if err != nil {
			return nil, err
		}
		policies := rls.Policies{SpanRole: "shop_span", Tables: tables}
		return policies.Plan(ctx, owner)
	}
	_ = plan
}

// TestRoles: the roles as the documentation makes them, and the program on them.
func TestRoles(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	config, err := pgx.ParseConfig(d.DSN)
	require.NoError(t, err)
	database := config.Database
	text, err := os.ReadFile("testdata/roles.sql")
	require.NoError(t, err)
	name := "shop_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	run := func(statements string) {
		t.Helper()
		_, err := d.admin.Exec(statements)
		require.NoError(t, err)
	}
	run(strings.NewReplacer("DATABASE shop", "DATABASE "+database, "shop_", name+"_").Replace(string(text)))
	t.Cleanup(func() {
		for _, role := range []string{"_owner", "_app", "_span"} {
			run("DROP OWNED BY " + name + role + " CASCADE; DROP ROLE " + name + role)
		}
	})
	// A server that the tests start trusts everybody.
	run("ALTER ROLE " + name + "_owner PASSWORD '" + config.Password + "'; ALTER ROLE " + name + "_app PASSWORD '" + config.Password + "'")
	as := func(role string) string { return strings.Replace(d.DSN, config.User, name+role, 1) }

	owner := open(t, as("_owner"))
	require.NoError(t, owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, owner.AutoMigrate(allModels...))
	_, err = openShop(as("_app"), name+"_span", allModels)
	require.ErrorIs(t, err, rls.ErrUnprotected, "there are no policies yet")
	_, err = rls.Enable(t.Context(), owner, rls.Policies{SpanRole: name + "_span"}, migration.Options{Apply: true}, allModels...)
	require.NoError(t, err)

	db, err := openShop(as("_app"), name+"_span", allModels)
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	warnings, err := rls.Check(t.Context(), db, rls.Policies{SpanRole: name + "_span"})
	require.NoError(t, err)
	assert.Empty(t, warnings)
	a, b := uuid.New(), uuid.New()
	for _, tenant := range []uuid.UUID{a, b} {
		require.NoError(t, db.WithContext(tenancy.With(t.Context(), tenant)).Create(&doc{Title: "new", Tags: []tag{{Name: "x"}}}).Error)
	}
	var docs []doc
	require.NoError(t, db.WithContext(tenancy.With(t.Context(), a)).Preload("Tags").Find(&docs).Error)
	require.Len(t, docs, 1)
	assert.Len(t, docs[0].Tags, 1)
	require.NoError(t, db.WithContext(tenancy.WithSet(t.Context(), a, b)).Find(&docs).Error)
	assert.Len(t, docs, 2)
	require.NoError(t, db.WithContext(tenancy.Bypass(t.Context(), "test")).Find(&docs).Error)
	assert.Len(t, docs, 2)
}
