// Package keys plans how an existing PostgreSQL database gets composite keys: a
// tenant column in every tenant's table, primary keys and uniques that begin
// with it, and foreign keys that match tenant with tenant, so that no row can
// point at another tenant's and two tenants may both own invoice number 1.
//
// # Order of reading
//
// [Analyze] says what each table is: the root, a tenant's, one that reaches a
// tenant along its foreign keys, or shared. It also says what is missing. It is
// pure: a catalogue in, data out. [Analysis.Preflight] looks in the live database
// for rows that stand in the way, and only reads. [Analysis.Plan] turns the
// analysis into a [migration.Plan] in phases. The application can be deployed
// between them:
//
//   - expand adds tenant columns;
//   - backfill fills them in batches and makes them NOT NULL;
//   - build makes unique indexes and foreign keys beside the old ones;
//   - swap replaces the old ones by them;
//   - contract drops what an application without tenants needed.
//
// Nothing waits for a table to be read or rewritten, except where a step says so.
package keys
