package tenancy

import (
	"slices"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
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

// writes reports whether a clause is written by the plugin: it is known, and
// nobody has put a builder of another's in its place.
func (p *Plugin) writes(db *gorm.DB, name string) bool {
	build, ok := db.ClauseBuilders[name]
	return ok && gormfacts.Code(build) == p.builder
}

// isKnownList reports whether a list of clauses is one that GORM had when the plugin
// was put in, with no clause that is not known.
func (p *Plugin) isKnownList(list []string) bool {
	return slices.ContainsFunc(p.lists, func(known []string) bool {
		return gormfacts.IsList(known, list)
	})
}

// rememberLists remembers the lists of clauses that GORM builds.
func (p *Plugin) rememberLists(lists ...[]string) {
	for _, list := range lists {
		if !slices.ContainsFunc(list, func(name string) bool { _, known := places[name]; return !known }) {
			p.lists = append(p.lists, list)
		}
	}
}

// isLast reports whether no clause of the plugin's is built after this one.
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

// willBuild reports whether a clause will be built for this statement.
func (ex *execution) willBuild(stmt *gorm.Statement, name string) bool {
	if c, ok := stmt.Clauses[name]; !ok || c.Expression == nil {
		return false
	}
	list := stmt.BuildClauses
	if ex.op == opDelete && name != "WHERE" { // soft delete builds an UPDATE
		list = stmt.DB.Callback().Update().Clauses
	}
	return slices.Contains(list, name)
}

// judgeClauses looks for clauses that the plugin cannot scope: those of a scope's or
// a plugin's own list. Config.RawSQL judges the statement that has one when it is
// whole.
func (ex *execution) judgeClauses(stmt *gorm.Statement) error {
	if ex.scope.kind == scopeBypass {
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
	if p.isKnownList(list) {
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
