package rls_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// execModes are the ways in which pgx sends a statement.
var execModes = []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}

// inEachMode runs a test under each of them, and in the form for Citus.
func inEachMode(t *testing.T, test func(t *testing.T, d *database, db *sql.DB)) {
	t.Parallel()
	d := newDatabase(t)
	for _, mode := range execModes {
		for _, citus := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s citus=%t", mode, citus), func(t *testing.T) {
				t.Parallel()
				db, err := rls.Open(with(d.DSN, "default_query_exec_mode", mode), rls.Options{SpanRole: d.span, Citus: citus})
				require.NoError(t, err)
				t.Cleanup(func() { _ = db.Close() })
				test(t, d, db)
			})
		}
	}
}

type queryer interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// who asks the server for the identity of a statement: tenant, set and role.
const who = `SELECT current_setting('app.tenant_id', true) || '|' || coalesce(current_setting('app.tenant_id_set', true), '') || '|' ||
	CASE WHEN current_user = session_user THEN 'app' ELSE 'span' END`

// answer is who's, with and without a bound value.
func answer(t *testing.T, ctx context.Context, q queryer) string {
	t.Helper()
	var plain, bound string
	require.NoError(t, q.QueryRowContext(ctx, who).Scan(&plain))
	require.NoError(t, q.QueryRowContext(ctx, who+" || $1", "").Scan(&bound))
	assert.Equal(t, plain, bound)
	return plain
}

const oddTenant = `b'"\,{}; -- $1 ` + "\u00fc\u2603\U0001f600\n"

func TestIdentity(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		db.SetMaxOpenConns(1)
		nobody := t.Context()
		a, b := tenancy.With(nobody, "a"), tenancy.With(nobody, oddTenant)
		set, bypass := tenancy.WithSet(nobody, "a", oddTenant), tenancy.Bypass(nobody, "test")
		quoted := `{"a","` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oddTenant) + `"}`
		for range 2 { // prepared, and prepared before
			assert.Equal(t, "a||app", answer(t, a, db))
			assert.Equal(t, "|"+quoted+"|span", answer(t, set, db))
			assert.Equal(t, oddTenant+"||app", answer(t, b, db))
			assert.Equal(t, "|all|span", answer(t, bypass, db))
			assert.Equal(t, "||app", answer(t, nobody, db))
		}

		tx, err := db.BeginTx(a, nil)
		require.NoError(t, err)
		assert.Equal(t, "|all|span", answer(t, bypass, tx))
		assert.Equal(t, "a||app", answer(t, a, tx), "not the role of the statement before")
		_, err = tx.ExecContext(b, "SAVEPOINT one")
		require.NoError(t, err)
		back, err := tx.PrepareContext(b, "ROLLBACK TO SAVEPOINT one")
		require.NoError(t, err)
		assert.Equal(t, oddTenant+"||app", answer(t, b, tx))
		_, err = tx.ExecContext(b, "SELECT 1 / 0")
		require.ErrorContains(t, err, "22012")
		_, err = tx.ExecContext(a, "ROLLBACK TO SAVEPOINT one; SELECT 1")
		require.Error(t, err, "one command, also where the transaction has failed")
		_, err = tx.ExecContext(a, "ROLLBACK TO SAVEPOINT one")
		require.NoError(t, err)
		_, err = tx.ExecContext(b, "SELECT 1 / 0")
		require.ErrorContains(t, err, "22012")
		_, err = back.ExecContext(a)
		require.NoError(t, err)
		assert.Equal(t, "||app", answer(t, nobody, tx))
		assert.Equal(t, "a||app", answer(t, a, tx), "after the savepoint's own")
		require.NoError(t, tx.Commit())
		assert.Equal(t, "||app", answer(t, nobody, db))
	})
}

