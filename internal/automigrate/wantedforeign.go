package automigrate

import (
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/columnset"
)

// addForeign adds a model's foreign keys: those that GORM makes on its table.
func (k *keyRules) addForeign(m *modelKeys) error {
	if m.partial {
		return nil
	}
	relations := m.schema.Relationships.Relations
	for _, name := range slices.Sorted(maps.Keys(relations)) {
		rel := relations[name]
		if rel.Field == nil || rel.Field.IgnoreMigration || rel.Polymorphic != nil {
			continue
		}
		c := rel.ParseConstraint()
		if c == nil || c.Schema != m.schema || c.ReferenceSchema == nil || len(c.ForeignKeys) == 0 {
			continue
		}
		if err := k.addConstraint(m, c); err != nil {
			return fmt.Errorf("tenancy: %s.%s: %w", rel.Schema.Name, rel.Name, err)
		}
	}
	return nil
}

// addConstraint adds one foreign key, with the tenant in front if the referred table's
// keys contain the tenant.
func (k *keyRules) addConstraint(m *modelKeys, c *schema.Constraint) error {
	parent, err := k.tables.Table(c.ReferenceSchema)
	if err != nil {
		return err
	}
	fk, err := k.declaredForeign(c)
	if err != nil {
		return err
	}
	if !parent.Keyed || !fk.takesTenant(m.column, parent) {
		m.foreign = append(m.foreign, fk)
		return nil
	}
	keys, err := k.parentKeys(c.ReferenceSchema)
	if err != nil {
		return err
	}
	switch {
	case m.observed && keys.allowsForeignKey(fk.refs):
		m.foreign = append(m.foreign, fk)
		return nil
	case m.observed && m.column == "":
		m.missing = append(m.missing, fk)
		return nil
	case m.column == "":
		return fmt.Errorf("%s belongs to no tenant and cannot refer to %s, whose rows are a tenant's: "+
			"give it the tenant column, or leave the constraint out with `constraint:-`", m.schema.Table, parent.Name)
	}
	declared := *fk
	fk.prependTenant(m.column, parent.Column)
	if err := k.keepTenant(m, fk, &declared, keys); err != nil {
		return err
	}
	m.foreign = append(m.foreign, fk)
	if !keys.allowsForeignKey(fk.refs) && keys.allowsForeignKey(declared.refs) {
		k.addUnique(keys, declared.refs)
	}
	return nil
}

// declaredForeign is a foreign key as the model has it.
func (k *keyRules) declaredForeign(c *schema.Constraint) (fk *foreignKey, err error) {
	fk = &foreignKey{
		name: k.limit(c.Name), anyDelete: c.OnDelete == "", anyUpdate: c.OnUpdate == "",
		canClear: !k.sqlite && k.version >= 150000,
	}
	fk.parent, fk.parentSQL = k.nameOf(c.ReferenceSchema)
	for i := range c.ForeignKeys {
		fk.columns = append(fk.columns, c.ForeignKeys[i].DBName)
		fk.refs = append(fk.refs, c.References[i].DBName)
	}
	if fk.onDelete, fk.clear, err = parseAction("OnDelete", c.OnDelete); err != nil {
		return nil, err
	}
	fk.onUpdate, _, err = parseAction("OnUpdate", c.OnUpdate)
	return fk, err
}

// takesTenant reports whether the tenant column becomes part of a foreign key to a
// tenant's table. It does not if the column refers to something else already, or if the
// key may lead to another tenant than the row's own.
func (f *foreignKey) takesTenant(tenant string, parent Table) bool {
	at := slices.Index(f.columns, tenant)
	if at >= 0 {
		return f.refs[at] == parent.Column && len(f.columns) > 1
	}
	return parent.Kind == Tenant
}

// prependTenant puts the tenant in front of both sides. It replaces another column that
// holds the tenant for this key alone.
func (f *foreignKey) prependTenant(tenant, ref string) {
	f.tenant = tenant
	if at := slices.Index(f.refs, ref); at >= 0 {
		f.columns = slices.Clone(f.columns)
		f.columns[at] = tenant
	}
	f.columns, f.refs = columnset.Lead(tenant, f.columns), columnset.Lead(ref, f.refs)
}

// keepTenant makes sure that no action clears the tenant column. declared is the
// model's foreign key, and parent is the referred table.
func (k *keyRules) keepTenant(m *modelKeys, fk, declared *foreignKey, parent *modelKeys) error {
	if clears(fk.onUpdate) {
		return fmt.Errorf("OnUpdate:%s would clear the tenant column: use CASCADE or leave it out", actionSQL(fk.onUpdate))
	}
	if !clears(fk.onDelete) || len(fk.clear) > 0 {
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(fk.columns), func(c string) bool { return c == fk.tenant })
	if !k.sqlite {
		if k.version < 150000 {
			return fmt.Errorf("OnDelete:%s would clear the tenant column before PostgreSQL 15: "+
				"use CASCADE or RESTRICT, and clear the reference in the program", actionSQL(fk.onDelete))
		}
		fk.clear = own
		return nil
	}
	if parent.allowsForeignKey(declared.refs) {
		alone := *declared
		alone.name = declared.name + "_alone"
		m.foreign = append(m.foreign, &alone)
		fk.onDelete = catalog.NoAction
		return nil
	}
	return fmt.Errorf("OnDelete:%s would clear the tenant column: SQLite can clear a part of a foreign key "+
		"only where the rest is unique by itself; use CASCADE or RESTRICT", actionSQL(fk.onDelete))
}

func (m *modelKeys) allowsForeignKey(refs []string) bool {
	return slices.ContainsFunc(m.indexes, func(i *tableIndex) bool { return i.allowsForeignKey(refs) })
}
