package tenancy

import (
	"reflect"

	"gorm.io/gorm"
)

// beginRead judges what a read is given by value. GORM reads the row of the key
// that a value has; where the value names its tenant as well, among several
// tenants it is that tenant's row.
func (ex *execution) beginRead(stmt *gorm.Statement) error {
	if !ex.scope.isSeveral() || ex.model == nil || ex.model.table == nil ||
		stmt.ReflectValue.Kind() != reflect.Struct || stmt.ReflectValue.Type() != stmt.Schema.ModelType {
		return nil
	}
	if ex.handed == nil {
		return ex.narrowToValues(stmt, stmt.ReflectValue)
	}
	if _, zero := ex.namedBy(stmt, stmt.ReflectValue); !zero {
		return ex.errorOn(ex.model.name, ErrUnscopedSQL, "the value of a subquery names its tenant; say which rows it is about with Where")
	}
	return nil
}

// namedBy returns the tenant that a value of the statement's model names.
func (ex *execution) namedBy(stmt *gorm.Statement, v reflect.Value) (named tenant, zero bool) {
	return ex.model.namedBy(stmt, v)
}

// namedBy returns the tenant that a value of the model names.
func (m *model) namedBy(stmt *gorm.Statement, v reflect.Value) (named tenant, zero bool) {
	if m.tenant == nil {
		return tenant{}, true
	}
	if field := fieldOf(stmt, m.tenant, v); field.IsValid() {
		return tenantOf(field.Interface())
	}
	return tenant{}, true
}
