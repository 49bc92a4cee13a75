package catalog_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// begin returns a transaction that ends with the test.
func begin(tb testing.TB, db *sql.DB, o *sql.TxOptions) *sql.Tx {
	tb.Helper()
	tx, err := db.BeginTx(tb.Context(), o)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// hostile are settings that change how PostgreSQL writes and understands SQL.
const hostile = `
SET search_path = "$user", "select", crm, public, pg_catalog;
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'Asia/Kathmandu';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
SET standard_conforming_strings = off`

// TestReadSession reads the same whatever the session's settings, and leaves
// them as they were.
func TestReadSession(t *testing.T) {
	t.Parallel()
	db, database := everything(t)
	exec(t, db, `
CREATE TABLE crm.pg_class (oid oid, relname name, relkind "char");
CREATE FUNCTION crm.format_type(oid, int) RETURNS text LANGUAGE sql AS 'SELECT ''shadow''';
CREATE FUNCTION crm.never(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR crm.= (FUNCTION = crm.never, LEFTARG = name, RIGHTARG = name)`)
	want := dump(t, read(t, db, catalog.Options{}))
	settings := func(q catalog.Querier) (all string) {
		rows, err := q.QueryContext(t.Context(), `SELECT string_agg(name || '=' || setting, E'\n' ORDER BY name) FROM pg_settings`)
		require.NoError(t, err)
		defer rows.Close()
		require.True(t, rows.Next())
		require.NoError(t, rows.Scan(&all))
		return all
	}
	conn := func(t *testing.T) *sql.Conn {
		conn, err := open(t, database.OwnerDSN).Conn(t.Context())
		require.NoError(t, err)
		exec(t, conn, hostile)
		return conn
	}
	t.Run("connection", func(t *testing.T) {
		conn := conn(t)
		before := settings(conn)
		assert.Equal(t, want, dump(t, read(t, conn, catalog.Options{})))
		assert.Equal(t, before, settings(conn))
	})
	t.Run("transaction", func(t *testing.T) {
		tx, err := conn(t).BeginTx(t.Context(), nil)
		require.NoError(t, err)
		exec(t, tx, `SET search_path = crm`)
		exec(t, tx, `SET LOCAL search_path = public`)
		exec(t, tx, `CREATE TEMPORARY TABLE pg_namespace (oid oid, nspname name)`)
		before := settings(tx)
		assert.Equal(t, want, dump(t, read(t, tx, catalog.Options{})))
		assert.Equal(t, before, settings(tx))
		require.NoError(t, tx.Commit())
	})
	t.Run("read-only transaction", func(t *testing.T) {
		tx := begin(t, db, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelSerializable})
		assert.Equal(t, want, dump(t, read(t, tx, catalog.Options{})))
	})
	t.Run("failure leaves the transaction usable", func(t *testing.T) {
		tx := begin(t, db, nil)
		before := settings(tx)
		_, err := catalog.Read(t.Context(), failing{tx}, catalog.Options{})
		require.ErrorContains(t, err, "catalog: read: ")
		assert.Equal(t, before, settings(tx))
	})
	t.Run("neither", func(t *testing.T) {
		_, err := catalog.Read(t.Context(), querier(db.QueryContext), catalog.Options{})
		require.ErrorContains(t, err, "SAVEPOINT")
	})
}

// querier makes a function a Querier that cannot begin a transaction.
type querier func(ctx context.Context, query string, args ...any) (*sql.Rows, error)

func (q querier) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return q(ctx, query, args...)
}

// failing is a transaction in which every query with arguments fails.
type failing struct{ *sql.Tx }

func (f failing) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if len(args) > 0 {
		query, args = `SELECT 1 / 0`, nil
	}
	return f.Tx.QueryContext(ctx, query, args...)
}