// TestLeftovers: what somebody has set for the session does not count.
func TestLeftovers(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		db.SetMaxOpenConns(1)
		for _, left := range []string{"SET app.tenant_id = 'left'", "SET SESSION app.tenant_id_set = 'all'", "SET ROLE " + d.span} {
			_, err := db.ExecContext(t.Context(), left)
			require.NoError(t, err)
		}
		assert.Regexp(t, `^\|\|`, answer(t, t.Context(), db))
		assert.Regexp(t, `^a\|\|`, answer(t, tenancy.With(t.Context(), "a"), db))
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		assert.Regexp(t, `^\|\|`, answer(t, t.Context(), tx))
		assert.Regexp(t, `^a\|\|`, answer(t, tenancy.With(t.Context(), "a"), tx))
		require.NoError(t, tx.Rollback())
	})
}

// TestLeftRole: the span role that a session was left with shows no more.
func TestLeftRole(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	tenants := fillDocs(t, d)
	for _, o := range []rls.Options{{}, {SpanRole: d.span}, {SpanRole: d.span, Citus: true}} {
		pool, err := rls.Open(d.DSN, o)
		require.NoError(t, err)
		t.Cleanup(func() { _ = pool.Close() })
		pool.SetMaxOpenConns(1)
		for _, left := range []string{"SET app.tenant_id = '" + tenants[1].String() + "'", "SET app.tenant_id_set = 'all'", "SET ROLE " + d.span} {
			_, err := pool.ExecContext(t.Context(), left)
			require.NoError(t, err)
		}
		tx, err := pool.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		for _, q := range []queryer{tx, pool} {
			var n int
			require.NoError(t, q.QueryRowContext(tenancy.With(t.Context(), tenants[0]), "SELECT count(*) FROM docs").Scan(&n))
			assert.Equal(t, 3, n)
			require.NoError(t, q.QueryRowContext(t.Context(), "SELECT count(*) FROM docs").Scan(&n))
			assert.Zero(t, n)
			if q == queryer(tx) {
				require.NoError(t, tx.Rollback())
			}
		}
	}
}

