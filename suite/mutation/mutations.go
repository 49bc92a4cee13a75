package main

// mutation is a defence that is switched off by a change of the text.
type mutation struct {
	trap, file, old, new string
}

var mutations = []mutation{
	{"the caller's OR stands outside of its group", "from.go", `stmt.WriteString("AND (")`, `stmt.WriteString("AND ")`},
	{"no tenant in the context", "execution.go", "if s == nil {\n\t\treturn ex.errorOn(stmt.Table, ErrNoTenant, \"\")", "if s == nil {\n\t\ts = &scope{mode: modeBypass}"},
	{"the tenant predicate is missing", "predicate.go", "if ex.scope.mode == modeBypass {\n\t\treturn false", "if ex.scope.mode != modeSet {\n\t\tstmt.WriteString(\"1 = 1\")\n\t\treturn true"},
	{"fragments hold queries", "internal/sqltext/judge.go", "case kwQuery:\n\t\treturn reasonQuery", "case kwQuery:"},
	{"fragments close their group", "internal/sqltext/judge.go", "if depth == 0 {\n\t\t\treturn 0, \"a parenthesis is closed that was not opened\"", "if depth < -99 {\n\t\t\treturn 0, \"\""},
	{"fragments leave their group open", "internal/sqltext/judge.go", "if depth != 0 {\n\t\tv.Reason", "if depth > 99 {\n\t\tv.Reason"},
	{"a line comment swallows what follows", "build.go", "if verdict.OpenComment {", "if false {"},
	{"functions run text", "internal/sqltext/judge.go", "if v.Reason == \"\" && l.Is(next, '(') {", "if false {"},
	{"SQLite reads a table behind IN", "internal/sqltext/judge.go", "if prev.kw == kwIn {", "if false {"},
	{"SQLite's placeholders are moved", "build.go", `reason == "" && ex.plugin.dialect == sqltext.SQLite &&`, `reason == "never" &&`},
	{"a value of SET assigns the tenant", "internal/sqltext/judge.go", "if depth == 0 && place == Value {", "if false {"},
	{"joined tables are not scoped", "from.go", "l.stmt.SQL.WriteString(\" AND (\")", "l.stmt.SQL.WriteString(\" OR (\")"},
	{"RIGHT JOIN keeps other tenants' rows", "from.go", "case l.preserves(ref.Item):", "case false:"},
	{"tables of a list are not scoped", "from.go", "if list.scopingOf(i) == inWhere {", "if i == 0 && list.scopingOf(i) == inWhere {"},
	{"a table is known by its name, too", "execution.go", "case t != nil:\n\t\treturn t, nil", "case t != nil && ex.model != nil:\n\t\treturn t, nil\n\tcase t != nil:\n\t\treturn undeclared, nil"},
	{"undeclared tables", "execution.go", "case ex.scope.mode == modeBypass, ex.plugin.config.AllowUndeclared:", "case true:"},
	{"a subquery runs without its statement's scope", "subquery.go", "case own == nil || own == h.scope:", "case own == nil:\n\t\treturn &scope{mode: modeBypass}, nil\n\tcase own == h.scope:"},
	{"a subquery under another scope", "subquery.go", "return nil, &ScopeError{Op: opQuery", "return own, &ScopeError{Op: opQuery"},
	{"a subquery's error is dropped", "subquery.go", "case handed.err != nil:", "case false:"},
	{"raw SQL", "rawsql.go", "case ex.plugin.config.RawSQL == nil:", "case false:"},
	{"rows name another tenant", "create.go", "case !ex.allows(named):", "case false:"},
	{"the tree is judged before it is written", "tree.go", "return t.ex.errorOn(m.name, ErrTenantMismatch, \"\")", "return nil"},
	{"maps leave the tenant out", "create.go", "return appendColumn(values, ex.table.column, func() any { return own }), true", "return values, true"},
	{"the tenant is in SET", "write.go", "if !ex.keepsTenant(a.Value) {", "if false {"},
	{"an upsert overwrites another tenant's row", "conflict.go", "ex.writeConflictWhere(stmt, oc.Where, guard && !oc.DoNothing)", "ex.writeConflictWhere(stmt, oc.Where, false)"},
	{"an upsert that met another tenant's row is a success", "conflict.go", "db.AddError(ex.errorOn(ex.table.name, ErrCrossTenantConflict, \"\"))", ""},
	{"the conflict's target lacks the tenant", "conflict.go", "return own, false", "return columns, true"},
	{"shared tables are read-only", "write.go", "if t.shared && !t.writable && ex.scope.mode != modeBypass {", "if false {"},
	{"a set's preloads mix", "preload.go", "if ex == nil ||", "if true ||"},
	{"a bypass joins rows of two tenants", "from.go", "case matched:\n\t\twriteTenantMatches", "case matched && l.ex.scope.mode != modeBypass:\n\t\twriteTenantMatches"},
	{"a write by value stays with its tenant", "change.go", "if err != nil || one.key == \"\" || several {", "if true {"},
	{"With inside of With", "scope.go", "if !outer.has(t) {", "if false {"},
	{"the zero UUID", "tenantid.go", "if id == uuid.Nil {\n\t\treturn tenant{}, errors.New(\"the zero UUID is no tenant\")\n\t}\n\tkey", "key"},
	{"a join table has no tenant column", "jointable.go", "if err := r.replaceJoinTable(rel, tenant); err != nil {", "if err := error(nil); err != nil {"},
	{"Row returns nil after an error", "row.go", "return pool.QueryRowContext(refusedContext{stmt.Context, err}, \"\")", "_ = pool\n\treturn nil"},
}
