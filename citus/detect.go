package citus

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// Querier sends queries to a cluster: a *sql.DB, *sql.Conn, *sql.Tx or GORM's
// ConnPool.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Info is what [Detect] finds. The zero value means that there is no cluster.
type Info struct {
	// Version is the version of the running Citus, such as "13.2.2".
	Version string
	// Extension is the version of the extension's objects in this database, such
	// as "13.2-1": behind Version after an upgrade, until ALTER EXTENSION citus
	// UPDATE.
	Extension string
	// Postgres is the server's version as server_version_num has it: 150020.
	Postgres int
	// Coordinator says that this node is the coordinator. Much of this package
	// works only there.
	Coordinator bool
	// Workers counts the active nodes besides the coordinator.
	Workers int
	// CoordinatorKnown says that the coordinator's own address is among the
	// nodes, which reference tables require: citus_set_coordinator_host.
	CoordinatorKnown bool
}

const (
	sqlExtension = `SELECT extversion, pg_catalog.current_setting('server_version_num')::int
		FROM pg_catalog.pg_extension WHERE extname = 'citus'`

	sqlCluster = `SELECT pg_catalog.citus_version(),
		(SELECT groupid = 0 FROM pg_catalog.pg_dist_local_group),
		count(*) FILTER (WHERE groupid <> 0), count(*) FILTER (WHERE groupid = 0) > 0
		FROM pg_catalog.pg_dist_node WHERE isactive AND noderole = 'primary'`
)

// Detect describes the Citus cluster that this database belongs to. The error is
// [ErrNotInstalled] if it belongs to none.
func Detect(ctx context.Context, q Querier) (Info, error) {
	var info Info
	err := queryRow(ctx, q, sqlExtension, nil, &info.Extension, &info.Postgres)
	if errors.Is(err, sql.ErrNoRows) {
		return Info{}, ErrNotInstalled
	}
	if err != nil {
		return Info{}, failed("detect", err)
	}
	var version string
	err = queryRow(ctx, q, sqlCluster, nil, &version, &info.Coordinator, &info.Workers, &info.CoordinatorKnown)
	if err != nil {
		return Info{}, failed("detect", err)
	}
	if words := strings.Fields(version); len(words) > 1 { // "Citus 13.2.2 on x86_64…"
		info.Version = words[1]
	}
	return info, nil
}

// queryRow reads the first row; the error is sql.ErrNoRows if there is none.
func queryRow(ctx context.Context, q Querier, query string, args []any, into ...any) error {
	found := false
	err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		if found {
			return nil
		}
		found = true
		return row.Scan(into...)
	}, query, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q Querier, query string, args []any, fields func(*T) []any) ([]T, error) {
	var all []T
	err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		var one T
		if err := row.Scan(fields(&one)...); err != nil {
			return err
		}
		all = append(all, one)
		return nil
	}, query, args...)
	return all, err
}