// TestOneCommand: a second command could end the transaction, and the setting
// with it.
func TestOneCommand(t *testing.T) {
	inEachMode(t, func(t *testing.T, _ *database, db *sql.DB) {
		for _, ctx := range []context.Context{t.Context(), tenancy.With(t.Context(), "a"), tenancy.WithSet(t.Context(), "a", "b")} {
			for _, text := range []string{"SELECT 1; SELECT 2", "COMMIT; SELECT 1", "set application_name = ''; SELECT 1", "/* ; */ COMMIT; SELECT 1"} {
				_, err := db.ExecContext(ctx, text)
				require.ErrorContains(t, err, "42601", text)
			}
		}
		_, err := db.ExecContext(tenancy.Bypass(t.Context(), "test"), "SELECT 1; SELECT 2")
		if strings.Contains(t.Name(), "citus=true") {
			require.ErrorContains(t, err, "42601")
		} else {
			require.NoError(t, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	db, err := rls.Open(tenancytest.Postgres(t).DSN, rls.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	prepared, err := db.PrepareContext(t.Context(), "SELECT 1")
	require.NoError(t, err)
	t.Cleanup(func() { _ = prepared.Close() })
	for _, test := range []struct {
		ctx    context.Context
		err    error
		reason string
	}{
		{tenancy.Bypass(t.Context(), "test"), rls.ErrSpan, "a bypass without a role"},
		{tenancy.WithSet(t.Context(), "a", "b"), rls.ErrSpan, "a set without a role"},
		{tenancy.With(t.Context(), ""), tenancy.ErrInvalidTenant, "no tenant"},
		{tenancy.With(tenancy.With(t.Context(), "a"), "b"), tenancy.ErrTenantMismatch, "another tenant"},
	} {
		_, err := db.ExecContext(test.ctx, "SELECT 1")
		require.ErrorIs(t, err, test.err, test.reason)
		_, err = db.QueryContext(test.ctx, "SELECT $1::int", 1)
		require.ErrorIs(t, err, test.err, test.reason)
		_, err = prepared.ExecContext(test.ctx)
		require.ErrorIs(t, err, test.err, test.reason)
		require.ErrorIs(t, prepared.QueryRowContext(test.ctx).Scan(new(int)), test.err, test.reason)
	}
	_, err = db.Driver().Open("")
	require.Error(t, err)
	for _, name := range []string{"tenant", "app.x.y", "app.", ".x", "app.x'", "App.x", "app.1x"} {
		_, err := rls.Open("", rls.Options{Setting: name})
		require.ErrorContains(t, err, "Setting", name)
	}
	_, err = rls.Open("host=secret password='", rls.Options{})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
}

// TestSessionTenant: a role or a DSN that sets the tenant for the session.
func TestSessionTenant(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.tenant_id", "app.tenant_id_set"} {
		db, err := rls.Open(with(tenancytest.Postgres(t).DSN, name, "all"), rls.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		assert.ErrorIs(t, db.Ping(), rls.ErrSessionTenant)
	}
}

// raw gives pgx's connection.
func raw(t *testing.T, db *sql.DB, use func(conn *pgx.Conn) error) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.Raw(func(driver any) error {
		return use(driver.(interface{ Conn() *pgx.Conn }).Conn())
	}))
}

// TestRaw: statements that pgx is given past database/sql.
func TestRaw(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		a := tenancy.With(t.Context(), "a")
		is := func(want string, row pgx.Row) {
			t.Helper()
			var got string
			require.NoError(t, row.Scan(&got))
			assert.Equal(t, want, got)
		}
		raw(t, db, func(conn *pgx.Conn) error {
			is("a||app", conn.QueryRow(a, who))
			is("||app", conn.QueryRow(t.Context(), who))
			batch := &pgx.Batch{}
			for range 3 {
				batch.Queue(who+" || $1", "")
			}
			results := conn.SendBatch(a, batch)
			for range 3 {
				is("a||app", results.QueryRow())
			}
			require.NoError(t, results.Close())
			is("||app", conn.QueryRow(t.Context(), who))
			// A statement that is not sent leaves nothing for the next one.
			_, err := conn.Exec(a, "SELECT $1::int", struct{ int }{1})
			require.Error(t, err)
			below, err := conn.PgConn().Exec(a, who).ReadAll()
			require.NoError(t, err)
			assert.Equal(t, "||app", string(below[0].Rows[0][0]))
			// Below pgx.Conn there is no context to go by.
			tx, err := conn.Begin(a)
			require.NoError(t, err)
			is("a||app", tx.QueryRow(a, who))
			found, err := conn.PgConn().Exec(a, who+"; "+who).ReadAll()
			require.NoError(t, err)
			require.Len(t, found, 2)
			assert.Equal(t, "||app", string(found[0].Rows[0][0]))
			assert.Equal(t, "||app", string(found[1].Rows[0][0]))
			require.NoError(t, tx.Rollback(a))
			return conn.Ping(a)
		})
	})
}

// TestPipeline: pgconn's pipelines, with many answers outstanding.
func TestPipeline(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	db, err := rls.Open(d.DSN, rls.Options{SpanRole: d.span})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	raw(t, db, func(conn *pgx.Conn) error {
		pipeline := conn.PgConn().StartPipeline(t.Context())
		for range 3 {
			pipeline.SendQueryParams(who, nil, nil, nil, nil)
			pipeline.SendQueryParams("SELECT 1 / 0", nil, nil, nil, nil)
			require.NoError(t, pipeline.Sync())
		}
		for range 3 {
			result, err := pipeline.GetResults()
			require.NoError(t, err)
			read := result.(*pgconn.ResultReader).Read()
			require.NoError(t, read.Err)
			assert.Equal(t, "||app", string(read.Rows[0][0]))
			_, err = pipeline.GetResults()
			require.ErrorContains(t, err, "22012")
			result, err = pipeline.GetResults()
			require.NoError(t, err)
			require.IsType(t, &pgconn.PipelineSync{}, result)
		}
		return pipeline.Close()
	})
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(driver any) error {
		pipeline := driver.(interface{ Conn() *pgx.Conn }).Conn().PgConn().StartPipeline(t.Context())
		pipeline.SendPrepare("", who, nil)
		require.NoError(t, pipeline.Flush())
		pipeline.SendQueryPrepared("", nil, nil, nil)
		err := pipeline.Sync()
		_ = pipeline.Close()
		return err
	})
	assert.ErrorIs(t, err, rls.ErrPipeline)
}

