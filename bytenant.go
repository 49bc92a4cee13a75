package tenancy

import (
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// groupByTenant groups rows by their tenant, as slices of pointers to them.
// It is false when one has none and its table is not mixed.
func groupByTenant(m *model, stmt *gorm.Statement, all reflect.Value) (groups []tenantRows, complete bool) {
	complete = true
	everybody := m.kind == KindMixed && selects(stmt, m.tenant)
	index := map[string]int{}
	eachValue(all, func(v reflect.Value) {
		named, zero := tenant{}, true
		if field := fieldOf(stmt, m.tenant, v); field.IsValid() {
			named, zero = tenantOf(field.Interface())
		}
		if zero && !everybody || !v.CanAddr() {
			complete = false
			return
		}
		at, ok := index[named.key]
		if !ok {
			at = len(groups)
			index[named.key] = at
			groups = append(groups, tenantRows{named, reflect.MakeSlice(reflect.SliceOf(v.Addr().Type()), 0, 8)})
		}
		groups[at].rows = reflect.Append(groups[at].rows, v.Addr())
	})
	return groups, complete
}

type tenantRows struct {
	tenant tenant
	rows   reflect.Value
}

// selects reports whether a query has read a field for sure, so that its zero value
// is the row's.
func selects(stmt *gorm.Statement, field *schema.Field) bool {
	isField := func(name string) bool { return name == field.Name || name == field.DBName || name == "*" }
	c, _ := stmt.Clauses["SELECT"].Expression.(clause.Select)
	return len(stmt.Omits) == 0 && c.Expression == nil && stmt.TableExpr == nil &&
		(len(stmt.Selects) == 0 || slices.ContainsFunc(stmt.Selects, isField)) &&
		(len(c.Columns) == 0 || slices.ContainsFunc(c.Columns, func(c clause.Column) bool { return isField(c.Name) }))
}
