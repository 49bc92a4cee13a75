package tenancy

import (
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// places says for each clause that GORM and its dialects build where its text
// stands. A clause that is not here is refused.
var places = map[string]sqltext.Place{
	"SELECT":      sqltext.List,
	"FROM":        sqltext.List,
	"WHERE":       sqltext.Group,
	"GROUP BY":    sqltext.Groups,
	"ORDER BY":    sqltext.List,
	"LIMIT":       sqltext.List,
	"FOR":         sqltext.List,
	"INSERT":      sqltext.List,
	"VALUES":      sqltext.Value,
	"ON CONFLICT": sqltext.Value,
	"RETURNING":   sqltext.List,
	"UPDATE":      sqltext.List,
	"SET":         sqltext.Value,
	"DELETE":      sqltext.Hint,
}

// A clauseWriter writes one clause of a statement that is being executed. The
// builder is the dialect's own, or nil.
type clauseWriter func(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder)

// installBuilders puts the plugin between the statement and each of its
// clauses: what is built there never enters Statement.Clauses, so that a chain
// may run twice, under two tenants, and GORM's own checks see what the caller
// wrote.
func (p *Plugin) installBuilders(db *gorm.DB) {
	writers := map[string]clauseWriter{
		"FROM": writeFrom, "WHERE": writeWhere,
		"INSERT": writeInsert, "VALUES": writeValues, "ON CONFLICT": writeOnConflict,
		"UPDATE": writeUpdate, "SET": writeSet, "DELETE": writeDelete, "GROUP BY": writeGroupBy,
	}
	for name, place := range places {
		if p.writes(db, name) {
			continue
		}
		write := writers[name]
		if write == nil {
			write = func(ex *execution, stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder) {
				ex.writeClause(stmt, c, dialect, place)
			}
		}
		dialect := db.ClauseBuilders[name]
		build := func(c clause.Clause, b clause.Builder) {
			ex, stmt := executing(b)
			if ex != nil {
				ex.follows(stmt)
				defer ex.judged(stmt)
			}
			if ex != nil && ex.observed != nil {
				ex.observed.write(stmt, name, c, dialect)
				return
			}
			if ex != nil {
				defer ex.hand(stmt, name)
			}
			switch {
			case ex != nil && ex.scope.mode != modeBypass && (c.Builder != nil || c.Name != "" && c.Name != name):
				stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "the clause has a builder or a name of its own"))
			case ex != nil && c.Expression == nil && c.Builder == nil: // as clause.Clause.Build
			case ex != nil:
				write(ex, stmt, c, dialect)
			case stmt != nil && stmt.DB != nil && stmt.DB.Statement == stmt && !migrating(stmt.Context):
				if stmt.DB.Error == nil {
					stmt.AddError(&ScopeError{Table: stmt.Table, Err: ErrUnscopedSQL, Detail: "the statement is built without its callbacks"})
				}
			case dialect != nil:
				dialect(c, b)
			default:
				c.Build(b)
			}
		}
		db.ClauseBuilders[name], p.builder = build, reflect.ValueOf(build).Pointer()
	}
}

// writes reports whether a clause is written by the plugin: it is known, and
// nobody has put a builder of another's in its place.
func (p *Plugin) writes(db *gorm.DB, name string) bool {
	build, ok := db.ClauseBuilders[name]
	return ok && reflect.ValueOf(build).Pointer() == p.builder
}

// writeClause writes a clause as clause.Clause.Build does and judges each part
// of it in its place.
func (ex *execution) writeClause(stmt *gorm.Statement, c clause.Clause, dialect clause.ClauseBuilder, place sqltext.Place) {
	c.Expression, _ = adoptExpression(c.Expression)
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

// lexer reads what was written since a mark. An expression that is given the
// statement may not write anew what stood before it.
func (ex *execution) lexer(stmt *gorm.Statement, from mark) sqltext.Lexer {
	text, ok := strings.CutPrefix(stmt.SQL.String(), from.before)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "an expression replaced what stood before it"))
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

// judge judges what was written since a mark. Text that ends in a line comment
// is closed by a line feed.
func (ex *execution) judge(stmt *gorm.Statement, from mark, place sqltext.Place) {
	if ex.scope.mode == modeBypass {
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
	ex.settle(stmt, from, verdict)
}

// settle turns a verdict into an error. The tenant's value stands among the
// caller's, so that only the placeholders that GORM writes may count: SQLite's go
// by position, and PostgreSQL's by a number that the caller cannot know.
func (ex *execution) settle(stmt *gorm.Statement, from mark, verdict sqltext.Verdict) {
	reason := verdict.Reason
	switch {
	case reason != "" || ex.scope.mode == modeBypass:
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

// isLast reports whether no clause of the plugin's is built behind this one.
func (ex *execution) isLast(stmt *gorm.Statement, name string) bool {
	list := stmt.BuildClauses
	if ex.op == opDelete && ex.updating { // soft delete
		list = stmt.DB.Callback().Update().Clauses
	}
	for _, last := range slices.Backward(list) {
		if _, ok := stmt.Clauses[last]; ok && ex.plugin.writes(stmt.DB, last) {
			return last == name
		}
	}
	return true
}

// judgeClauses looks for clauses that nobody here knows how to scope: those of a
// scope's or a plugin's own list. Config.RawSQL judges the statement that has one
// when it is whole.
func (ex *execution) judgeClauses(stmt *gorm.Statement) error {
	if ex.scope.mode == modeBypass {
		return nil
	}
	name := ex.plugin.unknownClause(stmt.BuildClauses, stmt)
	if name == "" && ex.op == opDelete {
		name = ex.plugin.unknownClause(stmt.DB.Callback().Update().Clauses, stmt)
	}
	if name == "" {
		return nil
	}
	if ex.plugin.config.RawSQL == nil {
		return ex.errorOn(stmt.Table, ErrUnscopedSQL, reasonClause(name))
	}
	ex.strange = true
	return nil
}

func reasonClause(name string) string {
	return "the clause " + name + " of another plugin's is not known; set Config.RawSQL, or build the statement without it"
}

// unknownClause returns the first clause of a list that a statement has and that
// is not known. A list may name others that the statement does not have.
func (p *Plugin) unknownClause(list []string, stmt *gorm.Statement) string {
	if p.builds(list) {
		return ""
	}
	for _, name := range list {
		if _, known := places[name]; !known {
			if _, ok := stmt.Clauses[name]; ok {
				return name
			}
		}
	}
	return ""
}

// builds reports whether a list of clauses is one that GORM had when the plugin
// was put in, with no clause that is not known.
func (p *Plugin) builds(list []string) bool {
	return slices.ContainsFunc(p.lists, func(known []string) bool {
		return len(known) == len(list) && unsafe.SliceData(known) == unsafe.SliceData(list)
	})
}

// knowLists remembers the lists of clauses that GORM builds.
func (p *Plugin) knowLists(lists ...[]string) {
	for _, list := range lists {
		if !slices.ContainsFunc(list, func(name string) bool { _, known := places[name]; return !known }) {
			p.lists = append(p.lists, list)
		}
	}
}

// builds reports whether a clause will be built for this statement.
func (ex *execution) builds(stmt *gorm.Statement, name string) bool {
	if c, ok := stmt.Clauses[name]; !ok || c.Expression == nil {
		return false
	}
	list := stmt.BuildClauses
	if ex.op == opDelete && name != "WHERE" { // soft delete builds an UPDATE
		list = stmt.DB.Callback().Update().Clauses
	}
	return slices.Contains(list, name)
}
