// Package fault opens databases whose connections fail at a chosen statement, for
// tests of work that must survive it.
package fault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// A Fault is what happens to a run.
type Fault string

// The faults. Those of the connection are at the statement's own; a program that
// is killed loses all of them.
const (
	CutBefore  Fault = "the connection is cut before"
	CutAfter   Fault = "the connection is cut after" // the server has done it, the program never hears
	KillBefore Fault = "the program is killed before"
	KillAfter  Fault = "the program is killed after"
	KillIn     Fault = "the program is killed during" // the server goes on until it notices
	CancelAt   Fault = "the context is cancelled at"
	CancelIn   Fault = "the context is cancelled during"
)

// errCut is what a program sees of a connection that is gone.
var errCut = errors.New("connection cut")

// A Breaker makes connections on which a fault happens at the n-th statement or
// commit of those that change something.
type Breaker struct {
	driver.Connector
	fault  Fault
	at     int
	all    bool               // statements that change nothing are counted, too
	cancel context.CancelFunc // of the run

	mu    sync.Mutex
	conns []*brokenConn
	seen  int
	what  string // the statement at which it happened; empty if it did not
}

// Open opens a database on which the fault happens at the n-th statement or commit
// of those that change something. cancel is that of the run's context.
func Open(dsn string, f Fault, n int, cancel context.CancelFunc) (*sql.DB, *Breaker, error) {
	connector, err := stdlib.GetDefaultDriver().(driver.DriverContext).OpenConnector(dsn)
	if err != nil {
		return nil, nil, err
	}
	b := &Breaker{Connector: connector, fault: f, at: n, cancel: cancel}
	return sql.OpenDB(b), b, nil
}

// OpenAll is Open for the n-th of all statements, those that read as well.
func OpenAll(dsn string, f Fault, n int, cancel context.CancelFunc) (*sql.DB, *Breaker, error) {
	db, b, err := Open(dsn, f, n, cancel)
	if err == nil {
		b.all = true
	}
	return db, b, err
}

// Connect implements driver.Connector.
func (b *Breaker) Connect(ctx context.Context) (driver.Conn, error) {
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

// Struck is the statement at which the fault happened; empty if it did not.
func (b *Breaker) Struck() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.what
}

// midst is when a statement is under way, as far as one can tell.
const midst = 500 * time.Microsecond

func (b *Breaker) due(statement string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen++
	if b.seen == b.at {
		b.what = statement
	}
	return b.seen == b.at
}

// around lets the fault happen when its time has come.
func (b *Breaker) around(conn *brokenConn, statement string, do func() error) error {
	if !b.due(statement) {
		return do()
	}
	switch b.fault {
	case CutBefore:
		conn.cut()
	case KillBefore:
		b.cutAll()
	case CancelAt:
		b.cancel()
	case CancelIn:
		time.AfterFunc(midst, b.cancel)
	case KillIn:
		time.AfterFunc(midst, b.cutAll)
	}
	if err := do(); err != nil {
		return err
	}
	switch b.fault {
	case CutAfter:
		conn.cut()
		return errCut
	case KillAfter:
		b.cutAll()
		return errCut
	case CancelIn, KillIn: // it was over sooner
		time.Sleep(2 * midst)
	}
	return nil
}

func (b *Breaker) cutAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.conns {
		conn.cut()
	}
}

// A brokenConn hands everything on to pgx.
type brokenConn struct {
	*stdlib.Conn
	breaker *Breaker
}

// cut takes away the socket without a farewell.
func (c *brokenConn) cut() { _ = c.Conn.Conn().PgConn().Conn().Close() }

// ExecContext implements driver.ExecerContext.
func (c *brokenConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	if !c.breaker.all && reads(strings.TrimSpace(query)) {
		return c.Conn.ExecContext(ctx, query, args)
	}
	err = c.breaker.around(c, query, func() error {
		result, err = c.Conn.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *brokenConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	if !c.breaker.all {
		return c.Conn.QueryContext(ctx, query, args)
	}
	err = c.breaker.around(c, query, func() error {
		rows, err = c.Conn.QueryContext(ctx, query, args)
		return err
	})
	if err != nil && rows != nil {
		_ = rows.Close() // the connection is gone
		rows = nil
	}
	return rows, err
}

// reads reports whether a statement changes nothing but settings and locks. What
// Citus does, it does in functions.
func reads(query string) bool {
	if strings.Contains(query, "tenancy_trial_") || strings.HasSuffix(query, "SAVEPOINT trial") {
		return true // a trial is rolled back
	}
	if strings.HasPrefix(query, "SELECT") {
		return !strings.Contains(query, "distribute") && !strings.Contains(query, "create_reference_table")
	}
	return strings.HasPrefix(query, "LOCK TABLE")
}

// BeginTx implements driver.ConnBeginTx.
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

// Commit implements driver.Tx.
func (tx brokenTx) Commit() error { return tx.conn.breaker.around(tx.conn, "COMMIT", tx.Tx.Commit) }
