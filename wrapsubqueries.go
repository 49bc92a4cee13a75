package tenancy

import (
	"database/sql"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// wrapExpression replaces the subqueries in an expression of GORM's, see
// wrapValue, and closes the comments of its texts. A query that comes out of
// another package's expression counts as text and is refused.
func wrapExpression(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case nil, subquery, *chainSubquery:
	case chain:
		if gormfacts.IsChain(x) {
			return &chainSubquery{x}, true
		}
	case clause.Expr:
		text, closed := closeComment(x.SQL)
		if vars, changed := wrapList(x.Vars); changed || closed {
			x.SQL, x.Vars = text, vars
			return x, true
		}
	case clause.NamedExpr:
		text, closed := closeComment(x.SQL)
		if vars, changed := wrapList(x.Vars); changed || closed {
			x.SQL, x.Vars = text, vars
			return x, true
		}
	case clause.IN:
		column, closed := closeName(x.Column)
		if values, changed := wrapList(x.Values); changed || closed {
			x.Column, x.Values = column, values
			return x, true
		}
	case clause.Where:
		if exprs, changed := wrapExpressions(x.Exprs); changed {
			return clause.Where{Exprs: exprs}, true
		}
	case clause.AndConditions:
		if exprs, changed := wrapExpressions(x.Exprs); changed {
			return clause.AndConditions{Exprs: exprs}, true
		}
	case clause.OrConditions:
		if exprs, changed := wrapExpressions(x.Exprs); changed {
			return clause.OrConditions{Exprs: exprs}, true
		}
	case clause.NotConditions:
		if exprs, changed := wrapExpressions(x.Exprs); changed {
			return clause.NotConditions{Exprs: exprs}, true
		}
	case clause.CommaExpression:
		if exprs, changed := wrapExpressions(x.Exprs); changed {
			return clause.CommaExpression{Exprs: exprs}, true
		}
	default:
		return wrapClause(e)
	}
	return e, false
}

// wrapClause goes on with what stands in clauses only.
func wrapClause(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case clause.GroupBy:
		columns, closed := closeColumns(x.Columns)
		if having, changed := wrapExpressions(x.Having); changed || closed {
			x.Columns, x.Having = columns, having
			return x, true
		}
	case clause.OrderBy:
		columns, closed := closeOrder(x.Columns)
		if inner, changed := wrapExpression(x.Expression); changed || closed {
			x.Columns, x.Expression = columns, inner
			return x, true
		}
	case clause.Select:
		columns, closed := closeColumns(x.Columns)
		if inner, changed := wrapExpression(x.Expression); changed || closed {
			x.Columns, x.Expression = columns, inner
			return x, true
		}
	case clause.From:
		tables, closed := changeEach(x.Tables, closeTable)
		if joins, changed := wrapFromJoins(x.Joins); changed || closed {
			x.Tables, x.Joins = tables, joins
			return x, true
		}
	case clause.Returning:
		if columns, closed := closeColumns(x.Columns); closed {
			x.Columns = columns
			return x, true
		}
	case clause.Locking:
		if table, closed := closeTable(x.Table); closed {
			x.Table = table
			return x, true
		}
	default:
		return wrapComparison(e)
	}
	return e, false
}

func wrapComparison(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case clause.Eq:
		return wrapPair(e, x)
	case clause.Neq:
		return wrapPair(e, x)
	case clause.Gt:
		return wrapPair(e, x)
	case clause.Gte:
		return wrapPair(e, x)
	case clause.Lt:
		return wrapPair(e, x)
	case clause.Lte:
		return wrapPair(e, x)
	case clause.Like:
		return wrapPair(e, x)
	}
	return e, false
}

// pair is a comparison of a column with a value.
type pair interface {
	clause.Eq | clause.Neq | clause.Gt | clause.Gte | clause.Lt | clause.Lte | clause.Like
	clause.Expression
}

func wrapPair[P pair](e clause.Expression, x P) (clause.Expression, bool) {
	eq := clause.Eq(x)
	column, closed := closeName(eq.Column)
	value, changed := wrapValue(eq.Value)
	if !changed && !closed {
		if isForeignValue(eq.Value) {
			return closeForeign(e)
		}
		return e, false
	}
	eq.Column, eq.Value = column, value
	return P(eq), true
}

func wrapExpressions(list []clause.Expression) ([]clause.Expression, bool) {
	return changeEach(list, wrapElement)
}

// wrapElement wraps an expression that stands beside others.
func wrapElement(e clause.Expression) (clause.Expression, bool) {
	if wrapped, changed := wrapExpression(e); changed || isGORMs(e) {
		return wrapped, changed
	}
	return closeForeign(e)
}

func wrapFromJoins(list []clause.Join) ([]clause.Join, bool) {
	return changeEach(list, func(join clause.Join) (clause.Join, bool) {
		on, inOn := wrapExpressions(join.ON.Exprs)
		expression, inExpression := wrapElement(join.Expression)
		join.ON.Exprs, join.Expression = on, expression
		return join, inOn || inExpression
	})
}

// wrapValue replaces the subqueries in a value by ones that are built for their
// statement. It copies what it changes, because the caller may use it again, and
// nothing else.
func wrapValue(value any) (any, bool) {
	switch v := value.(type) {
	case nil, string, int, int64, uint, subquery, *chainSubquery:
		return value, false
	case clause.Column:
		return closeName(value)
	case clause.Table:
		if table, closed := closeTable(v); closed {
			return table, true
		}
		return value, false
	case *gorm.DB:
		return subquery{v}, true
	case chain:
		if gormfacts.IsChain(v) {
			return &chainSubquery{v}, true
		}
	case sql.NamedArg:
		inner, changed := wrapVar(v.Value)
		v.Value = inner
		return v, changed
	case []any:
		return wrapList(v)
	case map[string]any:
		return wrapMap(v)
	case clause.Expression:
		if e, changed := wrapExpression(v); changed {
			return e, true
		}
		return value, false
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[*gorm.DB]() {
		list := make([]any, v.Len())
		for i := range list {
			list[i] = subquery{v.Index(i).Interface().(*gorm.DB)}
		}
		return list, true
	}
	return value, false
}

// wrapVar wraps a value that stands in a text.
func wrapVar(value any) (any, bool) {
	if wrapped, changed := wrapValue(value); changed {
		return wrapped, true
	}
	return closeForeignValue(value)
}

func wrapList(list []any) ([]any, bool) { return changeEach(list, wrapVar) }

func wrapMap(m map[string]any) (map[string]any, bool) {
	var wrapped map[string]any
	for key, value := range m {
		inner, changed := wrapVar(value)
		if !changed {
			continue
		}
		if wrapped == nil {
			wrapped = make(map[string]any, len(m))
			for k, v := range m {
				wrapped[k] = v
			}
		}
		wrapped[key] = inner
	}
	if wrapped == nil {
		return m, false
	}
	return wrapped, true
}

// wrapJoins replaces the subqueries in joins that GORM is still to turn into
// clauses.
func wrapJoins(stmt *gorm.Statement) {
	for i := range stmt.Joins {
		join := &stmt.Joins[i]
		if join.On != nil {
			if exprs, changed := wrapExpressions(join.On.Exprs); changed {
				join.On = &clause.Where{Exprs: exprs}
			}
		}
		join.Conds, _ = wrapList(join.Conds)
		join.Expression, _ = wrapExpression(join.Expression)
	}
}
