package tenancy

import (
	"context"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// modelledKeys returns the keys that AutoMigrate makes of the models of a table.
func (r *knownTables) modelledKeys(t *table) (*uniqueKeys, error) {
	now := r.snapshot.Load()
	if known := t.modelled.Load(); known != nil && known.at == now {
		return &known.uniqueKeys, nil
	}
	known := &modelledKeys{at: now}
	for s, m := range now.models {
		if m.table != t {
			continue
		}
		wanted, err := automigrate.ModelKeys(r.db, modelTables{r}, r.dialect == sqltext.SQLite, s)
		if err != nil {
			return nil, err
		}
		for _, key := range wanted {
			known.addWanted(r, s.Table, key)
		}
	}
	t.modelled.Store(known)
	return &known.uniqueKeys, nil
}

// addWanted adds a key that a model wants.
func (k *uniqueKeys) addWanted(r *knownTables, table string, wanted automigrate.Key) {
	key := uniqueKey{name: wanted.Name, primary: wanted.Primary}
	if key.primary && key.name == "" {
		key.name = table + "_pkey"
	}
	key.name = sqltext.Clip(sqltext.Postgres, key.name)
	parts := make([]string, len(wanted.Parts))
	for i, part := range wanted.Parts {
		if parts[i] = part.SQL; part.SQL == "" {
			parts[i] = r.quote(part.Column)
		}
		if part.Column != "" {
			key.columns = append(key.columns, part.Column)
		}
	}
	k.add(key, parts, wanted.Where, r.dialect, table)
}

// uniqueKeys returns the keys of the statement's table, of which those on some
// columns, or of a name, are asked for.
func (ex *execution) uniqueKeys(stmt *gorm.Statement, columns []string, name string) *uniqueKeys {
	if ex.plugin.config.Keys == KeysFromModels {
		if keys, err := ex.plugin.tables.modelledKeys(ex.table); err != nil {
			stmt.AddError(err)
			return &uniqueKeys{}
		} else if keys.byName(name) != nil || name == "" && (keys.has(columns) || keys.hasOwn(ex.table.column, columns)) {
			return keys
		}
	}
	return ex.keysInDatabase(stmt, ex.table)
}

// keysInDatabase reads the keys of a table. The look at the catalogue is one a table,
// not one a statement.
func (ex *execution) keysInDatabase(stmt *gorm.Statement, t *table) *uniqueKeys {
	if known := t.keys.Load(); known != nil {
		return known
	}
	keys := &uniqueKeys{}
	if poolOf(stmt) == nil {
		return keys
	}
	if err := keys.read(stmt.Context, poolOf(stmt), ex.plugin.tables, t); err != nil {
		stmt.AddError(err)
		return keys
	}
	if err := ex.plugin.tables.checkColumn(stmt.Context, poolOf(stmt), t); err != nil {
		stmt.AddError(err)
		return keys
	}
	if len(keys.keys) > 0 {
		t.keys.Store(keys)
	}
	return keys
}

// forgetKeys has all tables' keys read again.
func (r *knownTables) forgetKeys() {
	for _, t := range r.snapshot.Load().names {
		t.keys.Store(nil)
	}
}

// read reads a table's keys from the catalogue.
func (k *uniqueKeys) read(ctx context.Context, pool gorm.ConnPool, r *knownTables, t *table) error {
	query, name := postgresKeys, r.quote(t.name)
	if r.dialect == sqltext.SQLite {
		query, name = sqliteKeys, t.name
	}
	var last *readKey
	err := sqlrows.Each(ctx, pool, func(each sqlrows.Row) error {
		var row readKey
		var column, part string
		if err := each.Scan(&row.name, &row.primary, &column, &part, &row.text); err != nil {
			return err
		}
		if last == nil || last.name != row.name {
			last.addTo(k, r, t)
			last = &row
		}
		if column != "" {
			last.columns = append(last.columns, column)
		}
		if part == "" {
			part = r.quote(column)
		}
		last.parts = append(last.parts, part)
		return nil
	}, query, name)
	if err != nil {
		return err
	}
	last.addTo(k, r, t)
	return nil
}

// readKey is a key as the catalogue has it.
type readKey struct {
	uniqueKey
	parts []string
	text  string // its condition; on SQLite the statement that made it
}

func (row *readKey) addTo(k *uniqueKeys, r *knownTables, t *table) {
	switch {
	case row == nil:
	case r.dialect == sqltext.SQLite && row.text != "":
		var ok bool
		if row.index, ok = sqltext.IndexOf(row.text, bareName(t.name)); ok {
			k.keys = append(k.keys, row.uniqueKey)
		}
	case r.dialect == sqltext.SQLite:
		k.add(row.uniqueKey, row.parts, "", r.dialect, t.name)
	default:
		k.add(row.uniqueKey, row.parts, row.text, r.dialect, t.name)
	}
}

const postgresKeys = `SELECT c.relname, i.indisprimary, COALESCE(a.attname, ''),
  COALESCE(pg_catalog.quote_ident(a.attname), pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, false))
  || COALESCE(' COLLATE ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname), '')
  || CASE WHEN oc.opcdefault THEN '' ELSE ' ' || pg_catalog.quote_ident(oc.opcname) END,
  COALESCE(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '')
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
LEFT JOIN pg_catalog.pg_collation co ON co.oid = i.indcollation[k.n::int - 1] AND co.oid NOT IN (100, COALESCE(a.attcollation, 100))
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.n::int - 1]
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND k.n <= i.indnkeyatts
ORDER BY i.indisprimary DESC, c.oid, k.n`

const sqliteKeys = `SELECT '', TRUE, name, '', '' FROM pragma_table_info(?1) WHERE pk > 0
UNION ALL
SELECT l.name, FALSE, COALESCE(i.name, ''), '', COALESCE(m.sql, '')
FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = l.name
WHERE l."unique"`
