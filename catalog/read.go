package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// Querier is what a catalogue is read through: a *sql.DB, *sql.Conn or *sql.Tx,
// or GORM's ConnPool.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Options say what to read. The zero value reads everything but the schemas of
// PostgreSQL itself: information_schema and those that begin with pg_.
type Options struct {
	// Schemas are the schemas to read; empty for all but PostgreSQL's own.
	Schemas []string
	// Tables are the tables to read, of those schemas; empty for all of them. Only
	// the views that use one of the tables are read then.
	Tables []Name
}

// Read reads the catalogue, in a fixed number of queries.
//
// The queries share one snapshot, and their output does not depend on the
// session's search_path, DateStyle and the like. With a *sql.DB or *sql.Conn
// they run in a read-only transaction of their own, so the Conn must not be in
// one. In a transaction of the caller they run inside a savepoint that is rolled
// back, so that they leave no setting and no lock. There, the isolation level
// decides whether they share a snapshot. Any other Querier must be in a
// transaction.
//
// Any role may read, on a standby as well. Read waits for ACCESS EXCLUSIVE locks
// on the tables. If an object is dropped meanwhile, Read starts over, unless it
// is in a transaction of the caller. On an error, possibly wrapped, it returns
// no catalogue.
func Read(ctx context.Context, q Querier, o Options) (*Catalog, error) {
	c, err := readIn(ctx, q, o)
	if err != nil {
		return nil, fmt.Errorf("catalog: read: %w", err)
	}
	return c, nil
}

// readIn reads in a transaction: the Querier's, or one that it begins.
func readIn(ctx context.Context, q Querier, o Options) (*Catalog, error) {
	if _, ok := q.(interface{ Commit() error }); ok {
		return readBehindSavepoint(ctx, q, o)
	}
	if pool, ok := q.(interface{ GetDBConn() (*sql.DB, error) }); ok { // GORM's prepared statements
		db, err := pool.GetDBConn()
		if err != nil {
			return nil, err
		}
		q = db
	}
	pool, ok := q.(beginner)
	if !ok {
		return readBehindSavepoint(ctx, q, o)
	}
	for attempt := 1; ; attempt++ {
		c, err := readInOwn(ctx, pool, o)
		if !dropped(err) || attempt == attempts {
			return c, err
		}
	}
}

// attempts is how often Read starts over when objects are dropped while it
// reads.
const attempts = 5

// dropped reports whether an object was dropped after the snapshot: functions
// such as pg_get_indexdef look at the newest catalogue.
func dropped(err error) bool {
	return sqlstate.Of(err) == sqlstate.InternalError
}

type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

func readInOwn(ctx context.Context, q beginner, o Options) (*Catalog, error) {
	tx, err := q.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was changed
	return read(ctx, tx, o)
}

func readBehindSavepoint(ctx context.Context, q Querier, o Options) (c *Catalog, err error) {
	if err := run(ctx, q, `SAVEPOINT catalog_read`); err != nil {
		return nil, err
	}
	defer func() {
		// When the context is done, the transaction has ended as well.
		back := run(ctx, q, `ROLLBACK TO SAVEPOINT catalog_read`)
		if back == nil {
			back = run(ctx, q, `RELEASE SAVEPOINT catalog_read`)
		}
		if back != nil {
			c, err = nil, errors.Join(err, back)
		}
	}()
	return read(ctx, q, o)
}

func run(ctx context.Context, q Querier, statement string) error {
	return each(ctx, q, func(scan) error { return nil }, statement)
}

// A reader collects the rows of the queries by table.
type reader struct {
	catalog *Catalog
	tables  map[uint32]*Table
	cleanup bool // Citus keeps the book of what it will drop
}

func read(ctx context.Context, q Querier, o Options) (*Catalog, error) {
	r := &reader{catalog: &Catalog{}, tables: map[uint32]*Table{}}
	if err := run(ctx, q, settingsQuery); err != nil {
		return nil, err
	}
	if err := each(ctx, q, r.server, serverQuery); err != nil {
		return nil, err
	}
	schemas, names, err := o.parameters()
	if err != nil {
		return nil, err
	}
	if err := each(ctx, q, r.table, tablesQuery, schemas, names); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	if r.cleanup {
		if err := each(ctx, q, r.orphan, orphansQuery); err != nil {
			return nil, fmt.Errorf("orphans: %w", err)
		}
	}
	ids := r.ids()
	for _, query := range []struct {
		what, text string
		row        func(scan) error
	}{
		{"columns", columnsQuery, r.column},
		{"constraints", constraintsQuery, r.constraint},
		{"indexes", indexesQuery, r.index},
		{"triggers", triggersQuery, r.trigger},
		{"policies", policiesQuery, r.policy},
	} {
		if err := each(ctx, q, query.row, forVersion(query.text, r.catalog.Version), ids); err != nil {
			return nil, fmt.Errorf("%s: %w", query.what, err)
		}
	}
	if r.catalog.Citus {
		if err := each(ctx, q, r.distribution, distributionsQuery, ids); err != nil {
			return nil, fmt.Errorf("distributions: %w", err)
		}
	}
	if err := each(ctx, q, r.view, viewsQuery, schemas, len(o.Tables) > 0, ids); err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	if len(o.Tables) == 0 {
		if err := each(ctx, q, r.function, functionsQuery, schemas); err != nil {
			return nil, fmt.Errorf("functions: %w", err)
		}
	}
	r.sort()
	return r.catalog, nil
}

// parameters are the schemas and the tables to read as JSON, which every driver
// can send.
func (o Options) parameters() (schemas, tables string, err error) {
	names, err := json.Marshal(append([]string{}, o.Schemas...))
	if err != nil {
		return "", "", err
	}
	wanted, err := json.Marshal(append([]Name{}, o.Tables...))
	return string(names), string(wanted), err
}

// ids are the tables' OIDs as PostgreSQL writes an array of them.
func (r *reader) ids() string {
	ids := make([]string, len(r.catalog.Tables))
	for i, t := range r.catalog.Tables {
		ids[i] = strconv.FormatUint(uint64(t.OID), 10)
	}
	return "{" + strings.Join(ids, ",") + "}"
}

// sort orders by bytes: the database's own order depends on its collation.
func (r *reader) sort() {
	slices.SortFunc(r.catalog.Tables, func(a, b *Table) int { return a.Compare(b.Name) })
	slices.SortFunc(r.catalog.Views, func(a, b *View) int { return a.Compare(b.Name) })
	slices.SortFunc(r.catalog.Functions, func(a, b *Function) int {
		return cmp.Or(a.Compare(b.Name), cmp.Compare(a.Arguments, b.Arguments))
	})
	for _, t := range r.catalog.Tables {
		slices.SortFunc(t.Constraints, func(a, b Constraint) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Indexes, func(a, b Index) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Triggers, func(a, b Trigger) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Policies, func(a, b Policy) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// scan is the Scan of a row.
type scan func(destinations ...any) error

// each runs a query and calls row with the Scan of each row.
func each(ctx context.Context, q Querier, row func(scan) error, query string, args ...any) error {
	return sqlrows.Each(ctx, q, func(r sqlrows.Row) error { return row(r.Scan) }, query, args...)
}
