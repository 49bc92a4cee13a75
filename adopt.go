package tenancy

import (
	"database/sql"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// adoptExpression replaces the subqueries in an expression of GORM's; see
// adoptValue. One of another package is left as it is: should a query come out
// of it, it counts as text and is refused.
func adoptExpression(e clause.Expression) (clause.Expression, bool) {
	switch x := e.(type) {
	case nil, subquery, *chainSubquery:
	case chain:
		if gormfacts.IsChain(x) {
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
		return adoptPair(e, x)
	case clause.Neq:
		return adoptPair(e, x)
	case clause.Gt:
		return adoptPair(e, x)
	case clause.Gte:
		return adoptPair(e, x)
	case clause.Lt:
		return adoptPair(e, x)
	case clause.Lte:
		return adoptPair(e, x)
	case clause.Like:
		return adoptPair(e, x)
	}
	return e, false
}

// pair is a comparison of a column with a value.
type pair interface {
	clause.Eq | clause.Neq | clause.Gt | clause.Gte | clause.Lt | clause.Lte | clause.Like
	clause.Expression
}

func adoptPair[P pair](e clause.Expression, x P) (clause.Expression, bool) {
	eq := clause.Eq(x)
	value, changed := adoptValue(eq.Value)
	if !changed {
		return e, false
	}
	eq.Value = value
	return P(eq), true
}

// adoptEach adopts the elements of a list, which is copied when one changes.
func adoptEach[T any](list []T, adopt func(T) (T, bool)) ([]T, bool) {
	changed := false
	for i, element := range list {
		adopted, ok := adopt(element)
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

func adoptExpressions(list []clause.Expression) ([]clause.Expression, bool) {
	return adoptEach(list, adoptExpression)
}

func adoptFromJoins(list []clause.Join) ([]clause.Join, bool) {
	return adoptEach(list, func(join clause.Join) (clause.Join, bool) {
		on, inOn := adoptExpressions(join.ON.Exprs)
		expression, inExpression := adoptExpression(join.Expression)
		join.ON.Exprs, join.Expression = on, expression
		return join, inOn || inExpression
	})
}

// adoptValue replaces the subqueries in a value by ones that are built for their
// statement. It copies what it changes, because the caller may use it again, and
// nothing else.
func adoptValue(value any) (any, bool) {
	switch v := value.(type) {
	case nil, string, int, int64, uint, subquery, *chainSubquery, clause.Column, clause.Table:
		return value, false
	case *gorm.DB:
		return subquery{v}, true
	case chain:
		if gormfacts.IsChain(v) {
			return &chainSubquery{v}, true
		}
	case sql.NamedArg:
		inner, changed := adoptValue(v.Value)
		v.Value = inner
		return v, changed
	case []any:
		return adoptList(v)
	case map[string]any:
		return adoptMap(v)
	case clause.Expression:
		return adoptAnyExpression(v)
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

func adoptAnyExpression(e clause.Expression) (any, bool) {
	if e, changed := adoptExpression(e); changed {
		return e, true
	}
	return e, false
}

func adoptList(list []any) ([]any, bool) { return adoptEach(list, adoptValue) }

func adoptMap(m map[string]any) (map[string]any, bool) {
	var adopted map[string]any
	for key, value := range m {
		inner, changed := adoptValue(value)
		if !changed {
			continue
		}
		if adopted == nil {
			adopted = make(map[string]any, len(m))
			for k, v := range m {
				adopted[k] = v
			}
		}
		adopted[key] = inner
	}
	if adopted == nil {
		return m, false
	}
	return adopted, true
}

// adoptJoins replaces the subqueries in joins that GORM is still to turn into
// clauses.
func adoptJoins(stmt *gorm.Statement) {
	for i := range stmt.Joins {
		join := &stmt.Joins[i]
		if join.On != nil {
			if exprs, changed := adoptExpressions(join.On.Exprs); changed {
				join.On = &clause.Where{Exprs: exprs}
			}
		}
		join.Conds, _ = adoptList(join.Conds)
		join.Expression, _ = adoptExpression(join.Expression)
	}
}
