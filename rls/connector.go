package rls

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Open opens a pool whose statements run under the tenant of their context. The DSN is
// one of pgx, as gorm.io/driver/postgres takes it. Like [sql.Open] it does not connect.
// See [OpenConfig].
func Open(dsn string, o Options) (*sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("rls: the DSN is not valid") // the cause quotes it
	}
	return OpenConfig(config, o)
}

// OpenConfig opens a pool like [Open] with a configuration of pgx. Its Tracer and
// AfterNetConnect are kept and called.
//
// The scope is read from the context of each statement ([tenancy.From]). It reaches the
// server in the packet of the statement itself, and ends with its transaction. So
// nothing of a tenant stays on the connection, and a pooler in transaction mode may be
// in between. Outside a scope a statement runs without a tenant, whatever ran before
// it. A scope that cannot be used is refused with its own error, and a set or a bypass
// without Options.SpanRole with [ErrSpan].
//
// A text is one command, except in a bypass: PostgreSQL refuses a second one with a
// syntax error (42601). Run commands that cannot be in a transaction block (CREATE
// INDEX CONCURRENTLY, VACUUM), and all migrations, on the owner's own pool. Statements
// through pgx itself (sql.Conn.Raw, whose driver connection has a method Conn()
// *pgx.Conn) run under the context that pgx is given.
func OpenConfig(config *pgx.ConnConfig, o Options) (*sql.DB, error) {
	c, err := NewConnector(config, o)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// NewConnector returns the connector that [OpenConfig] opens its pool with. It is safe
// for concurrent use.
func NewConnector(config *pgx.ConnConfig, o Options) (driver.Connector, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	c := &connector{options: o}
	config = config.Copy()
	before := config.AfterNetConnect
	config.AfterNetConnect = func(ctx context.Context, cfg *pgconn.Config, conn net.Conn) (net.Conn, error) {
		if before != nil {
			var err error
			if conn, err = before(ctx, cfg, conn); err != nil {
				return conn, err
			}
		}
		return &session{
			Conn: conn, options: &c.options, status: idle,
			keeps: keepsStatements(config.DefaultQueryExecMode),
		}, nil
	}
	if config.Tracer == nil {
		config.Tracer = scopeTracer{}
	} else {
		config.Tracer = multitracer.New(config.Tracer, scopeTracer{})
	}
	c.pgx = stdlib.GetConnector(*config, o.Driver...)
	return c, nil
}

// A connector is pgx's own with sessions below its connections.
type connector struct {
	options Options
	pgx     driver.Connector
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return carrierDriver{} }

// A carrierDriver marks a pool of this package.
type carrierDriver struct{}

// Open implements driver.Driver. It refuses: a connection by a DSN would carry no
// tenant.
func (carrierDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("rls: connections are opened by the pool of Open alone")
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.pgx.Connect(ctx)
	if err != nil {
		return nil, err
	}
	own, isOwn := opened.(*stdlib.Conn)
	if !isOwn {
		return nil, errors.Join(fmt.Errorf("rls: pgx's driver gave a %T", opened), opened.Close())
	}
	if err := c.begin(ctx, own.Conn().PgConn()); err != nil {
		_ = own.Close() // the error before says more
		return nil, err
	}
	return &conn{stdConn: own, options: &c.options}, nil
}

// begin looks at what the session begins with.
func (c *connector) begin(ctx context.Context, pg *pgconn.PgConn) error {
	s, isOwn := pg.Conn().(*session)
	if !isOwn {
		return errors.New("rls: AfterNetConnect was replaced")
	}
	results, err := pg.Exec(ctx, "SELECT pg_catalog.current_setting('role'), "+
		"concat(pg_catalog.current_setting('"+c.options.Setting+"', true), pg_catalog.current_setting('"+
		c.options.Setting+setSuffix+"', true)) = ''").ReadAll()
	if err != nil {
		return err
	}
	row := results[0].Rows[0]
	if string(row[1]) != "t" {
		return ErrSessionTenant
	}
	s.begin(string(row[0]), pg.TxStatus())
	return nil
}

// A stdConn has another name than its method Conn, which a field would hide.
type stdConn = stdlib.Conn

// A conn is pgx's own, but for statements that are not to be sent.
type conn struct {
	*stdConn
	options *Options
}

var _ interface{ Conn() *pgx.Conn } = (*conn)(nil)

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.options.refuse(ctx); err != nil {
		return nil, err
	}
	return c.stdConn.QueryContext(ctx, query, args)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.options.refuse(ctx); err != nil {
		return nil, err
	}
	return c.stdConn.ExecContext(ctx, query, args)
}

// Prepare implements driver.Conn.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.stdConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	own, isOwn := prepared.(*stdlib.Stmt)
	if !isOwn {
		return nil, errors.Join(fmt.Errorf("rls: pgx's driver gave a %T", prepared), prepared.Close())
	}
	return &stmt{Stmt: own, options: c.options}, nil
}

// A stmt is pgx's own likewise.
type stmt struct {
	*stdlib.Stmt
	options *Options
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.options.refuse(ctx); err != nil {
		return nil, err
	}
	return s.Stmt.QueryContext(ctx, args)
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.options.refuse(ctx); err != nil {
		return nil, err
	}
	return s.Stmt.ExecContext(ctx, args)
}

// A scopeTracer tells a connection's session whose statement comes next. pgx calls
// it for everything that it sends itself.
type scopeTracer struct{}

func arm(ctx context.Context, conn *pgx.Conn, single bool) context.Context {
	if s, ok := conn.PgConn().Conn().(*session); ok {
		id := identityOf(ctx)
		if s.options.SpanRole == "" && id.spans() {
			id = identity{}
		}
		s.arm(id, single && (id.set != everyone || s.options.Citus))
	}
	return ctx
}

func disarm(conn *pgx.Conn) {
	if s, ok := conn.PgConn().Conn().(*session); ok {
		s.disarm()
	}
}

// TraceQueryStart implements pgx.QueryTracer.
func (scopeTracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return arm(ctx, conn, true)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (scopeTracer) TraceQueryEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceQueryEndData) {
	disarm(conn)
}

// TraceBatchStart implements pgx.BatchTracer.
func (scopeTracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return arm(ctx, conn, false)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (scopeTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (scopeTracer) TraceBatchEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceBatchEndData) {
	disarm(conn)
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (scopeTracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return arm(ctx, conn, false)
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (scopeTracer) TraceCopyFromEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceCopyFromEndData) {
	disarm(conn)
}
