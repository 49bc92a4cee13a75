package tenancytest

import (
	"context"
	"reflect"
	"sync"

	"gorm.io/gorm/schema"
)

// joinSchema is the schema of a many-to-many table as the database has it. The
// plugin gives the tables that GORM derives from a plain tag a tenant column
// that GORM's schema need not know of.
func (f *Fixture) joinSchema(rel *schema.Relationship, tenant *schema.Field) *schema.Schema {
	derived := rel.JoinTable
	if tenant == nil {
		tenant = f.tenantField(rel.FieldSchema)
	}
	if derived.ModelType.Name() != "" || tenant == nil || f.tenantField(derived) != nil || !f.hasColumn(derived.Table, f.column) {
		return derived
	}
	fields := []reflect.StructField{{
		Name: "Tenancy" + tenant.Name, Type: tenant.IndirectFieldType,
		Tag: reflect.StructTag(`gorm:"column:` + f.column + `" tenancy:"tenant"`),
	}}
	for i := range derived.ModelType.NumField() {
		fields = append(fields, derived.ModelType.Field(i))
	}
	joined, err := schema.Parse(reflect.New(reflect.StructOf(fields)).Interface(), &sync.Map{}, f.shared.NamingStrategy)
	if err != nil {
		return derived
	}
	joined.Name, joined.Table = derived.Name, derived.Table
	return joined
}

// hasColumn reports whether a table of the database has a column.
func (f *Fixture) hasColumn(table, column string) bool {
	found, err := f.owner.Statement.ConnPool.QueryContext(context.Background(),
		"SELECT "+f.quote(column)+" FROM "+f.quote(table)+" WHERE 1 = 0")
	if err != nil {
		return false
	}
	defer found.Close()
	return found.Err() == nil
}

// refersToOwned reports whether a table without a tenant refers to tenants'
// rows, as join tables without one do: then its rows are the first tenant's.
func (m *model) refersToOwned() bool {
	for _, l := range m.links {
		for _, t := range l.targets {
			if t.parent.tenant != nil {
				return true
			}
		}
	}
	return false
}
