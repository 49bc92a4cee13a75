package automigrate

import (
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/modeltag"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// modelKeys is what a model wants its table to have.
type modelKeys struct {
	schema  *schema.Schema
	column  string // the tenant column; empty for a table that has none
	tenant  string // the same where it is part of the keys: not in a table that is observed
	root    bool
	mixed   bool          // rows without a tenant are for everybody
	indexes []*tableIndex // with the primary key first, if there is one
	foreign []*foreignKey
	missing []*foreignKey // that cannot be made while the table is observed
	hidden  *schema.Field // whose type the tenant column has where the schema has none

	observed bool

	// partial: a smaller struct for a tenant's table, which does not declare its
	// keys.
	partial bool
}

// keyRules turns models into keys. It depends on [Tables] only.
type keyRules struct {
	tables    Tables
	namer     schema.Namer
	sqlite    bool
	rowids    map[catalog.Name]string                     // on SQLite: the primary keys that it fills, by table
	version   int                                         // of PostgreSQL
	typeOf    func(*schema.Field) string                  // in the database
	nameOf    func(*schema.Schema) (catalog.Name, string) // a table's name, and the same in SQL
	quote     func(string) string                         // a column
	relations bool                                        // foreign keys are wanted
	models    map[*schema.Schema]*modelKeys               // that are migrated together
}

// all returns the keys of models that are migrated together, in their order.
func (k *keyRules) all(schemas []*schema.Schema) ([]*modelKeys, error) {
	k.models = make(map[*schema.Schema]*modelKeys, len(schemas))
	all := make([]*modelKeys, len(schemas))
	for i, s := range schemas {
		keys, err := k.keysOf(s)
		if err != nil {
			return nil, err
		}
		k.models[s], all[i] = keys, keys
	}
	if !k.relations {
		return all, nil
	}
	for _, keys := range all {
		if err := k.addForeign(keys); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// parentKeys returns the keys of a model that a foreign key refers to.
func (k *keyRules) parentKeys(s *schema.Schema) (*modelKeys, error) {
	if keys := k.models[s]; keys != nil {
		return keys, nil
	}
	return k.keysOf(s)
}

// keysOf returns the keys of one model, without its foreign keys.
func (k *keyRules) keysOf(s *schema.Schema) (*modelKeys, error) {
	t, err := k.tables.Table(s)
	if err != nil {
		return nil, err
	}
	keys := &modelKeys{schema: s, observed: t.Observed, hidden: t.Hidden}
	hasColumn := t.Column != "" && s.FieldsByDBName[t.Column] != nil
	if hasColumn || t.Hidden != nil {
		keys.column = t.Column
	}
	if t.Keyed {
		if !hasColumn {
			keys.partial = true
			return keys, nil
		}
		keys.tenant, keys.root, keys.mixed = t.Column, t.Kind == Root, t.Kind == Mixed
	}
	k.addPrimary(keys)
	k.addUniques(keys)
	k.addIndexes(keys)
	led := func(i *tableIndex) bool { return i.isLedBy(keys.tenant) }
	if keys.tenant != "" && !slices.ContainsFunc(keys.indexes, led) {
		keys.indexes = append(keys.indexes, &tableIndex{
			name:  k.limit(k.namer.IndexName(s.Table, s.FieldsByDBName[keys.tenant].Name)),
			parts: []indexPart{columnPart(keys.tenant)},
		})
	}
	return keys, nil
}

// scoped reports whether the tenant column is to be in the model's keys.
func (m *modelKeys) scoped() bool { return m.tenant != "" && !m.root }

// addPrimary adds the primary key. It stays as it is if a column's type makes it,
// if SQLite fills it, or if it is global. Foreign keys then refer to a unique
// constraint beside it.
func (k *keyRules) addPrimary(m *modelKeys) {
	var columns []string
	isGlobal := false
	for _, field := range m.schema.PrimaryFields {
		if !field.IgnoreMigration {
			columns = append(columns, field.DBName)
			isGlobal = isGlobal || modeltag.Has(field, modeltag.Global)
		}
	}
	typed := slices.ContainsFunc(m.schema.DBNames, func(name string) bool {
		field := m.schema.FieldsByDBName[name]
		isKey := !field.IgnoreMigration && strings.Contains(strings.ToUpper(k.typeOf(field)), "PRIMARY KEY")
		if isKey {
			columns = []string{name}
		}
		return isKey
	})
	if len(columns) == 0 {
		return
	}
	primary := &tableIndex{kind: primaryKey, typed: typed, parts: columnParts(columns)}
	if m.mixed && gormfacts.IsDerived(m.schema) { // no primary key can hold NULL
		primary.kind, primary.name = uniqueIndex, k.limit(k.namer.IndexName(m.schema.Table, strings.Join(columns, "_")))
		k.addForAll(m, primary)
		return
	}
	m.indexes = append(m.indexes, primary)
	switch {
	case !m.scoped() || m.mixed:
	case typed || isGlobal || k.isFilled(m.schema, columns):
		if !slices.Contains(columns, m.tenant) {
			k.addUnique(m, columns)
		}
	default:
		primary.parts = columnParts(columnset.Lead(m.tenant, columns))
		primary.added = !slices.Contains(columns, m.tenant)
	}
}

// isFilled reports whether SQLite fills a primary key: the alias of a table's rowid
// (https://www.sqlite.org/lang_createtable.html#rowid). With the tenant in it, it
// would be NULL in each row.
func (k *keyRules) isFilled(s *schema.Schema, columns []string) bool {
	if !k.sqlite || len(columns) != 1 {
		return false
	}
	field := s.FieldsByDBName[columns[0]]
	if strings.EqualFold(field.TagSettings["AUTOINCREMENT"], "false") {
		return false // the program gives the ids
	}
	name, _ := k.nameOf(s)
	return k.rowids[name] == columns[0] || isRowidType(k.typeOf(field))
}

// addUnique adds a unique constraint of the tenant and columns that are unique
// without it, for foreign keys to refer to.
func (k *keyRules) addUnique(m *modelKeys, columns []string) {
	columns = columnset.Lead(m.tenant, columns)
	m.indexes = append(m.indexes, &tableIndex{
		name:  k.limit(k.namer.UniqueName(m.schema.Table, strings.Join(columns, "_"))),
		kind:  uniqueConstraint,
		parts: columnParts(columns),
	})
}

// addUniques adds the unique constraints of single columns.
func (k *keyRules) addUniques(m *modelKeys) {
	uniques := m.schema.ParseUniqueConstraints()
	for _, name := range slices.Sorted(maps.Keys(uniques)) {
		field := uniques[name].Field
		if field.IgnoreMigration || field.DBName == "" {
			continue
		}
		unique := &tableIndex{name: k.limit(name), kind: uniqueConstraint, parts: []indexPart{columnPart(field.DBName)}}
		if m.mixed && field.DBName != m.tenant && !modeltag.Has(field, modeltag.Global) {
			k.addForAll(m, unique)
			continue
		}
		if m.scoped() && field.DBName != m.tenant && !modeltag.Has(field, modeltag.Global) {
			unique.parts = columnParts([]string{m.tenant, field.DBName})
			unique.added = true
		}
		m.indexes = append(m.indexes, unique)
	}
}

// addIndexes adds the indexes.
func (k *keyRules) addIndexes(m *modelKeys) {
	for _, parsed := range m.schema.ParseIndexes() {
		index := &tableIndex{name: k.limit(parsed.Name), class: parsed.Class, where: newCondition(parsed.Where)}
		if strings.EqualFold(parsed.Class, "UNIQUE") {
			index.kind = uniqueIndex
		}
		if !strings.EqualFold(parsed.Type, "btree") {
			index.method = strings.ToLower(parsed.Type)
		}
		if index.concurrently = strings.EqualFold(strings.TrimSpace(parsed.Option), "CONCURRENTLY"); !index.concurrently {
			index.options = parsed.Option
		}
		isGlobal := false
		for _, option := range parsed.Fields {
			index.parts = append(index.parts, k.part(option))
			isGlobal = isGlobal || modeltag.Has(option.Field, modeltag.Global)
		}
		isOther := parsed.Class != "" && index.kind != uniqueIndex // FULLTEXT and the like
		if k.sqlite {                                              // knows neither
			index.method, index.options = "", ""
		}
		leads := m.scoped() && index.method == "" && !isOther && !(isGlobal && index.isUnique())
		if leads && m.mixed && index.isUnique() && !index.names(m.tenant) {
			k.addForAll(m, index)
			continue
		}
		if leads {
			index.prependTenant(m.tenant)
		}
		m.indexes = append(m.indexes, index)
	}
}

// part is a part of an index as a tag has it.
func (k *keyRules) part(option schema.IndexOption) indexPart {
	column, sql, suffix := option.DBName, "", ""
	if option.Expression != "" {
		column, sql = "", option.Expression
	}
	if option.Collate != "" {
		suffix = " COLLATE " + option.Collate
	}
	if option.Sort != "" {
		suffix += " " + option.Sort
	}
	if column == "" {
		return writtenPart("", sql+suffix, "")
	}
	if suffix == "" {
		return columnPart(column)
	}
	return writtenPart(column, k.quote(column)+suffix, suffix)
}

// addForAll adds a unique of a mixed table: one for the rows of each tenant, and
// one for the rows for everybody, because uniques treat each NULL as different.
func (k *keyRules) addForAll(m *modelKeys, unique *tableIndex) {
	everybody := *unique
	everybody.kind, everybody.name = uniqueIndex, k.limit("everybody_"+unique.name)
	everybody.parts = slices.Clone(unique.parts)
	where := k.quote(m.tenant) + " IS NULL"
	if unique.where.sql != "" {
		where += " AND (" + unique.where.sql + ")"
	}
	everybody.where = newCondition(where)
	unique.prependTenant(m.tenant)
	m.indexes = append(m.indexes, unique, &everybody)
}

func (i *tableIndex) names(column string) bool {
	return slices.ContainsFunc(i.parts, func(p indexPart) bool { return p.column == column })
}

// prependTenant puts the tenant column in front.
func (i *tableIndex) prependTenant(tenant string) {
	at := slices.IndexFunc(i.parts, func(p indexPart) bool { return p.column == tenant })
	part := columnPart(tenant)
	if i.added = at < 0; !i.added {
		part = i.parts[at]
		i.parts = slices.Delete(i.parts, at, at+1)
	}
	i.parts = slices.Insert(i.parts, 0, part)
}

// limit cuts a name as the database does. Names that GORM makes are short enough.
func (k *keyRules) limit(name string) string {
	if k.sqlite {
		return name
	}
	return postgresName(name)
}

// postgresName cuts a name as PostgreSQL does.
func postgresName(name string) string { return sqltext.Clip(sqltext.Postgres, name) }
