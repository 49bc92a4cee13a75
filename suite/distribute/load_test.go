package distribute_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// TestLoad moves a database to a cluster of its own: keys are made in the old one,
// the empty tables are spread in the new one, and rows are copied.
func TestLoad(t *testing.T) {
	t.Parallel()
	cluster := tenancytest.Citus(t)
	old := newShop(t, &tenancytest.Cluster{Database: *tenancytest.Postgres(t)}, rows(6, 12, 60))
	analysis, err := tenancy.PlanKeys(t.Context(), old.db, options("").Keys, models...)
	require.NoError(t, err)
	plan, err := analysis.Plan()
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), old.sql, plan, migration.Options{Apply: true, Passed: []string{keys.Backfill, keys.Swap, keys.Contract}})
	require.NoError(t, err)

	s := &shop{cluster: cluster, db: open(t, cluster.OwnerDSN)}
	s.sql, err = s.db.DB()
	require.NoError(t, err)
	restoreSchema(t, old.cluster.OwnerDSN, cluster.OwnerDSN)
	require.NoError(t, s.db.Use(tenancy.New(tenancy.Config{Column: "account_id", Models: models})))
	o := passed(options(distribution.StepByStep))
	o.Plan.Load = true
	result, err := tenancy.Distribute(t.Context(), s.db, o, models...)
	require.NoError(t, err)
	require.NotNil(t, result.Barrier)
	require.Equal(t, distribution.Attach, result.Barrier.Phase)
	for _, table := range []string{"tasks", "projects_managers", "projects", "managers", "accounts", "countries"} {
		copyTable(t, old, cluster.OwnerDSN, table)
	}
	o.Run.Passed = append(o.Run.Passed, distribution.Attach)
	result, err = tenancy.Distribute(t.Context(), s.db, o, models...)
	require.NoError(t, err)
	require.Nil(t, result.Barrier)
	require.Equal(t, old.sums(t), s.sums(t))
	var foreign int
	require.NoError(t, s.sql.QueryRow("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated AND connamespace = 'public'::regnamespace").Scan(&foreign))
	require.Equal(t, 8, foreign)
}

func restoreSchema(t testing.TB, from, to string) {
	t.Helper()
	dump := pgDumpProgram()
	if dump == "" {
		t.Skip("no pg_dump of the server's version is installed")
	}
	text, err := exec.Command(dump, "--schema-only", "--no-owner", "--no-privileges", "--schema=public", withoutZone(from)).Output()
	require.NoError(t, err)
	restore := exec.Command(filepath.Join(filepath.Dir(dump), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", withoutZone(to))
	restore.Stdin = strings.NewReader(strings.Replace(string(text), "CREATE SCHEMA public;", "", 1))
	out, err := restore.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// copyTable is psql's COPY … TO STDOUT | COPY … FROM STDIN.
func copyTable(t testing.TB, old *shop, to, table string) {
	t.Helper()
	columns := strings.Join(columnsOf(t, old.sql, table), ", ")
	source, err := pgx.Connect(context.Background(), old.cluster.OwnerDSN)
	require.NoError(t, err)
	defer func() { require.NoError(t, source.Close(context.Background())) }()
	target, err := pgx.Connect(context.Background(), to)
	require.NoError(t, err)
	defer func() { require.NoError(t, target.Close(context.Background())) }()
	var rows bytes.Buffer
	_, err = source.PgConn().CopyTo(t.Context(), &rows, fmt.Sprintf("COPY (SELECT %s FROM %s) TO STDOUT", columns, table))
	require.NoError(t, err)
	_, err = target.PgConn().CopyFrom(t.Context(), &rows, fmt.Sprintf("COPY %s (%s) FROM STDIN", table, columns))
	require.NoError(t, err)
}

func columnsOf(t testing.TB, db *sql.DB, table string) (columns []string) {
	t.Helper()
	found, err := db.Query("SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped", table)
	require.NoError(t, err)
	defer found.Close()
	for found.Next() {
		var name string
		require.NoError(t, found.Scan(&name))
		columns = append(columns, name)
	}
	require.NoError(t, found.Err())
	return columns
}
