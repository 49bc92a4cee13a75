package tenancy

import (
	"database/sql/driver"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy/internal/modeltag"
)

// Tenanter is a value that is a tenant, for types that cannot mark their key with
// `tenancy:"tenant"`.
type Tenanter interface {
	// TenancyID returns the tenant's id: a uuid.UUID, a string or any integer, or
	// a pointer to one, which saves an allocation.
	TenancyID() any
}

// tenant is a tenant's id in each form that a column may want, made once when
// it enters the context, so that a statement binds it without a conversion.
type tenant struct {
	key  string // canonical spelling; two ids are the same tenant when it is equal
	text any    // key as a value to bind
	uuid any    // uuid.UUID, or nil if the id is none
	num  any    // int64 (uint64 beyond its range), or nil if the id is none
}

var uuidType = reflect.TypeFor[uuid.UUID]()

// newTenant canonicalises an id. Its errors quote no value.
func newTenant(value any) (tenant, error) {
	if s, ok := value.(Scope); ok {
		if _, ok := s.Tenant(); !ok {
			return tenant{}, errors.New("the scope is not of one tenant")
		}
		return s.s.tenants[0], nil
	}
	if t, ok := value.(Tenanter); ok && !isNilPointer(value) {
		value = t.TenancyID()
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return tenant{}, errors.New("the tenant is nil")
		}
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return tenant{}, errors.New("the tenant is nil")
	case v.Kind() == reflect.Array && v.Type().ConvertibleTo(uuidType):
		id := v.Convert(uuidType).Interface().(uuid.UUID)
		if spelling, own := spelledOtherwise(v, id); own && id != uuid.Nil {
			return tenantOfString(spelling)
		}
		return tenantOfUUID(id)
	case v.Kind() == reflect.String:
		return tenantOfString(v.String())
	case v.CanInt():
		if v.Int() == 0 {
			return tenant{}, errors.New("zero is no tenant")
		}
		return tenantOfNumber(strconv.FormatInt(v.Int(), 10), v.Int()), nil
	case v.CanUint():
		return tenantOfUint(v.Uint())
	case v.Kind() == reflect.Struct:
		field, ok := rootKey(v)
		if !ok {
			return tenant{}, fmt.Errorf("a %s is no tenant: mark its key with `tenancy:\"tenant\"`", v.Type())
		}
		return newTenant(field.Interface())
	case v.Kind() == reflect.Slice:
		return tenant{}, fmt.Errorf("a %s is not one tenant: spread it with WithSet(ctx, tenants...)", v.Type())
	default:
		return tenant{}, fmt.Errorf("a %s cannot be a tenant's id", v.Type())
	}
}

// spelledOtherwise returns the text of 16 bytes that are no UUID, such as a ULID's:
// their type spells and stores them in a way of its own.
func spelledOtherwise(v reflect.Value, id uuid.UUID) (spelling string, own bool) {
	if v.Type() == uuidType {
		return "", false
	}
	switch value := v.Interface().(type) {
	case encoding.TextMarshaler:
		text, err := value.MarshalText()
		if err != nil {
			return "", true // an empty string is no tenant
		}
		spelling = string(text)
	case fmt.Stringer:
		spelling = value.String()
	default:
		return "", false
	}
	parsed, err := uuid.Parse(spelling)
	return spelling, err != nil || parsed != id
}

// storesUUID reports whether an array of 16 bytes is stored and spelled as a UUID.
func storesUUID(typ reflect.Type) bool {
	v := reflect.New(typ).Elem()
	for i := range v.Len() {
		v.Index(i).SetUint(uint64(i) + 1)
	}
	id := v.Convert(uuidType).Interface().(uuid.UUID)
	if _, own := spelledOtherwise(v, id); own {
		return false
	}
	valuer, ok := v.Interface().(driver.Valuer)
	if !ok {
		return true
	}
	stored, err := valuer.Value()
	if text, isText := stored.([]byte); isText {
		stored = string(text)
	}
	text, isText := stored.(string)
	parsed, parseErr := uuid.Parse(text)
	return err == nil && isText && parseErr == nil && parsed == id
}

func isNilPointer(value any) bool {
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func tenantOfUUID(id uuid.UUID) (tenant, error) {
	if id == uuid.Nil {
		return tenant{}, errors.New("the zero UUID is no tenant")
	}
	key := id.String()
	return tenant{key: key, text: key, uuid: id}, nil
}

func tenantOfUint(n uint64) (tenant, error) {
	if n == 0 {
		return tenant{}, errors.New("zero is no tenant")
	}
	key := strconv.FormatUint(n, 10)
	if n > math.MaxInt64 {
		return tenantOfNumber(key, n), nil
	}
	return tenantOfNumber(key, int64(n)), nil
}

func tenantOfNumber(key string, n any) tenant {
	return tenant{key: key, text: key, num: n}
}

// tenantOfString takes a text id. The spellings of a UUID that uuid.Parse knows
// come out as one; 32 bare hexadecimal digits stay what they are for a text
// column, where they may well be a digest.
func tenantOfString(s string) (tenant, error) {
	if strings.TrimSpace(s) == "" {
		return tenant{}, errors.New("an empty string is no tenant")
	}
	if strings.ContainsRune(s, 0) {
		return tenant{}, errors.New("a tenant's id cannot hold a NUL byte")
	}
	t := tenant{key: s, text: s}
	if id, err := uuid.Parse(s); err == nil {
		if id == uuid.Nil {
			return tenant{}, errors.New("the zero UUID is no tenant")
		}
		t.uuid = id
		if len(s) != 32 {
			t.key = id.String()
			t.text = t.key
		}
		return t, nil
	}
	if strings.HasPrefix(strings.ToLower(s), "urn:uuid:") || strings.HasPrefix(s, "{") {
		return tenant{}, errors.New("the UUID is malformed")
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n != 0 && strconv.FormatInt(n, 10) == s {
		t.num = n
	}
	return t, nil
}

// rootKey finds the marked primary key of a tenants' own model.
func rootKey(v reflect.Value) (reflect.Value, bool) {
	typ := v.Type()
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.Anonymous && v.Field(i).Kind() == reflect.Struct {
			if key, ok := rootKey(v.Field(i)); ok {
				return key, true
			}
		}
		if !field.IsExported() || field.Tag.Get(modeltag.Name) != modeltag.Tenant {
			continue
		}
		if field.Name == "ID" || strings.Contains(strings.ToLower(field.Tag.Get("gorm")), "primarykey") ||
			strings.Contains(strings.ToLower(field.Tag.Get("gorm")), "primary_key") {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
