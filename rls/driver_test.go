package rls_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// samples are values of types that sqlTypes does not make by itself.
var samples = []string{
	"true", "1::int2", "1::int4", "1::int8", "1.5::float4", "'NaN'::float8", "'-Infinity'::float8",
	"123456789012345678901234567890.123::numeric", "'NaN'::numeric", "'x'::char(5)", "'x'::varchar(5)", `'x'::"char"`, "'x'::name",
	`'\x00ff'::bytea`, "'{\"a\": 1}'::json", "'{\"a\": 1}'::jsonb", "'infinity'::date", "'-infinity'::timestamp",
	"'infinity'::timestamptz", "'2024-02-29 12:34:56.789+02'::timestamptz", "'0044-03-15 BC'::date", "'12:34:56'::time",
	"'12:34:56+02'::timetz", "'1 year 2 days 3.5 s'::interval", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
	"'10.0.0.1/8'::inet", "'10.0.0.0/8'::cidr", "'08:00:2b:01:02:03'::macaddr", "B'101'::bit(3)", "B'101'::varbit",
	"'{1,NULL,3}'::int[]", `'{"a,b","c\"d",NULL}'::text[]`, "'{{1,2},{3,4}}'::float8[]", "'(1,2)'::point", "'[1,5)'::int4range",
	"'{[1,2),[5,6)}'::int4multirange", "'<a/>'::xml", "'$.a'::jsonpath", "'a b'::tsvector", "'a & b'::tsquery", "'1/2'::pg_lsn",
	"'pg_class'::regclass", "42::oid", "'1'::xid", "'12.34'::money", "ROW(1, 'x')", "'x'::mood", "'y'::short", "NULL::int", "NULL::bytea", "NULL",
}

// TestTypes: whatever a column's type is, values and descriptions are those of
// pgx's own driver.
func TestTypes(t *testing.T) {
	t.Parallel()
	database := tenancytest.Postgres(t)
	owner := open(t, database.OwnerDSN)
	for _, statement := range []string{"CREATE TYPE mood AS ENUM ('x')", "CREATE DOMAIN short AS varchar(3)"} {
		require.NoError(t, owner.Exec(statement).Error)
	}
	for _, mode := range execModes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			config, err := pgx.ParseConfig(with(database.OwnerDSN, "default_query_exec_mode", mode))
			require.NoError(t, err)
			plain := stdlib.OpenDB(*config)
			carrying, err := rls.OpenConfig(config, rls.Options{})
			require.NoError(t, err)
			for _, db := range []*sql.DB{plain, carrying} {
				t.Cleanup(func() { _ = db.Close() })
				db.SetMaxOpenConns(1)
			}
			ctx := tenancy.With(t.Context(), "a")
			for _, sample := range append(samples, "") {
				query := "SELECT " + sample + " AS one, $1::text AS bound"
				if sample == "" {
					query = "SELECT 1 AS one WHERE $1 = ''"
				}
				want, got := rowsOf(ctx, plain, query), rowsOf(ctx, carrying, query)
				assert.Equal(t, "<nil>", want[0], query)
				assert.Equal(t, want, got, query)
			}
			// Every type that has an array or not, as NULL.
			rows, err := plain.QueryContext(t.Context(), "SELECT format_type(oid, NULL) FROM pg_type WHERE typtype IN ('b', 'r', 'm') AND typname !~ '^_?(anyarray|.*unknown|.*cstring)' ORDER BY oid")
			require.NoError(t, err)
			var types []string
			for rows.Next() {
				var name string
				require.NoError(t, rows.Scan(&name))
				types = append(types, name)
			}
			require.NoError(t, rows.Close())
			require.Greater(t, len(types), 150)
			query := "SELECT $1 AS bound"
			for i, name := range types {
				query += fmt.Sprintf(", NULL::%s AS c%d", name, i)
			}
			want := rowsOf(ctx, plain, query)
			assert.Len(t, want, 4+2*len(types)+1)
			assert.Equal(t, want, rowsOf(ctx, carrying, query))
		})
	}
}

