package tenancy

import (
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// A tree is the values that a statement writes, with the associations that GORM
// would save along with them.
type tree struct {
	ex    *execution
	stmt  *gorm.Statement
	below int // how many relations the values are below

	// Whose they are: own; or, pending, of a root that is being created, so that
	// none may name a tenant.
	own     *tenant
	pending bool
}

// isAssociated reports whether the values are saved along with others.
func (t *tree) isAssociated() bool {
	if t.below > 0 {
		return true
	}
	_, nested := t.stmt.Settings.Load(gormfacts.SavedAssociations)
	return nested
}

// judgeValues judges the statement's values and all that they carry along, and
// fills in their tenants. Where a set or a bypass writes the values of one
// tenant, the statement and those that GORM nests in it run for that tenant.
func (ex *execution) judgeValues(stmt *gorm.Statement) error {
	if ex.scope.isSeveral() {
		if err := ex.inheritTenants(stmt, stmt.ReflectValue); err != nil {
			return err
		}
		if err := ex.narrowToValues(stmt, stmt.ReflectValue); err != nil {
			return err
		}
	}
	if kind := indirect(stmt.ReflectValue).Kind(); kind != reflect.Struct && kind != reflect.Slice && kind != reflect.Array {
		return nil
	}
	t := tree{ex: ex, stmt: stmt}
	if ex.scope.isSeveral() {
		return t.judgeSeveral()
	}
	if ex.scope.kind == scopeSingle {
		t.own = &ex.scope.tenants[0]
	}
	return t.judge(ex.model, stmt.Schema, stmt.ReflectValue, stmt.Selects, stmt.Omits)
}

// judgeSeveral judges values of several tenants, each with what it carries along
// as a tree of its own.
func (t *tree) judgeSeveral() error {
	return t.judgeEach(t.ex.model, t.stmt.Schema, t.stmt.ReflectValue, t.stmt.Selects, t.stmt.Omits)
}

func (t *tree) judgeEach(m *model, s *schema.Schema, values reflect.Value, selects, omits []string) (err error) {
	eachValue(values, func(v reflect.Value) {
		if err != nil || v.Type() != s.ModelType {
			return
		}
		named, zero := m.namedBy(t.stmt, v)
		t.own, t.pending = nil, zero && m.tenant != nil && (m.kind == KindRoot || t.ex.awaitsRoot(m, s, v))
		switch {
		case !zero && t.ex.allows(named):
			t.own = &named
		case !zero && t.below > 0:
			err = t.ex.errorOn(m.name, ErrTenantMismatch, "")
			return
		case t.below > 0 && !t.pending && m.column != "":
			err = t.ex.errorOn(m.name, ErrTenantMismatch, "under a set or a bypass a create must name its row's tenant")
			return
		}
		err = t.judgeValue(m, v, selects, omits)
	})
	return err
}

// judge judges values of one model, then those of their relations.
func (t *tree) judge(m *model, s *schema.Schema, values reflect.Value, selects, omits []string) (err error) {
	eachValue(values, func(v reflect.Value) {
		if err == nil && v.Type() == s.ModelType {
			err = t.judgeValue(m, v, selects, omits)
		}
	})
	return err
}

func (t *tree) judgeValue(m *model, v reflect.Value, selects, omits []string) error {
	if err := t.fill(m, v); err != nil {
		return err
	}
	if t.ex.op == opCreate {
		if err := fillIDs(t.stmt, m.ids, v); err != nil {
			return err
		}
	}
	for _, rel := range m.rels {
		if rel.Field == nil || !saves(rel.Name, selects, omits) {
			continue
		}
		related := fieldOf(t.stmt, rel.Field, v)
		if isEmpty(related) || t.visited(v, rel) {
			continue
		}
		if err := t.judgeRelated(m, rel, related, selects, omits); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) judgeRelated(m *model, rel *schema.Relationship, related reflect.Value, selects, omits []string) error {
	other, err := t.ex.plugin.tables.model(rel.FieldSchema)
	switch {
	case err != nil || other.table == nil:
		return nil // its own statement says what is wrong with it
	case t.ex.scope.kind == scopeNone && other.kind != KindFree:
		if err := t.ex.lacksTenant(other.name); err != nil {
			return err
		}
	}
	if err := t.mayCarry(rel, other.table, related); err != nil || !other.isScoped() {
		return err
	}
	ownerless := t.ex.scope.isSeveral() && t.own == nil && !t.pending
	if ownerless && m.table != nil && m.column != "" {
		return t.ex.errorOn(other.name, ErrTenantMismatch, "under a set or a bypass a create must name its row's tenant")
	}
	inner, outer := below(rel.Name, selects), below(rel.Name, omits)
	if len(selects) > 0 && len(inner) == 0 && len(outer) == 0 {
		outer = []string{clause.Associations}
	}
	t.below++
	defer func() { t.below-- }()
	if ownerless { // a row of no tenant's, with those of whoever they name
		defer func() { t.own, t.pending = nil, false }()
		return t.judgeEach(other, rel.FieldSchema, related, inner, outer)
	}
	return t.judge(other, rel.FieldSchema, related, inner, outer)
}

// mayCarry refuses rows that would have to be written to a table which is not the
// tenant's to write: children, which are given their parent's key, and new rows.
func (t *tree) mayCarry(rel *schema.Relationship, other *table, related reflect.Value) error {
	if other.kind.hasColumn() || other.writable || t.ex.scope.kind == scopeBypass {
		return nil
	}
	isChild := rel.Type == schema.HasOne || rel.Type == schema.HasMany
	if !isChild && haveKeys(t.stmt.Context, rel.FieldSchema, related) {
		return nil
	}
	if t.ex.plugin.modes != nil {
		if mode, _ := t.ex.plugin.modeOf(cutSchema(t.ex.plugin.tables.fold(other.name))); !mode.enforces(opCreate) {
			return nil // its own statement is observed
		}
	}
	return t.ex.mayWrite(other)
}

// visited reports whether a value's relation was judged already, as in a cycle.
func (t *tree) visited(v reflect.Value, rel *schema.Relationship) bool {
	if !v.CanAddr() {
		return false
	}
	if t.ex.seen == nil {
		t.ex.seen = map[visit]bool{}
	}
	key := visit{v.Addr().UnsafePointer(), rel}
	if t.ex.seen[key] {
		return true
	}
	t.ex.seen[key] = true
	return false
}

// fill gives a value its tenant, or finds that it names another.
func (t *tree) fill(m *model, v reflect.Value) error {
	if m.tenant == nil || m.table == nil {
		return nil
	}
	if t.own == nil { // VALUES judges the row itself
		if field := fieldOf(t.stmt, m.tenant, v); t.pending && field.IsValid() {
			if _, zero := tenantOf(field.Interface()); !zero {
				return t.ex.errorOn(m.name, ErrTenantMismatch, "the row belongs to a tenant that has no id yet: create the tenant first")
			}
		}
		return nil
	}
	ten := t.own
	own, err := m.id.value(ten)
	if err != nil {
		return t.ex.errorOn(m.name, err, m.misfit())
	}
	var field reflect.Value
	if v.CanAddr() {
		field = m.tenant.ReflectValueOf(t.stmt.Context, v) // makes what is embedded
	} else {
		field = fieldOf(t.stmt, m.tenant, v)
	}
	if same, zero := holds(field, own, ten); same {
		return nil
	} else if !zero {
		return t.ex.errorOn(m.name, ErrTenantMismatch, "")
	}
	if m.kind == KindMixed && t.isAssociated() && hasKey(t.stmt.Context, m.tenant.Schema, v) {
		return nil // it may be a row for everybody, which an association leaves as it is
	}
	if field.CanSet() && t.ex.preview == nil { // else VALUES fills it
		setTenant(field, reflect.ValueOf(own))
	}
	return nil
}

// saves reports whether GORM saves a relation under Select and Omit.
func saves(name string, selects, omits []string) bool {
	if slices.Contains(omits, name) || slices.Contains(omits, clause.Associations) {
		return false
	}
	return len(selects) == 0 || slices.ContainsFunc(selects, func(s string) bool {
		return s == "*" || s == name || s == clause.Associations || strings.HasSuffix(s, "."+name)
	})
}

// below returns the names that go on after a relation's.
func below(name string, names []string) (rest []string) {
	for _, n := range names {
		if len(n) > len(name)+1 && n[:len(name)] == name && n[len(name)] == '.' {
			rest = append(rest, n[len(name)+1:])
		}
	}
	return rest
}

// fillIDs fills the zero ids that are marked to be.
func fillIDs(stmt *gorm.Statement, ids []*schema.Field, v reflect.Value) error {
	for _, field := range ids {
		if !v.CanAddr() {
			continue // VALUES fills it
		}
		if id, ok := field.ReflectValueOf(stmt.Context, v).Addr().Interface().(*uuid.UUID); ok {
			if *id == uuid.Nil {
				*id = uuid.Must(uuid.NewV7())
			}
			continue
		}
		if _, zero := field.ValueOf(stmt.Context, v); !zero {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		if err := field.Set(stmt.Context, v, id); err != nil {
			return err
		}
	}
	return nil
}
