package tenancy

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// writeInsert writes INSERT INTO. The table is the one that the text names.
func writeInsert(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder) {
	if dialect == nil {
		ex.openClause(stmt, c)
	}
	start := stmt.SQL.Len()
	if dialect != nil {
		dialect(c, stmt)
	} else {
		c.Expression.Build(stmt)
	}
	ex.setTarget(stmt, start, "INTO ")
	if dialect == nil {
		ex.closeClause(stmt, c)
	}
}

// writeUpdate writes UPDATE with its table.
func writeUpdate(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	ex.openClause(stmt, c)
	start := stmt.SQL.Len()
	c.Expression.Build(stmt)
	ex.setTarget(stmt, start, "")
	ex.closeClause(stmt, c)
	ex.updating = true
	ex.anchor, ex.anchored = tenantRef{}, true
	if ex.qualifier != "" && ex.table.isScoped() {
		ex.anchor = tenantRef{ex.table, ex.qualifier}
	}
}

// writeDelete writes DELETE; its tables are FROM's.
func writeDelete(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	if d, ok := c.Expression.(clause.Delete); !ok || d.Modifier != "" {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "DELETE has a modifier, which may change the statement: leave it out"))
	}
	ex.deleting = true
	ex.writeClause(stmt, clause.Clause{Expression: clause.Delete{}}, nil, sqltext.List)
}

// setTarget makes the one table that stands after a keyword the statement's.
func (ex *execution) setTarget(stmt *gorm.Statement, start int, keyword string) {
	text := stmt.SQL.String()[start:]
	before, name, _ := strings.Cut(text, keyword)
	if !harmlessModifier(before) && ex.scope.kind != scopeBypass {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "INSERT or UPDATE has a modifier that is not known to be harmless: leave it out, or use Bypass"))
		return
	}
	if stmt.TableExpr == nil && ex.model != nil && ex.model.table != nil && ex.model.column != "" && name == ex.model.qualifier {
		ex.table, ex.qualifier = ex.model.table, ex.model.qualifier
		return
	}
	lexer := sqltext.Lexer{Text: name, Dialect: ex.plugin.dialect}
	refs, verdict := sqltext.ParseFrom(&lexer, ex.refs[:0], ex.plugin.allow)
	ex.refs = refs
	if verdict.Reason != "" || len(refs) != 1 || !refs[0].IsTable() {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "the table to write is not one plain name: give Table or the model a plain name"))
		return
	}
	t, err := ex.lookupOwn(refs[0].Schema, refs[0].Table)
	if err != nil && !ex.skipped {
		stmt.AddError(err)
		return
	}
	if err := ex.mayWrite(t); err != nil && !ex.skipped {
		stmt.AddError(err)
		return
	}
	ex.table, ex.qualifier = t, refs[0].Qualifier
}

// harmlessModifier reports whether what stands before the table is the verb
// alone, or with a way to meet conflicts that replaces no other row.
func harmlessModifier(before string) bool {
	switch strings.ToUpper(strings.TrimSpace(before)) {
	case "", "INSERT", "INSERT OR IGNORE", "INSERT OR ABORT", "INSERT OR FAIL", "INSERT OR ROLLBACK":
		return true
	}
	return false
}

// writeSet writes SET without the tenant column, and the predicates of WHERE
// where no FROM follows that would.
func writeSet(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	set, ok := c.Expression.(clause.Set)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "SET has an expression that the plugin does not know: use Updates or clause.Set"))
		return
	}
	ex.openClause(stmt, c)
	if !ex.writeAssignments(stmt, set) {
		ex.writeUnchanged(stmt)
	}
	ex.closeClause(stmt, c)
	if !ex.willBuild(stmt, "FROM") {
		ex.placed = true
		ex.writeWherePredicates(stmt, nil)
	}
}

// writeAssignments writes the assignments but that of the tenant column, which
// may only name the tenant that the row has already. It reports whether there
// was one to write.
func (ex *execution) writeAssignments(stmt *gorm.Statement, set clause.Set) bool {
	written := false
	for _, a := range set {
		if ex.isTenantColumn(a.Column.Name) {
			if !ex.assignsOwnTenant(a.Value) {
				stmt.AddError(ex.errorOn(ex.table.name, ErrTenantImmutable, ""))
			}
			ex.preview.note("leaves the tenant column out of SET")
			continue
		}
		if written {
			stmt.WriteByte(',')
		}
		written = true
		ex.writeName(stmt, a.Column)
		stmt.WriteByte('=')
		ex.writeValue(stmt, []any{a.Value})
	}
	return written
}

// writeUnchanged writes an assignment that changes nothing, as GORM does where
// there is nothing to set.
func (ex *execution) writeUnchanged(stmt *gorm.Statement) {
	column := ""
	if stmt.Schema != nil {
		for _, name := range stmt.Schema.DBNames {
			if !ex.isTenantColumn(name) {
				column = stmt.Quote(name)
				break
			}
		}
	}
	if column == "" {
		stmt.AddError(ex.errorOn(stmt.Table, ErrTenantImmutable, "the update sets nothing else: set another column"))
		return
	}
	stmt.WriteString(column)
	stmt.WriteByte('=')
	stmt.WriteString(column)
}

// writeName writes a column's name, which must be one.
func (ex *execution) writeName(stmt *gorm.Statement, column clause.Column) {
	if column.Table == "" && column.Alias == "" && !column.Raw && isPlainName(column.Name) {
		stmt.DB.Dialector.QuoteTo(&stmt.SQL, column.Name)
		return
	}
	start := stmt.SQL.Len()
	stmt.QuoteTo(&stmt.SQL, column)
	lexer := sqltext.Lexer{Text: stmt.SQL.String()[start:], Dialect: ex.plugin.dialect}
	var last sqltext.Token
	for t := lexer.Next(); t.Kind != sqltext.End; t = lexer.Next() {
		isName := t.Kind == sqltext.Quoted || t.Kind == sqltext.Word
		if afterName := last.Kind == sqltext.Quoted || last.Kind == sqltext.Word; isName == afterName ||
			!isName && !lexer.Is(t, '.') {
			stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "a column's name is not a plain name: write column or table.column"))
			return
		}
		last = t
	}
	if last.Kind == sqltext.End || !ex.isTenantColumn(column.Name) && ex.isTenantColumn(lexer.Name(last)) {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "a column's name is not a plain name: write column or table.column"))
	}
}

// writeValue writes the one value of SET or VALUES that it is given as a slice,
// which is what GORM's AddVar wants.
func (ex *execution) writeValue(stmt *gorm.Statement, value []any) {
	switch value[0].(type) {
	case nil, string, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64,
		float32, float64, []byte, time.Time, *time.Time, uuid.UUID, gorm.DeletedAt:
		stmt.AddVar(&stmt.SQL, value...) // a placeholder, and nothing else
		return
	}
	if wrapped, changed := wrapValue(value[0]); changed {
		value = []any{wrapped}
	}
	from := ex.mark(stmt)
	stmt.AddVar(&stmt.SQL, value...)
	closeSince(stmt, from.text)
	if len(stmt.Vars) != from.vars+1 || ex.subVars > 0 || !isPlaceholder(strings.TrimPrefix(stmt.SQL.String(), from.before)) {
		ex.judge(stmt, from, sqltext.Value)
	}
}

func isPlaceholder(text string) bool {
	if text == "?" {
		return true
	}
	for i := 1; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) > 1 && text[0] == '$'
}
