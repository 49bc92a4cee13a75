package rls_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
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
	citus bool     // it is on a cluster
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

// userOf is the role that a DSN connects as.
func userOf(t testing.TB, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	return config.User
}

// with adds a setting to a DSN in one of its two forms.
func with(dsn, name, value string) string {
	if !strings.Contains(dsn, "://") {
		return dsn + " " + name + "=" + value
	}
	sign := "?"
	if strings.Contains(dsn, "?") {
		sign = "&"
	}
	return dsn + sign + name + "=" + url.QueryEscape(value)
}

// adminOf opens a pool that may do everything, on the same database.
func adminOf(t testing.TB, d *tenancytest.Database) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(d.OwnerDSN)
	require.NoError(t, err)
	name := config.Database
	config.User = "postgres"
	if server := os.Getenv(tenancytest.EnvDSN); server != "" {
		config, err = pgx.ParseConfig(server)
		require.NoError(t, err)
		config.Database = name
	}
	admin := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = admin.Close() })
	return admin
}

// newDatabase makes a database with a role for what spans tenants, which the
// application may become and does not inherit from.
func newDatabase(t testing.TB) *database {
	t.Helper()
	d := &database{Database: tenancytest.Postgres(t)}
	d.owner = open(t, d.OwnerDSN)
	d.admin = adminOf(t, d.Database)
	app, ownerRole := userOf(t, d.DSN), userOf(t, d.OwnerDSN)
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
func (d *database) app(t testing.TB, plugin bool) *gorm.DB {
	t.Helper()
	pool, err := rls.Open(d.DSN, rls.Options{SpanRole: d.span, Citus: d.citus})
	require.NoError(t, err)
	db := gormOf(t, pool)
	if plugin {
		require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	}
	return db
}

// pool is the application's, without GORM and the plugin: row-level security alone.
func (d *database) pool(t testing.TB) *sql.DB {
	t.Helper()
	pool, err := rls.Open(d.DSN, rls.Options{SpanRole: d.span})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func TestEnable(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	db := d.app(t, true)
	_, err := rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)
	plan, err := d.policies().Plan(t.Context(), d.owner, allModels...)
	require.NoError(t, err)
	assert.Empty(t, plan.Phases, "nothing is missing")

	// Another setting, no sets: policies are replaced and dropped, and put back.
	other := rls.Policies{Setting: "shop.client"}
	plan, err = other.Plan(t.Context(), d.owner, allModels...)
	require.NoError(t, err)
	owner, err := d.owner.DB()
	require.NoError(t, err)
	o := migration.Options{Apply: true}
	_, err = migration.Execute(t.Context(), owner, plan, o)
	require.NoError(t, err)
	_, err = rls.Check(t.Context(), db, other, allModels...)
	require.NoError(t, err)
	again, err := migration.Execute(t.Context(), owner, plan, o)
	require.NoError(t, err)
	assert.Empty(t, again.Done)
	_, err = migration.Undo(t.Context(), owner, plan, o)
	require.NoError(t, err)
	_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)

	for range 2 {
		_, err = rls.Disable(t.Context(), d.owner, d.policies(), o, allModels...)
		require.NoError(t, err)
		_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
		require.ErrorIs(t, err, rls.ErrUnprotected)
		var left int
		require.NoError(t, d.admin.QueryRow(`SELECT (SELECT count(*) FROM pg_policy) +
			(SELECT count(*) FROM pg_class WHERE relrowsecurity OR relforcerowsecurity)`).Scan(&left))
		assert.Zero(t, left)
	}
	dry, err := rls.Enable(t.Context(), d.owner, d.policies(), migration.Options{}, allModels...)
	require.NoError(t, err)
	assert.Len(t, dry.Would, 2*7, "the models' tables and the join table")
	_, err = rls.Enable(t.Context(), d.owner, d.policies(), o, allModels...)
	require.NoError(t, err)
	_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)
}

