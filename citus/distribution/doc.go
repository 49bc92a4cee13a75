// Package distribution plans how a PostgreSQL database of tenants' tables moves to a
// Citus cluster, and how it moves back.
//
// # Order of reading
//
// [Survey] describes the cluster of a database. [Analyze] takes that description, the
// catalogue and the analysis of package keys, and decides what each table becomes:
// the root and the tenants' tables are distributed by their tenant column and
// colocated, and shared tables become reference tables. It lists all obstacles, each
// with its remedy. It is pure: data in, data out. [Analysis.Weigh] asks the database
// how big its tenants are. [Analysis.Plan] makes a [migration.Plan], which package
// migration carries out, takes back, or writes. [AnalyzeBack] and its plan lead back
// to plain tables. A [Driver] does all of this, writes a report, and continues
// unfinished plans.
//
// # Foreign keys
//
// All foreign keys between the tables are dropped before the first table is
// distributed, and made again after the last. So neither the order of tables nor
// cycles matter. What Citus does along foreign keys cannot reach other tables:
// create_reference_table converts tables that refer to its table, and
// truncate_local_data_after_distributing_table empties them. And references are
// checked by a join in each shard instead of a trigger for each row.
package distribution
