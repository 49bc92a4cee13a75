package citus

import (
	"errors"
	"fmt"
)

// The errors of this package, possibly wrapped: use errors.Is.
var (
	// ErrNotInstalled: the database has no Citus extension.
	ErrNotInstalled = errors.New("citus: the database has no citus extension: CREATE EXTENSION citus, on a server with citus in shared_preload_libraries")

	// ErrNotDistributed: the table is not distributed by a column.
	ErrNotDistributed = errors.New("citus: the table is not distributed by a column")

	// ErrNotTracked: the load of tenants is not recorded on every node.
	ErrNotTracked = errors.New("citus: the load of tenants is not tracked: set citus.stat_tenants_track = 'all' on every node and reload")

	// ErrNotExplainable: the text is not one statement that can be explained.
	ErrNotExplainable = errors.New("citus: not a single statement that can be explained")
)

// failed wraps an error of the cluster with what was being done.
func failed(doing string, err error) error {
	return fmt.Errorf("citus: %s: %w", doing, err)
}
