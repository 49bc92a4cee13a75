package tenancy

import (
	"context"
	"database/sql/driver"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// eachValue calls f with each struct of a struct, or a slice of them or of
// pointers to them.
func eachValue(v reflect.Value, f func(reflect.Value)) {
	v = indirect(v)
	switch v.Kind() {
	case reflect.Struct:
		f(v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if elem := indirect(v.Index(i)); elem.Kind() == reflect.Struct {
				f(elem)
			}
		}
	}
}

func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// haveKeys reports whether all values have their primary keys.
func haveKeys(ctx context.Context, s *schema.Schema, values reflect.Value) bool {
	if s == nil || len(s.PrimaryFields) == 0 {
		return false
	}
	complete := true
	eachValue(values, func(v reflect.Value) {
		for _, field := range s.PrimaryFields {
			if _, zero := field.ValueOf(ctx, v); zero {
				complete = false
			}
		}
	})
	return complete
}

func isMap(v reflect.Value) bool {
	v = indirect(v)
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return v.Type().Elem().Kind() == reflect.Map
	}
	return v.Kind() == reflect.Map
}

// tenantOf reads a value of the tenant column, as the database would get it. What
// cannot be read, such as an expression, is nobody's.
func tenantOf(value any) (named tenant, zero bool) {
	switch v := value.(type) {
	case uuid.UUID:
		if v == uuid.Nil {
			return tenant{}, true
		}
		named, _ = newTenant(v)
		return named, false
	case clause.Expression, gorm.Valuer:
		return tenant{}, false
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return tenant{}, true
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.IsZero() {
		return tenant{}, true
	}
	if _, ok := v.Interface().(uuid.UUID); !ok {
		if valuer, ok := value.(driver.Valuer); ok {
			inner, err := valuer.Value()
			if err != nil || inner == nil {
				return tenant{}, err == nil
			}
			named, _ = newTenant(inner)
			return named, false
		}
	}
	named, _ = newTenant(v.Interface())
	return named, false
}

// fieldOf reads a field, which may be behind an embedded pointer that is nil.
func fieldOf(stmt *gorm.Statement, field *schema.Field, v reflect.Value) reflect.Value {
	if !slices.ContainsFunc(field.StructField.Index, func(i int) bool { return i < 0 }) {
		return field.ReflectValueOf(stmt.Context, v)
	}
	value, _ := field.ValueOf(stmt.Context, v)
	return reflect.ValueOf(value)
}

// holds reports whether a field holds a tenant, or nothing yet.
func holds(field reflect.Value, own any, ten *tenant) (same, zero bool) {
	field = reflect.Indirect(field)
	if !field.IsValid() || field.IsZero() {
		return false, true
	}
	if field.CanAddr() {
		if id, ok := field.Addr().Interface().(*uuid.UUID); ok {
			return *id == own, false
		}
	}
	switch {
	case field.Kind() == reflect.String && field.String() == ten.key:
		return true, false
	case field.CanInt() && ten.num == any(field.Int()):
		return true, false
	}
	named, zero := tenantOf(field.Interface())
	return named.key == ten.key, zero
}

func setTenant(field, value reflect.Value) {
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(value.Convert(field.Type().Elem()))
		field.Set(p)
		return
	}
	if value.Type() != field.Type() {
		value = value.Convert(field.Type())
	}
	field.Set(value)
}

// isEmpty reports whether a relation carries nothing to save.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || isEmpty(v.Elem())
	case reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

// sameValue reports whether two values are one and the same pointer.
func sameValue(a, b any) bool {
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	return v.Kind() == reflect.Pointer && w.Kind() == reflect.Pointer && v.UnsafePointer() == w.UnsafePointer()
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

// changeEach changes the elements of a list, which is copied when one changes.
func changeEach[T any](list []T, change func(T) (T, bool)) ([]T, bool) {
	changed := false
	for i, element := range list {
		other, ok := change(element)
		if !ok {
			continue
		}
		if !changed {
			list, changed = slices.Clone(list), true
		}
		list[i] = other
	}
	return list, changed
}
