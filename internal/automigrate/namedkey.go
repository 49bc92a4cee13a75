package automigrate

import (
	"fmt"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// namedKey is a key of a model that a caller of the migrator names, by its own name
// or by that of its field or relation.
type namedKey struct {
	run     *run
	target  *target
	index   *tableIndex // this
	foreign *foreignKey // or that
}

// key finds a key; nil if no key has the name, or if the key is as GORM would make
// it.
func (m Migrator) key(value any, name string) (*namedKey, error) {
	if _, isTable := value.(string); isTable {
		return nil, nil
	}
	stmt := &gorm.Statement{DB: m.db, Table: m.db.Statement.Table}
	if stmt.ParseWithSpecialTableName(value, stmt.Table) != nil {
		return nil, nil //nolint:nilerr // GORM says what is wrong with it
	}
	if err := m.tables.Register(m.db, append(sidesOf(stmt.Schema), value)); err != nil {
		return nil, err
	}
	if joined := m.tables.Current(stmt.Schema); joined != stmt.Schema { // asked for as GORM made it before
		stmt.Schema = joined
		value = reflect.New(stmt.Schema.ModelType).Interface()
	}
	constraint := constraintOf(stmt.Schema, name)
	if constraint != nil && constraint.Schema != nil && constraint.Schema != stmt.Schema {
		value = reflect.New(constraint.Schema.ModelType).Interface()
	}
	r, err := m.newRun([]any{value}, false)
	if err != nil || len(r.targets) == 0 {
		return nil, err
	}
	if err := r.want(constraint != nil); err != nil {
		return nil, err
	}
	t := r.targets[0]
	if constraint != nil {
		if fk := t.want.foreignOf(constraint); fk != nil {
			return &namedKey{run: r, target: t, foreign: fk}, nil
		}
		return nil, nil
	}
	if index := stmt.Schema.LookIndex(name); index != nil {
		name = index.Name
	} else if field := stmt.Schema.LookUpField(name); field != nil {
		name = m.db.NamingStrategy.UniqueName(stmt.Schema.Table, field.DBName)
	}
	for _, index := range t.want.indexes {
		if index.name == name && index.kind != primaryKey && t.want.scoped() {
			return &namedKey{run: r, target: t, index: index}, nil
		}
	}
	return nil, nil
}

// sidesOf returns values of the models that a derived join table joins; its keys
// follow from them.
func sidesOf(s *schema.Schema) (values []any) {
	if gormfacts.IsDerived(s) {
		for _, side := range s.Relationships.Relations {
			values = append(values, reflect.New(side.FieldSchema.ModelType).Interface())
		}
	}
	return values
}

// constraintOf finds the foreign key of a relation by the name of either.
func constraintOf(s *schema.Schema, name string) *schema.Constraint {
	for _, rel := range s.Relationships.Relations {
		if rel.Field == nil || rel.Polymorphic != nil {
			continue
		}
		if c := rel.ParseConstraint(); c != nil && (c.Name == name || rel.Field.Name == name) {
			return c
		}
	}
	return nil
}

// foreignOf returns the wanted foreign key for one of GORM's; nil if it is the
// same. Those of join tables have another name.
func (m *modelKeys) foreignOf(c *schema.Constraint) (found *foreignKey) {
	for _, fk := range m.foreign {
		if fk.tenant == "" || !fk.isOf(c) {
			continue
		}
		if found == nil || fk.name == postgresName(c.Name) {
			found = fk
		}
	}
	return found
}

// isOf reports whether a wanted foreign key stands for one of GORM's.
func (f *foreignKey) isOf(c *schema.Constraint) bool {
	declared := &foreignKey{}
	for i := range c.ForeignKeys {
		declared.columns = append(declared.columns, c.ForeignKeys[i].DBName)
		declared.refs = append(declared.refs, c.References[i].DBName)
	}
	return columnset.Same(f.pairs(f.tenant), declared.pairs(f.tenant))
}

// hasKey reports whether the table has a key like the model's.
func (m Migrator) hasKey(value any, name string, byName func(any, string) bool) bool {
	key, err := m.key(value, name)
	if err != nil || key == nil {
		return byName(value, name)
	}
	there, err := key.isThere(func() bool { return byName(value, name) })
	return there && err == nil
}

// isThere reports whether the table has the key, under any name. If two relations
// through one column want the same foreign key, each needs its own.
func (k *namedKey) isThere(byName func() bool) (bool, error) {
	t := k.target
	if err := k.run.read(); err != nil || t.has == nil {
		return false, err
	}
	if k.foreign == nil {
		err := k.run.normalizeExpressions(t)
		return t.has.has(k.index), err
	}
	if !t.hasForeign(k.foreign) || byName() {
		return t.hasForeign(k.foreign), nil
	}
	others := func(fk *foreignKey) bool { return fk != k.foreign && fk.same(k.foreign) }
	return !slices.ContainsFunc(t.want.foreign, others), nil
}

// locate returns the model of the table that has a foreign key, and the name that
// the key has there.
func (m Migrator) locate(value any, name string) (any, string) {
	key, err := m.key(value, name)
	if err != nil || key == nil || key.foreign == nil {
		return value, name
	}
	value, name = key.target.value, key.foreign.name
	if key.run.read() != nil || key.target.has == nil {
		return value, name
	}
	for _, has := range key.target.has.foreign {
		if has.name == name {
			return value, name
		}
	}
	for _, has := range key.target.has.foreign {
		if has.name != "" && key.foreign.same(has) {
			name = has.name
		}
	}
	return value, name
}

// createKey makes a missing key as GORM does: at once, even if other statements
// must wait.
func (m Migrator) createKey(value any, name string, byName func(any, string) error) error {
	key, err := m.key(value, name)
	if err != nil {
		return err
	}
	if key == nil {
		return byName(value, name)
	}
	there, err := key.isThere(func() bool { return m.Migrator.HasConstraint(value, name) })
	if err != nil || there {
		return err
	}
	defer m.forgetKeys(value)
	return key.create()
}

func (k *namedKey) create() error {
	r, t := k.run, k.target
	switch {
	case t.has == nil && !r.unanswered:
		return fmt.Errorf("tenancy: there is no table %s", t.table())
	case k.foreign != nil && r.sqlite:
		return r.rebuildEmpty(t)
	case k.foreign != nil:
		return r.send(t, "foreign key", k.foreign.name, "ALTER TABLE "+t.sql+" ADD "+r.foreignSQL(k.foreign))
	case k.index.kind == uniqueConstraint && !r.sqlite:
		return r.send(t, k.index.kind.object(), k.index.name, "ALTER TABLE "+t.sql+" ADD "+r.keySQL(k.index))
	}
	return r.send(t, k.index.kind.object(), k.index.name, r.indexSQL(t, k.index, k.index.concurrently && !r.sqlite))
}