// TestPlanFiles: the plan as SQL, which psql or a migration tool carries out.
func TestPlanFiles(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, d.owner.AutoMigrate(allModels...))
	plan, err := d.policies().Plan(t.Context(), d.owner, allModels...)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, plan.WriteSQL(&text))
	stable := strings.NewReplacer(d.span, "app_span", strings.TrimSuffix(userOf(t, d.DSN), "_app"), "app").Replace(text.String())
	golden(t, "testdata/policies.sql", stable)
	files, err := plan.WriteGoose(t.TempDir(), 1)
	require.NoError(t, err)
	assert.Len(t, files, 2*7+1, "and the barrier between the two phases")
	for _, line := range strings.Split(text.String(), "\n") {
		if strings.HasPrefix(line, "CREATE POLICY") || strings.HasPrefix(line, "ALTER TABLE") {
			require.NoError(t, d.owner.WithContext(tenancy.Bypass(t.Context(), "test")).Exec(line).Error)
		}
	}
	_, err = rls.Check(t.Context(), d.app(t, true), d.policies(), allModels...)
	require.NoError(t, err)
}

// TestPolicies: what a statement that nobody scoped may see and do.
func TestPolicies(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	pool := d.pool(t)
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	nobody := t.Context()
	as := func(tenants ...any) context.Context {
		if len(tenants) == 1 {
			return tenancy.With(nobody, tenants[0])
		}
		return tenancy.WithSet(nobody, tenants...)
	}
	bypass := tenancy.Bypass(nobody, "test")
	for _, test := range []struct {
		ctx    context.Context
		sql    string
		rows   int64 // affected, or -1 for an error of the policies
		reason string
	}{
		{nobody, "INSERT INTO accounts (id, name) VALUES ('" + a.String() + "', 'a')", -1, "nobody writes nothing"},
		{as(b), "INSERT INTO accounts (id, name) VALUES ('" + a.String() + "', 'a')", -1, "another's root"},
		{as(a), "INSERT INTO accounts (id, name) VALUES ('" + a.String() + "', 'a')", 1, "the own root"},
		{bypass, "INSERT INTO accounts (id, name) VALUES ('" + b.String() + "', 'b'), ('" + c.String() + "', 'c')", 2, "in a bypass"},
		{as(a), "SELECT FROM accounts", 1, "the root shows the own row"},
		{as(a), "INSERT INTO docs (tenant_id, id, title) VALUES ('" + a.String() + "', 1, 'a'), ('" + a.String() + "', 2, 'a')", 2, "own rows"},
		{as(a), "INSERT INTO docs (tenant_id, id, title) VALUES ('" + b.String() + "', 1, 'x')", -1, "another's row"},
		{as(a, b), "INSERT INTO docs (tenant_id, id, title) VALUES ('" + b.String() + "', 1, 'b')", 1, "a member's row"},
		{as(a, b), "INSERT INTO docs (tenant_id, id, title) VALUES ('" + c.String() + "', 1, 'x')", -1, "no member's"},
		{bypass, "INSERT INTO docs (tenant_id, id, title) VALUES ('" + c.String() + "', 1, 'c')", 1, "in a bypass"},
		{as(a), "INSERT INTO docs (tenant_id, id, title) VALUES ('" + a.String() + "', 1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET title = 'a'", 1, "an upsert"},
		{nobody, "SELECT FROM docs", 0, "nobody"},
		{as(a), "SELECT FROM docs", 2, "one"},
		{as(a, b), "SELECT FROM docs", 3, "two"},
		{as(a, b), "SELECT FROM docs WHERE tenant_id = '" + c.String() + "'", 0, "no member"},
		{bypass, "SELECT FROM docs", 4, "all"},
		{as(a), "SELECT FROM docs WHERE true OR tenant_id IS NULL UNION ALL SELECT FROM docs", 4, "each reference"},
		{as(a), "UPDATE docs SET title = title", 2, "one's"},
		{as(a), "UPDATE docs SET tenant_id = '" + b.String() + "'", -1, "giving away"},
		{as(b), "UPDATE docs SET tenant_id = '" + b.String() + "' WHERE tenant_id = '" + a.String() + "'", 0, "taking"},
		{as(a, b), "UPDATE docs SET tenant_id = '" + c.String() + "'", -1, "giving away from a set"},
		{as(b), "DELETE FROM docs WHERE title = 'a'", 0, "another's"},
		{nobody, "DELETE FROM docs", 0, "nobody"},
		{as(a), "INSERT INTO tags (tenant_id, id, name) VALUES ('" + a.String() + "', 1, 'a')", 1, "one"},
		{as(a), "INSERT INTO doc_tags (tenant_id, doc_id, tag_id) VALUES ('" + a.String() + "', 1, 1)", 1, "a join table"},
		{as(b), "SELECT FROM doc_tags", 0, "another's join table"},
		{as(a), "INSERT INTO countries (code) VALUES ('x')", -1, "a shared table"},
		{bypass, "INSERT INTO countries (code) VALUES ('x')", 1, "a shared table in a bypass"},
		{as(a, b), "INSERT INTO countries (code) VALUES ('y')", -1, "a shared table for a set"},
		{nobody, "SELECT FROM countries", 1, "everybody reads"},
		{as(a), "SELECT FROM countries FOR UPDATE", 1, "everybody may lock"},
		{as(a), "UPDATE countries SET code = code", -1, "and not write"},
		{as(a), "DELETE FROM countries", 0, "nor delete"},
		{as(a), "INSERT INTO events (text) VALUES ('x')", 1, "a writable one"},
		{as(b), "UPDATE events SET text = 'y'", 1, "a writable one"},
		{as("a"), "INSERT INTO parcels (client_id) VALUES ('a')", 1, "text"},
		{as(oddTenant), "INSERT INTO parcels (client_id) SELECT current_setting('app.tenant_id')", 1, "odd text"},
		{as("a", oddTenant), "SELECT FROM parcels", 2, "a set of odd ones"},
		{as("a", "b"), "SELECT FROM parcels", 1, "a set"},
		{as("x{a}"), "SELECT FROM parcels", 0, "braces"},
		{as("all"), "SELECT FROM parcels", 0, "the word of a bypass"},
		{as("all", "a,b"), "SELECT FROM parcels", 0, "the word in a set"},
		{as("a" + strings.Repeat("x", 100)), "SELECT FROM parcels", 0, "longer than its column"},
		{as("A"), "SELECT FROM parcels", 0, "another case"},
		{as("a "), "SELECT FROM parcels", 0, "another blank"},
		{as(a), "TRUNCATE docs", -1, "no privilege"},
		{as(a), "ALTER TABLE docs DISABLE ROW LEVEL SECURITY", -1, "no owner"},
	} {
		result, err := pool.ExecContext(test.ctx, test.sql)
		if test.rows < 0 {
			require.ErrorContains(t, err, "42501", "%s: %s", test.reason, test.sql)
			continue
		}
		require.NoError(t, err, test.sql)
		n, err := result.RowsAffected()
		require.NoError(t, err)
		require.Equal(t, test.rows, n, "%s: %s", test.reason, test.sql)
	}
}