func TestReadUnprivileged(t *testing.T) {
	t.Parallel()
	db, database := everything(t)
	app := open(t, database.DSN)
	role := read(t, app, catalog.Options{}).Role.Name
	exec(t, db, `
REVOKE ALL ON ALL TABLES IN SCHEMA crm, "select", "Ünï ""code"".x", public FROM PUBLIC, `+role+`;
REVOKE ALL ON SCHEMA crm, "select", "Ünï ""code"".x", public FROM PUBLIC, `+role)
	_, err := app.ExecContext(t.Context(), `SELECT FROM crm.users`)
	require.Error(t, err)
	owner := read(t, db, catalog.Options{})
	other := read(t, app, catalog.Options{})
	assert.Equal(t, dump(t, owner), dump(t, other))
	assert.NotEqual(t, owner.Role.Name, other.Role.Name)
	assert.False(t, other.Role.Superuser)
	users := catalog.Name{Schema: "crm", Name: "users"}
	assert.True(t, owner.Table(users).Owned)
	assert.False(t, other.Table(users).Owned)
	assert.Equal(t, owner.Role.Name, other.Table(users).Owner)
	assert.Equal(t, owner.Table(users).Bytes, other.Table(users).Bytes)
}

func TestReadFields(t *testing.T) {
	t.Parallel()
	db, _ := everything(t)
	exec(t, db, `INSERT INTO public.tenants (name) SELECT repeat('x', n) FROM generate_series(1, 500) AS n; ANALYZE public.tenants`)
	c := read(t, db, catalog.Options{})
	assert.GreaterOrEqual(t, c.Version, 140000)
	assert.False(t, c.Replica)
	assert.NotEmpty(t, c.Database)

	tenants := c.Table(catalog.Name{Schema: "public", Name: "tenants"})
	assert.InDelta(t, 500, tenants.Rows, 0)
	assert.Positive(t, tenants.Bytes)
	assert.Positive(t, tenants.IndexBytes)
	assert.Equal(t, tenants.IndexBytes, tenants.Index("tenants_pkey").Bytes)
	assert.NotZero(t, tenants.OID)

	users := c.Table(catalog.Name{Schema: "crm", Name: "users"})
	assert.InDelta(t, -1, c.Table(catalog.Name{Schema: "crm", Name: "things"}).Rows, 0, "never analyzed")
	assert.Equal(t, []string{"tenant_id", "id"}, users.PrimaryKey().Columns)
	assert.Equal(t, []string{"crm.per_user"}, users.PrimaryKey().Dependents)
	assert.ElementsMatch(t, []string{"price", "since"}, users.Constraint("price_check").Columns)
	assert.Equal(t, "CHECK (((nick)::text <> 'DEFERRABLE NOT VALID'::text))", users.Constraint("late_check").Text)
	assert.False(t, users.Constraint("late_check").Validated)
	assert.Equal(t, "users_pkey", users.Constraint("users_manager_fkey").Index)
	assert.Equal(t, catalog.Name{Schema: "crm", Name: "users_id_seq"}, users.Column("id").Sequence)
	assert.True(t, users.Index("users_pkey").Primary)
	assert.Equal(t, []string{"some"}, users.Publications)
	index := users.Index("users_active")
	assert.Equal(t, "tenant_id", index.Parts[0].Column)
	assert.Empty(t, index.Parts[1].Column)
	assert.Equal(t, []string{"nick"}, index.Include)

	events := c.Table(catalog.Name{Schema: "crm", Name: "events_eu_1"})
	assert.True(t, events.PrimaryKey().Inherited)
	assert.True(t, events.Index("events_eu_1_at_idx").Inherited)
	assert.Equal(t, []string{"parts"}, events.Publications)
	assert.Len(t, events.Triggers, 1)
	assert.True(t, events.Triggers[0].Inherited)
	assert.Equal(t, []string{"parts"}, c.Table(catalog.Name{Schema: "crm", Name: "events"}).Publications)
	assert.Len(t, c.Table(catalog.Name{Schema: "crm", Name: "notes"}).Constraints, 2, "one foreign key, not one a partition")

	for _, v := range c.Views {
		if v.Name.Name == "per_user" {
			assert.Equal(t, []catalog.Name{{Schema: "crm", Name: "events"}, {Schema: "crm", Name: "users"}}, v.Uses)
		}
	}
}

