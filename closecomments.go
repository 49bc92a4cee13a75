package tenancy

import (
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

func closeColumns(list []clause.Column) ([]clause.Column, bool) { return changeEach(list, closeColumn) }

func closeOrder(list []clause.OrderByColumn) ([]clause.OrderByColumn, bool) {
	return changeEach(list, func(c clause.OrderByColumn) (clause.OrderByColumn, bool) {
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
