package tenancy

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// This file ends the line comments of expressions and values of other packages, whose
// text is known only when they are built.

// closing is an expression or a value of another package, whose text is known when it
// is built.
type closing struct {
	expression clause.Expression
	value      any // if there is no expression
}

// Build implements [clause.Expression].
func (c closing) Build(b clause.Builder) {
	closeBuilt(b, func(stmt *gorm.Statement) {
		if c.expression != nil {
			c.expression.Build(stmt)
		} else {
			stmt.AddVar(stmt, c.value)
		}
	})
}

// closingNegation is an expression that writes its negation itself.
type closingNegation struct {
	closing
	negation clause.NegationExpressionBuilder
}

// NegationBuild implements [clause.NegationExpressionBuilder].
func (c closingNegation) NegationBuild(b clause.Builder) {
	closeBuilt(b, func(stmt *gorm.Statement) { c.negation.NegationBuild(stmt) })
}

func closeForeign(e clause.Expression) (clause.Expression, bool) {
	if x, ok := e.(clause.NegationExpressionBuilder); ok {
		return closingNegation{closing{expression: e}, x}, true
	}
	return closing{expression: e}, true
}

// closeForeignValue closes a value that writes text. A list is left as it is, because
// GORM writes each of its elements.
func closeForeignValue(value any) (any, bool) {
	if !isForeignValue(value) {
		return value, false
	}
	switch reflect.ValueOf(value).Kind() {
	case reflect.Slice, reflect.Array:
		return value, false
	}
	return closing{value: value}, true
}

// isForeignValue reports whether a value writes text that another package makes.
func isForeignValue(value any) bool {
	switch x := value.(type) {
	case nil, string, int, int64, uint, clause.Column, clause.Table:
		return false
	case gorm.Valuer:
		return true
	case clause.Expression:
		return !isGORMs(x)
	}
	return false
}

// isGORMs reports whether an expression is one of GORM's, whose texts are known, or of
// this package.
func isGORMs(e clause.Expression) bool {
	switch e.(type) {
	case nil, chain, subquery, *chainSubquery, closing, closingNegation,
		clause.Expr, clause.NamedExpr, clause.IN, clause.Where, clause.AndConditions, clause.OrConditions,
		clause.NotConditions, clause.CommaExpression, clause.Eq, clause.Neq, clause.Gt, clause.Gte, clause.Lt,
		clause.Lte, clause.Like:
		return true
	}
	return false
}
