//go:build cgo

package verify

import (
	"fmt"
	"reflect"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// parts are the kinds of node in expressions that need no rule of their own:
// they are judged by all of their parts. A kind that is neither listed nor has
// a rule in visit is refused.
var parts = shapesOf(
	&pg.A_ArrayExpr{}, &pg.A_Const{}, &pg.A_Expr{}, &pg.A_Indices{}, &pg.A_Indirection{}, &pg.A_Star{},
	&pg.BitString{}, &pg.Boolean{}, &pg.BooleanTest{}, &pg.BoolExpr{}, &pg.CaseExpr{}, &pg.CaseWhen{},
	&pg.CoalesceExpr{}, &pg.CollateClause{}, &pg.ColumnDef{}, &pg.Float{}, &pg.FuncCall{}, &pg.GroupingFunc{},
	&pg.GroupingSet{}, &pg.IndexElem{}, &pg.InferClause{}, &pg.Integer{}, &pg.JsonAggConstructor{},
	&pg.JsonArgument{}, &pg.JsonArrayAgg{}, &pg.JsonArrayConstructor{}, &pg.JsonArrayQueryConstructor{},
	&pg.JsonBehavior{}, &pg.JsonFormat{}, &pg.JsonFuncExpr{}, &pg.JsonIsPredicate{}, &pg.JsonKeyValue{},
	&pg.JsonObjectAgg{}, &pg.JsonObjectConstructor{}, &pg.JsonOutput{}, &pg.JsonParseExpr{},
	&pg.JsonReturning{}, &pg.JsonScalarExpr{}, &pg.JsonSerializeExpr{}, &pg.JsonTable{}, &pg.JsonTableColumn{},
	&pg.JsonTablePathSpec{}, &pg.JsonValueExpr{}, &pg.List{}, &pg.MergeSupportFunc{}, &pg.MinMaxExpr{},
	&pg.MultiAssignRef{}, &pg.NamedArgExpr{}, &pg.NullTest{}, &pg.RangeFunction{}, &pg.RangeTableFunc{},
	&pg.RangeTableFuncCol{}, &pg.ResTarget{}, &pg.RowExpr{}, &pg.SetToDefault{}, &pg.SortBy{}, &pg.String{},
	&pg.SubLink{}, &pg.TypeCast{}, &pg.TypeName{}, &pg.WindowDef{}, &pg.XmlExpr{}, &pg.XmlSerialize{}, &pg.Alias{},
)

// A shape lists the fields of a kind of node that hold nodes.
type shape struct {
	name   string
	single []int
	lists  []int
}

var nodeType = reflect.TypeFor[*pg.Node]()

func shapesOf(kinds ...any) map[reflect.Type]*shape {
	shapes := make(map[reflect.Type]*shape, len(kinds))
	for _, kind := range kinds {
		t := reflect.TypeOf(kind)
		shapes[t] = shapeOf(t.Elem())
	}
	return shapes
}

// shapeOf reads a kind's fields. A field that it does not understand is a
// mistake of the program, found when the package is loaded.
func shapeOf(t reflect.Type) *shape {
	s := &shape{name: t.Name()}
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			continue
		}
		switch kind := field.Type.Kind(); {
		case kind == reflect.Pointer:
			s.single = append(s.single, i)
		case field.Type == reflect.SliceOf(nodeType):
			s.lists = append(s.lists, i)
		case kind == reflect.Bool, kind == reflect.Int32, kind == reflect.Uint32, kind == reflect.Int64, kind == reflect.Uint64, kind == reflect.String:
		case t == reflect.TypeFor[pg.A_Const]() && field.Name == "Val":
		default:
			panic(fmt.Sprintf("verify: %s.%s is a %s", t.Name(), field.Name, field.Type))
		}
	}
	return s
}

// content returns what a node wraps; nil if it wraps nothing.
func content(n *pg.Node) any {
	if n.GetNode() == nil {
		return nil
	}
	return reflect.ValueOf(n.GetNode()).Elem().Field(0).Interface()
}

// walk judges an expression: its functions, types, and the queries inside.
func (j *judge) walk(n *pg.Node, e env) {
	if part := content(n); part != nil {
		j.visit(part, e)
	}
}

func (j *judge) walkAll(list []*pg.Node, e env) {
	for _, n := range list {
		j.walk(n, e)
	}
}

// children judges the parts of a node.
func (j *judge) children(part any, e env) {
	v := reflect.ValueOf(part)
	s := parts[v.Type()]
	if s == nil {
		j.refuse(-1, "expression", "a "+v.Type().Elem().Name()+" is not known to be safe")
		return
	}
	v = v.Elem()
	for _, i := range s.single {
		field := v.Field(i)
		if field.IsNil() {
			continue
		}
		switch child := field.Interface().(type) {
		case *pg.Node:
			j.walk(child, e)
		default:
			j.visit(child, e)
		}
	}
	for _, i := range s.lists {
		j.walkAll(v.Field(i).Interface().([]*pg.Node), e)
	}
}
