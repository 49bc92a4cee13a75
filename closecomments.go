package tenancy

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// This file ends each text's line comment where the text ends. GORM writes texts on one
// line, so that an open comment would hide the conditions, columns and joins after it,
// such as the condition of a soft delete.

// closeComment ends a text's line comment, if it is open at the end.
func closeComment(text string) (string, bool) {
	if !sqltext.EndsInComment(text) {
		return text, false
	}
	return text + "\n", true
}

func closeColumn(c clause.Column) (clause.Column, bool) {
	if !c.Raw {
		return c, false
	}
	name, closed := closeComment(c.Name)
	c.Name = name
	return c, closed
}

func closeColumns(list []clause.Column) ([]clause.Column, bool) { return wrapEach(list, closeColumn) }

func closeOrder(list []clause.OrderByColumn) ([]clause.OrderByColumn, bool) {
	return wrapEach(list, func(c clause.OrderByColumn) (clause.OrderByColumn, bool) {
		column, closed := closeColumn(c.Column)
		c.Column = column
		return c, closed
	})
}

func closeTable(t clause.Table) (clause.Table, bool) {
	if !t.Raw {
		return t, false
	}
	name, closed := closeComment(t.Name)
	t.Name = name
	return t, closed
}

// closeName closes what a comparison has on its left, if that is text.
func closeName(name any) (any, bool) {
	switch x := name.(type) {
	case clause.Column:
		if column, closed := closeColumn(x); closed {
			return column, true
		}
	case clause.Expr:
		if text, closed := closeComment(x.SQL); closed {
			x.SQL = text
			return x, true
		}
	}
	return name, false
}

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

func closeBuilt(b clause.Builder, build func(*gorm.Statement)) {
	if stmt, ok := b.(*gorm.Statement); ok {
		before := stmt.SQL.Len()
		build(stmt)
		closeSince(stmt, before)
	}
}

// closeSince ends the line comment of what was written since a position.
func closeSince(stmt *gorm.Statement, before int) {
	if text := stmt.SQL.String(); before <= len(text) && sqltext.EndsInComment(text[before:]) {
		stmt.WriteByte('\n')
	}
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
