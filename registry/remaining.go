package registry

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// A tenantColumn is a column of a table that may hold tenants' ids.
type tenantColumn struct {
	table, column string // quoted
	name          string // for people
}

const (
	// Partitions are read through their parents. The ids are UUIDs: a column of
	// integers holds none of them.
	postgresColumns = `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), c.relname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attname = ANY (string_to_array($1, chr(10))) AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
ORDER BY 1, 2`

	sqliteColumns = `SELECT '"' || replace(m.name, '"', '""') || '"', '"' || replace(p.name, '"', '""') || '"', m.name
FROM sqlite_master m JOIN pragma_table_info(m.name) p
WHERE m.type = 'table' AND instr(char(10) || $1 || char(10), char(10) || p.name || char(10)) > 0
ORDER BY 1, 2`
)

// remaining returns the name of a table that still has rows of a tenant, other
// than that of names; empty when there is none. It asks the catalogue, past the
// plugin: the plugin knows the tables that models have told it of.
func remaining(ctx context.Context, pool gorm.ConnPool, dialect string, columns []string, id uuid.UUID) (string, error) {
	found, err := tenantTables(ctx, pool, dialect, columns)
	if err != nil {
		return "", err
	}
	for _, t := range found {
		if t.name == (claim{}).TableName() {
			continue
		}
		// The value takes the column's type, so that an index on it is used.
		query := "SELECT EXISTS (SELECT 1 FROM " + t.table + " WHERE " + t.column + " = $1)"
		var exists bool
		if err := pool.QueryRowContext(ctx, query, id.String()).Scan(&exists); err != nil {
			return "", err
		}
		if exists {
			return t.name, nil
		}
	}
	return "", nil
}

func tenantTables(ctx context.Context, pool gorm.ConnPool, dialect string, columns []string) (found []tenantColumn, err error) {
	query := postgresColumns
	if dialect == "sqlite" {
		query = sqliteColumns
	}
	rows, err := pool.QueryContext(ctx, query, strings.Join(columns, "\n"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t tenantColumn
		if err := rows.Scan(&t.table, &t.column, &t.name); err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, rows.Err()
}
