package tenancy

import (
	"context"
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// takeScope sets the statement's scope: s, or, if that is nil, what [execution.assume]
// returns.
func (ex *execution) takeScope(stmt *gorm.Statement, s *scope) (err error) {
	if s == nil {
		if s, err = ex.assume(stmt); err != nil {
			return err
		}
	}
	if s.err != nil {
		return s.err
	}
	ex.scope = s
	return nil
}

// assume returns the scope of a statement whose context has none: what
// [Config.AssumeScope] says, else none where its tables need none.
func (ex *execution) assume(stmt *gorm.Statement) (*scope, error) {
	if resolve := ex.plugin.config.AssumeScope; resolve != nil {
		if s := resolve(stmt.Context).s; s != nil {
			if s.err == nil && s.kind == scopeBypass {
				return nil, ex.errorOn(stmt.Table, ErrInvalidTenant, "Config.AssumeScope returned a bypass; give the statement a context from Bypass instead")
			}
			ex.outerContext = stmt.Context
			stmt.Context = context.WithValue(stmt.Context, scopeKey{}, s)
			return s, nil
		}
	}
	if ex.plugin.tables.hasFree.Load() && ex.namesFree(stmt) {
		return noTenant, nil
	}
	if err := ex.lacksTenant(stmt.Table); err != nil {
		return nil, err
	}
	ex.outerContext = stmt.Context
	s := ex.namedScope(stmt)
	stmt.Context = context.WithValue(stmt.Context, scopeKey{}, s)
	return s, nil
}

// namedScope is that of the tenant that the statement's value names, and some
// tenant's where it names none.
func (ex *execution) namedScope(stmt *gorm.Statement) *scope {
	s := someTenant
	if stmt.Schema == nil {
		return s
	}
	m, err := ex.plugin.tables.model(stmt.Schema)
	if err != nil {
		return s
	}
	eachValue(reflect.ValueOf(stmt.Model), func(v reflect.Value) {
		if s != someTenant || v.Type() != stmt.Schema.ModelType {
			return
		}
		if named, _ := m.namedBy(stmt, v); named.key != "" {
			s = &scope{kind: scopeSingle, tenants: []tenant{named}}
		}
	})
	return s
}

// namesFree reports whether the statement's own table is a free one, or each of
// those that its table expression names. Others are seen when its text is built.
// Text is judged by [Config.RawSQL], else as what names free tables alone.
func (ex *execution) namesFree(stmt *gorm.Statement) bool {
	r := ex.plugin.tables
	if stmt.SQL.Len() > 0 {
		ex.scope = noTenant
		return ex.plugin.config.RawSQL != nil || ex.isOpenText(stmt.SQL.String())
	}
	if stmt.Schema != nil {
		if m, err := r.model(stmt.Schema); err != nil || m.table != nil && m.kind != KindFree {
			return false
		}
	}
	if stmt.TableExpr == nil {
		t := r.byName("", r.fold(stmt.Table))
		return t != nil && t.kind == KindFree
	}
	text, queries := outline(stmt)
	lexer := sqltext.Lexer{Text: text, Dialect: ex.plugin.dialect, Queries: queries}
	refs, verdict := sqltext.ParseFrom(&lexer, nil, ex.plugin.allow)
	for i := range refs {
		if refs[i].Query {
			continue // which is judged when it is built
		}
		t := r.byName(refs[i].Schema, refs[i].Table)
		if !refs[i].IsTable() || t == nil || t.kind != KindFree {
			return false
		}
	}
	return verdict.Reason == "" && len(refs) > 0
}

// outline is the statement's table expression with the names of the tables among its
// arguments, and where in it queries are.
func outline(stmt *gorm.Statement) (string, []sqltext.Span) {
	expr := stmt.TableExpr
	parts := strings.Split(expr.SQL, "?")
	if len(parts) != len(expr.Vars)+1 {
		return expr.SQL, nil
	}
	var text strings.Builder
	var queries []sqltext.Span
	for i, part := range parts {
		text.WriteString(part)
		if i == len(expr.Vars) {
			break
		}
		if table, ok := expr.Vars[i].(clause.Table); ok {
			text.WriteString(stmt.Quote(table))
			continue
		}
		if inheritsScope(expr.Vars[i]) {
			queries = append(queries, sqltext.Span{Start: text.Len(), End: text.Len() + 1})
		}
		text.WriteByte('?')
	}
	return text.String(), queries
}

// inheritsScope reports whether a value is a query that brings no scope along.
func inheritsScope(value any) bool {
	switch v := value.(type) {
	case subquery:
		return inheritsScope(v.db)
	case *gorm.DB:
		return v.Statement != nil && scopeOf(v.Statement.Context) == nil
	case chain, *chainSubquery:
		return true
	}
	return false
}
