//go:build cgo

package sqlguard

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

const reasonFunction = "a function that is not known to touch no table; list it in Options.Functions if it does not: "

func (c *compiler) funcCall(call *pg.FuncCall, f frame) {
	if c.source != nil {
		c.source.calls = true
	}
	if name, ok := c.functionName(call.GetFuncname()); ok && !c.allowed(name) {
		c.refuse(RuleFunction, call.GetLocation(), reasonFunction+name)
	}
	c.calls(call)
	c.exprs(call.GetArgs(), f)
	c.exprs(call.GetAggOrder(), f)
	c.expr(call.GetAggFilter(), f)
	c.window(call.GetOver(), f)
}

// functionName returns "name", or "schema.name" outside of pg_catalog.
func (c *compiler) functionName(parts []*pg.Node) (string, bool) {
	switch len(parts) {
	case 1:
		return lastName(parts), true
	case 2:
		schema, name := parts[0].GetString_().GetSval(), lastName(parts)
		if schema == "pg_catalog" {
			return name, true
		}
		return schema + "." + name, true
	default:
		c.refuse(RuleFunction, -1, "a function is named with its database; leave that out")
		return "", false
	}
}

// allowed reports whether a function may be called.
func (c *compiler) allowed(name string) bool {
	return sqltext.SafeFunction(name) || c.guard.functions[name]
}

func lastName(parts []*pg.Node) string {
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1].GetString_().GetSval()
}

// indirection is (value).name, which PostgreSQL also reads as name(value), or a
// subscript.
func (c *compiler) indirection(e *pg.A_Indirection, f frame) {
	c.expr(e.GetArg(), f)
	for _, n := range e.GetIndirection() {
		if name := n.GetString_(); name != nil {
			c.attribute(name.GetSval())
			continue
		}
		c.expr(n, f)
	}
}

func (c *compiler) attribute(name string) {
	if !outColumns[name] && !c.allowed(name) {
		c.refuse(RuleFunction, -1, "a name is selected from a value, which may call a function; select it from a table's alias, or list it in Options.Functions: "+name)
	}
}

// columnRef is alias.column; see valueAlias.
func (c *compiler) columnRef(e *pg.ColumnRef, f frame) {
	c.refers(e, f)
	fields := e.GetFields()
	if len(fields) < 2 || f.values == nil {
		return
	}
	alias := f.values.find(fields[0].GetString_().GetSval())
	name := fields[1].GetString_()
	if alias == nil || name == nil || name.GetSval() == alias.name {
		return
	}
	for _, column := range alias.columns {
		if column.GetString_().GetSval() == name.GetSval() {
			return
		}
	}
	c.attribute(name.GetSval())
}

// outColumns are the names of the columns that PostgreSQL's own functions
// return in FROM. No function that reads anything has one of these names.
var outColumns = set(`key value ordinality lexeme positions weights tokid token word ndoc nentry`)

// returnsRow are the functions whose value is a row: a name selected from one
// is a column, or a function of a row.
var returnsRow = set(`json_populate_record json_populate_recordset json_to_record json_to_recordset
jsonb_populate_record jsonb_populate_recordset jsonb_to_record jsonb_to_recordset
json_each json_each_text jsonb_each jsonb_each_text`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// valueFunction is one of the functions without parentheses.
func (c *compiler) valueFunction(e *pg.SQLValueFunction) {
	name := ""
	switch e.GetOp() {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME,
		pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP,
		pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N, pg.SQLValueFunctionOp_SVFOP_LOCALTIME,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:
		name = "current_user"
	case pg.SQLValueFunctionOp_SVFOP_USER:
		name = "user"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:
		name = "current_role"
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		name = "session_user"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		name = "current_catalog"
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		name = "current_schema"
	}
	if !c.allowed(name) {
		c.refuse(RuleFunction, e.GetLocation(), reasonFunction+name)
	}
}

// lookups are the types whose values are looked up in the catalogue by name.
var lookups = set(`regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regcollation`)

// typeName judges a type; nil for none.
func (c *compiler) typeName(t *pg.TypeName) {
	if t == nil {
		return
	}
	name := lastName(t.GetNames())
	if lookups[strings.TrimLeft(name, "_")] || t.GetPctType() { // _regclass is an array's
		c.refuse(RuleType, t.GetLocation(), "a type that looks names up in the catalogue: "+name)
	}
	c.exprs(t.GetTypmods(), frame{})
}
