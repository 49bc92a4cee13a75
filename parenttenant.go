package tenancy

import (
	"context"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/schema"
)

// inheritTenants gives new values that name no tenant the one of what they belong
// to: a project that of its account, a task that of its project.
func (ex *execution) inheritTenants(stmt *gorm.Statement, values reflect.Value) (err error) {
	m := ex.model
	if ex.op != opCreate || m.tenant == nil || m.kind == KindRoot || ex.preview != nil {
		return nil
	}
	eachValue(values, func(v reflect.Value) {
		if err != nil || v.Type() != stmt.Schema.ModelType || !v.CanAddr() {
			return
		}
		if _, zero := ex.namedBy(stmt, v); !zero {
			return
		}
		var named tenant
		if named, _, err = ex.parentOf(stmt, m, stmt.Schema, v, 0); err != nil || named.key == "" {
			return
		}
		if !ex.allows(named) {
			err = ex.errorOn(m.name, ErrTenantMismatch, "")
			return
		}
		var own any
		if own, err = m.id.value(&named); err != nil {
			err = ex.errorOn(m.name, err, m.misfit())
			return
		}
		setTenant(m.tenant.ReflectValueOf(stmt.Context, v), reflect.ValueOf(own))
	})
	return err
}

// awaitsRoot reports whether a value belongs to a root that is yet to be created.
func (ex *execution) awaitsRoot(m *model, s *schema.Schema, v reflect.Value) bool {
	_, awaits, _ := ex.parentOf(nil, m, s, v, 0)
	return awaits
}

// maxDepth bounds how far what a value belongs to is followed: values may be cyclic.
const maxDepth = 16

// parentOf finds the tenant of what a value belongs to. It is pending where that is
// a root without a key, and an error where two name different tenants.
func (ex *execution) parentOf(stmt *gorm.Statement, m *model, s *schema.Schema, v reflect.Value, depth int) (named tenant, pending bool, err error) {
	if depth == maxDepth {
		return tenant{}, false, nil
	}
	ctx := context.Background()
	if stmt != nil {
		ctx = stmt.Context
	}
	for _, rel := range s.Relationships.BelongsTo {
		other, err := ex.plugin.tables.model(rel.FieldSchema)
		if err != nil || other.table == nil || other.tenant == nil || rel.Field == nil {
			continue
		}
		value, zero := rel.Field.ValueOf(ctx, v)
		parent := indirect(reflect.ValueOf(value))
		if zero || parent.Kind() != reflect.Struct {
			continue
		}
		held, isZero := other.tenant.ValueOf(ctx, parent)
		theirs, none := tenantOf(held)
		awaits := false
		if none = none || isZero; none {
			theirs = tenant{}
			if awaits = other.kind == KindRoot; !awaits {
				if theirs, awaits, err = ex.parentOf(stmt, other, rel.FieldSchema, parent, depth+1); err != nil {
					return tenant{}, false, err
				}
			}
		}
		pending = pending || awaits
		if theirs.key == "" {
			continue
		}
		if named.key != "" && named.key != theirs.key {
			return tenant{}, false, ex.errorOn(m.name, ErrTenantMismatch, "the row belongs to rows of two tenants: refer to rows of one tenant")
		}
		named = theirs
	}
	if pending && named.key != "" {
		return tenant{}, false, ex.errorOn(m.name, ErrTenantMismatch, "the row belongs to a tenant and to a new one: refer to one of them")
	}
	return named, pending, nil
}

var (
	saveBeforeAssociations = callbacks.SaveBeforeAssociations(true)
	saveAfterAssociations  = callbacks.SaveAfterAssociations(true)
)

