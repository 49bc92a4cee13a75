package tenancytest

import (
	"errors"
	"testing"
)

// EnvCitusDSN is the environment variable that names the coordinator of a
// running Citus cluster to test on, as [EnvDSN] does a server: by the DSN of a
// superuser, in a database that has the extension and knows the workers. Its
// nodes must let any role connect from one to another without a password, as
// those of a cluster for tests do.
const EnvCitusDSN = "TENANCY_CITUS_DSN"

// CitusShards is how many shards a table is distributed over in the databases of
// [Citus]: few, so that some tenants share a shard and others do not.
const CitusShards = 8

// errNoCitus is one line, for it is why tests are skipped.
var errNoCitus = errors.New("no Citus to test on: set " + EnvCitusDSN +
	", or install its extension for the PostgreSQL server of this machine")

// Cluster is an empty database that belongs to one test, on all nodes of a Citus
// cluster. The zero value names none.
type Cluster struct {
	// Database has the owner and the application as [Postgres] makes them, on
	// the coordinator. The owner may distribute its tables.
	Database

	// AdminDSN connects to the same database as a superuser.
	AdminDSN string

	// Nodes are the coordinator and, after it, the workers.
	Nodes []*Node
}

// Node is a server of a cluster.
type Node struct {
	// Host and Port are the node's name in the cluster. Host is a directory,
	// which PostgreSQL's drivers take for that of a socket, where this process
	// has started the node.
	Host string
	Port int

	server server // with nothing in it for nodes that others use
}

// Citus returns a new, empty database on a Citus cluster for the calling test,
// and drops it when the test and its subtests have ended. It may be called from
// parallel tests, and several times by one; each call takes about a second.
//
// The cluster is the one that [EnvCitusDSN] names; else one of a coordinator and
// two workers, started and ended as [Postgres] does it, where the extension is
// installed for a server on this machine. Where there is neither, the test is
// skipped, and the message is one line that says why.
func Citus(tb testing.TB) *Cluster {
	tb.Helper()
	c, err := sharedCitus()
	made, name := c.newDatabase(tb, err)
	tb.Cleanup(func() {
		if err := c.drop(name); err != nil {
			tb.Errorf("tenancytest: drop database %s: %v", name, err)
		}
	})
	for _, n := range c.nodes {
		made.Nodes = append(made.Nodes, &Node{Host: n.Host, Port: n.Port})
	}
	return made
}

// OwnCitus is [Citus] on a cluster that it starts for the calling test alone, so
// that [Node.Stop] disturbs no other. It needs the extension on this machine,
// whatever [EnvCitusDSN] says.
func OwnCitus(tb testing.TB) *Cluster {
	tb.Helper()
	c, err := startCitus()
	tb.Cleanup(func() {
		if err := c.close(); err != nil {
			tb.Errorf("tenancytest: end the cluster: %v", err)
		}
	})
	made, _ := c.newDatabase(tb, err)
	made.Nodes = c.nodes
	return made
}

// Stop ends a node of [OwnCitus] as a power cut would: connections break, and
// what was not committed is lost. It fails the test on any other node. A node
// that is stopped for more than a minute may be taken for a leftover by another
// test process, and be removed.
func (n *Node) Stop(tb testing.TB) {
	tb.Helper()
	n.requireOwn(tb)
	if err := n.server.crash(); err != nil {
		tb.Fatalf("tenancytest: stop a node: %v", err)
	}
}

// Start starts a node again after [Node.Stop], and returns when it accepts
// connections.
func (n *Node) Start(tb testing.TB) {
	tb.Helper()
	n.requireOwn(tb)
	if err := n.server.restart(); err != nil {
		tb.Fatalf("tenancytest: start a node: %v", err)
	}
}

func (n *Node) requireOwn(tb testing.TB) {
	tb.Helper()
	if n.server.dir == "" {
		tb.Fatal("tenancytest: other tests use the node: take the cluster from OwnCitus")
	}
}
