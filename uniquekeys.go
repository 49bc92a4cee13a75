package tenancy

import (
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
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
type uniqueKeys struct{ keys []uniqueKey }

type uniqueKey struct {
	name    string
	columns []string
	primary bool
}

// has reports whether a set of columns is a key.
func (k *uniqueKeys) has(columns []string) bool { return k.find(columns) != nil }

// find returns the key that a set of columns is, or nil.
func (k *uniqueKeys) find(columns []string) *uniqueKey {
	for i := range k.keys {
		if key := k.keys[i].columns; len(key) == len(columns) && containsAll(key, columns) {
			return &k.keys[i]
		}
	}
	return nil
}

// hasOwn reports whether a set of columns is a key with the tenant.
func (k *uniqueKeys) hasOwn(tenant string, columns []string) bool {
	for i := range k.keys {
		key := k.keys[i].columns
		if len(key) == len(columns)+1 && slices.Contains(key, tenant) && containsAll(key, columns) {
			return true
		}
	}
	return false
}

func containsAll(set, columns []string) bool {
	for _, column := range columns {
		if !slices.Contains(set, column) {
			return false
		}
	}
	return true
}

func (k *uniqueKeys) named(name string) []string {
	for _, key := range k.keys {
		if key.name == name {
			return key.columns
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
	rules := &keyRules{
		tables: r, namer: r.db.NamingStrategy, sqlite: r.dialect == sqltext.SQLite, typeOf: r.db.DataTypeOf, quote: r.quote,
		named: func(s *schema.Schema) (catalog.Name, string) { return catalog.Name{Name: s.Table}, r.quote(s.Table) },
	}
	known := &modelledKeys{at: now}
	for s, m := range now.models {
		if m.table != t {
			continue
		}
		wanted, err := rules.keysOf(s)
		switch {
		case err != nil:
			return nil, err
		case isDerived(s) && wanted.partial: // AutoMigrate adds the tenant column to it
			known.add(s.Table+"_pkey", leading(t.column, s.PrimaryFieldDBNames), true)
		case !wanted.partial:
			for _, index := range wanted.indexes {
				known.addIndex(s.Table, index)
			}
		}
	}
	t.modelled.Store(known)
	return &known.uniqueKeys, nil
}

// addIndex adds an index of a model if it is a key of columns.
func (k *uniqueKeys) addIndex(table string, index *tableIndex) {
	columns := make([]string, len(index.parts))
	for i, part := range index.parts {
		columns[i] = part.column
	}
	if !index.isUnique() || slices.Contains(columns, "") {
		return
	}
	name := index.name
	if index.kind == primaryKey && name == "" {
		name = table + "_pkey"
	}
	k.add(name, columns, index.kind == primaryKey)
}

func (k *uniqueKeys) add(name string, columns []string, primary bool) {
	k.keys = append(k.keys, uniqueKey{postgresName(name), columns, primary})
}

const postgresKeys = `SELECT c.relname, a.attname, i.indisprimary
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indexprs IS NULL
  AND k.n <= i.indnkeyatts
ORDER BY i.indisprimary DESC, c.oid, k.n`

const sqliteKeys = `SELECT '' AS key, name, TRUE FROM pragma_table_info(?1) WHERE pk > 0
UNION ALL
SELECT l.name, i.name, FALSE FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i
WHERE l."unique" AND NOT EXISTS (SELECT 1 FROM pragma_index_info(l.name) e WHERE e.name IS NULL)`

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
	return ex.keysInDatabase(stmt)
}

// keysInDatabase reads the keys of the statement's table. The look at the catalogue
// is one a table, not one a statement.
func (ex *execution) keysInDatabase(stmt *gorm.Statement) *uniqueKeys {
	if known := ex.table.keys.Load(); known != nil {
		return known
	}
	query, name := postgresKeys, stmt.Quote(ex.table.name)
	if ex.plugin.dialect == sqltext.SQLite {
		query, name = sqliteKeys, ex.table.name
	}
	keys := &uniqueKeys{}
	if poolOf(stmt) == nil {
		return keys
	}
	rows, err := poolOf(stmt).QueryContext(stmt.Context, query, name)
	if err != nil {
		stmt.AddError(err)
		return keys
	}
	defer rows.Close()
	for rows.Next() {
		var key, column string
		var primary bool
		if err := rows.Scan(&key, &column, &primary); err != nil {
			stmt.AddError(err)
			return keys
		}
		if last := len(keys.keys) - 1; last >= 0 && keys.keys[last].name == key {
			keys.keys[last].columns = append(keys.keys[last].columns, column)
		} else {
			keys.keys = append(keys.keys, uniqueKey{key, []string{column}, primary})
		}
	}
	if err := rows.Err(); err != nil {
		stmt.AddError(err)
		return keys
	}
	_ = rows.Close()
	if err := ex.plugin.tables.checkColumn(stmt.Context, poolOf(stmt), ex.table); err != nil {
		stmt.AddError(err)
		return keys
	}
	if len(keys.keys) > 0 {
		ex.table.keys.Store(keys)
	}
	return keys
}
