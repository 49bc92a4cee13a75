package tenancytest

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openSQL(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The owner, who is no superuser, distributes; the application reads and writes.
func TestCitus(t *testing.T) {
	t.Parallel()
	cluster := Citus(t)
	require.GreaterOrEqual(t, len(cluster.Nodes), 3)
	owner, app := openSQL(t, cluster.OwnerDSN), openSQL(t, cluster.DSN)
	for _, statement := range []string{
		`CREATE TABLE countries (code text PRIMARY KEY)`,
		`CREATE TABLE users (tenant_id int, id bigserial, code text REFERENCES countries, PRIMARY KEY (tenant_id, id))`,
		`SET citus.enable_local_reference_table_foreign_keys = off; SELECT create_reference_table('countries')`,
		`SELECT create_distributed_table('users', 'tenant_id', colocate_with => 'none')`,
	} {
		_, err := owner.Exec(statement)
		require.NoError(t, err, statement)
	}
	_, err := owner.Exec(`INSERT INTO countries VALUES ('IT')`)
	require.NoError(t, err)
	for tenant := range 40 {
		_, err := app.Exec(`INSERT INTO users (tenant_id, code) VALUES ($1, 'IT')`, tenant)
		require.NoError(t, err)
	}
	var users, shards, superuser int
	require.NoError(t, app.QueryRow(`SELECT count(*) FROM users JOIN countries USING (code)`).Scan(&users))
	require.NoError(t, app.QueryRow(`SELECT count(DISTINCT get_shard_id_for_distribution_column('users', tenant_id)) FROM generate_series(0, 39) tenant_id`).Scan(&shards))
	assert.Equal(t, 40, users)
	assert.Equal(t, CitusShards, shards)
	require.NoError(t, app.QueryRow(`SELECT count(*) FROM pg_roles WHERE rolname IN (current_user, (SELECT tableowner FROM pg_tables WHERE tablename = 'users')) AND rolsuper`).Scan(&superuser))
	assert.Zero(t, superuser)
	_, err = app.Exec(`CREATE TABLE mine (id int)`)
	require.Error(t, err)
}

func TestCitusNodeStops(t *testing.T) {
	t.Parallel()
	cluster := OwnCitus(t)
	db := openSQL(t, cluster.OwnerDSN)
	_, err := db.Exec(`CREATE TABLE users (tenant_id int PRIMARY KEY)`)
	require.NoError(t, err)
	_, err = db.Exec(`SELECT create_distributed_table('users', 'tenant_id')`)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO users SELECT generate_series(1, 100)`)
	require.NoError(t, err)
	count := func() (n int, err error) {
		err = db.QueryRow(`SELECT count(*) FROM users`).Scan(&n)
		return n, err
	}
	for range 2 {
		cluster.Nodes[1].Stop(t)
		_, err = count()
		require.Error(t, err)
		cluster.Nodes[1].Start(t)
		n, err := count()
		require.NoError(t, err)
		assert.Equal(t, 100, n)
	}
}
