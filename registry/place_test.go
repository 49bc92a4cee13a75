package registry_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var places = flag.String("on", "", "what all tests run on: citus, for distributed tables; rls, for row-level security; citus,rls; empty for neither")

// A place is what a registry's database has to it.
type place struct {
	citus bool // tables are distributed
	rls   bool // policies hold, with a role of their own for what spans tenants
}

func flaggedPlace() place {
	return place{citus: strings.Contains(*places, "citus"), rls: strings.Contains(*places, "rls")}
}

// open returns a database's dialector as the application's.
func (p place) open(t testing.TB, dsn string) gorm.Dialector {
	t.Helper()
	if !p.rls || !strings.HasSuffix(userOf(t, dsn), "_app") {
		return postgres.Open(dsn)
	}
	pool, err := rls.Open(dsn, rls.Options{SpanRole: spanOf(t, dsn), Citus: p.citus})
	require.NoError(t, err)
	return postgres.New(postgres.Config{Conn: pool})
}

// prepare makes a new database with the models' tables.
func (p place) prepare(t testing.TB, models []any) *tenancytest.Database {
	t.Helper()
	if !p.citus {
		database := tenancytest.Postgres(t)
		owner := p.migrate(t, database, models)
		if p.rls {
			p.protect(t, database, superuser(t, database), owner, models)
		}
		return database
	}
	cluster := tenancytest.Citus(t)
	owner := p.migrate(t, &cluster.Database, models)
	require.NoError(t, spread(t.Context(), owner, models...))
	if p.rls {
		admin, err := pgx.ParseConfig(cluster.AdminDSN)
		require.NoError(t, err)
		p.protect(t, &cluster.Database, admin, owner, models)
	}
	return &cluster.Database
}

// superuser is the server's, in a test's database.
func superuser(t testing.TB, database *tenancytest.Database) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(database.OwnerDSN)
	require.NoError(t, err)
	name := config.Database
	config.User = "postgres"
	if server := os.Getenv(tenancytest.EnvDSN); server != "" {
		config, err = pgx.ParseConfig(server)
		require.NoError(t, err)
	}
	config.Database = name
	return config
}

func (p place) migrate(t testing.TB, database *tenancytest.Database, models []any) *gorm.DB {
	t.Helper()
	owner := openOn(t, postgres.Open(database.OwnerDSN), logger.Discard)
	done, err := tenancy.AutoMigrate(owner, models...)
	require.NoError(t, err)
	require.Empty(t, done.Pending)
	return owner
}

// protect makes policies, and the role for what spans tenants. The workers of a
// cluster have to let that role in.
func (p place) protect(t testing.TB, database *tenancytest.Database, as *pgx.ConnConfig, owner *gorm.DB, models []any) {
	t.Helper()
	admin := stdlib.OpenDB(*as)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	config, err := pgx.ParseConfig(database.DSN)
	require.NoError(t, err)
	span := spanOf(t, database.DSN)
	run := func(statement string) {
		t.Helper()
		statement = strings.NewReplacer("<span>", span, "<app>", config.User, "<database>", config.Database).Replace(statement)
		var err error
		for range 10 { // other tests change roles at the same time, on all nodes
			if _, err = admin.Exec(statement); err == nil || !strings.Contains(err.Error(), "tuple concurrently updated") {
				break
			}
		}
		require.NoError(t, err, statement)
	}
	for _, statement := range []string{
		"CREATE ROLE <span> LOGIN", "ALTER ROLE <app> NOINHERIT", "GRANT <span> TO <app>", "GRANT USAGE ON SCHEMA public TO <span>",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO <span>",
		"GRANT CONNECT ON DATABASE <database> TO <span>",
	} {
		run(statement)
	}
	t.Cleanup(func() {
		run("DROP OWNED BY <span> CASCADE")
		run("DROP ROLE <span>")
	})
	_, err = rls.Enable(t.Context(), owner, rls.Policies{SpanRole: span}, migration.Options{Apply: true}, models...)
	require.NoError(t, err)
}

func spanOf(t testing.TB, dsn string) string { return userOf(t, dsn) + "_span" }

func userOf(t testing.TB, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	return config.User
}
