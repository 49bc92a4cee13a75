package distribution

import (
	"fmt"
	"math"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// A Need is what the plan requires of a node at its peak.
type Need struct {
	Node  *Node
	Locks int // that its longest transaction holds
	// Disk is in bytes, in addition to what is used now: copies with their
	// indexes. WAL comes on top: up to max_wal_size, plus what unread replication
	// slots retain.
	Disk int64
}

// Needs estimates, on the safe side, what the plan requires of each node.
func (a *Analysis) Needs() []Need {
	var needs []Need
	holders := a.Cluster.holders()
	for i := range a.Cluster.Nodes {
		n := &a.Cluster.Nodes[i]
		need := Need{Node: n}
		for _, t := range a.batch() {
			locks := a.locksOf(t)
			if n.Group == 0 {
				need.Locks += locks + coordinatorLocks + a.metadataLocks(t)
			}
			if shards := a.shardsOn(t, n, len(holders)); shards > 0 {
				need.Locks += shards * locks
			}
		}
		need.Disk = a.disk(n, len(holders))
		needs = append(needs, need)
	}
	return needs
}

// coordinatorLocks are the locks that Citus takes for each table in addition: on
// its group, the nodes, and the metadata.
const coordinatorLocks = 16

// metadataLocks counts the locks on the metadata of shards: each shard is locked
// once for its table, and once for each foreign key that is made.
func (a *Analysis) metadataLocks(t *Table) int {
	if t.Method != catalog.Hash {
		return 1
	}
	keys := 0
	for _, f := range a.foreign {
		if f.child == t.Name {
			keys++
		}
	}
	return a.shards() * (1 + keys)
}

// batch returns the tables of the plan's largest transaction: all of them, or the
// one with the most locks.
func (a *Analysis) batch() []*Table {
	moving := a.moving()
	if a.options.Way == Transactional || len(moving) == 0 {
		return moving
	}
	most := moving[0]
	for _, t := range moving {
		if a.locksOf(t) > a.locksOf(most) {
			most = t
		}
	}
	return []*Table{most}
}

// locksOf counts the locks that a table, or one of its shards, takes: on the
// relation, its TOAST table with its index, its indexes, the constraints that are
// made with their tables, sequences, and all of these of its partitions.
func (a *Analysis) locksOf(t *Table) (locks int) {
	for _, member := range t.family() {
		locks += 8 + 3*len(member.after.Indexes) + len(member.live.Indexes)
		for _, column := range member.live.Columns {
			if column.Sequence != (catalog.Name{}) {
				locks += 4
			}
		}
	}
	for _, f := range a.foreign {
		if f.child == t.Name || f.parent == t.Name {
			locks += 4
		}
	}
	return locks
}

// shards is how many shards a distributed table gets.
func (a *Analysis) shards() int {
	switch {
	case a.anchor != nil && a.anchor.live.Distribution.Shards > 0:
		return a.anchor.live.Distribution.Shards
	case a.options.Shards > 0:
		return a.options.Shards
	default:
		return a.Cluster.Shards
	}
}

// shardsOn is how many shards of a table a node gets: one of a reference table,
// its part of a distributed one. The coordinator locks each shard's metadata.
func (a *Analysis) shardsOn(t *Table, n *Node, holders int) int {
	switch {
	case t.Method == catalog.Reference:
		return 1
	case t.Method == catalog.Managed:
		return 0
	case n.Shards && holders > 0:
		return (a.shards() + holders - 1) / holders
	default:
		return 0
	}
}

// disk is how much of a node's disk the plan requires at its peak.
func (a *Analysis) disk(n *Node, holders int) (bytes int64) {
	var largest int64
	for _, t := range a.moving() {
		size := a.sizeOf(t)
		switch {
		case a.back && n.Group == 0:
			bytes += size // the copies stay until the commit
		case a.back || t.Method == catalog.Managed:
		case t.Method == catalog.Reference:
			bytes += size
		case n.Shards && holders > 0:
			bytes += size / int64(holders)
		}
		if a.options.Online && n.Group == 0 {
			largest = max(largest, size) // a copy of the whole before it is divided
		}
	}
	return bytes + largest
}

// sizeOf is the size of a table with its indexes and partitions, on all nodes
// together.
func (a *Analysis) sizeOf(t *Table) (bytes int64) {
	for _, member := range t.family() {
		bytes += member.live.Bytes + member.live.IndexBytes
		if spread := a.Cluster.bytes(member.Name); spread > 0 {
			copies := int64(1)
			if t.Method == catalog.Reference {
				copies = int64(max(1, len(a.Cluster.Nodes)))
			}
			bytes += spread / copies
		}
	}
	return bytes
}

// diskReserve is the part of a disk that the plan leaves free, for WAL and for
// what is written meanwhile.
const diskReserve = 0.1

// findCapacity finds nodes that cannot bear the plan.
func (a *Analysis) findCapacity() {
	for _, need := range a.Needs() {
		n := need.Node
		if !n.Reachable {
			continue
		}
		if free := n.Locks() - n.LocksHeld; need.Locks > free {
			sessions := float64(n.Connections + n.Prepared)
			enough := math.Ceil(1.2 * float64(need.Locks+n.LocksHeld) / sessions)
			a.server(keys.Blocker, n.String(),
				fmt.Sprintf("set max_locks_per_transaction = %.0f there and restart it; or take fewer shards, or go step by step", enough),
				"the transaction would hold some %d locks, and there is room for %d", need.Locks, free)
		}
		if n.DiskTotal > 0 && need.Disk > n.DiskFree-int64(diskReserve*float64(n.DiskTotal)) {
			a.server(keys.Blocker, n.String(), "make room there, or add nodes",
				"the disk would hold some %s more, and has %s free of %s", size(need.Disk), size(n.DiskFree), size(n.DiskTotal))
		}
		if n.Connections > 0 && n.Connections < minConnections {
			a.server(keys.Blocker, n.String(), fmt.Sprintf("set max_connections = %d there, and restart it", minConnections),
				"max_connections is %d", n.Connections)
		}
	}
}

// minConnections counts the connections of the run itself, among the nodes, and
// of Citus' maintenance.
const minConnections = 20

// size formats a number of bytes for people.
func size(bytes int64) string {
	value, unit := float64(bytes), "bytes"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if value < 10 && unit != "bytes" {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}
