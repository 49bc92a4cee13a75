package tenancytest

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// model is a table of the fixture, and what operations ask of it. Its methods
// panic with inapplicable where the table has nothing of the kind; the runner
// then leaves the operation out.
type model struct {
	f        *Fixture
	schema   *schema.Schema
	table    string
	number   int                // place among the models, in the order of dependence
	tenant   *schema.Field      // nil for a shared table
	root     bool               // the tenant is the key: the tenants' own table
	kind     tenancy.Kind       // whose rows it holds
	via      *tenancy.TableLink // by which a linked one is seen
	writable bool               // by tenants
	links    []*link
	rels     []*relation

	indexed []*schema.Field   // in unique indexes
	sides   map[string]string // who sees the rows of a linked table, by their keys

	generated      bool // the database generates the key
	disjointKeys   bool // the tenants' rows need different keys
	disjointValues bool // the tenants' rows need different values in unique columns
	isUnbound      bool // no foreign key of the oracle leads to it
	globalKey      bool // the key does not contain the tenant
	globalUnique   bool // the unique columns do not
}

// inapplicable is panicked with by operations that do not fit a model.
type inapplicable struct{}

var (
	uuidType = reflect.TypeFor[uuid.UUID]()
	// plainName is an identifier that needs no quotes and is no reserved word
	// that anybody would name a column.
	plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	reserved  = []string{
		"all", "and", "any", "as", "asc", "case", "check", "column", "default", "desc", "distinct", "do",
		"end", "for", "from", "grant", "group", "having", "in", "index", "into", "key", "limit", "not", "null",
		"on", "or", "order", "primary", "references", "select", "set", "table", "then", "to", "transaction",
		"union", "unique", "user", "using", "values", "when", "where", "with",
	}
)

// named reports whether the table has a Go type of its own; a join table that
// GORM made up has none, and operations run on it through relations alone.
func (m *model) named() bool { return m.schema.ModelType.Name() != "" }

// single reports whether a tenant owns one row of the table at most.
func (m *model) single() bool { return m.root }

// new returns a pointer to a zero value.
func (m *model) new() any { return reflect.New(m.schema.ModelType).Interface() }

// slice returns a pointer to an empty slice of values.
func (m *model) slice() any { return reflect.New(reflect.SliceOf(m.schema.ModelType)).Interface() }

// pointers returns a pointer to an empty slice of pointers.
func (m *model) pointers() any {
	return reflect.New(reflect.SliceOf(reflect.PointerTo(m.schema.ModelType))).Interface()
}

// sliceOf returns a pointer to a slice of these values.
func (m *model) sliceOf(values ...any) any {
	slice := reflect.ValueOf(m.slice())
	for _, value := range values {
		slice.Elem().Set(reflect.Append(slice.Elem(), reflect.ValueOf(value).Elem()))
	}
	return slice.Interface()
}

// pointersOf returns a slice of these pointers.
func (m *model) pointersOf(values ...any) any {
	slice := reflect.ValueOf(m.pointers()).Elem()
	for _, value := range values {
		slice = reflect.Append(slice, reflect.ValueOf(value))
	}
	return slice.Interface()
}

// rowCounts is how many rows of a table the tenants have.
var rowCounts = [2]int{5, 7}

const (
	deletedRow = 3 // the one that is soft-deleted
	orphanRow  = 4 // the one without its nullable references
	foreignRow = 5 // of the other tenant, with a key beyond those of this one; the row after it has one below
	firstMade  = 20
)

// row returns a new copy of one of the tenant's rows, as a pointer.
func (m *model) row(n int) any {
	if m.single() && n > 0 {
		panic(inapplicable{})
	}
	return m.build(0, n).Interface()
}

// foreign returns a new copy of one of the other tenant's rows.
func (m *model) foreign(n int) any {
	if m.single() {
		n = 0
	}
	return m.build(1, n).Interface()
}

// made returns a new value of the tenant, not stored yet, with a key of its own
// and without a tenant.
func (m *model) made(n int) any {
	if m.single() || m.tenant == nil && !m.isOwnKind() {
		panic(inapplicable{})
	}
	value := m.build(0, firstMade+n)
	if m.tenant != nil {
		m.clear(m.tenant, value)
	}
	return value.Interface()
}

// fresh is made without the key, where that is generated on create.
func (m *model) fresh(n int) any {
	value := reflect.ValueOf(m.made(n))
	for _, field := range m.schema.PrimaryFields {
		if m.generated || field.Tag.Get("tenancy") == "uuidv7" {
			m.clear(field, value)
		}
	}
	return value.Interface()
}

// madeFor is made that names its tenant: 0 the own one, 1 the other.
func (m *model) madeFor(tenant, n int) any {
	value := reflect.ValueOf(m.made(n))
	m.set(m.tenantField(), value, m.f.tenants[tenant])
	return value.Interface()
}

// id returns the key of a row, for tables with a key of one column.
func (m *model) id(n int) any { return m.keyOf(m.row(n)) }

// foreignID returns a key that the other tenant alone has.
func (m *model) foreignID() any { return m.keyOf(m.foreign(foreignRow)) }

func (m *model) keyOf(value any) any {
	id, _ := m.key().ValueOf(context.Background(), reflect.ValueOf(value))
	return id
}

// key returns the key's one column.
func (m *model) key() *schema.Field {
	if len(m.schema.PrimaryFields) != 1 {
		panic(inapplicable{})
	}
	return m.schema.PrimaryFields[0]
}

