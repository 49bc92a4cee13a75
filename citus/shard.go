package citus

import (
	"context"
	"database/sql"
	"errors"
)

// Shard is a part of a table in one place. A reference table's shard is in as
// many places as there are nodes.
type Shard struct {
	ID   int64
	Node Address
	// Bytes is the size of the shard with its indexes. For a shard in several
	// places it is the size of the largest.
	Bytes int64
}

const sqlShards = `SELECT shardid, nodename, nodeport, coalesce(shard_size, 0)
	FROM pg_catalog.citus_shards WHERE table_name = $1::text::regclass ORDER BY shardid, nodename, nodeport`

// Shards lists the shards of a table, which is named as in SQL. It asks the nodes
// for the sizes, and sees what is committed.
func Shards(ctx context.Context, q Querier, table string) ([]Shard, error) {
	shards, err := collect(ctx, q, sqlShards, []any{table}, func(s *Shard) []any {
		return []any{&s.ID, &s.Node.Host, &s.Node.Port, &s.Bytes}
	})
	if err != nil {
		return nil, failed("shards of "+table, err)
	}
	return shards, nil
}

// NodeUsage is what a node holds of the database's tables.
type NodeUsage struct {
	Node   Address
	Shards int
	Bytes  int64
}

const sqlUsage = `SELECT nodename, nodeport, count(*), coalesce(sum(shard_size), 0)::bigint
	FROM pg_catalog.citus_shards GROUP BY 1, 2 ORDER BY 1, 2`

// Usage adds up the shards by node. Nodes that hold none are left out.
func Usage(ctx context.Context, q Querier) ([]NodeUsage, error) {
	usage, err := collect(ctx, q, sqlUsage, nil, func(u *NodeUsage) []any {
		return []any{&u.Node.Host, &u.Node.Port, &u.Shards, &u.Bytes}
	})
	if err != nil {
		return nil, failed("usage", err)
	}
	return usage, nil
}

// The value goes as text: Citus reads it as the distribution column's type.
const (
	sqlShardOf = `SELECT s.id, coalesce(n.nodename, ''), coalesce(n.nodeport, 0)
		FROM (SELECT pg_catalog.get_shard_id_for_distribution_column($1::text::regclass, $2::text) AS id) s
		LEFT JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.id AND p.shardstate = 1
		LEFT JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
		ORDER BY n.nodeid LIMIT 1`

	sqlIsDistributed = `SELECT partkey IS NOT NULL FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1::text::regclass`
)

// Locate finds the shard that holds, or would hold, a tenant's rows of a table,
// and its node. The table is named as in SQL, the tenant as the text of the
// distribution column's type. The error is [ErrNotDistributed] where the table
// has no such column.
func Locate(ctx context.Context, q Querier, table, tenant string) (Shard, error) {
	if err := requireDistributed(ctx, q, table); err != nil {
		return Shard{}, err
	}
	var s Shard
	err := queryRow(ctx, q, sqlShardOf, []any{table, tenant}, &s.ID, &s.Node.Host, &s.Node.Port)
	if err != nil {
		return Shard{}, failed("locate a tenant in "+table, err)
	}
	return s, nil
}

func requireDistributed(ctx context.Context, q Querier, table string) error {
	var distributed bool
	err := queryRow(ctx, q, sqlIsDistributed, []any{table}, &distributed)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && !distributed:
		return failed(table, ErrNotDistributed)
	case err != nil:
		return failed(table, err)
	}
	return nil
}
