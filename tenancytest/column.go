package tenancytest

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// field returns the first free field that fits: stored, updatable, and neither
// key nor reference nor unique nor set by GORM itself.
func (m *model) field(fits func(*schema.Field) bool) *schema.Field {
	for _, field := range m.stored() {
		if m.isFree(field) && fits(field) {
			return field
		}
	}
	panic(inapplicable{})
}

func (m *model) isFree(field *schema.Field) bool {
	return field != m.tenant && !field.PrimaryKey && field.Updatable && field.Readable &&
		field.Serializer == nil && !m.isReference(field) && !m.isUnique(field) && !isDeletedAt(field) &&
		field.AutoCreateTime == 0 && field.AutoUpdateTime == 0
}

func (m *model) isReference(field *schema.Field) bool {
	return slices.ContainsFunc(m.links, func(l *link) bool { return l.has(field) })
}

func (m *model) isUnique(field *schema.Field) bool {
	return field.Unique || field.UniqueIndex != "" || slices.Contains(m.indexed, field)
}

// uniqueFields lists the fields of a schema's unique indexes.
func uniqueFields(s *schema.Schema) (fields []*schema.Field) {
	for _, index := range s.ParseIndexes() {
		for _, option := range index.Fields {
			if index.Class == "UNIQUE" {
				fields = append(fields, option.Field)
			}
		}
	}
	return fields
}

// text returns a free text column, long enough for a word.
func (m *model) text() *schema.Field {
	return m.field(func(field *schema.Field) bool {
		return isText(field) && (field.Size == 0 || field.Size >= 16)
	})
}

// count returns a free number.
func (m *model) count() *schema.Field {
	return m.field(func(field *schema.Field) bool { return isNumber(field) })
}

// nullable returns a free column that may be null.
func (m *model) nullable() *schema.Field {
	return m.field(func(field *schema.Field) bool {
		return !field.NotNull && field.FieldType.Kind() == reflect.Pointer
	})
}

// any returns some free column.
func (m *model) any() *schema.Field {
	for _, pick := range []func() *schema.Field{m.text, m.count} {
		if field, ok := attempt(pick); ok {
			return field
		}
	}
	return m.field(func(field *schema.Field) bool { return value(field, seed{}) != nil })
}

// unique returns a column whose values are unique, the key apart.
func (m *model) unique() *schema.Field {
	for _, field := range m.stored() {
		if !field.PrimaryKey && field != m.tenant && m.isUnique(field) && !m.isReference(field) {
			return field
		}
	}
	panic(inapplicable{})
}

// deletedAt returns the column of the soft delete.
func (m *model) deletedAt() *schema.Field {
	for _, field := range m.schema.Fields {
		if isDeletedAt(field) {
			return field
		}
	}
	panic(inapplicable{})
}

// of returns the value that a field has in one of the tenant's rows.
func (m *model) of(field *schema.Field, n int) any {
	if m.single() {
		n = 0
	}
	v, _ := field.ValueOf(context.Background(), m.build(0, n))
	return v
}

// next returns a value for a field that no row has.
func (m *model) next(field *schema.Field) any {
	v := value(field, seed{row: firstMade + 9, key: firstMade + 9, unique: firstMade + 9})
	if v == nil {
		panic(inapplicable{})
	}
	holder := reflect.New(m.schema.ModelType)
	m.set(field, holder, v)
	v, _ = field.ValueOf(context.Background(), holder)
	return v
}

// c is a column's name in text, q the same with the table before it.
func (m *model) c(field *schema.Field) string { return m.f.name(field.DBName) }
func (m *model) q(field *schema.Field) string {
	return m.f.name(m.table) + "." + m.f.name(field.DBName)
}

// order is the key's columns in text, for an order without ties.
func (m *model) order() string {
	var names []string
	for _, field := range m.schema.PrimaryFields {
		names = append(names, m.c(field))
	}
	if len(names) == 0 {
		panic(inapplicable{})
	}
	return strings.Join(names, ", ")
}

func isText(field *schema.Field) bool {
	return field.GORMDataType == schema.String && field.IndirectFieldType.Kind() == reflect.String &&
		!isUUID(field) && !isJSON(field)
}

func isNumber(field *schema.Field) bool {
	switch field.IndirectFieldType.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		return field.AutoCreateTime == 0 && field.AutoUpdateTime == 0
	}
	return false
}

func isUUID(field *schema.Field) bool {
	typ := field.IndirectFieldType
	return strings.EqualFold(string(field.DataType), "uuid") ||
		typ.Kind() == reflect.Array && typ.ConvertibleTo(uuidType)
}

func isJSON(field *schema.Field) bool {
	return strings.Contains(strings.ToLower(string(field.DataType)), "json")
}

func isDeletedAt(field *schema.Field) bool {
	return field.FieldType == reflect.TypeFor[gorm.DeletedAt]()
}