// columns returns all that is written of a value on create, by column.
func (m *model) columns(value any) map[string]any {
	if m.single() {
		panic(inapplicable{})
	}
	columns := map[string]any{}
	for _, field := range m.stored() {
		if field == m.tenant {
			continue
		}
		if v, zero := field.ValueOf(context.Background(), reflect.ValueOf(value)); !zero {
			columns[field.DBName] = v
		}
	}
	return columns
}

// stored lists the fields that have a column and are written on create.
func (m *model) stored() (fields []*schema.Field) {
	for _, name := range m.schema.DBNames {
		if field := m.schema.FieldsByDBName[name]; field.Creatable && !field.IgnoreMigration {
			fields = append(fields, field)
		}
	}
	return fields
}

// is is the condition, as text with arguments, that a row has this key.
func (m *model) is(n int) (string, []any) {
	if m.single() {
		n = 0
	}
	return m.isKey(m.build(0, n))
}

func (m *model) isKey(value reflect.Value) (string, []any) {
	var terms []string
	var args []any
	for _, field := range m.schema.PrimaryFields {
		terms = append(terms, m.c(field)+" = ?")
		arg, _ := field.ValueOf(context.Background(), value)
		args = append(args, arg)
	}
	if len(terms) == 0 {
		panic(inapplicable{})
	}
	return strings.Join(terms, " AND "), args
}

// either joins the conditions of several rows with a word.
func (m *model) either(word string, numbers ...int) (string, []any) {
	var terms []string
	var args []any
	for _, n := range numbers {
		term, more := m.is(n)
		terms, args = append(terms, term), append(args, more...)
	}
	return strings.Join(terms, word), args
}

// sorted gives a chain the order that First and Last would choose, for models
// with a key of several columns: there GORM takes any column.
func (m *model) sorted(chain *gorm.DB) *gorm.DB {
	if m.schema.PrioritizedPrimaryField == nil {
		return chain.Order(m.order())
	}
	return chain
}

// tenantField returns the tenant column.
func (m *model) tenantField() *schema.Field {
	if m.tenant == nil {
		panic(inapplicable{})
	}
	return m.tenant
}

// tenantColumn is the tenant column's name in text.
func (m *model) tenantColumn() string { return m.c(m.tenantField()) }

// name writes an identifier as somebody would in text: quoted where it must be.
func (f *Fixture) name(identifier string) string {
	if plainName.MatchString(identifier) && !slices.Contains(reserved, identifier) {
		return identifier
	}
	return f.quote(identifier)
}

func (f *Fixture) quote(identifier string) string {
	return (&gorm.Statement{DB: f.shared}).Quote(identifier)
}

// set sets a field of a pointer to a value.
func (m *model) set(field *schema.Field, pointer reflect.Value, v any) {
	if err := field.Set(context.Background(), pointer.Elem(), v); err != nil {
		panic(fmt.Errorf("tenancytest: %s.%s takes no %T: %w", m.schema.Name, field.Name, v, err))
	}
}

// clear sets a field of a pointer to its zero value.
func (m *model) clear(field *schema.Field, pointer reflect.Value) {
	field.ReflectValueOf(context.Background(), pointer.Elem()).SetZero()
}

// attempt calls a method that may be inapplicable.
func attempt[T any](call func() T) (result T, ok bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case inapplicable:
			ok = false
		default:
			panic(r)
		}
	}()
	return call(), true
}

// holding returns a value with one field as in one of the tenant's rows.
func (m *model) holding(field *schema.Field, n int) any {
	pointer := reflect.New(m.schema.ModelType)
	m.set(field, pointer, m.of(field, n))
	return pointer.Interface()
}

// ids returns the keys of rows as a slice of their type.
func (m *model) ids(numbers ...int) any {
	slice := reflect.MakeSlice(reflect.SliceOf(m.key().FieldType), 0, len(numbers))
	for _, n := range numbers {
		slice = reflect.Append(slice, reflect.ValueOf(m.id(n)))
	}
	return slice.Interface()
}

// dto returns a pointer to a slice of a smaller struct: the key and some fields.
func (m *model) dto(fields ...*schema.Field) any {
	var list []reflect.StructField
	for _, field := range append([]*schema.Field{m.key()}, fields...) {
		list = append(list, reflect.StructField{
			Name: field.Name, Type: field.FieldType,
			Tag: reflect.StructTag(`gorm:"column:` + field.DBName + `"`),
		})
	}
	return reflect.New(reflect.SliceOf(reflect.StructOf(list))).Interface()
}

// byName turns columns' names into fields' names.
func (m *model) byName(columns map[string]any) map[string]any {
	fields := map[string]any{}
	for column, v := range columns {
		fields[m.schema.FieldsByDBName[column].Name] = v
	}
	return fields
}

// writtenNames are the columns of a value, the tenant's apart.
func (m *model) writtenNames() (names []string) {
	for _, field := range m.stored() {
		if field != m.tenant {
			names = append(names, field.DBName)
		}
	}
	return names
}

// taking returns a new value under the key of another. A key that consists of
// references is not for the taking: it refers to the other tenant's rows.
func (m *model) taking(n int, other any) any {
	value := m.made(n)
	if slices.ContainsFunc(m.links, func(l *link) bool { return l.inKey }) {
		panic(inapplicable{})
	}
	for _, field := range m.schema.PrimaryFields {
		m.with(value, field, m.in(field, other))
	}
	return value
}

// with sets a field of a value and returns the value.
func (m *model) with(value any, field *schema.Field, v any) any {
	m.set(field, reflect.ValueOf(value), v)
	return value
}

// in returns a field's value in a value.
func (m *model) in(field *schema.Field, value any) any {
	v, _ := field.ValueOf(context.Background(), reflect.ValueOf(value))
	return v
}
