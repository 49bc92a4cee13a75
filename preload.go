package tenancy

import (
	"context"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
)

// preload preloads tenant by tenant where a set or a bypass read the rows of
// several, so that a row gets its own tenant's only.
func preload(db *gorm.DB) {
	stmt := db.Statement
	ex := executionOf(stmt)
	if ex == nil || db.Error != nil || len(stmt.Preloads) == 0 || ex.scope.mode == modeSingle ||
		ex.model == nil || ex.model.table == nil || ex.model.tenant == nil {
		callbacks.Preload(db)
		return
	}
	all, ctx := stmt.ReflectValue, stmt.Context
	defer func() { stmt.ReflectValue, stmt.Context = all, ctx }()
	for _, group := range groupByTenant(ex.model, stmt, all) {
		scope := &scope{mode: modeSingle, tenants: []tenant{group.tenant}, reason: ex.scope.reason}
		stmt.Context = context.WithValue(ctx, scopeKey{}, scope)
		stmt.ReflectValue = group.rows
		callbacks.Preload(db)
	}
}

type tenantRows struct {
	tenant tenant
	rows   reflect.Value
}

// groupByTenant groups rows by their tenant, as slices of pointers to them.
func groupByTenant(m *model, stmt *gorm.Statement, all reflect.Value) (groups []tenantRows) {
	index := map[string]int{}
	eachValue(all, func(v reflect.Value) {
		named, zero := tenantOf(m.tenant.ReflectValueOf(stmt.Context, v).Interface())
		if zero || !v.CanAddr() {
			return // a row of nobody has no relations
		}
		at, ok := index[named.key]
		if !ok {
			at = len(groups)
			index[named.key] = at
			groups = append(groups, tenantRows{named, reflect.MakeSlice(reflect.SliceOf(v.Addr().Type()), 0, 8)})
		}
		groups[at].rows = reflect.Append(groups[at].rows, v.Addr())
	})
	return groups
}
