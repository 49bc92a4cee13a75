package tenancy

import (
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// This file lets text pass that names no tenant's table, where the core understands
// all of it: there is nothing to scope then.

// isOpenText reports whether text names only tables that the scope reaches and that
// need no predicate, or none: those that tenants read, and where it writes, those that
// they write. The names of its own WITH hide no table that is known.
func (ex *execution) isOpenText(text string) bool {
	p := ex.plugin
	open, writable, named := true, true, false
	lexer := sqltext.Lexer{Text: text, Dialect: p.dialect}
	reach := sqltext.Relations(&lexer, p.allow, func(schema, name string, cte bool) {
		if cte && p.tables.byName(schema, name) == nil {
			return
		}
		t, err := ex.lookup(schema, name)
		named = true
		open = open && err == nil && !t.isScoped()
		writable = writable && err == nil && t.writable
	})
	return open && reach.Unsure == "" && (reach.Reads || writable) && (named || ex.scope.kind != scopeNone)
}
