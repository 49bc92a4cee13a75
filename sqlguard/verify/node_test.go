//go:build cgo

package verify

import (
	"context"
	"reflect"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// poison is refused wherever it is looked at.
func poison() *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: []*pg.Node{{Node: &pg.Node_String_{String_: &pg.String{Sval: "poison"}}}},
	}}}
}

func emptyJudge() *judge {
	scope, _ := tenancy.From(tenancy.With(context.Background(), 1))
	return newJudge(new(Verifier), tenancy.RawStatement{Dialect: "postgres", Scope: scope, Table: func(string, string) (tenancy.TenantTable, bool) {
		return tenancy.TenantTable{}, false
	}})
}

// Every part of every kind of node is judged: a function that is not known is
// found in whichever field it stands, through whatever stands around it.
func TestEveryPartIsJudged(t *testing.T) {
	t.Parallel()
	fields := 0
	for kind := range parts {
		for i := range kind.Elem().NumField() {
			field := kind.Elem().Field(i)
			value := filled(field.Type, 4)
			if !field.IsExported() || !value.IsValid() {
				continue
			}
			node := reflect.New(kind.Elem())
			node.Elem().Field(i).Set(value)
			if _, ok := node.Interface().(*pg.SubLink); ok && field.Name == "Xpr" {
				continue // never set by the parser
			}
			j := emptyJudge()
			j.visit(node.Interface(), env{})
			require.Error(t, j.err, "%s.%s", kind.Elem().Name(), field.Name)
			fields++
		}
	}
	require.Greater(t, fields, 120)
}

// filled returns a value of a field's type with poison in it, or none.
func filled(t reflect.Type, depth int) reflect.Value {
	switch {
	case t == nodeType:
		return reflect.ValueOf(poison())
	case t == reflect.SliceOf(nodeType):
		return reflect.ValueOf([]*pg.Node{nil, poison()})
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && depth > 0:
		node := reflect.New(t.Elem())
		for i := range t.Elem().NumField() {
			if !t.Elem().Field(i).IsExported() {
				continue
			}
			if value := filled(t.Elem().Field(i).Type, depth-1); value.IsValid() {
				node.Elem().Field(i).Set(value)
				return node
			}
		}
	}
	return reflect.Value{}
}

// Kinds of node that are not listed are refused.
func TestUnknownKindsAreRefused(t *testing.T) {
	t.Parallel()
	fields := (&pg.Node{}).ProtoReflect().Descriptor().Oneofs().Get(0).Fields()
	require.Greater(t, fields.Len(), 250)
	known := 0
	for i := range fields.Len() {
		n := &pg.Node{}
		n.ProtoReflect().Set(fields.Get(i), n.ProtoReflect().NewField(fields.Get(i)))
		kind := reflect.TypeOf(content(n))
		if parts[kind] != nil {
			known++
			continue
		}
		switch content(n).(type) {
		case *pg.SelectStmt, *pg.ColumnRef, *pg.ParamRef, *pg.SQLValueFunction:
			known++
			continue
		}
		j := emptyJudge()
		j.visit(content(n), env{})
		require.Error(t, j.err, kind)
	}
	require.Less(t, known, 80)
}

// Statements and items of FROM that are not known are refused as well.
func TestUnknownStatementsAreRefused(t *testing.T) {
	t.Parallel()
	fields := (&pg.Node{}).ProtoReflect().Descriptor().Oneofs().Get(0).Fields()
	statements, items := 0, 0
	for i := range fields.Len() {
		n := &pg.Node{}
		n.ProtoReflect().Set(fields.Get(i), n.ProtoReflect().NewField(fields.Get(i)))
		j := emptyJudge()
		j.statement(n)
		if j.err == nil {
			statements++
		}
		j = emptyJudge()
		j.fromNode(n, from{level: newLevel()})
		if j.err == nil {
			items++
		}
	}
	require.Equal(t, 1, statements, "an empty SELECT")
	require.LessOrEqual(t, items, 3, "empty XMLTABLE, JSON_TABLE, and a subquery")
}
