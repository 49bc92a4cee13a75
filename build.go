package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// writeClause writes a clause as clause.Clause.Build does and judges each part
// of it in its place.
func (ex *execution) writeClause(stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder, place sqltext.Place) {
	c.Expression, _ = wrapExpression(c.Expression)
	if dialect != nil || c.Builder != nil {
		from := ex.mark(stmt)
		if dialect != nil {
			dialect(c, stmt)
		} else {
			c.Build(stmt)
		}
		ex.judge(stmt, from, place)
		return
	}
	ex.openClause(stmt, c)
	from := ex.mark(stmt)
	c.Expression.Build(stmt)
	if !isStructured(c.Expression) {
		ex.judge(stmt, from, place)
	}
	ex.closeClause(stmt, c)
}

// isStructured reports whether an expression holds plain names and numbers only,
// so that there is no text to judge.
func isStructured(e clause.Expression) bool {
	switch x := e.(type) {
	case clause.Limit:
		return true
	case clause.OrderBy:
		for i := range x.Columns {
			if !isPlainColumn(&x.Columns[i].Column) {
				return false
			}
		}
		return x.Expression == nil
	case clause.Select:
		for i := range x.Columns {
			if !isPlainColumn(&x.Columns[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func isPlainColumn(c *clause.Column) bool {
	return !c.Raw && (isPlainName(c.Name) || c.Name == clause.PrimaryKey) &&
		(c.Table == "" || c.Table == clause.CurrentTable || isPlainName(c.Table)) &&
		(c.Alias == "" || isPlainName(c.Alias))
}

// openClause writes what stands before a clause's expression.
func (ex *execution) openClause(stmt *gorm.Statement, c clause.Clause) {
	ex.writeHint(stmt, c.BeforeExpression, false)
	if c.Name != "" {
		stmt.WriteString(c.Name)
		stmt.WriteByte(' ')
	}
	ex.writeHint(stmt, c.AfterNameExpression, false)
}

// closeClause writes what stands after a clause's expression.
func (ex *execution) closeClause(stmt *gorm.Statement, c clause.Clause) {
	ex.writeHint(stmt, c.AfterExpression, true)
}

func (ex *execution) writeHint(stmt *gorm.Statement, hint clause.Expression, after bool) {
	if hint == nil {
		return
	}
	if after {
		stmt.WriteByte(' ')
	}
	from := ex.mark(stmt)
	hint.Build(stmt)
	ex.judge(stmt, from, sqltext.Hint)
	if !after {
		stmt.WriteByte(' ')
	}
}

func isPlainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return name != ""
}

// writeGroup writes conditions inside of parentheses.
func (ex *execution) writeGroup(stmt *gorm.Statement, where clause.Where) {
	where.Exprs, _ = wrapExpressions(where.Exprs)
	from := ex.mark(stmt)
	where.Build(stmt)
	ex.judge(stmt, from, sqltext.Group)
}
