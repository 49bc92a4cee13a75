// Package sqlrows reads the rows of a query to their end.
package sqlrows

import (
	"context"
	"database/sql"
)

// A Querier sends queries: a *sql.DB, *sql.Conn or *sql.Tx, or GORM's ConnPool.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A Row is one row of a result.
type Row interface {
	Scan(destinations ...any) error
}

// Each runs a query and calls do with each of its rows. An error of do ends it.
func Each(ctx context.Context, q Querier, do func(Row) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
