package distribution

import (
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// A Way is how tables are distributed.
type Way string

// The ways.
const (
	// Transactional distributes all tables in one transaction: all or nothing.
	// Statements that need one of the tables wait for its end.
	Transactional Way = ""
	// StepByStep distributes each table on its own. The others can be used
	// meanwhile, except by statements that need both distributed and plain tables.
	// See [Analysis.Plan].
	StepByStep Way = "step by step"
)

// Options say what the database and its cluster cannot. The zero value distributes
// in one transaction and gives nothing up: whatever Citus cannot do is a blocker.
type Options struct {
	// Way is how tables are distributed. Empty means Transactional.
	Way Way
	// Online lets writes go on while a table is copied, by logical replication
	// (create_distributed_table_concurrently). For StepByStep only; the tables need
	// primary keys. False: writes to a table wait while it is copied.
	Online bool
	// Load is for empty tables of a new cluster, which get their rows from an old
	// database by COPY: foreign keys are made once phase attach is confirmed. For
	// StepByStep only. False: foreign keys are made at once.
	Load bool
	// Shards is how many shards a table gets. Zero means citus.shard_count.
	Shards int

	// OnDelete replaces ON DELETE SET NULL and SET DEFAULT, which Citus does not
	// support for foreign keys with the tenant. It is catalog.NoAction,
	// catalog.Restrict or catalog.Cascade. Empty: such a foreign key is a blocker.
	OnDelete catalog.Action
	// OnUpdate replaces ON UPDATE CASCADE, SET NULL and SET DEFAULT: it is
	// catalog.NoAction or catalog.Restrict. Empty: such a foreign key is a blocker.
	OnUpdate catalog.Action

	// Drop names constraints, indexes and triggers that Citus does not support and
	// that may be dropped. A * in the names stands for any text, but a primary key
	// needs its exact name. The undo restores them. Empty: such an object is a
	// blocker.
	Drop []keys.Object
	// Manage has Citus manage tables outside of the plan that foreign keys connect to a
	// shared table, such as those of another root's tenants. They stay plain tables on
	// the coordinator and can be distributed later; their foreign keys hold all the time.
	// False: such a foreign key is a blocker.
	Manage bool
	// KeepIdentity distributes tables with identity columns, which Citus cannot
	// undistribute. False: such a column is a blocker.
	KeepIdentity bool
}
