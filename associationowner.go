package tenancy

import (
	"context"
	"reflect"

	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// Association mode builds its statements from keys: that of the owner, and those of
// the values to be taken off. Which tenant these values name is in no statement, so
// that another tenant's project 7 would clear one's own. The one place where GORM
// still has the value in its hands is where it reads the key: the fields by which it
// does so are copies that look at the tenant beside it.

// guardKeys puts such copies into the relations and primary keys of models. Nothing
// may use these models yet: it is for those that are known when the plugin is put
// in, or when tables are migrated.
func (r *knownTables) guardKeys() {
	r.grow.Lock()
	defer r.grow.Unlock()
	known := r.snapshot.Load().models
	for s := range known {
		for i, field := range s.PrimaryFields {
			r.guard(known, &s.PrimaryFields[i], field)
		}
		for _, rel := range s.Relationships.Relations {
			for _, ref := range rel.References {
				r.guard(known, &ref.PrimaryKey, ref.PrimaryKey)
				if rel.Type == schema.BelongsTo {
					r.guard(known, &ref.ForeignKey, ref.ForeignKey)
				}
			}
		}
	}
}

// guard puts a copy in place of a key's field.
func (r *knownTables) guard(known map[*schema.Schema]*model, at **schema.Field, field *schema.Field) {
	if field == nil || r.guards[field] == field {
		return
	}
	m := known[field.Schema]
	if m == nil || m.tenant == nil || r.modeOf(m.name) != Enforce {
		return
	}
	if r.guards[field] == nil {
		copied := *field
		copied.ValueOf = func(ctx context.Context, v reflect.Value) (any, bool) {
			if m.isForeign(ctx, v) {
				return foreignKeyValue{m.name}, false
			}
			return field.ValueOf(ctx, v)
		}
		copied.ReflectValueOf = func(ctx context.Context, v reflect.Value) reflect.Value {
			if m.isForeign(ctx, v) {
				return reflect.ValueOf(foreignKeyValue{m.name})
			}
			return field.ReflectValueOf(ctx, v)
		}
		r.guards[field], r.guards[&copied] = &copied, &copied
	}
	*at = r.guards[field]
}

// isForeign reports whether a value is given to association mode under one tenant
// and names another.
func (m *model) isForeign(ctx context.Context, v reflect.Value) bool {
	s := scopeOf(ctx)
	if s == nil || s.err != nil || s.kind != scopeSingle || migrating(ctx) {
		return false
	}
	v = indirect(v)
	if !v.IsValid() || v.Type() != m.tenant.Schema.ModelType {
		return false
	}
	ten := &s.tenants[0]
	own, _ := m.id.value(ten)
	same, zero := holds(m.tenantOf(ctx, v), own, ten)
	return !same && !zero && gormfacts.InAssociationMode()
}

// tenantOf reads the tenant of a value of the model.
func (m *model) tenantOf(ctx context.Context, v reflect.Value) reflect.Value {
	for _, i := range m.tenant.StructField.Index {
		if i < 0 {
			value, _ := m.tenant.ValueOf(ctx, v)
			return reflect.ValueOf(value)
		}
	}
	return m.tenant.ReflectValueOf(ctx, v)
}

// foreignKeyValue stands for the key of a value that names another tenant. The
// statement that it is written into fails.
type foreignKeyValue struct{ table string }

// Build implements clause.Expression.
func (k foreignKeyValue) Build(b clause.Builder) {
	_ = b.AddError(&ScopeError{Op: "association", Table: k.table, Err: ErrTenantMismatch, Detail: "the owner or a value names another tenant"})
}
