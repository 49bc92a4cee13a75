package citus

import (
	"context"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Kind says how a table is stored.
type Kind string

// The kinds of tables. A table that Citus does not know is none of them.
const (
	// Distributed: its rows are spread over shards by a column's value.
	Distributed Kind = "distributed"
	// Reference: every node has all of its rows.
	Reference Kind = "reference"
	// Local: it is on the coordinator, and known to the other nodes.
	Local Kind = "local"
	// SingleShard: it is one shard, as those of a distributed schema are.
	SingleShard Kind = "single shard"
)

// Table is a table that Citus knows.
type Table struct {
	Schema, Name string
	Kind         Kind
	// Column is the distribution column of a distributed table; empty for the
	// other kinds.
	Column string
	// Colocation is the same number for tables whose shards for a value are on
	// the same node; 0 for local tables.
	Colocation int
	// Shards counts its shards.
	Shards int
}

// String returns the table's name as it stands in SQL, qualified and quoted.
func (t Table) String() string { return sqltext.Quote(t.Schema) + "." + sqltext.Quote(t.Name) }

// citus_tables lists only what other sessions see as well, and the view's schema
// is not the same in every installation.
const sqlTables = `SELECT n.nspname, c.relname,
		CASE WHEN p.partkey IS NOT NULL THEN 'distributed' WHEN p.repmodel = 't' THEN 'reference'
			WHEN p.colocationid = 0 THEN 'local' ELSE 'single shard' END,
		coalesce(pg_catalog.column_to_column_name(p.logicalrelid, p.partkey), ''), p.colocationid,
		(SELECT count(*) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid)
	FROM pg_catalog.pg_dist_partition p
	JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
		AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e')
	ORDER BY 1, 2`

// Tables lists the tables that Citus knows, those included that the caller's own
// transaction has just distributed. A table that create_distributed_table_concurrently
// has left half-way shows as [Local] or [SingleShard].
func Tables(ctx context.Context, q Querier) ([]Table, error) {
	tables, err := collect(ctx, q, sqlTables, nil, func(t *Table) []any {
		return []any{&t.Schema, &t.Name, &t.Kind, &t.Column, &t.Colocation, &t.Shards}
	})
	if err != nil {
		return nil, failed("tables", err)
	}
	return tables, nil
}
