package keys_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// A fault is what happens to a run.
type fault string

const (
	cutBefore  fault = "the connection is cut before"
	cutAfter   fault = "the connection is cut after" // the server has done it, the program never hears
	killBefore fault = "the program is killed before"
	killAfter  fault = "the program is killed after"
	cancelAt   fault = "the context is cancelled at"
	cancelIn   fault = "the context is cancelled during"
)

// errCut is what a program sees of a connection that is gone.
var errCut = errors.New("connection cut")

// A breaker makes connections on which a fault happens at the n-th statement or
// commit of those that change something.
type breaker struct {
	driver.Connector
	fault  fault
	at     int
	cancel context.CancelFunc // of the run

	mu    sync.Mutex
	conns []*brokenConn
	seen  int
	what  string // the statement at which it happened; empty when it did not
}

func (s *shop) breaker(t testing.TB, f fault, at int, cancel context.CancelFunc) (*sql.DB, *breaker) {
	t.Helper()
	connector, err := stdlib.GetDefaultDriver().(driver.DriverContext).OpenConnector(s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	b := &breaker{Connector: connector, fault: f, at: at, cancel: cancel}
	return sql.OpenDB(b), b
}

func (b *breaker) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := b.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	broken := &brokenConn{conn.(*stdlib.Conn), b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, broken)
	return broken, nil
}

// struck is the statement at which the fault happened.
func (b *breaker) struck() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.what
}

func (b *breaker) due(statement string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen++
	if b.seen == b.at {
		b.what = statement
	}
	return b.seen == b.at
}

// around lets the fault happen when its time has come.
func (b *breaker) around(conn *brokenConn, statement string, do func() error) error {
	if !b.due(statement) {
		return do()
	}
	switch b.fault {
	case cutBefore:
		conn.cut()
	case killBefore:
		b.cutAll()
	case cancelAt:
		b.cancel()
	case cancelIn:
		time.AfterFunc(500*time.Microsecond, b.cancel)
	}
	if err := do(); err != nil {
		return err
	}
	switch b.fault {
	case cutAfter:
		conn.cut()
		return errCut
	case killAfter:
		b.cutAll()
		return errCut
	case cancelIn:
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (b *breaker) cutAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.conns {
		conn.cut()
	}
}

// A brokenConn hands everything on to pgx.
type brokenConn struct {
	*stdlib.Conn
	breaker *breaker
}

// cut takes away the socket without a farewell.
func (c *brokenConn) cut() { _ = c.Conn.Conn().PgConn().Conn().Close() }

func (c *brokenConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	if query = strings.TrimSpace(query); strings.HasPrefix(query, "SELECT") || strings.HasPrefix(query, "LOCK TABLE") {
		return c.Conn.ExecContext(ctx, query, args)
	}
	err = c.breaker.around(c, query, func() error {
		result, err = c.Conn.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c *brokenConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, o)
	if err != nil || o.ReadOnly {
		return tx, err
	}
	return brokenTx{tx, c}, nil
}

type brokenTx struct {
	driver.Tx
	conn *brokenConn
}

func (tx brokenTx) Commit() error { return tx.conn.breaker.around(tx.conn, "COMMIT", tx.Tx.Commit) }
