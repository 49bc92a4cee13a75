package migration_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// errCut is what the program sees of a connection that is gone.
var errCut = errors.New("connection cut")

// A killer is a pool whose server process is ended before, or after, the n-th
// statement or commit of the connections that go through it.
type killer struct {
	driver driver.Driver
	dsn    string
	admin  *sql.DB
	at     int64
	after  bool
	seen   atomic.Int64
	killed atomic.Bool
}

func newKiller(t testing.TB, b *bundle, at int, after bool) (*sql.DB, *killer) {
	k := &killer{driver: b.db.Driver(), dsn: b.dsn, admin: b.db, at: int64(at), after: after}
	db := sql.OpenDB(k)
	t.Cleanup(func() { _ = db.Close() })
	return db, k
}

func (k *killer) Driver() driver.Driver { return k.driver }

func (k *killer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.driver.Open(k.dsn)
	if err != nil {
		return nil, err
	}
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, `SELECT pg_backend_pid()`, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	pid := make([]driver.Value, 1)
	if err := rows.Next(pid); err != nil {
		return nil, err
	}
	return &killedConn{Conn: conn, killer: k, pid: pid[0]}, nil
}

// around carries out what is to be counted, and ends the process in time.
func (k *killer) around(pid any, do func() error) error {
	due := k.seen.Add(1) == k.at
	if due && !k.after {
		k.kill(pid)
	}
	err := do()
	if due && k.after && err == nil {
		k.kill(pid)
		return errCut
	}
	return err
}

func (k *killer) kill(pid any) {
	k.killed.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := k.admin.ExecContext(ctx, fmt.Sprintf(`SELECT pg_terminate_backend(%v, 5000)`, pid)); err != nil {
		panic(err)
	}
}

// A killedConn hands everything on to pgx.
type killedConn struct {
	driver.Conn
	killer *killer
	pid    any
}

func (c *killedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.killer.around(c.pid, func() error {
		result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c *killedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *killedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	return killedTx{tx, c}, nil
}

func (c *killedConn) CheckNamedValue(value *driver.NamedValue) error {
	return c.Conn.(driver.NamedValueChecker).CheckNamedValue(value)
}

type killedTx struct {
	driver.Tx
	conn *killedConn
}

func (tx killedTx) Commit() error { return tx.conn.killer.around(tx.conn.pid, tx.Tx.Commit) }
