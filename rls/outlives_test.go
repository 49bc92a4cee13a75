package rls_test

import (
	"context"
	"database/sql"
	"net"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// TestOutlives asks the server's session past the pool what a statement has left.
func TestOutlives(t *testing.T) {
	inEachMode(t, func(t *testing.T, _ *database, db *sql.DB) {
		a, set := tenancy.With(t.Context(), "a"), tenancy.WithSet(t.Context(), "a", "b")
		for name, do := range map[string]func(conn *sql.Conn){
			"one": func(conn *sql.Conn) { answer(t, a, conn) },
			"set": func(conn *sql.Conn) { answer(t, set, conn) },
			"all": func(conn *sql.Conn) { answer(t, tenancy.Bypass(t.Context(), "test"), conn) },
			"failed": func(conn *sql.Conn) {
				_, err := conn.ExecContext(set, "SELECT 1 / $1::int", 0)
				require.ErrorContains(t, err, "22012")
			},
			"committed": func(conn *sql.Conn) {
				tx, err := conn.BeginTx(set, nil)
				require.NoError(t, err)
				answer(t, set, tx)
				require.NoError(t, tx.Commit())
			},
			"rolled back": func(conn *sql.Conn) {
				tx, err := conn.BeginTx(set, nil)
				require.NoError(t, err)
				answer(t, set, tx)
				require.NoError(t, tx.Rollback())
			},
		} {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			do(conn)
			assert.Equal(t, "||app", left(t, conn), name)
			_ = conn.Close()
		}
	})
}

// left takes the network connection from under a connection and asks on it.
func left(t *testing.T, conn *sql.Conn) (found string) {
	t.Helper()
	_ = conn.Raw(func(driver any) error {
		taken, err := driver.(interface{ Conn() *pgx.Conn }).Conn().PgConn().Hijack()
		require.NoError(t, err)
		network := reflect.ValueOf(taken.Conn).Elem().FieldByName("Conn").Interface().(net.Conn)
		defer func() { _ = network.Close() }()
		frontend := pgproto3.NewFrontend(network, network)
		const query = `SELECT coalesce(current_setting('app.tenant_id', true), '') || '|' || coalesce(current_setting('app.tenant_id_set', true), '') ||
			'|' || CASE WHEN current_user = session_user THEN 'app' ELSE 'span' END`
		frontend.SendQuery(&pgproto3.Query{String: query})
		require.NoError(t, frontend.Flush())
		for {
			message, err := frontend.Receive()
			require.NoError(t, err)
			switch message := message.(type) {
			case *pgproto3.DataRow:
				found = string(message.Values[0])
			case *pgproto3.ReadyForQuery:
				return context.Canceled // the connection is of no more use
			}
		}
	})
	return found
}