// TestCopy: COPY goes through pgx alone.
func TestCopy(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		a := tenancy.With(t.Context(), "a")
		raw(t, db, func(conn *pgx.Conn) error {
			_, err := conn.Exec(a, "CREATE TEMPORARY TABLE copied (id int, name text)")
			require.NoError(t, err)
			n, err := conn.CopyFrom(a, pgx.Identifier{"copied"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{1, "x"}, {2, "y"}}))
			require.NoError(t, err)
			assert.EqualValues(t, 2, n)
			var out strings.Builder
			_, err = conn.PgConn().CopyTo(a, &out, "COPY (SELECT id, name, current_setting('app.tenant_id', true) FROM copied ORDER BY id) TO STDOUT")
			require.NoError(t, err)
			assert.Equal(t, "1\tx\t\n2\ty\t\n", out.String(), "nobody's: pgconn has no tracer")
			return nil
		})
	})
}

// TestDeferred: an error that comes with the end of the transaction.
func TestDeferred(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		db.SetMaxOpenConns(1)
		a := tenancy.With(t.Context(), "a")
		_, err := db.ExecContext(a, "CREATE TEMPORARY TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
		require.NoError(t, err)
		_, err = db.ExecContext(a, "INSERT INTO late VALUES (1), ($1)", 1)
		require.ErrorContains(t, err, "23505")
		_, err = db.ExecContext(a, "INSERT INTO late VALUES (1), (1)")
		require.ErrorContains(t, err, "23505")
		_, err = db.ExecContext(a, "INSERT INTO late VALUES (1), (2)")
		require.NoError(t, err)
		var n int
		require.NoError(t, db.QueryRowContext(a, "SELECT count(*) FROM late").Scan(&n))
		assert.Equal(t, 2, n)
	})
}

// TestRowsLeftOpen: rows that nobody has read to their end.
func TestRowsLeftOpen(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		a := tenancy.With(t.Context(), "a")
		tx, err := db.BeginTx(a, nil)
		require.NoError(t, err)
		rows, err := tx.QueryContext(a, "SELECT n, repeat('x', 1000) FROM generate_series(1, $1::int) AS n", 20000)
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, tx.Commit())
		assert.False(t, rows.Next())
		_ = rows.Err()
		_ = rows.Close()
		assert.Equal(t, "a||app", answer(t, a, db))

		cancelled, cancel := context.WithCancel(a)
		rows, err = db.QueryContext(cancelled, "SELECT n, repeat('x', 1000) FROM generate_series(1, $1::int) AS n", 200000)
		require.NoError(t, err)
		require.True(t, rows.Next())
		cancel()
		for rows.Next() { // to the end
		}
		require.ErrorIs(t, rows.Err(), context.Canceled)
		_ = rows.Close()
		assert.Equal(t, "||app", answer(t, t.Context(), db))
	})
}

