package distribution

import (
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// clusterName stands for the table in findings about the cluster.
var clusterName = catalog.Name{Name: "cluster"}

// oldest is the oldest version of Citus that has all functions that plans use.
const oldest = "11.1"

// server adds a finding about the cluster, not about a table.
func (a *Analysis) server(severity keys.Severity, object, remedy, problem string, args ...any) {
	a.Findings = append(a.Findings, keys.Finding{Severity: severity, Table: clusterName, Object: object,
		Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
}

// findInCluster finds requirements that the servers do not meet.
func (a *Analysis) findInCluster() {
	c := &a.Cluster
	switch {
	case c.Installed == "" && c.Available == "":
		a.server(keys.Blocker, "", "install Citus on every server, set shared_preload_libraries = 'citus' and restart; then CREATE EXTENSION citus",
			"the server has no Citus")
	case c.Installed == "":
		a.server(keys.Blocker, "", "CREATE EXTENSION citus, in the databases of this name on all nodes", "the database has no extension citus")
	case !c.Preloaded:
		a.server(keys.Blocker, "", "set shared_preload_libraries = 'citus', before all other libraries, and restart", "the server has not loaded Citus")
	case older(c.Installed, oldest):
		a.server(keys.Blocker, "", "update it on all nodes, then ALTER EXTENSION citus UPDATE", "the extension is %s, older than %s", c.Installed, oldest)
	case !c.Coordinator:
		a.server(keys.Blocker, "", "connect to the coordinator", "the server is a worker of its cluster")
	default:
		a.findInNodes()
	}
}

// older compares versions as Citus writes them: "13.2-1".
func older(version, than string) bool {
	var a, b [2]int
	_, _ = fmt.Sscanf(version, "%d.%d", &a[0], &a[1]) // what is no number counts as old
	_, _ = fmt.Sscanf(than, "%d.%d", &b[0], &b[1])
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

func (a *Analysis) findInNodes() {
	c := &a.Cluster
	holders := c.holders()
	switch {
	case len(holders) == 0:
		a.server(keys.Blocker, "", "SELECT citus_set_coordinator_host('host', 5432), then for each worker citus_add_node('host', 5432); "+
			"for a cluster of one server citus_set_node_property('host', 5432, 'shouldhaveshards', true)",
			"no node may hold shards")
	case len(holders) == 1:
		a.server(keys.Warning, holders[0].String(), "add workers with citus_add_node; shards move to them by citus_rebalance_start",
			"a single node holds all shards")
	}
	for i := range c.Nodes {
		a.findInNode(&c.Nodes[i])
	}
}

func (a *Analysis) findInNode(n *Node) {
	own := a.Cluster.coordinator()
	switch {
	case !n.Reachable:
		a.server(keys.Blocker, n.String(), "start it, or look at pg_hba.conf and pg_dist_authinfo there", "the node cannot be reached")
		return
	case !n.Healthy:
		a.server(keys.Blocker, n.String(), "SELECT * FROM citus_check_cluster_node_health() tells which", "other nodes cannot reach the node")
	case own != nil && n.Version/10000 != own.Version/10000:
		a.server(keys.Warning, n.String(), "update it to the coordinator's", "the node has PostgreSQL %d, and the coordinator %d",
			n.Version/10000, own.Version/10000)
	}
	if n.Prepared == 0 {
		a.server(keys.Blocker, n.String(), "set max_prepared_transactions there to twice max_connections, and restart it",
			"prepared transactions are off, by which the nodes commit together")
	}
	online := keys.Warning
	if a.options.Online {
		online = keys.Blocker
	}
	if n.WALLevel != "logical" {
		a.server(online, n.String(), "set wal_level = logical there, and restart it",
			"wal_level is %s: shards cannot be copied or moved while they are written", n.WALLevel)
	}
	if n.OutputPlugins != nil && !listed(*n.OutputPlugins, "citus") {
		a.server(online, n.String(), "add citus to output_plugin_libraries there",
			"output_plugin_libraries does not name citus: shards cannot be copied or moved while they are written")
	}
}

func listed(list, name string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if strings.Trim(one, ` "`) == name {
			return true
		}
	}
	return false
}
