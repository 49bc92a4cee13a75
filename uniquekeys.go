package tenancy

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// A KeySource says where the plugin learns which unique keys a table has. An upsert
// goes by them: its conflict target is a key that the table has.
type KeySource uint8

const (
	// KeysFromDatabase looks at the database's catalogue once a table, before its
	// first upsert. It is the zero value, and right for every database.
	KeysFromDatabase KeySource = iota
	// KeysFromModels takes the keys that [AutoMigrate] makes of the models, and looks
	// at the catalogue only for a key that no known model has. It is for tests whose
	// driver is a mock. It relies on the tables being as AutoMigrate leaves them: where
	// a table's key is the id alone, an upsert by it is the database's error, and DO
	// NOTHING that meets another tenant's row is not [ErrCrossTenantConflict].
	KeysFromModels
)

// uniqueKeys are a table's unique keys by name, read once a table.
type uniqueKeys struct {
	keys    []uniqueKey
	targets targets
}

type uniqueKey struct {
	name    string
	columns []string // those of its parts that are columns
	index   sqltext.Index
	primary bool
}

// isPlain reports whether a key is of nothing but columns, and of all rows.
func (k *uniqueKey) isPlain() bool {
	return len(k.columns) == len(k.index.Parts) && k.index.Where == ""
}

// isBinary reports whether a key's values are the same where its columns' are.
func (k *uniqueKey) isBinary() bool {
	return k.isPlain() && !slices.ContainsFunc(k.index.Parts, func(p sqltext.IndexPart) bool { return p.Collation != "" })
}

// has reports whether a set of columns is a key.
func (k *uniqueKeys) has(columns []string) bool { return k.find(columns) != nil }

// find returns the key of all rows that a set of columns is, or nil.
func (k *uniqueKeys) find(columns []string) *uniqueKey {
	for i := range k.keys {
		key := &k.keys[i]
		if len(key.columns) == len(columns) && key.isPlain() && columnset.Contain(key.columns, columns) {
			return key
		}
	}
	return nil
}

// hasOwn reports whether a set of columns is a key of all rows with the tenant, in a
// collation that takes no two tenants for one.
func (k *uniqueKeys) hasOwn(tenant string, columns []string) bool {
	for i := range k.keys {
		key := &k.keys[i]
		if len(key.columns) != len(columns)+1 || !key.isPlain() || !columnset.Contain(key.columns, columns) {
			continue
		}
		if at := slices.Index(key.columns, tenant); at >= 0 && key.index.Parts[at].Collation == "" {
			return true
		}
	}
	return false
}

func (k *uniqueKeys) named(name string) *uniqueKey {
	for i := range k.keys {
		if k.keys[i].name == name {
			return &k.keys[i]
		}
	}
	return nil
}

// modelledKeys are the keys that models want of a table.
type modelledKeys struct {
	at *snapshot // the models that were known
	uniqueKeys
}

// modelledKeys returns the keys that AutoMigrate makes of the models of a table.
func (r *tables) modelledKeys(t *table) (*uniqueKeys, error) {
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
func (k *uniqueKeys) addWanted(r *tables, table string, wanted automigrate.Key) {
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

// add adds a key, unless its text cannot be read: then no conflict is met by it.
func (k *uniqueKeys) add(key uniqueKey, parts []string, where string, dialect sqltext.Dialect, table string) {
	text := "(" + strings.Join(parts, ", ") + ")"
	if where != "" {
		text += " WHERE " + where
	}
	var ok bool
	if key.index, ok = sqltext.ReadIndex(text, dialect, bareName(table)); ok {
		k.keys = append(k.keys, key)
	}
}

// bareName is a table's name without its schema.
func bareName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

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

// uniqueKeys returns the keys of the statement's table, of which those on some
// columns, or of a name, are asked for.
func (ex *execution) uniqueKeys(stmt *gorm.Statement, columns []string, name string) *uniqueKeys {
	if ex.plugin.config.Keys == KeysFromModels {
		if keys, err := ex.plugin.tables.modelledKeys(ex.table); err != nil {
			stmt.AddError(err)
			return &uniqueKeys{}
		} else if keys.named(name) != nil || name == "" && (keys.has(columns) || keys.hasOwn(ex.table.column, columns)) {
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

// forgetKeys has all tables' keys read anew.
func (r *tables) forgetKeys() {
	for _, t := range r.snapshot.Load().names {
		t.keys.Store(nil)
	}
}

// read reads a table's keys from the catalogue.
func (k *uniqueKeys) read(ctx context.Context, pool gorm.ConnPool, r *tables, t *table) error {
	query, name := postgresKeys, r.quote(t.name)
	if r.dialect == sqltext.SQLite {
		query, name = sqliteKeys, t.name
	}
	rows, err := pool.QueryContext(ctx, query, name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last *readKey
	for rows.Next() {
		var row readKey
		var column, part string
		if err := rows.Scan(&row.name, &row.primary, &column, &part, &row.text); err != nil {
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
	}
	last.addTo(k, r, t)
	return rows.Err()
}

// readKey is a key as the catalogue has it.
type readKey struct {
	uniqueKey
	parts []string
	text  string // its condition; on SQLite the statement that made it
}

func (row *readKey) addTo(k *uniqueKeys, r *tables, t *table) {
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
