package catalog_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
)

func inventory(t *testing.T, db *sql.DB) catalog.Inventory {
	t.Helper()
	tx := begin(t, db, nil)
	found, err := catalog.Take(context.Background(), tx, nil)
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	return found
}

// TestInventorySeesEachChange changes one thing at a time, of all that pg_dump
// writes of a table and what hangs on it.
func TestInventorySeesEachChange(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	exec(t, db, `
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE jobs (id int PRIMARY KEY, n int CHECK (n > 0), at text, parent int REFERENCES parents);
CREATE INDEX jobs_lower ON jobs (lower(at));
CREATE STATISTICS st ON id, n FROM jobs;
CREATE FUNCTION next_jobs() RETURNS SETOF jobs LANGUAGE sql AS 'SELECT * FROM jobs';
CREATE VIEW v AS SELECT id, n FROM jobs;
CREATE VIEW w AS SELECT * FROM next_jobs();
CREATE POLICY p ON jobs USING (n > 0);
CREATE RULE r AS ON DELETE TO jobs WHERE false DO NOTHING;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER t BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER u INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
CREATE MATERIALIZED VIEW m AS SELECT id FROM jobs;
CREATE UNIQUE INDEX m_id ON m (id)`)
	before := inventory(t, db)
	require.Empty(t, before.Differences(inventory(t, db)))
	for _, change := range []string{
		"COMMENT ON TABLE jobs IS 'x'", "COMMENT ON COLUMN jobs.n IS 'x'", "COMMENT ON CONSTRAINT jobs_pkey ON jobs IS 'x'",
		"COMMENT ON INDEX jobs_pkey IS 'x'", "COMMENT ON POLICY p ON jobs IS 'x'", "COMMENT ON RULE r ON jobs IS 'x'",
		"COMMENT ON TRIGGER t ON jobs IS 'x'", "COMMENT ON TRIGGER u ON v IS 'x'", "COMMENT ON STATISTICS st IS 'x'",
		"COMMENT ON FUNCTION next_jobs() IS 'x'", "COMMENT ON VIEW v IS 'x'", "COMMENT ON COLUMN w.id IS 'x'", "COMMENT ON INDEX m_id IS 'x'",
		"ALTER INDEX jobs_lower ALTER COLUMN 1 SET STATISTICS 7", "ALTER TABLE jobs ALTER COLUMN n SET STATISTICS 7",
		"ALTER STATISTICS st SET STATISTICS 7", "ALTER TABLE jobs ALTER COLUMN at SET STORAGE external",
		"ALTER TABLE jobs ALTER COLUMN n SET (n_distinct = 5)", "ALTER TABLE jobs SET (fillfactor = 50)",
		"ALTER TABLE jobs SET (toast.autovacuum_enabled = off)", "ALTER TABLE jobs DISABLE TRIGGER t", "ALTER TABLE jobs DISABLE RULE r",
		"GRANT SELECT ON jobs TO pg_monitor", "GRANT SELECT (n) ON jobs TO PUBLIC", "GRANT SELECT ON v TO PUBLIC",
		"REVOKE EXECUTE ON FUNCTION next_jobs() FROM PUBLIC", "REVOKE DELETE ON jobs FROM CURRENT_USER",
		"DROP POLICY p ON jobs; CREATE POLICY p ON jobs AS RESTRICTIVE USING (n > 0)", "ALTER POLICY p ON jobs TO pg_monitor",
		"ALTER TABLE jobs DROP CONSTRAINT jobs_n_check, ADD CONSTRAINT jobs_n_check CHECK (n > 0) NO INHERIT",
		"ALTER TABLE jobs ENABLE ROW LEVEL SECURITY", "ALTER TABLE jobs CLUSTER ON jobs_pkey", "ALTER TABLE jobs REPLICA IDENTITY FULL",
		"ALTER VIEW v ALTER COLUMN n SET DEFAULT 1", "ALTER VIEW v SET (security_barrier)", "REFRESH MATERIALIZED VIEW m WITH NO DATA",
		"DROP FUNCTION next_jobs() CASCADE", "DROP TRIGGER u ON v", "CREATE PUBLICATION b FOR TABLE jobs",
		"CREATE FUNCTION label(j jobs) RETURNS text LANGUAGE sql AS 'SELECT j.at'", "CREATE TABLE others (j jobs)",
	} {
		tx := begin(t, db, nil)
		exec(t, tx, change)
		after, err := catalog.Take(t.Context(), tx, nil)
		require.NoError(t, err)
		assert.NotEmpty(t, before.Differences(after), change)
		require.NoError(t, tx.Rollback())
	}
}
