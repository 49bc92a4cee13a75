package rls_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

type (
	account struct {
		ID   uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
		Name string
	}
	country struct {
		_    struct{} `tenancy:"shared"`
		Code string   `gorm:"primaryKey"`
	}
	event struct {
		_    struct{} `tenancy:"shared,writable"`
		ID   int64
		Text string
	}
	doc struct {
		tenancy.TenantModel
		ID    int64
		Title string
		Tags  []tag `gorm:"many2many:doc_tags"`
	}
	tag struct {
		tenancy.TenantModel
		ID   int64
		Name string
	}
	parcel struct {
		ID       int64
		ClientID string `gorm:"type:varchar(40)" tenancy:"tenant"`
	}
)

var allModels = []any{&account{}, &country{}, &event{}, &doc{}, &tag{}, &parcel{}}

// A database has its policies, and handles of its owner and of the application.
type database struct {
	*tenancytest.Database
	span  string   // the role for what spans tenants
	owner *gorm.DB // migrates
	admin *sql.DB  // may do everything
}

func gormOf(t testing.TB, pool *sql.DB) *gorm.DB {
	t.Helper()
	t.Cleanup(func() { _ = pool.Close() })
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	return db
}

func open(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	return gormOf(t, pool)
}

// keyword returns a word of a DSN, where the last of several counts.
func keyword(dsn, name string) string {
	at := strings.LastIndex(" "+dsn, " "+name+"=")
	if at < 0 {
		return ""
	}
	word, _, _ := strings.Cut(dsn[at+len(name)+1:], " ")
	return word
}

// newDatabase makes a database with a role for what spans tenants, which the
// application may become and does not inherit from.
func newDatabase(t testing.TB) *database {
	t.Helper()
	d := &database{Database: tenancytest.Postgres(t)}
	d.owner = open(t, d.OwnerDSN)
	var err error
	d.admin, err = sql.Open("pgx", strings.Replace(d.OwnerDSN, "user="+keyword(d.OwnerDSN, "user"), "user=postgres", 1))
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.admin.Close() })
	app, ownerRole := keyword(d.DSN, "user"), keyword(d.OwnerDSN, "user")
	d.span = app + "_span"
	for _, statement := range []string{
		"CREATE ROLE %[1]s NOLOGIN",
		"ALTER ROLE %[2]s NOINHERIT",
		"GRANT %[1]s TO %[2]s",
		"GRANT USAGE ON SCHEMA public TO %[1]s",
		"ALTER DEFAULT PRIVILEGES FOR ROLE %[3]s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %[1]s",
		"ALTER DEFAULT PRIVILEGES FOR ROLE %[3]s GRANT USAGE ON SEQUENCES TO %[1]s",
	} {
		_, err := d.admin.Exec(fmt.Sprintf(statement, d.span, app, ownerRole))
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY %[1]s CASCADE", "DROP ROLE %[1]s"} {
			_, err := d.admin.Exec(fmt.Sprintf(statement, d.span))
			require.NoError(t, err)
		}
	})
	return d
}

func (d *database) policies() rls.Policies { return rls.Policies{SpanRole: d.span} }

// protect makes the models' tables and their policies.
func (d *database) protect(t testing.TB, models ...any) {
	t.Helper()
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, d.owner.AutoMigrate(models...))
	_, err := rls.Enable(t.Context(), d.owner, d.policies(), migration.Options{Apply: true}, models...)
	require.NoError(t, err)
}

// app opens a handle for the application.
func (d *database) app(t testing.TB, plugin bool, more string) *gorm.DB {
	t.Helper()
	pool, err := rls.Open(d.DSN+" "+more, rls.Options{SpanRole: d.span})
	require.NoError(t, err)
	db := gormOf(t, pool)
	if plugin {
		require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	}
	return db
}

func TestEnable(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	db := d.app(t, true, "")
	_, err := rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)

	plan, err := d.policies().Plan(t.Context(), d.owner, allModels...)
	require.NoError(t, err)
	assert.Empty(t, plan.Phases, "nothing is missing")

	_, err = rls.Disable(t.Context(), d.owner, migration.Options{Apply: true}, allModels...)
	require.NoError(t, err)
	_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
	var problem *rls.Problem
	require.True(t, errors.As(err, &problem))
	assert.ErrorIs(t, err, rls.ErrUnprotected)
	var n int64
	require.NoError(t, d.owner.Raw("SELECT count(*) FROM pg_policy").WithContext(context.Background()).Error)
	_ = n
}
