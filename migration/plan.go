// Package migration holds plans that change a live PostgreSQL database: what will be
// done, in which order, under which locks, and how each step is undone. The catalogue
// shows how far a plan has come, so no log is needed.
//
// A plan is data. It is written as SQL, as migration files, as JSON or as a table
// for people ([Plan.WriteSQL] and its like), and carried out by [Execute].
package migration

import "github.com/gorm-tenancy/tenancy/catalog"

// A Plan is a change in phases.
type Plan struct {
	Title string `json:"title"`
	// Fingerprint is a hash of everything that the plan leaves alone. If it has
	// changed when the plan is carried out, the plan is stale.
	Fingerprint string `json:"fingerprint"`
	// ApplicationPath lets functions of triggers, checks and indexes, which the
	// statements run, find names by the role's own search_path, after PostgreSQL's
	// names. Without it only pg_catalog is searched, so that a schema that others may
	// write to cannot replace PostgreSQL's operators and functions. With it, whoever may
	// create functions in a schema of that path decides what such functions call, as the
	// role that carries the plan out: let only roles that you trust as much write there.
	// Plans of policies leave it off.
	ApplicationPath bool    `json:"application_path,omitempty"`
	Phases          []Phase `json:"phases"`
}

// A Phase is a group of steps that need no deployment in between.
type Phase struct {
	Name  string `json:"name"`
	About string `json:"about"` // one sentence
	// Barrier is what must be true before the phase: "deploy the version that writes
	// tenant_id". Empty if there is no condition.
	Barrier string `json:"barrier,omitempty"`
	Steps   []Step `json:"steps"`
}

// A Step is a unit of work. It is done or not, and the catalogue shows which.
type Step struct {
	Name  string       `json:"name"` // unique in the plan: "public.orders: add tenant_id"
	Table catalog.Name `json:"table"`
	About string       `json:"about"` // what for, in a sentence

	// SQL is executed in order: in one transaction if Transaction is true, otherwise
	// outside any transaction (CREATE INDEX CONCURRENTLY).
	SQL         []string `json:"sql,omitempty"`
	Transaction bool     `json:"transaction"`
	// Batch is set instead of SQL if rows are changed in batches.
	Batch *Batch `json:"batch,omitempty"`
	// Undo takes the step back, under the same rules. Empty if there is nothing to
	// take back; NoUndo says why the step cannot be taken back. Undo restores what
	// Before says, or an earlier state of the objects; it then takes back the earlier
	// steps as well. Outside a transaction it must be able to start over after any of
	// its statements, so DROP … IF EXISTS comes first.
	Undo   []string `json:"undo,omitempty"`
	NoUndo string   `json:"no_undo,omitempty"`
	// Repair removes what a step that failed halfway leaves behind, an invalid index
	// for instance, or what an interrupted undo leaves. It runs before the step if
	// neither Before nor After holds.
	Repair []string `json:"repair,omitempty"`

	Lock Lock `json:"lock"`
	// Also are further tables that the lock is taken on, one after the other: a
	// foreign key concerns two.
	Also   []catalog.Name `json:"also,omitempty"`
	Blocks string         `json:"blocks"` // what waits meanwhile, and for how long: "writes, while the index is built"
	Rows   int64          `json:"rows"`   // that it reads or writes, estimated
	Bytes  int64          `json:"bytes"`  // that it reads or writes, estimated
	// Done says that the step was already done when the plan was made, by an earlier
	// plan. Such a step is written without its SQL. See [Plan.Seal].
	Done bool `json:"done,omitempty"`
	// PointOfNoReturn says that from here on the undo may fail: rows are now allowed
	// that were not before.
	PointOfNoReturn bool `json:"point_of_no_return,omitempty"`

	// Before and After are what the catalogue shows before and after the step.
	// Objects that exist only while the undo runs are in both, with an empty
	// definition.
	Before []State `json:"before,omitempty"`
	After  []State `json:"after,omitempty"`
}

// A State is an object of the catalogue with its definition.
type State struct {
	Table  catalog.Name `json:"table"`
	Object Object       `json:"object"`
	Name   string       `json:"name"`
	// Definition is the definition as package catalog writes it; empty if the object
	// does not exist.
	Definition string `json:"definition"`
}

// Object is a kind of object.
type Object string

// The kinds of objects.
const (
	Column     Object = "column"
	Constraint Object = "constraint"
	Index      Object = "index"
	Policy     Object = "policy"
	Identity   Object = "replica identity" // its Name is empty, its Definition "DEFAULT", "FULL", "NOTHING" or "USING INDEX name"
	Security   Object = "row security"     // its Name is empty, its Definition "", "ENABLED", "FORCED" or "ENABLED FORCED"
	Trigger    Object = "trigger"

	// How Citus has distributed a table, and whether the rows that were copied into
	// shards are still in local storage: see catalog.Distribution. Their Names are
	// empty.
	Distribution Object = "distribution"
	LocalRows    Object = "local rows"
)

// A Batch changes rows one range of blocks at a time, so that no transaction holds
// many locks. PostgreSQL reads a range of ctid without reading the rest since version
// 14.
type Batch struct {
	// Table is the table that is changed. Each partition has a batch of its own.
	Table catalog.Name `json:"table"`
	// SQL is an UPDATE whose WHERE ends in "AND t.ctid >= $1::tid AND t.ctid < $2::tid".
	SQL string `json:"sql"`
	// Left is a query that counts the remaining rows, up to a limit. The step is done
	// at 0.
	Left string `json:"left"`
}

// A Lock is the strongest table lock of a step, in the words of PostgreSQL's
// manual (13.3).
type Lock string

// The locks.
const (
	NoLock               Lock = ""
	RowExclusive         Lock = "ROW EXCLUSIVE"
	ShareUpdateExclusive Lock = "SHARE UPDATE EXCLUSIVE"
	Share                Lock = "SHARE"
	ShareRowExclusive    Lock = "SHARE ROW EXCLUSIVE"
	AccessExclusive      Lock = "ACCESS EXCLUSIVE"
)
