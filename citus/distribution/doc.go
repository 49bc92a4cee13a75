// Package distribution plans how a PostgreSQL database of tenants' tables is
// spread over a Citus cluster, and how it comes back.
//
// # Order of reading
//
// [Survey] asks a database what its cluster is. [Analyze] takes that, the
// catalogue and the analysis of package keys, and says what each table becomes:
// the root and the tenants' tables are distributed by their tenant column and
// colocated, and shared tables become reference tables. It lists all obstacles,
// each with its remedy. It is pure: data in, data out. [Analysis.Weigh] asks
// the database how big its tenants are. [Analysis.Plan] makes the
// [migration.Plan], which that package carries out, takes back, or writes.
// [AnalyzeBack] and its plan are the way back to plain tables. A [Driver] does all of
// this, with a report, and carries on with what was begun.
//
// # Foreign keys
//
// All foreign keys between the tables are dropped before the first of them is
// spread, and recreated after the last. So the tables' order does not matter,
// nor do cycles; nothing that Citus does along foreign keys can reach a table
// that is not meant (create_reference_table converts what refers to a table,
// truncate_local_data_after_distributing_table empties it); and references are
// checked by a join in each shard rather than by a trigger a row.
package distribution
