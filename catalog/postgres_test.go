package catalog_test

import (
	"context"
	"database/sql"
	"embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/tenancytest" // registers pgx, too
)

//go:embed testdata/*.sql
var testdata embed.FS

// database returns an empty database, as its owner.
func database(tb testing.TB) (*sql.DB, *tenancytest.Database) {
	tb.Helper()
	database := tenancytest.Postgres(tb)
	return open(tb, database.OwnerDSN), database
}

func open(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(tb testing.TB, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, statement string) {
	tb.Helper()
	_, err := db.ExecContext(tb.Context(), statement)
	require.NoError(tb, err)
}

// load runs a file of testdata, as far as the server's version has what is in it.
func load(tb testing.TB, db *sql.DB, name string) {
	tb.Helper()
	text, err := testdata.ReadFile("testdata/" + name)
	require.NoError(tb, err)
	statements := string(text)
	if version(tb, db) < 150000 {
		statements = strings.NewReplacer("NULLS NOT DISTINCT", "", "SET NULL (manager_id)", "NO ACTION", "SET DEFAULT (c_id)", "SET DEFAULT",
			"security_invoker = on", "security_barrier = on").Replace(statements)
	}
	exec(tb, db, statements)
}

func version(tb testing.TB, db *sql.DB) (number int) {
	tb.Helper()
	require.NoError(tb, db.QueryRowContext(tb.Context(), `SELECT current_setting('server_version_num')::int`).Scan(&number))
	return number
}

// everything returns a database that has one of each.
func everything(tb testing.TB) (*sql.DB, *tenancytest.Database) {
	tb.Helper()
	db, database := database(tb)
	load(tb, db, "prelude.sql")
	load(tb, db, "everything.sql")
	if version(tb, db) >= 180000 {
		load(tb, db, "everything18.sql")
	}
	return db, database
}

func read(tb testing.TB, q catalog.Querier, o catalog.Options) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Read(tb.Context(), q, o)
	require.NoError(tb, err)
	return c
}

func dump(tb testing.TB, c *catalog.Catalog) string {
	tb.Helper()
	var b strings.Builder
	require.NoError(tb, c.Dump(&b))
	return b.String()
}
