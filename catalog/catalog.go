// Package catalog reads the structure of a PostgreSQL database: its tables with
// their columns, keys, constraints, indexes, triggers, policies and sizes, in a
// fixed number of queries however many tables there are.
//
// What it reads is plain data. Definitions are put together from the catalogue's
// own fields rather than taken as text where PostgreSQL allows several spellings,
// so that two of them are equal exactly when they mean the same.
package catalog

import "sync/atomic"

// A Catalog is what a database holds, as its role may see it. Its tables are
// ordered by schema and name; within a table everything is ordered by name but
// columns, which keep their order.
//
// Do not change it once it is in use. It is then safe for concurrent use.
type Catalog struct {
	Version  int    // server_version_num: 150018
	Database string // its name
	Role     Role
	Replica  bool // the server is in recovery
	Citus    bool // the database has the extension
	Tables   []*Table
	Views    []*View
	// Functions are those whose bodies are in SQL or PL/pgSQL, including
	// procedures and trigger functions, without those of extensions. They are read
	// only if all tables are read.
	Functions []*Function

	index atomic.Pointer[map[Name]*Table] // see Catalog.Table
}

// A Role is the role that reads the catalogue.
type Role struct {
	Name      string
	Superuser bool
	BypassRLS bool
}

// A Name is a relation's schema and name, without quotes.
type Name struct{ Schema, Name string }

// A Table is an ordinary or a partitioned table.
type Table struct {
	Name
	OID         uint32
	Owner       string
	Owned       bool // the reading role owns it or is a member of its owner
	Partitioned bool
	Key         string // the partition key: "LIST (region)"; empty when not partitioned
	PartitionOf Name   // zero for a table of its own
	Bound       string // of a partition: "FOR VALUES IN ('eu')"
	Inherits    []Name // parents by old-style inheritance, in their order
	Extension   string // that the table belongs to; empty when none

	// Distribution is how Citus has distributed the table; zero for a local table.
	Distribution Distribution

	Columns     []Column
	Constraints []Constraint
	Indexes     []Index // those of constraints included
	Triggers    []Trigger
	Policies    []Policy

	RowSecurity      bool
	ForceRowSecurity bool
	ReplicaIdentity  ReplicaIdentity
	Publications     []string
	Published        []Published   // what of it publications list
	ColumnGrants     []ColumnGrant // privileges that are not on all columns

	Rows       float64 // the planner's estimate; -1 when the table was never analyzed
	Bytes      int64   // of the table with its TOAST, without indexes
	IndexBytes int64
}

// A Distribution is what Citus knows of a table: pg_dist_partition.
type Distribution struct {
	Method DistributionMethod
	Column string // of a distributed table
	// Colocation is the id of the table's colocation group.
	Colocation int
	Shards     int // of a distributed table
	// LocalRows says that the table's own storage still holds what was copied
	// into shards. No statement sees those rows.
	LocalRows bool
}

// DistributionMethod is how a table's rows are spread.
type DistributionMethod string

// The methods. A managed table is a local table that Citus keeps metadata of. A
// table whose concurrent distribution was interrupted is one, too.
const (
	NotDistributed DistributionMethod = ""
	Hash           DistributionMethod = "HASH"
	Reference      DistributionMethod = "REFERENCE" // a copy on each node
	Managed        DistributionMethod = "MANAGED"
	SingleShard    DistributionMethod = "SINGLE SHARD"
	OtherMethod    DistributionMethod = "OTHER" // append and range
)

// Published are the columns of a table that a publication lists.
type Published struct {
	Publication string
	Columns     []string
}

// A ColumnGrant is a role's privilege on some columns of a table, where the role
// lacks it on the whole table.
type ColumnGrant struct {
	Role      string // "public" for all of them
	Privilege string // SELECT, INSERT, UPDATE or REFERENCES
	Columns   []string
}

// A Function is a function whose body is SQL or PL/pgSQL.
type Function struct {
	Name
	Arguments string // their types: "integer, text"
	Language  string
	Body      string
	Parsed    bool // the body is not kept as text (BEGIN ATOMIC), and Body is what PostgreSQL prints
}

// String returns the name with the argument types, which tell overloads apart.
func (f *Function) String() string { return f.Name.String() + "(" + f.Arguments + ")" }

// ReplicaIdentity is how logical replication identifies a row:
// pg_class.relreplident.
type ReplicaIdentity string

// The replica identities.
const (
	IdentityDefault ReplicaIdentity = "d" // the primary key
	IdentityNothing ReplicaIdentity = "n"
	IdentityFull    ReplicaIdentity = "f"
	IdentityIndex   ReplicaIdentity = "i"
)

