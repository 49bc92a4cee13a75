package tenancy

import (
	"context"
	"reflect"

	"gorm.io/gorm"
)

// narrowToValues runs a statement of a set or a bypass, and those nested in it,
// for the one tenant that its values name. Values of several are created row by
// row, but changed tenant by tenant only: their conditions would mix.
func (ex *execution) narrowToValues(stmt *gorm.Statement, values reflect.Value) (err error) {
	if ex.model.tenant == nil || ex.scope.kind == scopeSingle {
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
			err = ex.errorOn(ex.model.name, ErrTenantMismatch, "under a set or a bypass Save requires a value that names its tenant")
		case zero:
			several = several || ex.op == opCreate
		case !ex.allows(named) && ex.model.kind == KindRoot && (ex.op == opQuery || ex.op == opRow): // it is not found
		case !ex.allows(named):
			err = ex.errorOn(ex.model.name, ErrTenantMismatch, "")
		case one.key != "" && one.key != named.key:
			several = true
			if ex.op != opCreate {
				err = ex.errorOn(ex.model.name, ErrTenantMismatch, "the values belong to several tenants: change them in one call for each tenant")
			}
		default:
			one = named
		}
	})
	if err != nil || one.key == "" || several {
		return err
	}
	narrowed := *ex.scope
	narrowed.kind, narrowed.tenants = scopeSingle, []tenant{one}
	ex.scope = &narrowed
	ex.outerContext = stmt.Context
	stmt.Context = context.WithValue(stmt.Context, scopeKey{}, ex.scope)
	return nil
}

// beginRead judges what a read is given by value. GORM reads the row of the key
// that a value has; where the value names its tenant as well, among several
// tenants it is that tenant's row.
func (ex *execution) beginRead(stmt *gorm.Statement) error {
	if !ex.scope.isSeveral() || ex.model == nil || ex.model.table == nil ||
		stmt.ReflectValue.Kind() != reflect.Struct || stmt.ReflectValue.Type() != stmt.Schema.ModelType {
		return nil
	}
	if ex.parent == nil {
		return ex.narrowToValues(stmt, stmt.ReflectValue)
	}
	if _, zero := ex.namedBy(stmt, stmt.ReflectValue); !zero {
		return ex.errorOn(ex.model.name, ErrUnscopedSQL, "the subquery's model value names a tenant: leave the value empty, and select its rows with Where")
	}
	return nil
}

// namedBy returns the tenant that a value of the statement's model names.
func (ex *execution) namedBy(stmt *gorm.Statement, v reflect.Value) (named tenant, zero bool) {
	return ex.model.namedBy(stmt, v)
}

// allows reports whether the scope spans a tenant.
func (ex *execution) allows(t tenant) bool {
	return ex.scope.kind == scopeBypass && t.key != "" || ex.scope.has(t)
}
