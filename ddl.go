package tenancy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
	"sync"

	"gorm.io/gorm"
)

// DDL returns the statements that make the tables of models in an empty database, as
// [AutoMigrate] would send them, without connecting to a database. It is for reviews,
// and for tools that load a schema. The dialector is the driver's own. That of
// PostgreSQL may have any DSN, because it does not connect; that of SQLite answers from
// memory. The statements are those of the newest PostgreSQL that is supported. Models
// that others are related to are included. An error of the configuration or of the
// models is returned without statements.
func DDL(d gorm.Dialector, config Config, models ...any) (statements []string, err error) {
	recorded := &recordedPool{}
	db, err := gorm.Open(recordingDialector{d, recorded}, &gorm.Config{DisableAutomaticPing: true})
	if err != nil {
		return nil, err
	}
	defer recorded.close()
	if err := db.Use(New(config)); err != nil {
		return nil, err
	}
	if _, err := AutoMigrate(db, models...); err != nil {
		return nil, err
	}
	return recorded.statements, nil
}

// recordingDialector is a dialector whose handles send nothing.
type recordingDialector struct {
	gorm.Dialector
	recorded *recordedPool
}

// Initialize implements gorm.Dialector.
func (d recordingDialector) Initialize(db *gorm.DB) error {
	if err := d.Dialector.Initialize(db); err != nil {
		return err
	}
	d.recorded.opened, _ = db.DB()
	d.recorded.DB = sql.OpenDB(d.recorded)
	db.ConnPool = d.recorded
	if db.Statement != nil {
		db.Statement.ConnPool = d.recorded
	}
	return nil
}

// recordedPool keeps what is executed, and answers queries with no rows.
type recordedPool struct {
	*sql.DB
	opened     *sql.DB // by the dialector
	mu         sync.Mutex
	statements []string
}

func (p *recordedPool) close() {
	_ = p.DB.Close()
	if p.opened != nil {
		_ = p.opened.Close()
	}
}

// ExecContext implements gorm.ConnPool.
func (p *recordedPool) ExecContext(_ context.Context, query string, _ ...any) (sql.Result, error) {
	p.record(query)
	return driver.RowsAffected(0), nil
}

func (p *recordedPool) record(query string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch word, _, _ := strings.Cut(query, " "); word {
	case "CREATE", "ALTER", "COMMENT":
		p.statements = append(p.statements, query)
	}
}

// Connect implements driver.Connector.
func (p *recordedPool) Connect(context.Context) (driver.Conn, error) { return recordedConn{p}, nil }

// Driver implements driver.Connector.
func (p *recordedPool) Driver() driver.Driver { return nil }

type recordedConn struct{ pool *recordedPool }

// Prepare implements driver.Conn.
func (c recordedConn) Prepare(query string) (driver.Stmt, error) { return recordedStmt{c, query}, nil }

// Close implements driver.Conn.
func (c recordedConn) Close() error { return nil }

// Begin implements driver.Conn.
func (c recordedConn) Begin() (driver.Tx, error) { return c, nil }

// BeginTx implements driver.ConnBeginTx.
func (c recordedConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return c, nil
}

// Commit implements driver.Tx.
func (c recordedConn) Commit() error { return nil }

// Rollback implements driver.Tx.
func (c recordedConn) Rollback() error { return nil }

type recordedStmt struct {
	conn  recordedConn
	query string
}

// Close implements driver.Stmt.
func (s recordedStmt) Close() error { return nil }

// NumInput implements driver.Stmt.
func (s recordedStmt) NumInput() int { return -1 }

// Exec implements driver.Stmt.
func (s recordedStmt) Exec([]driver.Value) (driver.Result, error) {
	s.conn.pool.record(s.query)
	return driver.RowsAffected(0), nil
}

// Query implements driver.Stmt.
func (s recordedStmt) Query([]driver.Value) (driver.Rows, error) { return noRows{}, nil }

type noRows struct{}

// Columns implements driver.Rows.
func (noRows) Columns() []string { return nil }

// Close implements driver.Rows.
func (noRows) Close() error { return nil }

// Next implements driver.Rows.
func (noRows) Next([]driver.Value) error { return io.EOF }
