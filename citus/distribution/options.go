package distribution

import (
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// A Way is how tables are spread.
type Way string

// The ways.
const (
	// Transactional spreads all tables in one transaction: all or nothing, and
	// whoever wants one of the tables waits for the whole of it.
	Transactional Way = ""
	// StepByStep spreads each table on its own: the others can be used meanwhile,
	// but for statements that need tables of both kinds. See [Analysis.Plan].
	StepByStep Way = "step by step"
)

// Options say what the database and its cluster do not. The zero value spreads in
// one transaction, and gives nothing up: what Citus cannot do is a blocker.
type Options struct {
	// Way is how tables are spread. Empty means Transactional.
	Way Way
	// Online lets writes go on while a table is copied, by logical replication
	// (create_distributed_table_concurrently). For StepByStep alone; the tables
	// need primary keys. False: writes to a table wait while it is copied.
	Online bool
	// Load is for empty tables of a new cluster, which get their rows from an old
	// database by COPY: foreign keys are made once phase attach is confirmed. For
	// StepByStep alone. False: they are made at once.
	Load bool
	// Shards is how many shards a table gets. Zero means citus.shard_count.
	Shards int

	// OnDelete takes the place of ON DELETE SET NULL and SET DEFAULT, which Citus
	// has not for foreign keys with the tenant: catalog.NoAction, catalog.Restrict
	// or catalog.Cascade. Empty: such a foreign key is a blocker.
	OnDelete catalog.Action
	// OnUpdate takes the place of ON UPDATE CASCADE, SET NULL and SET DEFAULT:
	// catalog.NoAction or catalog.Restrict. Empty: such a foreign key is a blocker.
	OnUpdate catalog.Action

	// Drop names constraints, indexes and triggers that Citus cannot have and that
	// may go. A * in the names stands for any text, but a primary key has to be named
	// as it is. The undo brings them back. Empty: such an object is a blocker.
	Drop []keys.Object
	// KeepIdentity spreads tables with identity columns, which Citus cannot bring
	// back to plain tables. False: such a column is a blocker.
	KeepIdentity bool
}
