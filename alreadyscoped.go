package tenancy

import (
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// This file is for rehearsals alone: a statement whose author has written the
// tenant's condition is none that Enforce would change in what it means. It knows
// conditions that AND joins; what it overlooks is reported though it need not be.

// saysTenant reports whether a condition holds that a reference's tenant is the
// scope's, or that of another reference.
func (ex *execution) saysTenant(text string, vars []any, ref tenantRef, others ...tenantRef) bool {
	if ex.scope.mode != modeSingle {
		return false
	}
	is := func(o sqltext.Operand, ref tenantRef) bool {
		return o.Param == 0 && o.Name == ex.plugin.tables.fold(ref.table.column) &&
			(o.Qualifier == "" || o.Qualifier == ex.folded(ref.qualifier))
	}
	isTenant := func(o sqltext.Operand) bool {
		if o.Param == 0 || o.Param > len(vars) {
			return false
		}
		named, zero := tenantOf(vars[o.Param-1])
		return !zero && (named.key == ex.scope.tenants[0].key || ex.scope == someTenant)
	}
	said := false
	sqltext.Equalities(&sqltext.Lexer{Text: text, Dialect: ex.plugin.dialect}, func(a, b sqltext.Operand) {
		if is(b, ref) {
			a, b = b, a
		}
		if !is(a, ref) {
			return
		}
		said = said || isTenant(b)
		for _, other := range others {
			said = said || is(b, other)
		}
	})
	return said
}

// folded returns a qualifier as names in text are folded.
func (ex *execution) folded(qualifier string) string {
	lexer := sqltext.Lexer{Text: qualifier, Dialect: ex.plugin.dialect}
	if t := lexer.Next(); t.Kind == sqltext.Word || t.Kind == sqltext.Quoted {
		return lexer.Folded(t)
	}
	return ""
}

// whereSays reports whether the caller's WHERE says a reference's tenant, be it by
// that of another one.
func (ex *execution) whereSays(stmt *gorm.Statement, ref tenantRef, others ...tenantRef) bool {
	if ex.rehearsal == nil {
		return false
	}
	where := stmt.Clauses["WHERE"].Expression
	if where == nil {
		return false
	}
	side := &gorm.Statement{DB: stmt.DB, Table: stmt.Table, Schema: stmt.Schema, Context: stmt.Context}
	where.Build(side)
	return ex.saysTenant(side.SQL.String(), side.Vars, ref, others...)
}

// says reports whether the ON of a reference says its tenant, or the WHERE, which
// then holds no row that an outer join has filled up.
func (l *fromList) says(i int) bool {
	ref := &l.refs[i]
	if l.ex.rehearsal == nil || l.scopingOf(i) != inOn {
		return false
	}
	own := tenantRef{l.tables[i], ref.Qualifier}
	if l.ex.whereSays(l.stmt, own, l.before(i)...) {
		return true
	}
	vars := l.stmt.Vars[min(l.at.vars, len(l.stmt.Vars)):]
	if l.ex.plugin.dialect == sqltext.Postgres {
		vars = l.stmt.Vars
	} else {
		vars = vars[min(len(vars), strings.Count(l.text[:ref.On.Start], "?")):]
	}
	return l.ex.saysTenant(l.text[ref.On.Start:ref.On.End], vars, own, l.before(i)...)
}

// before returns the references to tenants' tables before one. They have their
// predicates, whoever wrote them.
func (l *fromList) before(i int) (refs []tenantRef) {
	if l.ex.rehearsal == nil {
		return nil
	}
	for j := range i {
		if l.tenants(j) {
			refs = append(refs, tenantRef{l.tables[j], l.refs[j].Qualifier})
		}
	}
	return refs
}
