package distribution

import (
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// A Cluster describes a Citus cluster and the capacity of its nodes. The zero value
// is a server without Citus.
type Cluster struct {
	Installed   string // the extension's version in this database: "13.2-1"; empty for none
	Available   string // the version that could be installed; empty for none
	Preloaded   bool   // shared_preload_libraries names it
	Coordinator bool   // this server is the coordinator
	Shards      int    // citus.shard_count
	Nodes       []Node // the coordinator first
	// Subscribed are the tables that a logical replication subscription writes to.
	Subscribed []catalog.Name
	// Sizes are the bytes of distributed tables, with their indexes, by node.
	Sizes []Size
}

// A Node is a server of the cluster.
type Node struct {
	Host        string
	Port        int
	Group       int  // 0 for the coordinator
	Shards      bool // it may hold shards of distributed tables
	Reachable   bool // this server reaches it
	Healthy     bool // all other nodes reach it
	Version     int  // server_version_num; zero if it is not reachable, and so are all that follow
	WALLevel    string
	Connections int // max_connections
	Prepared    int // max_prepared_transactions
	LocksEach   int // max_locks_per_transaction
	LocksHeld   int
	// OutputPlugins is the setting output_plugin_libraries; nil for servers without
	// it, and for roles that may not see it.
	OutputPlugins *string
	DiskFree      int64 // bytes, for the role's eyes: zero if it may not know
	DiskTotal     int64
}

// String is the node's address.
func (n *Node) String() string { return fmt.Sprintf("%s:%d", n.Host, n.Port) }

// Locks is how many locks all sessions of a node may hold together.
func (n *Node) Locks() int { return n.LocksEach * (n.Connections + n.Prepared) }

// A Size is what a node holds of a table.
type Size struct {
	Table  catalog.Name
	Node   string
	Shards int
	Bytes  int64
}

// holders returns the nodes that hold shards.
func (c *Cluster) holders() []*Node {
	var nodes []*Node
	for i := range c.Nodes {
		if c.Nodes[i].Shards {
			nodes = append(nodes, &c.Nodes[i])
		}
	}
	return nodes
}

// bytes is the size of a table on all nodes together.
func (c *Cluster) bytes(table catalog.Name) (bytes int64) {
	for _, size := range c.Sizes {
		if size.Table == table {
			bytes += size.Bytes
		}
	}
	return bytes
}

// coordinator returns the coordinator; nil if there is none.
func (c *Cluster) coordinator() *Node {
	if i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.Group == 0 }); i >= 0 {
		return &c.Nodes[i]
	}
	return nil
}
