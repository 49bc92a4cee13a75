package tenancy

import (
	"context"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// RawSQL judges statements whose text the core cannot scope, Raw and Exec. The
// sqlguard module implements it.
type RawSQL interface {
	// Scope returns the statement as it may be sent under its scope, or an error
	// that wraps [ErrUnscopedSQL]. It must be safe for concurrent use.
	Scope(ctx context.Context, stmt RawStatement) (sql string, vars []any, err error)
}

// RawStatement is one statement as it would be sent.
type RawStatement struct {
	SQL     string // with the dialect's placeholders
	Vars    []any  // the bound values
	Dialect string // "postgres" or "sqlite"
	Scope   Scope  // whose rows it may touch
	// Table finds a known table by its name, which may be qualified by a schema
	// and is folded as the dialect folds it.
	Table func(schema, name string) (TenantTable, bool)
}

// TenantTable is what is known of a table.
type TenantTable struct {
	Name     string // as its model has it
	Column   string // the tenant column; empty for a shared table
	Writable bool   // whether tenants may write it
	// Bind returns the scope's tenants in the type of the tenant column.
	Bind func(Scope) ([]any, error)
}

// beginRaw judges a statement that came as text.
func (ex *execution) beginRaw(stmt *gorm.Statement) error {
	ex.text = stmt.SQL.String()
	if isSavepoint(ex.text) {
		return nil
	}
	s := scopeOf(stmt.Context)
	switch {
	case s == nil:
		return ex.errorOn("", ErrNoTenant, "")
	case s.err != nil:
		return s.err
	}
	ex.scope = s
	switch {
	case s.mode == modeBypass || s.trusted:
		return ex.reportBypass(stmt.Context)
	case ex.plugin.config.RawSQL == nil:
		return ex.errorOn("", ErrUnscopedSQL, "raw SQL needs Config.RawSQL, or a context from Trust or Bypass")
	}
	sql, vars, err := ex.plugin.config.RawSQL.Scope(stmt.Context, RawStatement{
		SQL: stmt.SQL.String(), Vars: stmt.Vars, Dialect: stmt.DB.Name(), Scope: Scope{s}, Table: ex.plugin.tables.describe,
	})
	if err != nil {
		return ex.errorOn("", err, "")
	}
	stmt.SQL.Reset()
	stmt.SQL.WriteString(sql)
	stmt.Vars, ex.text = vars, sql
	return nil
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

// describe tells a RawSQL what is known of a table.
func (r *tables) describe(schemaName, name string) (TenantTable, bool) {
	t := r.byName(schemaName, name)
	if t == nil {
		return TenantTable{}, false
	}
	bind := func(s Scope) (values []any, err error) {
		if err := s.Err(); err != nil {
			return nil, err
		}
		for i := range s.s.tenants {
			value, err := t.id.value(&s.s.tenants[i])
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		return values, nil
	}
	return TenantTable{Name: t.name, Column: t.column, Writable: t.column != "" || t.writable, Bind: bind}, true
}