// TestLarge: answers and statements of more than one packet.
func TestLarge(t *testing.T) {
	inEachMode(t, func(t *testing.T, d *database, db *sql.DB) {
		a := tenancy.With(t.Context(), "a")
		text := strings.Repeat("0123456789", 300_000)
		var back string
		require.NoError(t, db.QueryRowContext(a, "SELECT $1::text", text).Scan(&back))
		assert.Equal(t, len(text), len(back)) //nolint:testifylint // Len would print megabytes
		rows, err := db.QueryContext(a, "SELECT n, repeat('x', n % 37) FROM generate_series(1, 100000) AS n WHERE n > $1", 0)
		require.NoError(t, err)
		defer func() { _ = rows.Close() }()
		sum := 0
		for want := 1; rows.Next(); want++ {
			var n int
			var padding string
			require.NoError(t, rows.Scan(&n, &padding))
			if n != want || len(padding) != n%37 {
				t.Fatal("row", n, "in the place of", want)
			}
			sum++
		}
		require.NoError(t, rows.Err())
		assert.Equal(t, 100000, sum)
	})
}

// TestBothWays: statements that are still being written while answers come back,
// more than the buffers between hold.
func TestBothWays(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, mode := range []string{"cache_statement", "exec"} {
		db, err := rls.Open(with(d.DSN, "default_query_exec_mode", mode), rls.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		text := strings.Repeat("x", 500_000)
		raw(t, db, func(conn *pgx.Conn) error {
			batch := &pgx.Batch{}
			for range 40 {
				batch.Queue("SELECT $1::text || current_setting('app.tenant_id')", text)
			}
			results := conn.SendBatch(tenancy.With(t.Context(), "a"), batch)
			for range 40 {
				var back string
				require.NoError(t, results.QueryRow().Scan(&back))
				require.Equal(t, len(text)+1, len(back)) //nolint:testifylint // Len would print megabytes
			}
			return results.Close()
		})
	}
}

// TestNotifications: messages that answer nothing.
func TestNotifications(t *testing.T) {
	inEachMode(t, func(t *testing.T, _ *database, db *sql.DB) {
		a := tenancy.With(t.Context(), "a")
		raw(t, db, func(conn *pgx.Conn) error {
			_, err := conn.Exec(a, "LISTEN news")
			require.NoError(t, err)
			for range 3 {
				_, err = conn.Exec(a, "SELECT pg_notify('news', $1)", "hello")
				require.NoError(t, err)
				_, err = conn.Exec(a, "DO $$BEGIN RAISE NOTICE 'noticed'; END$$")
				require.NoError(t, err)
				news, err := conn.WaitForNotification(a)
				require.NoError(t, err)
				assert.Equal(t, "hello", news.Payload)
			}
			return nil
		})
	})
}

// countingTracer is a tracer of the application's own.
type countingTracer struct{ queries atomic.Int64 }

func (c *countingTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.queries.Add(1)
	return ctx
}

func (c *countingTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestOwnHooks: the application's tracer and network hook are still called.
func TestOwnHooks(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(tenancytest.Postgres(t).DSN)
	require.NoError(t, err)
	tracer, connected := &countingTracer{}, atomic.Int64{}
	config.Tracer = tracer
	config.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) {
		connected.Add(1)
		return conn, nil
	}
	db, err := rls.OpenConfig(config, rls.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	assert.Equal(t, "a||app", answer(t, tenancy.With(t.Context(), "a"), db))
	assert.EqualValues(t, 2, tracer.queries.Load())
	assert.EqualValues(t, 1, connected.Load())
}

// TestDiscardAll: what was prepared may be gone.
func TestDiscardAll(t *testing.T) {
	t.Parallel()
	db, err := rls.Open(with(tenancytest.Postgres(t).DSN, "default_query_exec_mode", "describe_exec"), rls.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	a := tenancy.With(t.Context(), "a")
	assert.Equal(t, "a||app", answer(t, a, db))
	_, err = db.ExecContext(a, "DEALLOCATE ALL")
	require.NoError(t, err)
	_, err = db.ExecContext(a, "SELECT $1::int", 1)
	var state interface{ SQLState() string }
	require.ErrorAs(t, err, &state)
	assert.Equal(t, "26000", state.SQLState(), "once")
	assert.Equal(t, "a||app", answer(t, a, db))
}
