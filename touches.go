package tenancy

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// enforces reports whether a statement is enforced, as far as its own table can
// tell. The others are seen when its text is built; see touchesEnforced.
func (p *Plugin) enforces(op string, stmt *gorm.Statement) bool {
	switch text := stmt.SQL.String(); {
	case p.modes == nil, isEnforced(stmt.Context):
		return true
	case p.modes.strictest == Observe:
		return false
	case op == opRaw || text != "":
		return p.instructs(stmt.Vars) || p.touchesEnforced(opRaw, text)
	}
	op = effective(op, stmt.DB)
	return p.ownMode(op, stmt).enforces(op)
}

// ownMode is the mode of a statement's own table: the strictest where it names
// several, or has a model of another.
func (p *Plugin) ownMode(op string, stmt *gorm.Statement) Mode {
	var mode Mode
	if stmt.Schema != nil {
		_, _ = p.tables.model(stmt.Schema) // known from now on; what is wrong with it is found again
	}
	if stmt.TableExpr == nil {
		mode, _ = p.modeOf(cutSchema(p.tables.fold(stmt.Table)))
	} else {
		seen := touched{Mode: Observe}
		p.readText(&seen, "SELECT FROM "+stmt.TableExpr.SQL)
		if mode = seen.Mode; seen.Unsure != "" && op != opQuery && op != opRow {
			mode = p.modes.strictest
		}
	}
	if stmt.Schema != nil && stmt.Schema.Table != stmt.Table {
		if own, known := p.modeOf(cutSchema(p.tables.fold(stmt.Schema.Table))); known {
			mode = min(mode, own)
		}
	}
	return mode
}

// touched is what a statement may touch, with the strictest mode in it.
type touched struct {
	sqltext.Reach
	Mode
	shared bool // it names a table that is nobody's
}

// readText reads a statement's text: with the parser of Config.RawSQL, where it has one
// for the dialect.
func (p *Plugin) readText(r *touched, text string) {
	if p.reader != nil {
		p.readNames(r, text)
		return
	}
	lexer := sqltext.Lexer{Text: text, Dialect: p.dialect}
	r.Reach = sqltext.Relations(&lexer, p.allow, func(schema, name string, cte bool) {
		if _, known := p.modeOf(schema, name); known || !cte {
			p.touchTable(r, schema, name)
		}
	})
}

func (p *Plugin) readNames(r *touched, text string) {
	names, err := p.reader.Names(text)
	if err != nil {
		r.Reach = sqltext.Reach{Unsure: "it cannot be parsed"}
		return
	}
	r.Reach = sqltext.Reach{Reads: !names.Writes}
	for _, name := range names.Functions {
		if !sqltext.SafeFunction(name) && !p.allow(name) {
			r.Unsure = "it calls a function that is not known to be safe"
		}
	}
	for _, t := range names.Tables {
		p.touchTable(r, t.Schema, t.Name)
	}
}

// touchTable adds a table that a text names.
func (p *Plugin) touchTable(r *touched, schema, name string) {
	mode, known := p.modeOf(schema, name)
	if known && !p.modes.lists(schema, name) && p.isShared(schema, name) {
		r.shared = true
		return
	}
	r.Mode = min(r.Mode, mode)
}

// modeOf returns the mode of a table as a statement names it, and whether it is
// known. One that is not may be a view of any, and so may one that has a known
// table's name in a schema that nobody declared.
func (p *Plugin) modeOf(schema, name string) (mode Mode, known bool) {
	switch {
	case p.tables.allowsUndeclared(schema, name), p.declares(schema, name) &&
		(p.modes.lists(schema, name) || p.tables.byName(schema, name) != nil):
		return p.modes.of(schema, name), true
	}
	return p.modes.strictest, false
}

// declares reports whether a schema is one in which the configuration or a model
// names the table. A name without a schema stands for the default one.
func (p *Plugin) declares(schema, name string) bool {
	switch schema {
	case "", "public", "main":
		return true
	}
	qualified := schema + "." + name
	_, listed := p.modes.tables[qualified]
	return listed || p.tables.snapshot.Load().names[qualified] != nil
}

// isShared reports whether a table has no tenant's rows.
func (p *Plugin) isShared(schema, name string) bool {
	t := p.tables.byName(schema, name)
	return t == nil || !t.isScoped()
}

// touchesEnforced reports whether a statement may touch what is enforced, from its text
// as it would be sent: everything in it must be known, and observed, for it to be
// sent as it is. That is so whoever wrote it, and the one place where it is
// decided.
func (p *Plugin) touchesEnforced(op, text string) bool {
	if p.modes.strictest == Observe {
		return false
	}
	seen := touched{Mode: Observe}
	p.readText(&seen, text)
	switch {
	case op == opCreate || op == opUpdate || op == opDelete:
	case !seen.Reads, op == opRaw && seen.Unsure != "": // a function may write
		op = opRaw
	default:
		op = opQuery
	}
	if seen.Unsure != "" {
		seen.Mode = p.modes.strictest
	}
	if seen.shared && op != opQuery {
		seen.Mode = min(seen.Mode, p.modes.others)
	}
	return seen.Mode.enforces(op)
}

// effective is the operation that a statement is part of: a query among the values
// of Exec is given no scope, and belongs to what may write.
func effective(op string, db *gorm.DB) string {
	if op == opQuery && gormfacts.IsSubquery(db) && gormfacts.InExec() {
		return opUpdate
	}
	return op
}
