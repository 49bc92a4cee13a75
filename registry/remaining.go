package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// A tenantColumn is a column of a table that may hold tenants' ids.
type tenantColumn struct {
	table, column string // quoted
	name          string // for people
	isUUID        bool   // it has the type, or a domain over it
	isView        bool   // a materialized one, which keeps rows until it is refreshed
}

const (
	// Partitions are read through their parents. The type of a column, or the type
	// below a domain, says what it can hold: numbers, times and booleans are not
	// UUIDs.
	postgresColumns = `WITH RECURSIVE base (oid, below) AS (
	SELECT oid, oid FROM pg_type
	UNION ALL SELECT base.oid, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.below WHERE t.typtype = 'd'
)
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), c.relname, t.oid = 'uuid'::regtype, c.relkind = 'm'
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN base ON base.oid = a.atttypid JOIN pg_type t ON t.oid = base.below
WHERE a.attname = ANY (string_to_array($1, chr(10))) AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'f', 'm') AND c.relispopulated AND NOT c.relispartition
  AND t.typtype <> 'd' AND t.typcategory NOT IN ('N', 'D', 'T', 'B')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
ORDER BY 1, 2`

	sqliteColumns = `SELECT '"' || replace(m.name, '"', '""') || '"', '"' || replace(p.name, '"', '""') || '"', m.name, false, false
FROM sqlite_master m JOIN pragma_table_info(m.name) p
WHERE m.type = 'table' AND instr(char(10) || lower($1) || char(10), char(10) || lower(p.name) || char(10)) > 0
ORDER BY 1, 2`

	// An index on the column is used where it holds UUIDs.
	uuidRows = `SELECT EXISTS (SELECT 1 FROM %s WHERE %s = $1)`

	// As text, an id has several spellings and may be padded, so it is compared
	// without prefixes, punctuation, case and padding. As bytes, it has 16 of them.
	postgresRows = `SELECT EXISTS (SELECT 1 FROM %s WHERE
	replace(replace(replace(replace(replace(lower(ltrim(rtrim(CAST(%s AS text), $2), $2)), 'urn:uuid:', ''), '{', ''), '}', ''), '-', ''), '\x', '')
	= replace($1, '-', ''))`

	sqliteRows = `SELECT EXISTS (SELECT 1 FROM %[1]s WHERE lower(hex(%[2]s)) = replace($1, '-', '') OR
	replace(replace(replace(replace(lower(ltrim(rtrim(CAST(%[2]s AS text), $2), $2)), 'urn:uuid:', ''), '{', ''), '}', ''), '-', '')
	= replace($1, '-', ''))`

	padding = " \t\r\n\v\f\u00a0"
)

// remaining returns a table, other than that of names, that still has rows of a
// tenant; empty if there is none. It asks the catalogue, because the plugin knows
// only the tables of its models.
func remaining(ctx context.Context, pool gorm.ConnPool, dialect string, columns []string, id uuid.UUID) (string, error) {
	found, err := tenantTables(ctx, pool, dialect, columns)
	if err != nil {
		return "", err
	}
	for _, t := range found {
		if t.name == (claim{}).TableName() {
			continue
		}
		query, args := uuidRows, []any{id.String()}
		if !t.isUUID {
			query, args = postgresRows, append(args, padding)
			if dialect == "sqlite" {
				query = sqliteRows
			}
		}
		var exists bool
		if err := pool.QueryRowContext(ctx, fmt.Sprintf(query, t.table, t.column), args...).Scan(&exists); err != nil {
			return "", err
		}
		switch {
		case exists && t.isView:
			return t.name + ", which has to be refreshed", nil
		case exists:
			return t.name + ", which is not listed in Config.Models", nil
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
		if err := rows.Scan(&t.table, &t.column, &t.name, &t.isUUID, &t.isView); err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, rows.Err()
}
