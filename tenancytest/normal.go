package tenancytest

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// What operations answer is brought into a normal form before it is compared:
// trees of map[string]any, []any (in order), bag (in any order) and leaves,
// which are nil, bool, int64, float64, string and generated.
type (
	bag []any
	// generated is a number that the database generated in this operation. Two
	// databases need not agree on it, only on which is which.
	generated struct {
		table  string
		number int64
	}
)

// base is where the numbers that a table generates begin.
type base struct {
	table string
	from  int64
}

// normalizer brings values of one database into normal form.
type normalizer struct {
	f       *Fixture
	bases   []base
	ordered bool
	// masked makes the own tenant's id and none look the same, since the oracle
	// does not fill it in.
	masked bool
	seen   []uintptr
}

const tenantMask = "(tenant)"

func (n *normalizer) value(v any) any { return n.of(reflect.ValueOf(v)) }

func (n *normalizer) of(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		return n.of(v.Elem())
	case reflect.Pointer:
		return n.pointer(v)
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case time.Time:
			return n.time(x)
		case driver.Valuer:
			inner, err := x.Value()
			if err != nil {
				return "(" + err.Error() + ")"
			}
			if _, again := inner.(driver.Valuer); !again {
				return n.of(reflect.ValueOf(inner))
			}
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		return n.structure(v)
	case reflect.Map:
		return n.mapping(v)
	case reflect.Slice, reflect.Array:
		return n.list(v)
	}
	return n.leaf(v)
}

func (n *normalizer) pointer(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	if slices.Contains(n.seen, v.Pointer()) {
		return "(cycle)"
	}
	n.seen = append(n.seen, v.Pointer())
	defer func() { n.seen = n.seen[:len(n.seen)-1] }()
	return n.of(v.Elem())
}

func (n *normalizer) structure(v reflect.Value) any {
	tree := map[string]any{}
	n.fields(v, tree, n.f.tenantNames(v.Type()))
	return tree
}

func (n *normalizer) fields(v reflect.Value, tree map[string]any, tenant []string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case field.Anonymous && v.Field(i).Kind() == reflect.Struct && !isValuer(v.Field(i)):
			n.fields(v.Field(i), tree, tenant)
		case !field.IsExported():
		case field.Tag.Get("tenancy") == "tenant" || slices.Contains(tenant, field.Name):
			tree[field.Name] = n.tenant(n.of(v.Field(i)))
		default:
			tree[field.Name] = n.of(v.Field(i))
		}
	}
}

func isValuer(v reflect.Value) bool {
	_, ok := v.Interface().(driver.Valuer)
	return ok
}

func (n *normalizer) mapping(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	tree := map[string]any{}
	for _, key := range v.MapKeys() {
		name := fmt.Sprint(key.Interface())
		value := n.of(v.MapIndex(key))
		if n.f.isTenantName(name) {
			if value = n.tenant(value); n.masked && value == tenantMask {
				continue // filled in or not
			}
		}
		tree[name] = value
	}
	return tree
}

func (n *normalizer) list(v reflect.Value) any {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		data := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(data), v)
		if utf8.Valid(data) {
			return n.string(string(data))
		}
		return hex.EncodeToString(data)
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = n.of(v.Index(i))
	}
	if n.ordered {
		return items
	}
	return bag(items)
}

func (n *normalizer) leaf(v reflect.Value) any {
	switch {
	case v.CanInt():
		return n.number(v.Int())
	case v.CanUint():
		return n.number(int64(v.Uint()))
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.Kind() == reflect.String:
		return n.string(v.String())
	}
	return "(" + v.Type().String() + ")"
}

// sequenceRoom is how many numbers a table may generate before they look like
// those of the next one.
const sequenceRoom = 50_000

func (n *normalizer) number(i int64) any {
	for _, b := range n.bases {
		if i >= b.from && i < b.from+sequenceRoom {
			return generated{b.table, i}
		}
	}
	return i
}

// decimal is a number as some column types come out of the database.
var decimal = regexp.MustCompile(`^-?[0-9]+\.[0-9]+$`)

func (n *normalizer) string(s string) any {
	if decimal.MatchString(s) {
		if number, err := strconv.ParseFloat(s, 64); err == nil {
			return number
		}
	}
	if id, err := uuid.Parse(s); err == nil && len(s) == 36 && id != uuid.Nil && !strings.HasPrefix(s, uuidPrefix) {
		if ids := n.f.spelled(); s != ids[0] && s != ids[1] {
			return "(generated uuid)"
		}
	}
	return s
}

func (n *normalizer) time(t time.Time) any {
	if age := time.Since(t); age > -time.Hour && age < time.Hour {
		return "(now)" // of the database
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}

// tenant masks the value of a tenant column.
func (n *normalizer) tenant(leaf any) any {
	if n.masked && (isNone(leaf) || spell(leaf) == n.f.spelled()[0]) {
		return tenantMask
	}
	return leaf
}

func isNone(leaf any) bool {
	switch leaf {
	case nil, "", int64(0), uuid.Nil.String():
		return true
	}
	return false
}

func spell(leaf any) string { return fmt.Sprint(leaf) }

// spelled are the tenants' ids as they come out of the database.
func (f *Fixture) spelled() [2]string {
	return [2]string{fmt.Sprint(f.tenants[0]), fmt.Sprint(f.tenants[1])}
}

// tenantNames are the Go fields of a type that hold the tenant without saying so
// in a tag.
func (f *Fixture) tenantNames(typ reflect.Type) []string {
	for _, m := range f.models {
		if m.schema.ModelType == typ && m.tenant != nil {
			return []string{m.tenant.Name}
		}
	}
	return nil
}

func (f *Fixture) isTenantName(name string) bool {
	return slices.ContainsFunc(f.models, func(m *model) bool {
		return m.tenant != nil && !m.root && (name == m.tenant.DBName || name == m.tenant.Name)
	})
}

// walk visits the leaves of a tree.
func walk(tree any, visit func(leaf any)) {
	switch t := tree.(type) {
	case map[string]any:
		for _, item := range t {
			walk(item, visit)
		}
	case []any:
		for _, item := range t {
			walk(item, visit)
		}
	case bag:
		walk([]any(t), visit)
	default:
		visit(tree)
	}
}

// labels numbers what was generated in the order in which it was generated.
func labels(trees ...any) map[generated]string {
	found := map[generated]bool{}
	for _, tree := range trees {
		walk(tree, func(leaf any) {
			if g, ok := leaf.(generated); ok {
				found[g] = true
			}
		})
	}
	sorted := slices.SortedFunc(maps.Keys(found), func(a, b generated) int { return int(a.number - b.number) })
	names, last := map[generated]string{}, map[string]int{}
	for _, g := range sorted {
		last[g.table]++
		names[g] = fmt.Sprintf("(%s %d)", g.table, last[g.table])
	}
	return names
}

// render writes a tree so that equal ones are equal as text.
func render(tree any, names map[generated]string) string {
	switch t := tree.(type) {
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(t)) {
			parts = append(parts, key+": "+render(t[key], names))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(t))
		for i, item := range t {
			parts[i] = render(item, names)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case bag:
		parts := make([]string, len(t))
		for i, item := range t {
			parts[i] = render(item, names)
		}
		slices.Sort(parts)
		return "[" + strings.Join(parts, ", ") + "]"
	case generated:
		return names[t]
	case string:
		return strconv.Quote(t)
	case float64:
		return strconv.FormatFloat(t, 'g', 12, 64)
	default:
		return fmt.Sprint(t)
	}
}