// TestPlans: a plan that is kept for one tenant, or one role, is not another's.
func TestPlans(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	tenants := fillDocs(t, d)
	pool := d.pool(t)
	pool.SetMaxOpenConns(1)
	prepared, err := pool.PrepareContext(t.Context(), "SELECT count(*), min(title), max(title) FROM docs WHERE id > $1")
	require.NoError(t, err)
	t.Cleanup(func() { _ = prepared.Close() })
	for range 8 { // five custom plans, then a generic one
		for _, tenant := range tenants[:3] {
			var n int
			var least, most string
			require.NoError(t, prepared.QueryRowContext(tenancy.With(t.Context(), tenant), 0).Scan(&n, &least, &most))
			assert.Equal(t, 3, n)
			assert.Equal(t, tenant.String(), least)
			assert.Equal(t, least, most)
			require.NoError(t, prepared.QueryRowContext(tenancy.WithSet(t.Context(), tenant, tenants[5]), 0).Scan(&n, &least, &most))
			assert.Equal(t, 6, n)
			require.NoError(t, prepared.QueryRowContext(tenancy.Bypass(t.Context(), "test"), 0).Scan(&n, &least, &most))
			assert.Equal(t, 3*stressTenants, n)
		}
	}
}

// TestInference: what others' rows say by errors, by functions and by constraints.
func TestInference(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	for _, statement := range []string{
		"INSERT INTO docs (tenant_id, id, title) SELECT md5(n::text)::uuid, n, 'secret' || n FROM generate_series(1, 5) AS n",
		"CREATE FUNCTION tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE EXCEPTION ''told %', $1; END'",
		"CREATE UNIQUE INDEX everywhere ON docs (title)",
		"ANALYZE docs",
	} {
		_, err := d.admin.Exec(strings.ReplaceAll(statement, "told %'", "told %''"))
		require.NoError(t, err)
	}
	pool := d.pool(t)
	ctx := tenancy.With(t.Context(), uuid.New())
	for _, text := range []string{
		"SELECT FROM docs WHERE tell(title)",
		"SELECT FROM docs WHERE title::int > 0",
		"SELECT FROM docs WHERE 1 / (length(title) - length(title)) > 0",
		"UPDATE docs SET title = '' WHERE tell(title)",
		"DELETE FROM docs WHERE tell(title)",
	} {
		_, err := pool.ExecContext(ctx, text)
		require.NoError(t, err, text)
	}
	var seen int
	require.NoError(t, pool.QueryRowContext(ctx, "SELECT count(*) FROM pg_stats WHERE tablename = 'docs'").Scan(&seen))
	assert.Zero(t, seen, "statistics hold values")
	_, err := pool.ExecContext(ctx, "INSERT INTO docs (tenant_id, id, title) SELECT current_setting('app.tenant_id')::uuid, 9, 'secret1'")
	var failed *pgconn.PgError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "23505", failed.Code, "a unique that holds for all tenants tells that a value is taken")
	assert.Empty(t, failed.Detail, "and no more")
}

