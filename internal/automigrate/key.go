package automigrate

import (
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// Key is a primary key, a unique constraint or a unique index that a model wants.
type Key struct {
	Name    string // as the database cuts it; empty for a primary key
	Primary bool
	Parts   []Part
	Where   string
	Columns []string // of a key that is nothing but columns, of all rows
	Added   bool     // the tenant column is not the model's but was put in front
}

// Part is a column or an expression of a [Key].
type Part struct {
	Column string // empty for an expression
	SQL    string // empty for a column and nothing else
}

// key is an index as a [Key].
func (i *tableIndex) key() Key {
	key := Key{Name: i.name, Primary: i.kind == primaryKey, Where: i.where.sql, Added: i.added}
	for _, part := range i.parts {
		key.Parts = append(key.Parts, Part{Column: part.column, SQL: part.sql})
	}
	key.Columns, _ = i.columns()
	return key
}

func (m *modelKeys) keys() (keys []Key) {
	for _, index := range m.indexes {
		if index.isUnique() {
			keys = append(keys, index.key())
		}
	}
	return keys
}

// ModelKeys returns the keys that a run makes of one model.
func ModelKeys(db *gorm.DB, tables Tables, sqlite bool, s *schema.Schema) ([]Key, error) {
	quote := func(name string) string { return (&gorm.Statement{DB: db}).Quote(name) }
	rules := &keyRules{
		tables: tables, namer: db.NamingStrategy, sqlite: sqlite, typeOf: db.DataTypeOf, quote: quote,
		nameOf: func(s *schema.Schema) (catalog.Name, string) { return catalog.Name{Name: s.Table}, quote(s.Table) },
	}
	wanted, err := rules.keysOf(s)
	switch {
	case err != nil:
		return nil, err
	case gormfacts.IsDerived(s) && wanted.partial: // a run adds the tenant column to it
		primary := &tableIndex{kind: primaryKey, parts: columnParts(columnset.Lead(wanted.column, s.PrimaryFieldDBNames))}
		return []Key{primary.key()}, nil
	case wanted.partial:
		return nil, nil
	}
	return wanted.keys(), nil
}

// TableKeys are the keys that a model wants of its table.
type TableKeys struct {
	Table  catalog.Name
	Tenant string // the tenant column
	Keys   []Key
}

// ScopedKeys returns the keys that models want of their tables, for those whose keys
// begin with the tenant. Nothing is read of the tables.
func (m Migrator) ScopedKeys(values []any) (all []TableKeys, err error) {
	r, err := m.newRun(values, false)
	if err != nil {
		return nil, err
	}
	if err := r.want(false); err != nil {
		return nil, err
	}
	for _, t := range r.targets {
		if t.want.scoped() && !t.want.mixed {
			all = append(all, TableKeys{Table: t.name, Tenant: t.want.tenant, Keys: t.want.keys()})
		}
	}
	return all, nil
}
