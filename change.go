package tenancy

import (
	"context"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
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
	if ex.scope.mode != modeSingle {
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
	if ex.scope.mode != modeSingle {
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
		return ex.errorOn(ex.model.name, err, "the id does not fit the tenant column")
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
			if _, zero := tenantOf(value); zero && dest.Len() == 1 || !ex.keepsTenant(value) {
				return ex.errorOn(ex.table.name, ErrTenantImmutable, "")
			}
		}
	case dest.Kind() == reflect.Struct && ex.model.tenant != nil && dest.Type() == stmt.Schema.ModelType:
		if named := fieldOf(stmt, ex.model.tenant, dest); named.IsValid() && !ex.keepsTenant(named.Interface()) {
			return ex.errorOn(ex.table.name, ErrTenantImmutable, "")
		}
	}
	return nil
}

// sameValue reports whether two values are one and the same pointer.
func sameValue(a, b any) bool {
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	return v.Kind() == reflect.Pointer && w.Kind() == reflect.Pointer && v.UnsafePointer() == w.UnsafePointer()
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

// hasKey reports whether a value has a primary key, by which GORM changes it.
func hasKey(ctx context.Context, s *schema.Schema, v reflect.Value) bool {
	for _, field := range s.PrimaryFields {
		if _, zero := field.ValueOf(ctx, v); !zero {
			return true
		}
	}
	return false
}

// narrowToValues runs a statement of a set or a bypass, and those nested in it,
// for the one tenant that its values name. Values of several are created row by
// row, but changed tenant by tenant only: their conditions would mix.
func (ex *execution) narrowToValues(stmt *gorm.Statement, values reflect.Value) (err error) {
	if ex.model.tenant == nil || ex.scope.mode == modeSingle {
		return nil
	}
	var one tenant
	several := false
	eachValue(values, func(v reflect.Value) {
		if v.Type() != stmt.Schema.ModelType || err != nil {
			return
		}
		named, zero := ex.namedBy(stmt, v)
		switch {
		case zero && ex.op == opUpdate && ex.writesForEverybody() && sameValue(stmt.Dest, stmt.Model) && hasKey(stmt.Context, stmt.Schema, v):
			ex.everybody = true
		case zero && ex.op == opUpdate && sameValue(stmt.Dest, stmt.Model) && hasKey(stmt.Context, stmt.Schema, v):
			err = ex.errorOn(ex.model.name, ErrTenantMismatch, "a value that is saved must name its tenant here")
		case zero:
			several = several || ex.op == opCreate
		case !ex.allows(named) && ex.model.kind == KindRoot && (ex.op == opQuery || ex.op == opRow): // it is not found
		case !ex.allows(named):
			err = ex.errorOn(ex.model.name, ErrTenantMismatch, "")
		case one.key != "" && one.key != named.key:
			several = true
			if ex.op != opCreate {
				err = ex.errorOn(ex.model.name, ErrTenantMismatch, "change the values of several tenants tenant by tenant")
			}
		default:
			one = named
		}
	})
	if err != nil || one.key == "" || several {
		return err
	}
	narrowed := *ex.scope
	narrowed.mode, narrowed.tenants = modeSingle, []tenant{one}
	ex.scope = &narrowed
	ex.outerContext = stmt.Context
	stmt.Context = context.WithValue(stmt.Context, scopeKey{}, ex.scope)
	return nil
}
