//go:build cgo

package verify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// A twin is a database with two tenants, and one that holds the first alone.
type twin struct {
	both, alone *pgx.Conn
	dump        string // a query for all rows: table, tenant, row
	others      []string
}

func connect(tb testing.TB, dsn string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// newTwin makes the databases from a file: the schema, and after a line "--
// tenant" the rows of one tenant.
func newTwin(tb testing.TB, file, dump string) *twin {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(tb, err)
	schema, rows, ok := strings.Cut(string(text), "-- tenant\n")
	require.True(tb, ok)
	tenant := func(id uuid.UUID, mark string, seed int) string {
		return strings.NewReplacer("tenant,", "'"+id.String()+"'::uuid,", "mark", "'"+mark+"'", "seed", fmt.Sprint(seed)).Replace(rows)
	}
	w := &twin{dump: dump}
	w.both = connect(tb, tenancytest.Postgres(tb).OwnerDSN)
	w.alone = connect(tb, tenancytest.Postgres(tb).OwnerDSN)
	ctx := context.Background()
	a, b := tenant(tenantA, "a", 1), tenant(tenantB, "b", 2)
	for conn, sql := range map[*pgx.Conn]string{w.both: schema + b + a, w.alone: schema + a} {
		_, err := conn.Exec(ctx, sql)
		require.NoError(tb, err)
		_, err = conn.Exec(ctx, "SET statement_timeout = '300ms'")
		require.NoError(tb, err)
	}
	_, w.others = w.rows(tb, w.both)
	return w
}

// rows returns the rows of the first tenant with the shared ones, and all others.
func (w *twin) rows(tb testing.TB, db interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
},
) (own, others []string) {
	tb.Helper()
	rows, err := db.Query(context.Background(), "SELECT coalesce(tenant = $1, false), name || ' ' || line FROM ("+w.dump+") t (name, tenant, line) ORDER BY 2", tenantA)
	require.NoError(tb, err)
	var mine bool
	var line string
	_, err = pgx.ForEachRow(rows, []any{&mine, &line}, func() error {
		if mine {
			own = append(own, line)
		} else {
			others = append(others, line)
		}
		return nil
	})
	require.NoError(tb, err)
	return own, others
}

// An outcome is what a statement answers and leaves behind.
type outcome struct {
	code string // of an error
	rows []string
	left []string
}

func (w *twin) run(tb testing.TB, conn *pgx.Conn, sql string, vars []any) outcome {
	tb.Helper()
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	require.NoError(tb, err)
	defer func() { _ = tx.Rollback(ctx) }()
	var o outcome
	rows, err := tx.Query(ctx, sql, vars...)
	if err == nil {
		for rows.Next() {
			o.rows = append(o.rows, fmt.Sprintf("%q", rows.RawValues()))
		}
		rows.Close()
		err = rows.Err()
		o.rows = append(o.rows, rows.CommandTag().String())
	}
	if err != nil {
		var pgErr *pgconn.PgError
		if o.code = err.Error(); errors.As(err, &pgErr) {
			o.code = pgErr.Code + " " + pgErr.Message
		}
		o.rows = nil
		return o
	}
	slices.Sort(o.rows)
	if !writes.MatchString(sql) {
		return o
	}
	var others []string
	if o.left, others = w.rows(tb, tx); conn == w.both && !slices.Equal(others, w.others) {
		o.left = append(o.left, "other tenants' rows changed")
	}
	return o
}

var writes = regexp.MustCompile(`(?i)insert|update|delete|merge`)

// timedOut is the code of a statement that ran for too long, as a recursion
// without an end does.
const timedOut = "57014"

// differ says how a statement tells that there is another tenant; "" if it does
// not.
func (w *twin) differ(tb testing.TB, sql string, vars []any) (difference string, failed bool) {
	tb.Helper()
	both, alone := w.run(tb, w.both, sql, vars), w.run(tb, w.alone, sql, vars)
	switch {
	case strings.HasPrefix(both.code, timedOut), strings.HasPrefix(alone.code, timedOut):
		return "", true
	case both.code != alone.code:
		return fmt.Sprintf("error %q, alone %q", both.code, alone.code), true
	case !slices.Equal(both.rows, alone.rows):
		return fmt.Sprintf("rows\n%s\nalone\n%s", strings.Join(both.rows, "\n"), strings.Join(alone.rows, "\n")), false
	case !slices.Equal(both.left, alone.left):
		return fmt.Sprintf("left\n%s\nalone\n%s", strings.Join(both.left, "\n"), strings.Join(alone.left, "\n")), false
	}
	return "", both.code != ""
}
