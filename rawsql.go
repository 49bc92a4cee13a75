package tenancy

import (
	"database/sql"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// beginRaw judges a statement that came as text.
func (ex *execution) beginRaw(stmt *gorm.Statement) error {
	ex.markJudged(stmt)
	if isSavepoint(ex.text) && len(stmt.Vars) == 0 {
		return nil
	}
	if err := ex.takeScope(stmt, scopeOf(stmt.Context)); err != nil {
		return err
	}
	switch {
	case ex.scope.kind == scopeBypass || ex.scope.trusted:
		ex.trusts = true
		return ex.reportBypass(stmt.Context)
	case ex.plugin.instructs(stmt.Vars):
		return ex.errorOn("", ErrUnscopedSQL, reasonInstruction)
	case ex.plugin.config.RawSQL != nil:
		if err := ex.scopeText(stmt); err != nil {
			return err
		}
		ex.markJudged(stmt)
	case !ex.isOpenText(ex.text):
		return ex.errorOn("", ErrUnscopedSQL, "raw SQL needs Config.RawSQL, such as sqlguard, or a context from Trust or Bypass")
	}
	ex.values, ex.valued = append(ex.values[:0], stmt.Vars...), true
	return nil
}

// finishText hands a statement to the judge of whole statements after its last clause,
// unless it is built and not sent.
func (ex *execution) finishText(stmt *gorm.Statement, name string) {
	if stmt.DB.Error == nil && ex.parent == nil && ex.scope.kind != scopeBypass && ex.plugin.instructs(stmt.Vars) {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonInstruction))
	}
	if !ex.guarded && ex.plugin.verifier == nil && ex.functions == nil ||
		stmt.DB.Error != nil || ex.skipped || ex.strange || ex.scope.kind == scopeBypass || !ex.isLast(stmt, name) {
		return
	}
	ex.judgeFields(stmt)
	if ex.parent != nil { // a subquery is judged where it stands
		ex.parent.guarded = ex.guarded
	} else if ex.guarded {
		stmt.AddError(ex.scopeText(stmt))
	} else if ex.plugin.verifier == nil {
		return
	} else if err := ex.plugin.verifier.Verify(stmt.Context, ex.raw(stmt)); err != nil {
		stmt.AddError(ex.errorOn(stmt.Table, err, ""))
	}
}

// judgeFields judges what is selected from functions in FROM, in whatever clause.
func (ex *execution) judgeFields(stmt *gorm.Statement) {
	if ex.functions == nil || ex.guarded {
		return
	}
	lexer := sqltext.Lexer{Text: stmt.SQL.String(), Dialect: ex.plugin.dialect}
	switch {
	case !sqltext.CallsField(&lexer, ex.functions, ex.plugin.allow):
	case ex.plugin.config.RawSQL != nil:
		ex.guarded = true
	default:
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL,
			"a column of a function in FROM may be a call: name its columns after its alias, AS t (a, b)"))
	}
}

// raw is the statement as it stands.
func (ex *execution) raw(stmt *gorm.Statement) RawStatement {
	return RawStatement{
		SQL: stmt.SQL.String(), Vars: stmt.Vars, Dialect: stmt.DB.Name(), Scope: ex.scope.public(), Table: ex.plugin.tables.describe,
		widener: ex, stmt: stmt,
	}
}

// scopeText lets Config.RawSQL scope the statement.
func (ex *execution) scopeText(stmt *gorm.Statement) error {
	sql, vars, err := ex.plugin.config.RawSQL.Scope(stmt.Context, ex.raw(stmt))
	if err != nil {
		return ex.errorOn(stmt.Table, err, "")
	}
	stmt.SQL.Reset()
	stmt.SQL.WriteString(sql)
	stmt.Vars = vars
	return nil
}

// explain puts the error that a statement's failure stands for in its place. One about
// a conflict's target says that keys have changed since they were read.
func (ex *execution) explain(db *gorm.DB) {
	err := db.Error
	row, isRow := db.Statement.Dest.(*sql.Row)
	if err == nil && isRow && row != nil {
		err = row.Err()
	}
	if err == nil {
		return
	}
	if isTargetError(err) {
		ex.plugin.tables.forgetKeys()
	}
	translator, ok := ex.plugin.config.RawSQL.(ErrorTranslator)
	if !ok || ex.scope == nil || ex.scope.kind == scopeBypass {
		return
	}
	if err = translator.TranslateError(err); err == nil {
		return
	}
	if err = ex.errorOn(db.Statement.Table, err, ""); db.Error != nil {
		db.Error = err
	} else {
		db.Statement.Dest = refusedRow(err)
	}
}

// isSavepoint knows the statements that GORM itself sends as text.
func isSavepoint(sql string) bool {
	lexer := sqltext.Lexer{Text: sql}
	words := make([]string, 0, 4)
	for t := lexer.Next(); t.Kind != sqltext.End; t = lexer.Next() {
		if t.Kind != sqltext.Word || len(words) == 4 {
			return false
		}
		words = append(words, lexer.Folded(t))
	}
	return len(words) == 2 && words[0] == "savepoint" ||
		len(words) == 4 && words[0] == "rollback" && words[1] == "to" && words[2] == "savepoint"
}
