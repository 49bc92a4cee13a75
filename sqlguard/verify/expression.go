//go:build cgo

package verify

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// visit judges a node of an expression: by a rule for its kind, if there is
// one, and by its parts.
func (j *judge) visit(part any, e env) {
	switch x := part.(type) {
	case *pg.SelectStmt:
		j.selectStmt(x, e)
		return
	case *pg.SubLink:
		j.subLink(x, e)
		return
	case *pg.ColumnRef:
		j.columnRef(x, e.names)
		return
	case *pg.ParamRef:
		j.params.seen = append(j.params.seen, x)
		return
	case *pg.SQLValueFunction:
		j.sqlValue(x)
		return
	case *pg.FuncCall:
		j.function(x)
	case *pg.A_Indirection:
		j.attributes(x)
	case *pg.A_Expr:
		j.operator(x.GetName(), x.GetLocation())
	case *pg.SortBy:
		j.operator(x.GetUseOp(), x.GetLocation())
	case *pg.TypeName:
		j.typeName(x)
	}
	j.children(part, e)
}

// subLink judges a subquery in an expression, and keeps its output.
func (j *judge) subLink(x *pg.SubLink, e env) {
	j.walk(x.GetTestexpr(), e)
	j.operator(x.GetOperName(), x.GetLocation())
	if j.sublinks == nil {
		j.sublinks = map[*pg.SubLink]*output{}
	}
	j.sublinks[x] = j.query(x.GetSubselect(), e)
	j.noteLink(x, e)
}

// columnRef makes sure that a column's qualifier is known here. A name
// qualified by a function in FROM could be a call, because the row of such a
// function is just its value.
func (j *judge) columnRef(x *pg.ColumnRef, s *scope) {
	names := x.GetFields()
	if len(names) < 2 {
		return
	}
	rel, found := s.relation(names[:len(names)-1])
	if !found {
		j.refuse(x.GetLocation(), "column", "names no table of its query; qualify it with a table or alias in FROM")
		return
	}
	name := names[len(names)-1].GetString_()
	if rel != nil && rel.fields != nil && name != nil && !slices.Contains(rel.fields, name.GetSval()) && !j.callable(name.GetSval()) {
		j.refuse(x.GetLocation(), "attribute "+strconv.Quote(name.GetSval()), "could be a function's call; name the columns of the function in its alias")
	}
}

// callable reports whether a function without a schema may be called.
func (j *judge) callable(name string) bool {
	_, declared := j.functions[name]
	return declared || sqltext.SafeFunction(name)
}

// function judges a function by its name.
func (j *judge) function(x *pg.FuncCall) {
	names := make([]string, 0, 2)
	for _, n := range x.GetFuncname() {
		names = append(names, n.GetString_().GetSval())
	}
	full := strings.Join(names, ".")
	_, declared := j.functions[full]
	if len(names) == 2 && names[0] == "pg_catalog" {
		names = names[1:]
	}
	if !declared && (len(names) != 1 || !sqltext.SafeFunction(names[0])) {
		j.refuse(x.GetLocation(), "function "+strconv.Quote(full), "not known to be safe; declare it if it shows nothing of other tenants")
	}
}

// attributes judges (expression).name, which PostgreSQL reads as a call if the
// expression has no such field.
func (j *judge) attributes(x *pg.A_Indirection) {
	for _, n := range x.GetIndirection() {
		if name := n.GetString_(); name != nil && !j.callable(name.GetSval()) {
			j.refuse(-1, "attribute "+strconv.Quote(name.GetSval()), "could be a function's call; write table.column, or declare the function")
		}
	}
}

// operator refuses operators of other schemas. Unqualified ones are assumed to
// be PostgreSQL's.
func (j *judge) operator(name []*pg.Node, at int32) {
	if len(name) > 1 && (len(name) > 2 || name[0].GetString_().GetSval() != "pg_catalog") {
		j.refuse(at, "operator", "of a schema that is not known; write it without OPERATOR()")
	}
}

// catalogueTypes look names up in the catalogue.
var catalogueTypes = []string{
	"regclass", "regcollation", "regnamespace", "regoper", "regoperator", "regproc",
	"regprocedure", "regrole", "regtype",
}

func (j *judge) typeName(x *pg.TypeName) {
	names := x.GetNames()
	if x.GetPctType() || len(names) == 0 {
		j.refuse(x.GetLocation(), "type", "refers to a column (%TYPE); write the type itself")
		return
	}
	// The type of an array is that of its elements after an underscore.
	if name := strings.TrimLeft(names[len(names)-1].GetString_().GetSval(), "_"); slices.Contains(catalogueTypes, name) {
		j.refuse(x.GetLocation(), "type "+name, "looks names up in the catalogue")
	}
}

// sqlValue judges functions that are written without parentheses: dates pass,
// those that reveal the session do not.
func (j *judge) sqlValue(x *pg.SQLValueFunction) {
	switch x.GetOp() {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE,
		pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N,
		pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
	default:
		j.refuse(x.GetLocation(), "function", "shows the session; leave it out")
	}
}