// A Column is a column of a table.
type Column struct {
	Name      string
	Type      string // as format_type writes it: "character varying(20)"
	Collation string // as SQL: "C" with its quotes; empty for the type's default
	NotNull   bool
	Default   string // an expression; of a generated column, the one it is generated from
	Generated bool   // GENERATED ALWAYS AS (…) STORED or VIRTUAL
	Virtual   bool   // VIRTUAL
	Identity  string // "ALWAYS", "BY DEFAULT" or empty
	Sequence  Name   // that the column owns; zero when none
}

// A Kind is a constraint's kind: pg_constraint.contype.
type Kind string

// The kinds of constraints.
const (
	PrimaryKey Kind = "p"
	Unique     Kind = "u"
	ForeignKey Kind = "f"
	Check      Kind = "c"
	Exclusion  Kind = "x"
)

// A Constraint is a constraint of a table.
type Constraint struct {
	Name       string
	Kind       Kind
	Columns    []string // in the key's order; of a check, those that it names
	Text       string   // of a check or an exclusion: as pg_get_constraintdef writes it, without what the fields say
	Index      string   // the index of a key; of a foreign key, the one it refers to
	Deferrable bool
	Deferred   bool // INITIALLY DEFERRED
	Validated  bool
	Unenforced bool // NOT ENFORCED
	Inherited  bool // it comes from a partitioned or inherited table
	Period     bool // the last column is a period: WITHOUT OVERLAPS, PERIOD

	// Of the index of a primary key, a unique or an exclusion:
	Include          []string
	NullsNotDistinct bool
	Options          string // as in Index
	Tablespace       string // as in Index

	Foreign *Foreign // of a foreign key; else nil
	Comment string   // empty when none; no part of the definition
	// Dependents are the views that need this key for their GROUP BY, with their
	// schema and quoted, and the functions that do: "function public.f()". The
	// key cannot be dropped while they are there.
	Dependents []string
}

// Foreign is what only a foreign key has.
type Foreign struct {
	Table         Name
	Columns       []string
	OnDelete      Action
	OnUpdate      Action
	DeleteColumns []string // of SET NULL (…) and SET DEFAULT (…); empty for all
	MatchFull     bool
}

// An Action is what a foreign key does on delete: pg_constraint.confdeltype.
type Action string

// The actions.
const (
	NoAction   Action = "a"
	Restrict   Action = "r"
	Cascade    Action = "c"
	SetNull    Action = "n"
	SetDefault Action = "d"
)

// An Index is an index of a table.
type Index struct {
	Name             string
	Constraint       string // that it belongs to; empty when none
	Method           string // btree, hash, gin, …
	Unique           bool
	Primary          bool
	Valid            bool // false while, or after, a concurrent build or drop that failed
	ReplicaIdentity  bool
	Clustered        bool
	NullsNotDistinct bool
	Inherited        bool // attached to a partitioned table's index
	Parts            []Part
	Include          []string
	Options          string // WITH (…), without the word and its parentheses, ordered by name
	Tablespace       string // empty for the database's own
	Predicate        string // of a partial index, without WHERE and the parentheses around it
	Comment          string // as in Constraint
	Bytes            int64
}

// A Part is a column or an expression of an index.
type Part struct {
	Column string // empty for an expression
	// SQL is the part with its collation, operator class and order: lower(email)
	// text_pattern_ops DESC. Empty for a plain column.
	SQL string
	// Statistics is the target that was set for the statistics of an expression;
	// empty for the default. It is no part of the definition.
	Statistics string
}

// A Trigger is a trigger that a user made; PostgreSQL's own, for constraints, are
// not read.
type Trigger struct {
	Name      string
	Text      string // as pg_get_triggerdef writes it
	Enabled   string // pg_trigger.tgenabled: "O", "D", "R" or "A"
	Inherited bool   // it comes from a partitioned table
	Comment   string // as in Constraint
}

// A Policy is a policy of row-level security.
type Policy struct {
	Name       string
	Permissive bool
	Command    string   // ALL, SELECT, INSERT, UPDATE or DELETE
	Roles      []string // "public" for all of them
	Using      string
	WithCheck  string
	Comment    string // as in Constraint
}

// A View is a view or a materialized one.
type View struct {
	Name
	Materialized    bool
	SecurityInvoker bool
	Options         string // all of WITH (…), as in Index
	Text            string // the query, as pg_get_viewdef writes it
	Uses            []Name // the tables and views that it reads
}
