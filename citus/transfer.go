package citus

import (
	"context"
	"fmt"
)

// Transfer says how rows are taken from one place to another.
type Transfer string

// The ways of a transfer. The zero value is TransferAuto.
const (
	// TransferAuto: by logical replication, so that writes go on meanwhile;
	// refused for a table without a primary key or replica identity.
	TransferAuto Transfer = "auto"
	// TransferLogical: by logical replication; updates and deletes in tables
	// without a primary key or replica identity fail meanwhile.
	TransferLogical Transfer = "force_logical"
	// TransferBlocking: writes wait meanwhile. It works for any table, also where
	// wal_level is not logical.
	TransferBlocking Transfer = "block_writes"
)

func (t Transfer) orAuto() Transfer {
	if t == "" {
		return TransferAuto
	}
	return t
}

// The mode is not cast to its type: that is in a schema of Citus which only
// superusers may use.
const sqlIsolate = `SELECT pg_catalog.isolate_tenant_to_new_shard($1::text::regclass, $2::text, 'CASCADE', $3)`

// IsolateTenant gives a tenant a shard of its own in a table and in all tables
// that are colocated with it, and returns that of the table. Table and tenant are
// as in [Locate]. The shard stays on its node until [MoveShard] or [Rebalance].
//
// It waits until it is done. When ctx ends before, the cluster rolls it back.
// The tables' owner may do it. Where the tenant has a shard of its own already,
// the cluster's error says so. An error after that says that rights on the new shards
// could not be restored: see [RestoreRights].
func IsolateTenant(ctx context.Context, q Querier, table, tenant string, mode Transfer) (shard int64, err error) {
	if err := requireDistributed(ctx, q, table); err != nil {
		return 0, err
	}
	if err := queryRow(ctx, q, sqlIsolate, []any{table, tenant, string(mode.orAuto())}, &shard); err != nil {
		return 0, failed("isolate a tenant of "+table, err)
	}
	return shard, restoreRights(ctx, q, colocatedWith(shard))
}

const sqlMove = `SELECT pg_catalog.citus_move_shard_placement($1::bigint, $2::text, $3::int, $4::text, $5::int, $6)`

// MoveShard takes a shard, and all shards that are colocated with it, from one
// node to another. It waits until it is done; when ctx ends before, the shard
// stays where it was, and what was copied is removed by and by. An error after that
// says that rights on the moved shards could not be restored: see [RestoreRights].
func MoveShard(ctx context.Context, q Querier, shard int64, from, to Address, mode Transfer) error {
	_, err := q.ExecContext(ctx, sqlMove, shard, from.Host, from.Port, to.Host, to.Port, string(mode.orAuto()))
	if err != nil {
		return failed(fmt.Sprintf("move shard %d from %s to %s", shard, from, to), err)
	}
	return restoreRights(ctx, q, colocatedWith(shard))
}