// saveBefore saves what new values belong to, tenant by tenant where they are of
// several. A root that they await comes first, and makes them its own.
func saveBefore(db *gorm.DB) {
	ex := severalCreated(db)
	if ex == nil {
		saveBeforeAssociations(db)
		return
	}
	stmt, omits := db.Statement, db.Statement.Omits
	defer func() { stmt.Omits = omits }()
	var roots, others []string
	for _, rel := range stmt.Schema.Relationships.BelongsTo {
		if ex.leadsToRoot(stmt, rel) {
			roots = append(roots, rel.Name)
		} else {
			others = append(others, rel.Name)
		}
	}
	waiting := false
	eachValue(stmt.ReflectValue, func(v reflect.Value) {
		_, zero := ex.namedBy(stmt, v)
		waiting = waiting || zero && ex.awaitsRoot(ex.model, stmt.Schema, v)
	})
	if waiting {
		stmt.Omits = append(slices.Clone(omits), others...)
		saveBeforeAssociations(db)
		stmt.Omits = append(slices.Clone(omits), roots...)
		if err := ex.inheritTenants(stmt, stmt.ReflectValue); err != nil {
			db.AddError(err)
		}
	}
	ex.eachTenant(db, saveBeforeAssociations)
}

// saveAfter saves what belongs to new values, tenant by tenant where they are of
// several: a new root has its key by then.
func saveAfter(db *gorm.DB) {
	ex := severalCreated(db)
	if ex == nil {
		saveAfterAssociations(db)
		return
	}
	ex.eachTenant(db, saveAfterAssociations)
}

// severalCreated returns the execution of a create whose values may be of several
// tenants and carry others along; nil for all others.
func severalCreated(db *gorm.DB) *execution {
	ex := executionOf(db.Statement)
	if ex == nil || ex.observed != nil || ex.scope == nil || !ex.scope.isSeveral() || db.Error != nil ||
		ex.model == nil || ex.model.table == nil || ex.model.tenant == nil || len(ex.model.rels) == 0 ||
		isMap(db.Statement.ReflectValue) {
		return nil
	}
	return ex
}

// leadsToRoot reports whether what a relation refers to may be a root, or belong to
// one, that is created with it.
func (ex *execution) leadsToRoot(stmt *gorm.Statement, rel *schema.Relationship) bool {
	other, err := ex.plugin.tables.model(rel.FieldSchema)
	if err != nil || other.table == nil {
		return false
	}
	found := other.kind == KindRoot
	eachValue(stmt.ReflectValue, func(v reflect.Value) {
		value, zero := rel.Field.ValueOf(stmt.Context, v)
		if parent := indirect(reflect.ValueOf(value)); !zero && parent.Kind() == reflect.Struct {
			found = found || ex.awaitsRoot(other, rel.FieldSchema, parent)
		}
	})
	return found
}

// eachTenant runs a callback for the values of each tenant, under its scope, and
// for those of none, which carry nothing of a tenant's, under the statement's.
func (ex *execution) eachTenant(db *gorm.DB, run func(*gorm.DB)) {
	stmt := db.Statement
	all, ctx := stmt.ReflectValue, stmt.Context
	defer func() { stmt.ReflectValue, stmt.Context = all, ctx }()
	groups, complete := groupByTenant(ex.model, stmt, all)
	for _, group := range groups {
		own := &scope{kind: scopeSingle, tenants: []tenant{group.tenant}, reason: ex.scope.reason}
		stmt.Context = context.WithValue(ctx, scopeKey{}, own)
		if all.Kind() != reflect.Struct {
			stmt.ReflectValue = group.rows
		}
		run(db)
	}
	stmt.ReflectValue, stmt.Context = all, ctx
	switch {
	case complete:
		return
	case all.Kind() != reflect.Struct:
		rest := reflect.MakeSlice(reflect.SliceOf(reflect.PointerTo(stmt.Schema.ModelType)), 0, all.Len())
		eachValue(all, func(v reflect.Value) {
			if _, zero := ex.namedBy(stmt, v); zero && v.CanAddr() {
				rest = reflect.Append(rest, v.Addr())
			}
		})
		stmt.ReflectValue = rest
	}
	run(db)
}