// rowsOf is all that can be known of an answer.
func rowsOf(ctx context.Context, db *sql.DB, query string) (lines []string) {
	rows, err := db.QueryContext(ctx, query, "x")
	if err != nil {
		return []string{strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	lines = append(lines, fmt.Sprint(err))
	for _, column := range types {
		length, hasLength := column.Length()
		precision, scale, isDecimal := column.DecimalSize()
		nullable, known := column.Nullable()
		lines = append(lines, fmt.Sprintln(column.Name(), column.DatabaseTypeName(), column.ScanType(), length, hasLength,
			precision, scale, isDecimal, nullable, known))
	}
	for rows.Next() {
		values, targets := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			targets[i] = &values[i]
		}
		lines = append(lines, fmt.Sprint(rows.Scan(targets...)))
		for _, value := range values {
			if f, ok := value.(float64); ok && math.IsNaN(f) {
				value = "NaN"
			}
			lines = append(lines, fmt.Sprintf("%v %#v", reflect.TypeOf(value), value))
		}
	}
	return append(lines, fmt.Sprint(rows.NextResultSet(), rows.Err()))
}

// A meter is a connection that counts how often the other side was waited for:
// reads after a write.
type meter struct {
	net.Conn
	turns *atomic.Int64
	wrote atomic.Bool
	delay time.Duration
}

func (m *meter) Write(b []byte) (int, error) {
	m.wrote.Store(true)
	return m.Conn.Write(b)
}

func (m *meter) Read(b []byte) (int, error) {
	if m.wrote.Swap(false) {
		m.turns.Add(1)
		time.Sleep(m.delay)
	}
	return m.Conn.Read(b)
}

// metered is a configuration whose connections are metered.
func metered(t testing.TB, dsn string, delay time.Duration) (*pgx.ConnConfig, *atomic.Int64) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	turns, dial := &atomic.Int64{}, config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &meter{Conn: conn, turns: turns, delay: delay}, err
	}
	return config, turns
}

// TestRoundTrips: the tenant travels in the packet of the statement.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	database := tenancytest.Postgres(t)
	for _, mode := range execModes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			count := func(citus, carrying bool) (alone, inTransaction int64) {
				config, turns := metered(t, with(database.DSN, "default_query_exec_mode", mode), 0)
				db := stdlib.OpenDB(*config)
				if carrying {
					var err error
					db, err = rls.OpenConfig(config, rls.Options{Citus: citus})
					require.NoError(t, err)
				}
				defer func() { _ = db.Close() }()
				db.SetMaxOpenConns(1)
				ctx := tenancy.With(t.Context(), "a")
				statement := func(db interface {
					queryer
					ExecContext(context.Context, string, ...any) (sql.Result, error)
				}) {
					require.NoError(t, db.QueryRowContext(ctx, "SELECT $1::int", 1).Scan(new(int)))
					_, err := db.ExecContext(ctx, "SELECT 1")
					require.NoError(t, err)
				}
				statement(db)
				turns.Store(0)
				statement(db)
				alone = turns.Swap(0)
				tx, err := db.BeginTx(ctx, nil)
				require.NoError(t, err)
				statement(tx)
				require.NoError(t, tx.Commit())
				return alone, turns.Load()
			}
			alone, inTransaction := count(false, false)
			for _, citus := range []bool{false, true} {
				carryingAlone, carryingInTransaction := count(citus, true)
				assert.Equal(t, alone, carryingAlone, "citus=%t", citus)
				assert.Equal(t, inTransaction, carryingInTransaction, "citus=%t", citus)
			}
			if mode != "describe_exec" {
				assert.EqualValues(t, 2, alone, "one a statement")
				assert.EqualValues(t, 4, inTransaction, "and BEGIN and COMMIT")
			}
		})
	}
}