// TestPartitions: a partition can be read past its parent's policies.
func TestPartitions(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, statement := range []string{
		"CREATE TABLE docs (tenant_id uuid, id bigint, title text, PRIMARY KEY (tenant_id, id)) PARTITION BY HASH (tenant_id)",
		"CREATE TABLE docs_0 PARTITION OF docs FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY HASH (id)",
		"CREATE TABLE docs_0_0 PARTITION OF docs_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
	} {
		require.NoError(t, d.owner.Exec(statement).Error)
	}
	d.protect(t, &doc{}, &tag{})
	tenants := fillDocs(t, d)
	pool := d.pool(t)
	for _, table := range []string{"docs", "docs_0", "docs_0_0"} {
		var n int
		require.NoError(t, pool.QueryRowContext(tenancy.With(t.Context(), tenants[0]), "SELECT count(*) FROM "+table).Scan(&n))
		assert.Equal(t, 3, n, table)
		require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		assert.Zero(t, n, table)
	}
}

// TestUnsafeColumns: a column, or a cast, that may cut an id off makes it another
// tenant's.
func TestUnsafeColumns(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	require.NoError(t, d.owner.Exec("CREATE DOMAIN code AS char(9)").Error)
	require.NoError(t, d.owner.Exec("CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)").Error)
	require.NoError(t, d.owner.Exec("CREATE TABLE parcels (id bigint PRIMARY KEY)").Error)
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	for _, column := range []string{"code", "name", "char(9)", "bigint", "uuid", "real", `text COLLATE "folded"`} {
		require.NoError(t, d.owner.WithContext(tenancy.Bypass(t.Context(), "the test changes a type")).Exec("ALTER TABLE parcels DROP COLUMN IF EXISTS client_id, ADD client_id "+column).Error)
		_, err := d.policies().Plan(t.Context(), d.owner, &parcel{})
		assert.ErrorContains(t, err, "client_id", column)
		_, err = rls.Check(t.Context(), d.owner, d.policies(), &parcel{})
		assert.ErrorContains(t, err, "client_id", column)
	}
}

// badge is of tenants with short names.
type badge struct {
	ID       int64
	ClientID string `gorm:"size:3" tenancy:"tenant"`
}

// TestIDsThatAreTooLong: an id that the column cannot hold is nobody's, and not that of
// the tenant whose name it begins with.
func TestIDsThatAreTooLong(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, &badge{})
	_, err := d.admin.Exec("INSERT INTO badges (client_id) VALUES ('abc'), ('abd')")
	require.NoError(t, err)
	pool := d.pool(t)
	look := func(table string) {
		for tenant, want := range map[string]int{"abc": 1, "abcdef": 0, "ab": 0, "abc ": 0} {
			var n int
			require.NoError(t, pool.QueryRowContext(tenancy.With(t.Context(), tenant), "SELECT count(*) FROM "+table).Scan(&n))
			assert.Equal(t, want, n, "%s: %s", table, tenant)
		}
	}
	look("badges")
	d.execute(t, "CREATE DOMAIN code AS varchar(3); CREATE TABLE coded (client_id code)")
	d.execute(t, "INSERT INTO coded VALUES ('abc'), ('abd')")
	p := d.policies()
	p.Tables = []tenancy.TenantTable{{Name: "coded", Column: "client_id"}}
	_, err = rls.Enable(t.Context(), d.owner, p, migration.Options{Apply: true})
	require.NoError(t, err)
	look("coded")
}

// golden compares with a file, or writes it.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}
