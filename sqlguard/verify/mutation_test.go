//go:build cgo

package verify_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// theirs is the breakage that no statement survives: where it is all there is
// of a value, the statement names another tenant.
const theirs = "another tenant's value"

// A breakage changes a node in one of several ways, or reports that there is
// no such way.
type breakage func(node any, way int) bool

// breakages are what authors of scoped SQL get wrong, one place at a time.
var breakages = map[string]breakage{
	theirs: func(node any, way int) bool {
		p, ok := node.(*pg.ParamRef)
		if ok && way == 0 {
			p.Number = 99
		}
		return ok && way == 0
	},
	"a conjunct is dropped": func(node any, way int) bool {
		b, ok := node.(*pg.BoolExpr)
		if !ok || b.Boolop != pg.BoolExprType_AND_EXPR || way >= len(b.Args) {
			return false
		}
		b.Args[way] = truth()
		return true
	},
	"OR for AND": func(node any, way int) bool {
		b, ok := node.(*pg.BoolExpr)
		ok = ok && way == 0 && b.Boolop == pg.BoolExprType_AND_EXPR
		if ok {
			b.Boolop = pg.BoolExprType_OR_EXPR
		}
		return ok
	},
	"another operator": func(node any, way int) bool {
		x, ok := node.(*pg.A_Expr)
		names := []string{"<>", "<=", ">="}
		if !ok || way >= len(names) || len(x.Name) != 1 || x.Name[0].GetString_().GetSval() != "=" {
			return false
		}
		x.Name[0].GetString_().Sval = names[way]
		return true
	},
	"another join": func(node any, way int) bool {
		x, ok := node.(*pg.JoinExpr)
		kinds := []pg.JoinType{pg.JoinType_JOIN_INNER, pg.JoinType_JOIN_LEFT, pg.JoinType_JOIN_RIGHT, pg.JoinType_JOIN_FULL}
		if !ok || way >= len(kinds) || x.Jointype == kinds[way] || x.Quals == nil && len(x.UsingClause) == 0 && !x.IsNatural {
			return false
		}
		x.Jointype = kinds[way]
		return true
	},
	"ON is dropped": func(node any, way int) bool {
		x, ok := node.(*pg.JoinExpr)
		ok = ok && way == 0 && x.Quals != nil
		if ok {
			x.Quals = truth()
		}
		return ok
	},
	"sides are swapped": func(node any, way int) bool {
		x, ok := node.(*pg.JoinExpr)
		ok = ok && way == 0
		if ok {
			x.Larg, x.Rarg = x.Rarg, x.Larg
		}
		return ok
	},
	"WHERE is dropped": func(node any, way int) bool {
		if way > 0 {
			return false
		}
		return exchange(node, "WhereClause", nil)
	},
	"WHERE is moved to ON": func(node any, way int) bool {
		x, ok := node.(*pg.SelectStmt)
		if !ok || way > 0 || x.WhereClause == nil || len(x.FromClause) == 0 {
			return false
		}
		join := x.FromClause[0].GetJoinExpr()
		if join == nil || join.Quals == nil {
			return false
		}
		join.Quals = and(join.Quals, x.WhereClause)
		x.WhereClause = nil
		return true
	},
	"ON is moved to WHERE": func(node any, way int) bool {
		x, ok := node.(*pg.SelectStmt)
		if !ok || way > 0 || x.WhereClause == nil || len(x.FromClause) == 0 {
			return false
		}
		join := x.FromClause[0].GetJoinExpr()
		if join == nil || join.Quals == nil {
			return false
		}
		x.WhereClause = and(join.Quals, x.WhereClause)
		join.Quals = truth()
		return true
	},
	"another column": func(node any, way int) bool {
		x, ok := node.(*pg.ColumnRef)
		if !ok || way > 0 || len(x.Fields) == 0 {
			return false
		}
		name := x.Fields[len(x.Fields)-1].GetString_()
		if name.GetSval() != "tenant_id" {
			return false
		}
		name.Sval = "id"
		return true
	},
	"a table's name is dropped": func(node any, way int) bool {
		x, ok := node.(*pg.ColumnRef)
		ok = ok && way == 0 && len(x.Fields) > 1 && x.Fields[1].GetAStar() == nil
		if ok {
			x.Fields = x.Fields[1:]
		}
		return ok
	},
	"another table's column": func(node any, way int) bool {
		x, ok := node.(*pg.ColumnRef)
		names := []string{"u", "o", "t", "n", "s", "x", "users", "orders", "excluded"}
		if !ok || way >= len(names) || len(x.Fields) != 2 || x.Fields[0].GetString_().GetSval() == names[way] {
			return false
		}
		x.Fields[0] = pg.MakeStrNode(names[way])
		return true
	},
	"NOT": func(node any, way int) bool {
		x, ok := node.(*pg.A_Expr)
		ok = ok && way == 0 && x.Kind == pg.A_Expr_Kind_AEXPR_OP
		if ok {
			inner := proto.Clone(x).(*pg.A_Expr)
			proto.Reset(x)
			x.Kind, x.Name, x.Rexpr = pg.A_Expr_Kind_AEXPR_OP, []*pg.Node{pg.MakeStrNode("=")}, pg.MakeBoolExprNode(pg.BoolExprType_NOT_EXPR, []*pg.Node{{Node: &pg.Node_AExpr{AExpr: inner}}}, 0)
			x.Lexpr = truth()
		}
		return ok
	},
	"another query of WITH": func(node any, way int) bool {
		x, ok := node.(*pg.CommonTableExpr)
		names := []string{"users", "orders", "tags"}
		if !ok || way >= len(names) {
			return false
		}
		x.Ctename = names[way]
		return true
	},
	"ALL for ANY": func(node any, way int) bool {
		x, ok := node.(*pg.A_Expr)
		ok = ok && way == 0 && x.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY
		if ok {
			x.Kind = pg.A_Expr_Kind_AEXPR_OP_ALL
		}
		return ok
	},
	"the target of the conflict": func(node any, way int) bool {
		x, ok := node.(*pg.InferClause)
		if !ok || way >= len(x.IndexElems) {
			return false
		}
		x.IndexElems = append(x.IndexElems[:way:way], x.IndexElems[way+1:]...)
		return len(x.IndexElems) > 0
	},
	"the columns of the insert": func(node any, way int) bool {
		x, ok := node.(*pg.InsertStmt)
		if !ok || way+1 >= len(x.Cols) {
			return false
		}
		x.Cols[way], x.Cols[way+1] = x.Cols[way+1], x.Cols[way]
		return true
	},
	"the columns of the query": func(node any, way int) bool {
		x, ok := node.(*pg.SelectStmt)
		if !ok || way+1 >= len(x.TargetList) {
			return false
		}
		x.TargetList[way], x.TargetList[way+1] = x.TargetList[way+1], x.TargetList[way]
		return true
	},
	"WITH is recursive": func(node any, way int) bool {
		x, ok := node.(*pg.WithClause)
		if ok && way == 0 {
			x.Recursive = !x.Recursive
		}
		return ok && way == 0
	},
	"LATERAL": func(node any, way int) bool {
		x, ok := node.(*pg.RangeSubselect)
		if ok && way == 0 {
			x.Lateral = !x.Lateral
		}
		return ok && way == 0
	},
}

