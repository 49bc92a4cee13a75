package tenancy

import (
	"slices"

	"gorm.io/gorm"
)

// parentScope hands a statement's scope to a subquery. It travels as the last of
// the values that GORM gives a subquery to begin with, which is the one thing
// that reaches it from its statement.
type parentScope struct {
	scope *scope
	outer tenantRef // what the subquery's rows must match, for a set or a bypass
	taken bool

	inText bool // the statement becomes a part of raw SQL that is scoped as well

	// Of the query that took it:
	text    string
	anchor  tenantRef
	matches int // how often it names outer to match its rows

	guarded bool // it holds text that is judged with the statement
	preview *preview
	err     error
}

// takeParentScope removes what a subquery was given by its statement, and returns it.
func takeParentScope(stmt *gorm.Statement) *parentScope {
	last := len(stmt.Vars) - 1
	if last < 0 {
		return nil
	}
	parent, _ := stmt.Vars[last].(*parentScope)
	if parent != nil {
		stmt.Vars[last] = nil
		stmt.Vars = stmt.Vars[:last]
		parent.taken = true
	}
	return parent
}

// scopeFor returns the scope of a subquery whose own context has the scope own:
// it inherits where it has none, and must agree where it has one.
func (h *parentScope) scopeFor(own *scope) (*scope, error) {
	switch {
	case own == nil || own == h.scope:
		return h.scope, nil
	case own.err != nil:
		return nil, own.err
	case own.kind == h.scope.kind && len(own.tenants) == len(h.scope.tenants) &&
		!slices.ContainsFunc(own.tenants, func(t tenant) bool { return !h.scope.has(t) }):
		return h.scope, nil
	}
	return nil, &ScopeError{Op: opQuery, Err: ErrTenantMismatch, Detail: "the subquery was built under another scope than its statement"}
}
