package tenancy

import (
	"reflect"

	"gorm.io/gorm"
)

// beginChange judges what an update or a delete is given by value: the model,
// the values, and for an update the associations that are saved with them.
func (ex *execution) beginChange(stmt *gorm.Statement) error {
	if ex.table != nil {
		if err := ex.mayWrite(ex.table); err != nil {
			return err
		}
	}
	if ex.model == nil || ex.model.table == nil {
		return nil
	}
	if ex.scope.kind != scopeSingle {
		if err := ex.narrowToValues(stmt, reflect.ValueOf(stmt.Model)); err != nil {
			return err
		}
		if err := ex.narrowToValues(stmt, stmt.ReflectValue); err != nil {
			return err
		}
	}
	if ex.op == opUpdate {
		if err := ex.judgeAssigned(stmt); err != nil {
			return err
		}
	}
	if ex.scope.kind != scopeSingle {
		return nil
	}
	if err := ex.judgeNamed(stmt, reflect.ValueOf(stmt.Model)); err != nil {
		return err
	}
	if ex.op == opDelete {
		return ex.judgeNamed(stmt, stmt.ReflectValue)
	}
	return ex.judgeAssociations(stmt)
}

// judgeNamed refuses values that name another tenant than the scope's.
func (ex *execution) judgeNamed(stmt *gorm.Statement, values reflect.Value) (err error) {
	if ex.model.tenant == nil {
		return nil
	}
	ten := &ex.scope.tenants[0]
	own, err := ex.model.id.value(ten)
	if err != nil {
		return ex.errorOn(ex.model.name, err, ex.model.misfit())
	}
	eachValue(values, func(v reflect.Value) {
		if v.Type() != stmt.Schema.ModelType {
			return
		}
		same, zero := holds(fieldOf(stmt, ex.model.tenant, v), own, ten)
		if !same && !zero {
			err = ex.errorOn(ex.model.name, ErrTenantMismatch, "")
		}
	})
	return err
}

// judgeAssigned refuses an update that names the tenant column with another
// tenant, before its associations are saved.
func (ex *execution) judgeAssigned(stmt *gorm.Statement) error {
	if ex.table == nil || sameValue(stmt.Dest, stmt.Model) {
		return nil
	}
	dest := indirect(reflect.ValueOf(stmt.Dest))
	switch {
	case dest.Kind() == reflect.Map:
		for _, key := range dest.MapKeys() {
			name := key.String()
			if ex.model.tenant != nil && name == ex.model.tenant.Name {
				name = ex.table.column
			}
			if !ex.isTenantColumn(name) {
				continue
			}
			value := dest.MapIndex(key).Interface()
			if _, zero := tenantOf(value); zero && dest.Len() == 1 || !ex.assignsOwnTenant(value) {
				return ex.errorOn(ex.table.name, ErrTenantImmutable, "")
			}
		}
	case dest.Kind() == reflect.Struct && ex.model.tenant != nil && dest.Type() == stmt.Schema.ModelType:
		if named := fieldOf(stmt, ex.model.tenant, dest); named.IsValid() && !ex.assignsOwnTenant(named.Interface()) {
			return ex.errorOn(ex.table.name, ErrTenantImmutable, "")
		}
	}
	return nil
}

// judgeAssociations judges what an update saves along with its value.
func (ex *execution) judgeAssociations(stmt *gorm.Statement) error {
	if len(ex.model.rels) == 0 {
		return nil
	}
	t := tree{ex: ex, stmt: stmt, own: &ex.scope.tenants[0]}
	var err error
	eachValue(reflect.ValueOf(stmt.Model), func(v reflect.Value) {
		for _, rel := range ex.model.rels {
			if err != nil || v.Type() != stmt.Schema.ModelType || !saves(rel.Name, stmt.Selects, stmt.Omits) {
				continue
			}
			if related := fieldOf(stmt, rel.Field, v); !isEmpty(related) && !t.visited(v, rel) {
				err = t.judgeRelated(ex.model, rel, related, stmt.Selects, stmt.Omits)
			}
		}
	})
	return err
}
