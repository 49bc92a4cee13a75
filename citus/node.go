package citus

import (
	"context"
	"net"
	"strconv"
)

// Address is a node's name in the cluster.
type Address struct {
	Host string
	Port int
}

// String returns host:port.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// Node is a server of the cluster.
type Node struct {
	ID      int
	Address Address
	// Coordinator says that it is the coordinator.
	Coordinator bool
	// Active says that it takes part in queries.
	Active bool
	// Primary is false for a standby that Citus knows of.
	Primary bool
	// HoldsShards says that new shards may be placed there. It is false for a
	// coordinator by default, and for a node that is being drained.
	HoldsShards bool
	// Synced says that it has the cluster's metadata, and so can be queried
	// itself.
	Synced bool
}

const sqlNodes = `SELECT nodeid, nodename, nodeport, groupid = 0, isactive, noderole = 'primary', shouldhaveshards,
	hasmetadata AND metadatasynced FROM pg_catalog.pg_dist_node ORDER BY groupid, noderole, nodeid`

// Nodes lists the cluster's nodes, the coordinator first.
func Nodes(ctx context.Context, q Querier) ([]Node, error) {
	nodes, err := collect(ctx, q, sqlNodes, nil, func(n *Node) []any {
		return []any{&n.ID, &n.Address.Host, &n.Address.Port, &n.Coordinator, &n.Active, &n.Primary, &n.HoldsShards, &n.Synced}
	})
	if err != nil {
		return nil, failed("nodes", err)
	}
	return nodes, nil
}

// Link says whether one node can connect to another, in this database and as
// this role.
type Link struct {
	From, To Address
	OK       bool
}

const sqlHealth = `SELECT from_nodename, from_nodeport, to_nodename, to_nodeport, coalesce(result, false)
	FROM pg_catalog.citus_check_cluster_node_health()`

// Health lets each node connect to each other and returns the outcomes. The
// links to and from a node that cannot be reached are not OK. For a silent host
// it waits for citus.node_connection_timeout.
func Health(ctx context.Context, q Querier) ([]Link, error) {
	links, err := collect(ctx, q, sqlHealth, nil, func(l *Link) []any {
		return []any{&l.From.Host, &l.From.Port, &l.To.Host, &l.To.Port, &l.OK}
	})
	if err != nil {
		return nil, failed("health", err)
	}
	return links, nil
}