func truth() *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: true}}}}}
}

func and(a, b *pg.Node) *pg.Node {
	return pg.MakeBoolExprNode(pg.BoolExprType_AND_EXPR, []*pg.Node{a, b}, 0)
}

// exchange sets a field that is set.
func exchange(node any, field string, value *pg.Node) bool {
	v := reflect.ValueOf(node).Elem().FieldByName(field)
	if !v.IsValid() || v.IsNil() {
		return false
	}
	v.Set(reflect.ValueOf(value))
	return true
}

// nodes visits all messages below one.
func nodes(v reflect.Value, visit func(proto.Message)) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			nodes(v.Elem(), visit)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return
		}
		if message, ok := v.Interface().(proto.Message); ok {
			visit(message)
		}
		for i := range v.Elem().NumField() {
			if v.Elem().Type().Field(i).IsExported() {
				nodes(v.Elem().Field(i), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			nodes(v.Index(i), visit)
		}
	}
}

// broken returns all texts that one breakage makes of a statement.
func broken(tb testing.TB, sql string, how breakage) []string {
	tb.Helper()
	tree, err := pg.Parse(sql)
	require.NoError(tb, err)
	var sites []proto.Message
	nodes(reflect.ValueOf(tree), func(node proto.Message) { sites = append(sites, node) })
	var texts []string
	for site := range sites {
		for way := 0; how(proto.Clone(sites[site]), way); way++ {
			mutant := proto.Clone(tree).(*pg.ParseResult)
			at := 0
			nodes(reflect.ValueOf(mutant), func(node proto.Message) {
				if at++; at == site+1 {
					how(node, way)
				}
			})
			if text, err := pg.Deparse(mutant); err == nil {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// What passes after it was broken is still answered as if the tenant were alone.
func TestMutations(t *testing.T) {
	t.Parallel()
	w := newTwin(t, "schema.sql.txt", corpusDump)
	scope := scopeOf(t, tenantA)
	refused, passed, failed := 0, 0, 0
	seen := map[string]bool{}
	for name, how := range breakages {
		for i, s := range corpus(t) {
			if !s.yes || testing.Short() && i%4 > 0 {
				continue
			}
			sql, vars := bind(s.sql)
			vars = append(vars, tenantB)
			for _, text := range broken(t, sql, how) {
				text, vars := renumber(text, vars)
				key := fmt.Sprint(text, vars)
				if seen[key] {
					continue
				}
				seen[key] = true
				if verify.Statement(statement(scope, text, vars...)) != nil {
					refused++
					continue
				}
				if passed++; name == theirs && !strings.Contains(s.sql, "$4") && s.reason != "unqualified and outer, where the inner query's columns are all known" {
					t.Errorf("%s passes\n%s", name, text)
				}
				difference, fails := w.differ(t, text, vars)
				if fails {
					failed++
				}
				if difference != "" {
					t.Errorf("%s: %s\n%s\nfrom\n%s", name, difference, text, sql)
				}
			}
		}
	}
	t.Logf("%d mutants are refused, %d pass, of which PostgreSQL refuses %d", refused, passed, failed)
	require.Greater(t, refused, 200)
}
