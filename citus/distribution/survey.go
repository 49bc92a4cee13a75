package distribution

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

const (
	sqlExtension = `
SELECT COALESCE(installed_version, ''), COALESCE(default_version, ''),
	current_setting('citus.shard_count', true) IS NOT NULL -- not everybody may read shared_preload_libraries
FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_available_extensions ON name = 'citus'`

	sqlSubscribed = `
SELECT n.nspname, c.relname
FROM pg_catalog.pg_subscription_rel AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.srrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 1, 2`

	sqlCluster = `
SELECT COALESCE((
		SELECT n.groupid = 0 FROM pg_catalog.pg_dist_local_group AS n LIMIT 1
	), true),
	current_setting('citus.shard_count')::int`

	sqlNodes = `
SELECT nodename, nodeport, groupid, shouldhaveshards AND isactive
FROM pg_catalog.pg_dist_node
WHERE noderole = 'primary' AND isactive
ORDER BY groupid, nodeid`

	// Each node is asked the same. pg_settings shows every role what it may see,
	// where current_setting would fail.
	sqlNode = `
SELECT json_build_object(
	'Version', current_setting('server_version_num')::int,
	'WALLevel', current_setting('wal_level'),
	'Connections', current_setting('max_connections')::int,
	'Prepared', current_setting('max_prepared_transactions')::int,
	'LocksEach', current_setting('max_locks_per_transaction')::int,
	'LocksHeld', (SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT fastpath),
	'OutputPlugins', (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'output_plugin_libraries'),
	'DiskFree', (SELECT available_disk_size FROM pg_catalog.citus_local_disk_space_stats()),
	'DiskTotal', (SELECT total_disk_size FROM pg_catalog.citus_local_disk_space_stats())
)::text`

	sqlAllNodes = `
SELECT n.nodename, n.nodeport, r.success, COALESCE(r.result, '')
FROM pg_catalog.run_command_on_all_nodes($1, give_warning_for_connection_errors => false) AS r
JOIN pg_catalog.pg_dist_node AS n USING (nodeid)`

	sqlHealth = `
SELECT to_nodename, to_nodeport, bool_and(COALESCE(result, false))
FROM pg_catalog.citus_check_cluster_node_health()
GROUP BY to_nodename, to_nodeport`

	sqlSizes = `
SELECT ns.nspname, c.relname, s.nodename || ':' || s.nodeport, count(*), COALESCE(sum(s.shard_size), 0)
FROM pg_catalog.citus_shards AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.table_name
JOIN pg_catalog.pg_namespace AS ns ON ns.oid = c.relnamespace
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3`
)

// A Querier sends queries to a database: *sql.DB, *sql.Conn, *sql.Tx or GORM's
// ConnPool.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Survey describes the cluster of a database, in a fixed number of queries. A
// server without Citus, or without nodes, is not an error: the analysis says
// what is missing. A node that cannot be reached is marked as such.
func Survey(ctx context.Context, q Querier) (Cluster, error) {
	c := Cluster{}
	if err := c.survey(ctx, q); err != nil {
		return c, fmt.Errorf("distribution: survey of the cluster: %w", err)
	}
	return c, nil
}

func (c *Cluster) survey(ctx context.Context, q Querier) error {
	err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		return row.Scan(&c.Installed, &c.Available, &c.Preloaded)
	}, sqlExtension)
	if err != nil || c.Installed == "" || !c.Preloaded {
		return err
	}
	if err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		var name catalog.Name
		err := row.Scan(&name.Schema, &name.Name)
		c.Subscribed = append(c.Subscribed, name)
		return err
	}, sqlSubscribed); err != nil {
		return err
	}
	if err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error { return row.Scan(&c.Coordinator, &c.Shards) }, sqlCluster); err != nil {
		return err
	}
	if err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		c.Nodes = append(c.Nodes, Node{})
		n := &c.Nodes[len(c.Nodes)-1]
		return row.Scan(&n.Host, &n.Port, &n.Group, &n.Shards)
	}, sqlNodes); err != nil || !c.Coordinator {
		return err
	}
	if err := c.askNodes(ctx, q); err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Nodes, func(n Node) bool { return !n.Reachable }) {
		return c.measure(ctx, q)
	}
	return nil
}

// askNodes asks each node for its settings, and which nodes it reaches.
func (c *Cluster) askNodes(ctx context.Context, q Querier) error {
	if len(c.Nodes) == 0 {
		return nil
	}
	err := sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		var host, answer string
		var port int
		var reached bool
		if err := row.Scan(&host, &port, &reached, &answer); err != nil {
			return err
		}
		n := c.node(host, port)
		if n == nil || !reached {
			return nil
		}
		n.Reachable = true
		return json.Unmarshal([]byte(answer), n)
	}, sqlAllNodes, sqlNode)
	if err != nil {
		return err
	}
	return sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		var host string
		var port int
		var healthy bool
		if err := row.Scan(&host, &port, &healthy); err != nil {
			return err
		}
		if n := c.node(host, port); n != nil {
			n.Healthy = healthy
		}
		return nil
	}, sqlHealth)
}

func (c *Cluster) node(host string, port int) *Node {
	for i := range c.Nodes {
		if c.Nodes[i].Host == host && c.Nodes[i].Port == port {
			return &c.Nodes[i]
		}
	}
	return nil
}

// measure asks for the sizes of distributed tables.
func (c *Cluster) measure(ctx context.Context, q Querier) error {
	return sqlrows.Each(ctx, q, func(row sqlrows.Row) error {
		size := Size{Table: catalog.Name{}}
		err := row.Scan(&size.Table.Schema, &size.Table.Name, &size.Node, &size.Shards, &size.Bytes)
		c.Sizes = append(c.Sizes, size)
		return err
	}, sqlSizes)
}
