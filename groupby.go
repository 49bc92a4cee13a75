package tenancy

import (
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// writeGroupBy writes GROUP BY, and the tenant columns of the tables by whose keys
// it groups. In the database the key begins with the tenant, so that PostgreSQL
// finds the other columns of a row to depend on the two together only; and under
// several tenants the rows that share a key are not one group.
func writeGroupBy(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder) {
	group, ok := c.Expression.(clause.GroupBy)
	if !ok || dialect != nil || c.Builder != nil {
		ex.writeClause(stmt, c, dialect, sqltext.Groups)
		return
	}
	before := stmt.SQL.String()
	ex.openClause(stmt, c)
	group.Columns, _ = closeColumns(group.Columns)
	from := ex.mark(stmt)
	for i, column := range group.Columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		stmt.WriteQuoted(column)
	}
	ex.groupByTenants(stmt, before, stmt.SQL.String()[from.text:])
	if len(group.Having) > 0 {
		having, _ := wrapExpressions(group.Having)
		stmt.WriteString(" HAVING ")
		clause.Where{Exprs: having}.Build(stmt)
	}
	ex.judge(stmt, from, sqltext.Groups)
	ex.closeClause(stmt, c)
}

// groupByTenants adds the tenant columns to what a statement is grouped by.
func (ex *execution) groupByTenants(stmt *gorm.Statement, before, text string) {
	var few [8]sqltext.Operand
	lexer := sqltext.Lexer{Text: text, Dialect: ex.plugin.dialect}
	items := sqltext.AppendColumns(few[:0], &lexer)
	resolved := false
	add := func(t *table, qualifier string) {
		if t == nil || t.column == "" || len(t.key) == 0 {
			return
		}
		if !resolved {
			resolved = true
			ex.resolveItems(items, before)
		}
		name := ex.folded(qualifier)
		if ex.groups(items, name, t.column) || slices.ContainsFunc(t.key, func(column string) bool { return !ex.groups(items, name, column) }) {
			return
		}
		stmt.WriteByte(',')
		writeColumn(stmt, t, qualifier)
	}
	if len(ex.refs) == 0 {
		add(ex.table, ex.qualifier)
	}
	for i := range min(len(ex.refs), len(ex.tables)) {
		add(ex.tables[i], ex.refs[i].Qualifier)
	}
}

// groups reports whether a column is among the items.
func (ex *execution) groups(items []sqltext.Operand, qualifier, column string) bool {
	column = ex.plugin.tables.fold(column)
	for i := range items {
		if items[i].Name == column && (items[i].Qualifier == "" || items[i].Qualifier == qualifier) {
			return true
		}
	}
	return false
}

// resolveItems finds the columns that positions and names of the selection stand
// for.
func (ex *execution) resolveItems(items []sqltext.Operand, before string) {
	if !slices.ContainsFunc(items, func(o sqltext.Operand) bool { return o.Position > 0 || o.Name != "" && o.Qualifier == "" }) {
		return
	}
	ex.selection.lexer = sqltext.Lexer{Text: before, Dialect: ex.plugin.dialect}
	shape := sqltext.ShapeInto(&ex.selection.lexer, "", ex.selection.columns[:0], ex.selection.aliases[:0])
	ex.selection.columns, ex.selection.aliases = shape.Columns, shape.Aliases
	isOther := func(o sqltext.Operand) bool { return o.Name == "" || o.Name == "*" }
	for i := range items {
		if at := items[i].Position - 1; at >= 0 {
			items[i] = sqltext.Operand{}
			if at < len(shape.Columns) && !slices.ContainsFunc(shape.Columns[:at], isOther) {
				items[i] = shape.Columns[at]
			}
		} else if items[i].Name != "" && items[i].Qualifier == "" {
			if at := slices.Index(shape.Aliases, items[i].Name); at >= 0 && shape.Columns[at].Name != "" {
				items[i] = shape.Columns[at]
			}
		}
	}
}
