package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

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
				ex.noteStrange(stmt)
				defer ex.markJudged(stmt)
			}
			if ex != nil && ex.observed != nil {
				ex.observed.write(stmt, name, c, dialect)
				return
			}
			if ex != nil {
				defer ex.finishText(stmt, name)
			}
			switch {
			case ex != nil && ex.scope.kind != scopeBypass && (c.Builder != nil || c.Name != "" && c.Name != name):
				stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "the clause "+name+" has a builder or a name of its own: pass its expression to Clauses instead"))
			case ex != nil && c.Expression == nil && c.Builder == nil: // as clause.Clause.Build
			case ex != nil:
				write(ex, stmt, c, dialect)
			case stmt != nil && stmt.DB != nil && stmt.DB.Statement == stmt && !migrating(stmt.Context):
				if stmt.DB.Error == nil {
					stmt.AddError(&ScopeError{Table: stmt.Table, Err: ErrUnscopedSQL, Detail: "the statement is built outside GORM's callbacks: call a method that runs them, such as Find or Update"})
				}
			case dialect != nil:
				dialect(c, b)
			default:
				c.Build(b)
			}
		}
		db.ClauseBuilders[name], p.builder = build, gormfacts.Code(build)
	}
}