// TestReadNotNull knows a column that is not null from one that is said to be.
func TestReadNotNull(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	if version(t, db) < 180000 {
		t.Skip("NOT NULL cannot be NOT VALID before PostgreSQL 18")
	}
	exec(t, db, `CREATE TABLE things (a int); ALTER TABLE things ADD CONSTRAINT there NOT NULL a NOT VALID`)
	things := catalog.Name{Schema: "public", Name: "things"}
	assert.Equal(t, "integer", read(t, db, catalog.Options{}).Definition(things, "column", "a"))
	exec(t, db, `ALTER TABLE things VALIDATE CONSTRAINT there`)
	assert.Equal(t, "integer NOT NULL", read(t, db, catalog.Options{}).Definition(things, "column", "a"))
}

// TestReadWhileTablesChange reads while another session makes and drops tables.
func TestReadWhileTablesChange(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	done, stop := make(chan error), make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				close(done)
				return
			default:
			}
			if _, err := db.ExecContext(t.Context(), `
CREATE TYPE kind AS ENUM ('a');
CREATE TABLE passing (id serial PRIMARY KEY, k kind DEFAULT 'a', n int CHECK (n > 0), EXCLUDE USING gist (int4range(n, n + 1) WITH &&));
CREATE INDEX ON passing (abs(n)) WHERE k = 'a'`); err != nil {
				done <- err
				return
			}
			if _, err := db.ExecContext(t.Context(), `DROP TABLE passing; DROP TYPE kind`); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 50 {
		_, err := catalog.Read(t.Context(), db, catalog.Options{})
		require.NoError(t, err)
	}
	close(stop)
	require.NoError(t, <-done)
}

// TestReadGORM reads through GORM's pools, prepared statements included.
func TestReadGORM(t *testing.T) {
	t.Parallel()
	db, database := everything(t)
	want := dump(t, read(t, db, catalog.Options{}))
	for _, prepare := range []bool{false, true} {
		gdb, err := gorm.Open(postgres.Open(database.OwnerDSN), &gorm.Config{PrepareStmt: prepare})
		require.NoError(t, err)
		pool, err := gdb.DB()
		require.NoError(t, err)
		t.Cleanup(func() { _ = pool.Close() })
		assert.Equal(t, want, dump(t, read(t, gdb.Statement.ConnPool, catalog.Options{})))
		require.NoError(t, gdb.Transaction(func(tx *gorm.DB) error {
			require.NoError(t, tx.Exec(`CREATE TABLE public.fresh ()`).Error)
			fresh := read(t, tx.Statement.ConnPool, catalog.Options{Tables: []catalog.Name{{Schema: "public", Name: "fresh"}}})
			assert.Len(t, fresh.Tables, 1, "seen by its own transaction")
			return tx.Exec(`DROP TABLE public.fresh`).Error
		}))
	}
}

func TestReadOptions(t *testing.T) {
	t.Parallel()
	db, _ := everything(t)
	names := func(o catalog.Options) (tables, views []string) {
		c := read(t, db, o)
		for _, table := range c.Tables {
			tables = append(tables, table.String())
		}
		for _, view := range c.Views {
			views = append(views, view.String())
		}
		return tables, views
	}
	odd := catalog.Name{Schema: `Ünï "code".x`, Name: "T.1"}
	users := catalog.Name{Schema: "crm", Name: "users"}
	for _, test := range []struct {
		reason        string
		options       catalog.Options
		tables, views []string
	}{
		{"a schema, and the views of others that use it", catalog.Options{Schemas: []string{"select"}}, []string{`"select"."table"`}, []string{"crm.summary"}},
		{"tables", catalog.Options{Tables: []catalog.Name{users, odd}}, []string{"crm.users", odd.String()}, []string{"crm.per_user", "public.glad"}},
		{"tables of a schema", catalog.Options{Schemas: []string{odd.Schema}, Tables: []catalog.Name{users, odd}}, []string{odd.String()}, nil},
		{"an unknown table", catalog.Options{Tables: []catalog.Name{{Schema: "crm", Name: "unknown"}}}, nil, nil},
		{"an unknown schema", catalog.Options{Schemas: []string{"unknown"}}, nil, nil},
	} {
		tables, views := names(test.options)
		assert.Equal(t, test.tables, tables, test.reason)
		assert.Equal(t, test.views, views, test.reason)
	}
	all, one := read(t, db, catalog.Options{}), read(t, db, catalog.Options{Tables: []catalog.Name{users}})
	assert.Equal(t, all.Table(users), one.Table(users))
}
