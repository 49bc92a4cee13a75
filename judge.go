package tenancy

import (
	"reflect"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// judge judges what was written since a mark. Text that ends in a line comment
// is closed by a line feed.
func (ex *execution) judge(stmt *gorm.Statement, from mark, place sqltext.Place) {
	if ex.scope.kind == scopeBypass {
		ex.judgeEnclosed(stmt, from)
		return
	}
	lexer := ex.lexer(stmt, from)
	if lexer.Text == "" || lexer.Text == "*" {
		return
	}
	verdict := sqltext.Judge(&lexer, place, ex.plugin.allow)
	if verdict.Tail && ex.matched && verdict.Reason == "" {
		verdict.Reason = reasonMatched
	}
	if verdict.Beyond != "" && verdict.Reason == "" && ex.isOpenFragment(stmt, from) {
		verdict.Beyond = ""
	}
	ex.applyVerdict(stmt, from, verdict)
}

// applyVerdict turns a verdict into an error. The tenant's value stands among the
// caller's, so that only the placeholders that GORM writes may count: SQLite's go
// by position, and PostgreSQL's by a number that the caller cannot know.
func (ex *execution) applyVerdict(stmt *gorm.Statement, from mark, verdict sqltext.Verdict) {
	reason := verdict.Reason
	switch {
	case reason != "" || ex.scope.kind == scopeBypass:
	case ex.plugin.dialect == sqltext.SQLite && verdict.Params != len(stmt.Vars)-from.vars-ex.subVars:
		reason = "it has not as many placeholders as values"
	case ex.plugin.dialect == sqltext.Postgres && verdict.Params > 0 &&
		(verdict.Lowest <= from.vars || verdict.Highest > len(stmt.Vars)):
		reason = "a placeholder has a number; write ? instead"
	}
	if reason == "" && ex.plugin.config.RawSQL == nil {
		reason = verdict.Beyond
	}
	if reason != "" {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reason))
		return
	}
	ex.guarded = ex.guarded || verdict.Beyond != ""
	if verdict.OpenComment {
		stmt.WriteByte('\n')
	}
}

// markJudged notes that a statement's text was judged up to here.
func (ex *execution) markJudged(stmt *gorm.Statement) {
	ex.text = stmt.SQL.String()
	ex.bound = gormfacts.VarsOf(stmt.Vars)
}

// noteStrange notes when something stands in a statement's text that is not the
// plugin's, before a clause that is: the text was judged up to the clause before.
func (ex *execution) noteStrange(stmt *gorm.Statement) {
	text := stmt.SQL.String()
	if n := len(ex.text); text != ex.text && (len(text) != n+1 || text[:n] != ex.text || text[n] != ' ') {
		ex.strange = true
	}
}

// isJudged reports whether a statement is the one that was judged, but for comments.
func (ex *execution) isJudged(query string, args []any) bool {
	return !ex.strange && ex.isBound(args) && (query == ex.text || sqltext.SameTokens(query, ex.text, ex.plugin.dialect))
}

// isBound reports whether a statement has the values that it was judged with. Text
// that came as such is still to pass callbacks, which may change one of them.
func (ex *execution) isBound(args []any) bool {
	if ex.valued {
		return sameValues(ex.values, args)
	}
	return ex.bound == gormfacts.VarsOf(args)
}

func sameValues(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if v := reflect.ValueOf(a[i]); v.IsValid() && v.Comparable() {
			if a[i] != b[i] {
				return false
			}
		} else if !reflect.DeepEqual(a[i], b[i]) {
			return false
		}
	}
	return true
}

// judgeEnclosed refuses text of a bypass that goes on after a matched subquery
// inside of its parentheses, as with a LIMIT.
func (ex *execution) judgeEnclosed(stmt *gorm.Statement, from mark) {
	if !ex.matched {
		return
	}
	lexer := ex.lexer(stmt, from)
	if !sqltext.EnclosesQueries(&lexer) {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonMatched))
	}
}

// isOpenFragment reports whether text that stands among others, with queries of its
// own, is one or more expressions that name no tenant's table.
func (ex *execution) isOpenFragment(stmt *gorm.Statement, from mark) bool {
	if ex.plugin.config.RawSQL != nil && ex.plugin.dialect == sqltext.Postgres || len(ex.queries) > 0 {
		return false
	}
	lexer := ex.lexer(stmt, from)
	return ex.isOpenText("SELECT (1, " + lexer.Text + "\n)") // in a list nothing but expressions may stand
}

// lexer reads what was written since a mark. An expression that is given the
// statement may not write again what stood before it.
func (ex *execution) lexer(stmt *gorm.Statement, from mark) sqltext.Lexer {
	text, ok := strings.CutPrefix(stmt.SQL.String(), from.before)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "an expression changed text that was written before its own: write only to the end"))
		return sqltext.Lexer{Dialect: ex.plugin.dialect}
	}
	if !ex.relative {
		ex.relative = true
		for i := range ex.queries {
			ex.queries[i].Start -= from.text
			ex.queries[i].End -= from.text
		}
		if len(ex.queries) > 1 {
			ex.queries, ex.compares = sqltext.JoinQueries(text, ex.plugin.dialect, ex.queries)
		}
	}
	return sqltext.Lexer{
		Text: text, Dialect: ex.plugin.dialect, Queries: ex.queries,
	}
}

// mark is a place in a statement that is being built.
type mark struct {
	text, vars int
	before     string // the text up to it
}

func (ex *execution) mark(stmt *gorm.Statement) mark {
	ex.queries, ex.relative, ex.compares, ex.matched = ex.queries[:0], false, false, false
	ex.subVars = 0
	return mark{stmt.SQL.Len(), len(stmt.Vars), stmt.SQL.String()}
}
