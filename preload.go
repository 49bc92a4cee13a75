package tenancy

import (
	"context"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// preloadScope is the setting by which a preload hands its scope to the
// statements that it nests.
const preloadScope = "tenancy:preload_scope"

// judgeNesting refuses a preload that its conditions moved to another scope.
func (ex *execution) judgeNesting(stmt *gorm.Statement) error {
	if ex.op != opQuery || ex.plugin.preloads.Load() == 0 { // the settings allocate when they are read
		return nil
	}
	outer, ok := stmt.Settings.Load(preloadScope)
	if !ok || outer.(*scope) == ex.scope {
		return nil
	}
	_, err := (&inheritance{scope: outer.(*scope)}).scopeFor(ex.scope)
	return err
}

// runPreload preloads under the statement's context.
func (p *Plugin) runPreload(db *gorm.DB, s *scope) {
	p.preloads.Add(1)
	defer p.preloads.Add(-1)
	db.Statement.Settings.Store(preloadScope, s)
	callbacks.Preload(db)
	db.Statement.Settings.Delete(preloadScope)
}

// preload preloads tenant by tenant where a set or a bypass read the rows of
// several, so that a row gets its own tenant's only.
func preload(db *gorm.DB) {
	stmt := db.Statement
	ex := executionOf(stmt)
	if ex == nil || ex.observed != nil || db.Error != nil || len(stmt.Preloads) == 0 {
		callbacks.Preload(db)
		return
	}
	if !ex.scope.isSeveral() || ex.model == nil || ex.model.table == nil || ex.model.column == "" {
		ex.plugin.runPreload(db, ex.scope)
		return
	}
	if ex.model.tenant == nil {
		db.AddError(ex.errorOn(ex.model.name, ErrTenantMismatch, errPreload))
		return
	}
	all, ctx := stmt.ReflectValue, stmt.Context
	defer func() { stmt.ReflectValue, stmt.Context = all, ctx }()
	groups, complete := groupByTenant(ex.model, stmt, all)
	if !complete {
		db.AddError(ex.errorOn(ex.model.name, ErrTenantMismatch, errPreload))
		return
	}
	for _, group := range groups {
		if group.tenant.key == "" { // rows for everybody, which meet any tenant's
			stmt.Context, stmt.ReflectValue = ctx, group.rows
			ex.plugin.runPreload(db, ex.scope)
			continue
		}
		scope := &scope{mode: modeSingle, tenants: []tenant{group.tenant}, reason: ex.scope.reason}
		stmt.Context = context.WithValue(ctx, scopeKey{}, scope)
		stmt.ReflectValue = group.rows
		ex.plugin.runPreload(db, scope)
	}
}

const errPreload = "to preload for several tenants, the rows must be read with their tenant column"

type tenantRows struct {
	tenant tenant
	rows   reflect.Value
}

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

// selects reports whether a query has read a field for sure, so that its zero value
// is the row's.
func selects(stmt *gorm.Statement, field *schema.Field) bool {
	isField := func(name string) bool { return name == field.Name || name == field.DBName || name == "*" }
	c, _ := stmt.Clauses["SELECT"].Expression.(clause.Select)
	return len(stmt.Omits) == 0 && c.Expression == nil && stmt.TableExpr == nil &&
		(len(stmt.Selects) == 0 || slices.ContainsFunc(stmt.Selects, isField)) &&
		(len(c.Columns) == 0 || slices.ContainsFunc(c.Columns, func(c clause.Column) bool { return isField(c.Name) }))
}
