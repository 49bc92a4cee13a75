package tenancy

import (
	"slices"

	"gorm.io/gorm/clause"
)

// adoptExpression replaces the subqueries in an expression of GORM's; see
// adoptValue. One of another package is left as it is: should a query come out
// of it, it counts as text and is refused.
func adoptExpression(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case nil, subquery, *chainSubquery:
	case chain:
		if isGenericChain(x) {
			return &chainSubquery{x}, true
		}
	case clause.Expr:
		if vars, changed := adoptList(x.Vars); changed {
			x.Vars = vars
			return x, true
		}
	case clause.NamedExpr:
		if vars, changed := adoptList(x.Vars); changed {
			x.Vars = vars
			return x, true
		}
	case clause.IN:
		if values, changed := adoptList(x.Values); changed {
			x.Values = values
			return x, true
		}
	case clause.Where:
		if exprs, changed := adoptExpressions(x.Exprs); changed {
			return clause.Where{Exprs: exprs}, true
		}
	case clause.AndConditions:
		if exprs, changed := adoptExpressions(x.Exprs); changed {
			return clause.AndConditions{Exprs: exprs}, true
		}
	case clause.OrConditions:
		if exprs, changed := adoptExpressions(x.Exprs); changed {
			return clause.OrConditions{Exprs: exprs}, true
		}
	case clause.NotConditions:
		if exprs, changed := adoptExpressions(x.Exprs); changed {
			return clause.NotConditions{Exprs: exprs}, true
		}
	case clause.CommaExpression:
		if exprs, changed := adoptExpressions(x.Exprs); changed {
			return clause.CommaExpression{Exprs: exprs}, true
		}
	default:
		return adoptClause(e)
	}
	return e, false
}

// adoptClause goes on with what stands in clauses only.
func adoptClause(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case clause.GroupBy:
		if having, changed := adoptExpressions(x.Having); changed {
			x.Having = having
			return x, true
		}
	case clause.OrderBy:
		if inner, changed := adoptExpression(x.Expression); changed {
			x.Expression = inner
			return x, true
		}
	case clause.Select:
		if inner, changed := adoptExpression(x.Expression); changed {
			x.Expression = inner
			return x, true
		}
	case clause.From:
		if joins, changed := adoptFromJoins(x.Joins); changed {
			x.Joins = joins
			return x, true
		}
	default:
		return adoptComparison(e)
	}
	return e, false
}

func adoptComparison(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case clause.Eq:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Eq{Column: x.Column, Value: value}, true
		}
	case clause.Neq:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Neq{Column: x.Column, Value: value}, true
		}
	case clause.Gt:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Gt{Column: x.Column, Value: value}, true
		}
	case clause.Gte:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Gte{Column: x.Column, Value: value}, true
		}
	case clause.Lt:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Lt{Column: x.Column, Value: value}, true
		}
	case clause.Lte:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Lte{Column: x.Column, Value: value}, true
		}
	case clause.Like:
		if value, changed := adoptValue(x.Value); changed {
			return clause.Like{Column: x.Column, Value: value}, true
		}
	}
	return e, false
}

func adoptExpressions(list []clause.Expression) ([]clause.Expression, bool) {
	changed := false
	for i, e := range list {
		adopted, ok := adoptExpression(e)
		if !ok {
			continue
		}
		if !changed {
			list, changed = slices.Clone(list), true
		}
		list[i] = adopted
	}
	return list, changed
}

func adoptFromJoins(list []clause.Join) ([]clause.Join, bool) {
	changed := false
	for i := range list {
		on, inOn := adoptExpressions(list[i].ON.Exprs)
		expression, inExpression := adoptExpression(list[i].Expression)
		if !inOn && !inExpression {
			continue
		}
		if !changed {
			list, changed = slices.Clone(list), true
		}
		list[i].ON.Exprs, list[i].Expression = on, expression
	}
	return list, changed
}
