package automigrate

import (
	"context"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// readPostgres reads what tables have.
func readPostgres(ctx context.Context, q catalog.Querier, names []catalog.Name) (map[catalog.Name]*tableKeys, error) {
	tables := make(map[catalog.Name]*tableKeys, len(names))
	if len(names) == 0 {
		return tables, nil
	}
	read, err := catalog.Read(ctx, q, catalog.Options{Tables: names})
	if err != nil {
		return nil, err
	}
	for _, t := range read.Tables {
		tables[t.Name] = postgresKeysOf(t)
	}
	return tables, nil
}

func postgresKeysOf(t *catalog.Table) *tableKeys {
	keys := &tableKeys{
		name: t.Name, oid: t.OID, partitioned: t.Partitioned, hidden: t.RowSecurity && t.Bytes > 0,
	}
	for _, c := range t.Columns {
		keys.columns = append(keys.columns, c.Name)
		if !c.NotNull {
			keys.nullable = append(keys.nullable, c.Name)
		}
	}
	deferrable := map[string]bool{}
	for _, c := range t.Constraints {
		if c.Foreign == nil {
			deferrable[c.Name] = c.Deferrable
			continue
		}
		keys.foreign = append(keys.foreign, &foreignKey{
			name: c.Name, columns: c.Columns, parent: c.Foreign.Table, refs: c.Foreign.Columns,
			onDelete: c.Foreign.OnDelete, onUpdate: c.Foreign.OnUpdate,
			clear: c.Foreign.DeleteColumns, full: c.Foreign.MatchFull, unchecked: !c.Validated,
		})
	}
	for i := range t.Indexes {
		index := postgresIndex(&t.Indexes[i])
		if index == nil {
			continue
		}
		index.deferrable = deferrable[index.name]
		keys.indexes = append(keys.indexes, index)
	}
	return keys
}

// postgresIndex returns an index; nil for that of an exclusion constraint.
func postgresIndex(i *catalog.Index) *tableIndex {
	index := &tableIndex{name: i.Name, invalid: !i.Valid, where: newCondition(i.Predicate)}
	switch {
	case i.Primary:
		index.kind, index.name = primaryKey, i.Constraint
	case i.Constraint != "" && i.Unique:
		index.kind, index.name = uniqueConstraint, i.Constraint
	case i.Constraint != "":
		return nil
	case i.Unique:
		index.kind = uniqueIndex
	}
	if i.Method != "btree" {
		index.method = i.Method
	}
	for _, part := range i.Parts {
		index.parts = append(index.parts, writtenPart(part.Column, part.SQL,
			strings.TrimPrefix(part.SQL, catalog.Quote(part.Column))))
	}
	var options []string
	if len(i.Include) > 0 {
		options = append(options, "INCLUDE ("+strings.Join(i.Include, ",")+")")
	}
	if i.NullsNotDistinct {
		options = append(options, "NULLS NOT DISTINCT")
	}
	if i.Options != "" {
		options = append(options, "WITH ("+strings.ReplaceAll(i.Options, "'", "")+")")
	}
	index.options = strings.Join(options, " ")
	return index
}

// agree gives the conditions and expressions of a table's indexes PostgreSQL's own
// spelling: it prints equal expressions in the same way. It asks the server only
// if there are any.
func agree(ctx context.Context, q catalog.Querier, table string, wanted, had []*tableIndex) error {
	var texts []*condition
	for _, index := range slices.Concat(wanted, had) {
		if index.where.sql != "" {
			texts = append(texts, &index.where)
		}
		for i := range index.parts {
			if index.parts[i].expr.sql != "" {
				texts = append(texts, &index.parts[i].expr)
			}
		}
	}
	if len(texts) == 0 {
		return nil
	}
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = "(" + text.sql + ")"
	}
	printed, err := sqlrows.Printed(ctx, q, "SELECT "+strings.Join(list, ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	if len(printed) == len(texts) {
		for i, text := range texts {
			text.same = printed[i]
		}
	}
	return nil
}

// newestPostgres is a version of the server that has everything used here.
const newestPostgres = 150000

// postgresPlace reads the schema of unqualified names and the server's version.
const postgresPlace = `SELECT COALESCE(current_schema(), ''), current_setting('server_version_num')::int`

// postgresNames finds relations by their name, with the table that an index is of.
const postgresNames = `SELECT n.nspname, c.relname, COALESCE(t.relname, '')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
WHERE c.relname IN (SELECT pg_catalog.json_array_elements_text($1::json))`

// postgresDependents finds the foreign keys that refer to tables, with the index
// that each needs.
const postgresDependents = `SELECT n.nspname, c.relname, f.conname, pn.nspname, p.relname, i.relname
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = f.confrelid
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class i ON i.oid = f.conindid
WHERE f.contype = 'f' AND f.confrelid IN (SELECT pg_catalog.json_array_elements_text($1::json)::oid)`
