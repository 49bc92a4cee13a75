//go:build cgo

package verify

import (
	"database/sql/driver"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	pg "github.com/pganalyze/pg_query_go/v6"
)

// A kind is what a tenant's id is made of.
type kind uint8

const (
	kindNone kind = iota
	kindText
	kindNumber
	kindUUID
)

// tenants are the scope's ids for one table.
type tenants struct {
	kind kind
	ids  []string // sorted, in canonical spelling
}

func newTenants(values []any) (tenants, bool) {
	var t tenants
	for _, value := range values {
		c, ok := constantOf(value)
		if !ok || t.kind != kindNone && t.kind != c.kind {
			return tenants{}, false
		}
		t.kind = c.kind
		t.ids = append(t.ids, c.text)
	}
	slices.Sort(t.ids)
	return t, len(t.ids) > 0
}

func (t *tenants) equal(o *tenants) bool { return t.kind == o.kind && slices.Equal(t.ids, o.ids) }

// A constant is a value that is known before the statement runs.
type constant struct {
	kind  kind
	text  string // in canonical spelling
	cast  string // the type that the text casts it to
	param *pg.ParamRef
}

// has reports whether comparing a tenant column with a constant leaves only
// rows of the scope. A cast must not be able to change what is compared.
func (t *tenants) has(c constant) bool {
	text := c.text
	switch t.kind {
	case kindUUID:
		if c.cast != "" && c.cast != "uuid" {
			return false
		}
		if c.kind == kindText {
			id, err := uuid.Parse(text)
			if err != nil {
				return false
			}
			text = id.String()
		} else if c.kind != kindUUID {
			return false
		}
	case kindText:
		if c.kind == kindUUID && c.cast != "" || c.kind == kindNumber || !slices.Contains([]string{"", "text", "varchar"}, c.cast) {
			return false
		}
	case kindNumber:
		quoted := c.kind == kindText && c.param == nil
		if c.kind != kindNumber && !quoted || !slices.Contains([]string{"", "int2", "int4", "int8"}, c.cast) {
			return false
		}
	default:
		return false
	}
	_, ok := slices.BinarySearch(t.ids, text)
	return ok
}

// constantOf reads a bound value. A type that decides itself what is sent is
// unknown, except uuid.UUID.
func constantOf(value any) (constant, bool) {
	if id, ok := value.(uuid.UUID); ok {
		return constant{kind: kindUUID, text: id.String()}, true
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		if id, ok := v.Interface().(*uuid.UUID); ok {
			return constantOf(*id)
		}
		if isValuer(v) {
			return constant{}, false
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer || isValuer(v) {
		return constant{}, false
	}
	switch {
	case v.Kind() == reflect.String:
		return constant{kind: kindText, text: v.String()}, true
	case v.CanInt():
		return constant{kind: kindNumber, text: strconv.FormatInt(v.Int(), 10)}, true
	case v.CanUint():
		return constant{kind: kindNumber, text: strconv.FormatUint(v.Uint(), 10)}, true
	case v.Kind() == reflect.Array && v.Type().ConvertibleTo(reflect.TypeFor[uuid.UUID]()):
		return constant{kind: kindUUID, text: v.Convert(reflect.TypeFor[uuid.UUID]()).Interface().(uuid.UUID).String()}, true
	}
	return constant{}, false
}

// isValuer reports whether a value decides itself what is sent.
func isValuer(v reflect.Value) bool {
	_, ok := v.Interface().(driver.Valuer)
	return ok
}

// constantsOf reads a bound slice.
func constantsOf(value any) ([]constant, bool) {
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 || isValuer(v) {
		return nil, false
	}
	list := make([]constant, 0, v.Len())
	for i := range v.Len() {
		c, ok := constantOf(v.Index(i).Interface())
		if !ok {
			return nil, false
		}
		list = append(list, c)
	}
	return list, true
}

// bound returns the value that a placeholder stands for.
func (j *judge) bound(p *pg.ParamRef) (any, bool) {
	i := int(p.GetNumber())
	if i < 1 || i > len(j.stmt.Vars) {
		return nil, false
	}
	return j.stmt.Vars[i-1], true
}

// constant reads a placeholder or a literal.
func (j *judge) constant(n *pg.Node) (constant, bool) {
	if p := n.GetParamRef(); p != nil {
		value, ok := j.bound(p)
		if !ok {
			return constant{}, false
		}
		c, ok := constantOf(value)
		c.param = p
		return c, ok
	}
	c := n.GetAConst()
	if c == nil || c.GetIsnull() {
		return constant{}, false
	}
	switch val := c.GetVal().(type) {
	case *pg.A_Const_Sval:
		return constant{kind: kindText, text: val.Sval.GetSval()}, true
	case *pg.A_Const_Ival:
		return constant{kind: kindNumber, text: strconv.FormatInt(int64(val.Ival.GetIval()), 10)}, true
	case *pg.A_Const_Fval:
		digits := val.Fval.GetFval()
		_, err := strconv.ParseUint(digits, 10, 64)
		return constant{kind: kindNumber, text: digits}, err == nil && !strings.HasPrefix(digits, "0")
	}
	return constant{}, false
}

// castName returns the name of a type that a tenant's value may be cast to; ""
// for others, and for one with a modifier or of an array.
func castName(t *pg.TypeName) string {
	if t == nil || len(t.GetTypmods()) > 0 || len(t.GetArrayBounds()) > 0 || t.GetSetof() || t.GetPctType() {
		return ""
	}
	names := t.GetNames()
	if len(names) == 2 && names[0].GetString_().GetSval() == "pg_catalog" {
		names = names[1:]
	}
	if len(names) != 1 {
		return ""
	}
	switch name := names[0].GetString_().GetSval(); name {
	case "uuid", "text", "varchar", "int2", "int4", "int8":
		return name
	}
	return ""
}

// params are a statement's placeholders.
type params struct {
	seen    []*pg.ParamRef
	tenants map[*pg.ParamRef]struct{} // those compared with a tenant column
	typed   map[int32]kind            // their numbers
}

// tenant notes that a placeholder was compared with a tenant column.
func (p *params) tenant(ref *pg.ParamRef, k kind) {
	if ref == nil {
		return
	}
	if p.tenants == nil {
		p.tenants, p.typed = map[*pg.ParamRef]struct{}{}, map[int32]kind{}
	}
	p.tenants[ref] = struct{}{}
	p.typed[ref.GetNumber()] = k
}

// checkParams refuses a tenant's placeholder that is also used elsewhere: the
// first use decides its type, and a lossy type ("char", real) would change the
// value that the tenant column is compared with. A UUID cannot be changed that
// way: it is compared with a UUID or not at all.
func (j *judge) checkParams() {
	for _, p := range j.params.seen {
		k, ok := j.params.typed[p.GetNumber()]
		if _, tenant := j.params.tenants[p]; !ok || tenant || k == kindUUID {
			continue
		}
		j.refuse(p.GetLocation(), "parameter", "also compared with a tenant column, whose type this use could change; bind the value twice")
	}
}
