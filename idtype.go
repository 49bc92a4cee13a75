package tenancy

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm/schema"
)

// idType is the type of a tenant column.
type idType struct {
	kind     idKind
	bits     int // of an integer column
	unsigned bool
	bounded  bool // a text column with a length drops the spaces at its end
}

type idKind uint8

const (
	idUUID     idKind = iota + 1
	idUUIDText        // a UUID that the model holds as a string
	idText
	idInteger
)

func idTypeOf(field *schema.Field) (idType, error) {
	typ := field.IndirectFieldType
	isUUID := strings.EqualFold(string(field.DataType), "uuid")
	_, hasValue := reflect.New(typ).Interface().(driver.Valuer)
	switch kind := typ.Kind(); {
	case field.Serializer != nil:
		return idType{}, errors.New("a serialized field cannot hold an id: remove the serializer")
	case hasValue && kind != reflect.Array:
		return idType{}, fmt.Errorf("a %s has a Value method, which may store another id: use a type without one", typ)
	case kind == reflect.Array && typ.ConvertibleTo(uuidType) && !storesUUID(typ):
		return idType{}, fmt.Errorf("a %s is stored in another spelling than it shows: use a string, in a column of type text", typ)
	case kind == reflect.Array && typ.ConvertibleTo(uuidType):
		return idType{kind: idUUID}, nil
	case kind == reflect.String && isUUID:
		return idType{kind: idUUIDText}, nil
	case kind == reflect.String:
		return idType{kind: idText, bounded: field.Size > 0 || strings.Contains(string(field.DataType), "(")}, nil
	case kind >= reflect.Int && kind <= reflect.Int64:
		return idType{kind: idInteger, bits: min(typ.Bits(), sizeOf(field))}, nil
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return idType{kind: idInteger, bits: min(typ.Bits(), sizeOf(field)), unsigned: true}, nil
	default:
		return idType{}, fmt.Errorf("a %s cannot hold an id: use a UUID, a string or an integer", typ)
	}
}

func sizeOf(field *schema.Field) int {
	if field.Size == 0 {
		return 64
	}
	return field.Size
}

// value returns a tenant's id as the column wants it.
func (id idType) value(t *tenant) (any, error) {
	var value any
	switch id.kind {
	case idUUID:
		value = t.uuid
	case idUUIDText:
		if id, ok := t.uuid.(uuid.UUID); ok {
			return id.String(), nil
		}
	case idText:
		if !id.bounded || !strings.HasSuffix(t.key, " ") {
			value = t.text
		}
	case idInteger:
		value = id.number(t.num)
	}
	if value == nil {
		return nil, ErrInvalidTenant
	}
	return value, nil
}

// number returns n when the column can hold it, else nil.
func (id idType) number(n any) any {
	signed, ok := n.(int64)
	if !ok || signed < 0 && id.unsigned {
		return nil // beyond int64, which PostgreSQL's bigint cannot hold
	}
	bits := id.bits
	if id.unsigned {
		bits++
	}
	if bits < 64 && (signed > math.MaxInt64>>(64-bits) || signed < math.MinInt64>>(64-bits)) {
		return nil
	}
	return n
}

// binder returns TenantTable.Bind for columns of one type.
func binder(id idType) func(Scope) ([]any, error) {
	return func(s Scope) ([]any, error) {
		if err := s.Err(); err != nil {
			return nil, err
		}
		values := make([]any, len(s.s.tenants))
		for i := range s.s.tenants {
			value, err := id.value(&s.s.tenants[i])
			if err != nil {
				return nil, err
			}
			values[i] = value
		}
		return values, nil
	}
}

// name is TenantTable.Type.
func (id idType) name() string {
	switch id.kind {
	case idUUID:
		return "uuid"
	case idUUIDText:
		return "uuid as text"
	case idText:
		return "text"
	case idInteger:
		return "integer"
	default:
		return ""
	}
}

// misfit says which ids a table's tenant column holds, for one that it cannot hold.
func (t *table) misfit() string {
	return "the column " + t.column + " holds ids of type " + t.id.name() +
		", and the tenant's id is not one: TenantModel holds a uuid, TenantModelOf[string] text, TenantModelOf[int64] an integer"
}

// idTypeNamed returns the type of a column by its name in SQL.
func idTypeNamed(name string) (idType, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "uuid":
		return idType{kind: idUUID}, nil
	case "text", "varchar":
		return idType{kind: idText}, nil
	case "smallint":
		return idType{kind: idInteger, bits: 16}, nil
	case "integer":
		return idType{kind: idInteger, bits: 32}, nil
	case "bigint":
		return idType{kind: idInteger, bits: 64}, nil
	}
	return idType{}, fmt.Errorf("the type %q is not known: write uuid, text, varchar, smallint, integer or bigint", name)
}
