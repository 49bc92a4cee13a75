package tenancy

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// A Mode says what becomes of statements that are not scoped to their tenant.
type Mode uint8

const (
	// Enforce scopes each statement, and refuses what cannot be scoped.
	Enforce Mode = iota

	// ObserveReads enforces writes, and sends reads as they are. Those that
	// Enforce would change or refuse are findings; see [Finding].
	ObserveReads

	// Observe sends every statement as it is. Those that Enforce would change or
	// refuse are findings; see [Finding]. Keys are then left to GORM: AutoMigrate
	// puts no tenant column into them.
	Observe
)

// String returns the constant's name.
func (m Mode) String() string {
	switch m {
	case Enforce:
		return "Enforce"
	case ObserveReads:
		return "ObserveReads"
	case Observe:
		return "Observe"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// A TableMode is the mode of one table, for [Config.Modes].
type TableMode struct {
	Table any // a model, or the name of a table
	Mode  Mode
}

// enforces reports whether an operation is enforced.
func (m Mode) enforces(op string) bool {
	switch m {
	case Enforce:
		return true
	case ObserveReads:
		return op != opQuery && op != opRow
	}
	return false
}

// modes are the modes of a plugin that observes something; nil where it enforces
// everything.
type modes struct {
	others Mode
	tables map[string]Mode // by folded name
	names  map[string]Mode // the strictest by the last part of the name, as text may have it
}

// of returns the mode of a table.
func (m *modes) of(name string) Mode {
	if m == nil {
		return Enforce
	}
	if mode, ok := m.tables[name]; ok {
		return mode
	}
	return m.others
}

// newModes reads the modes of a configuration.
func newModes(db *gorm.DB, r *tables, config *Config) (*modes, error) {
	m := &modes{others: config.Mode, tables: map[string]Mode{}, names: map[string]Mode{}}
	if config.Mode > Observe {
		return nil, fmt.Errorf("tenancy: Config.Mode is %s", config.Mode)
	}
	observes := config.Mode != Enforce
	for i, entry := range config.Modes {
		name, isName := entry.Table.(string)
		if !isName {
			stmt := &gorm.Statement{DB: db}
			if err := stmt.Parse(entry.Table); err != nil {
				return nil, fmt.Errorf("tenancy: Config.Modes[%d]: %w", i, err)
			}
			name = stmt.Table
		}
		name = r.fold(name)
		if before, ok := m.tables[name]; name == "" || entry.Mode > Observe || ok && before != entry.Mode {
			return nil, fmt.Errorf("tenancy: Config.Modes[%d] has no table, an unknown mode or a table of two modes", i)
		}
		m.tables[name] = entry.Mode
		last := name[strings.LastIndexByte(name, '.')+1:]
		if before, ok := m.names[last]; !ok || entry.Mode < before {
			m.names[last] = entry.Mode
		}
		observes = observes || entry.Mode != Enforce
	}
	if !observes {
		return nil, nil
	}
	return m, nil
}

// enforces reports whether a statement is enforced, as far as its own table can
// tell. The others that it names are seen when it is rehearsed.
func (p *Plugin) enforces(op string, stmt *gorm.Statement) bool {
	if p.modes == nil {
		return true
	}
	if text := stmt.SQL.String(); op == opRaw || text != "" {
		return p.modes.ofText(text, p.dialect)
	}
	if len(p.modes.tables) > 0 && !p.knows(stmt.BuildClauses) {
		return true // it would not be rehearsed to its end
	}
	mode := p.modes.of(p.tables.fold(stmt.Table))
	if stmt.Schema != nil && stmt.Schema.Table != stmt.Table {
		mode = min(mode, p.modes.of(p.tables.fold(stmt.Schema.Table)))
	}
	return mode.enforces(op)
}

// ofText reports whether raw SQL is enforced: by the strictest mode among the
// names in it, and as a write unless it surely reads.
func (m *modes) ofText(text string, dialect sqltext.Dialect) bool {
	op := opQuery
	lexer := sqltext.Lexer{Text: text, Dialect: dialect}
	for first, t := true, lexer.Next(); t.Kind != sqltext.End; first, t = false, lexer.Next() {
		word := ""
		if t.Kind == sqltext.Word {
			word = lexer.Folded(t)
		}
		if first && !slices.Contains(readingWords, word) || t.Kind == sqltext.Bad || slices.Contains(writingWords, word) {
			op = opRaw
		}
	}
	return m.strictest(m.others, text, dialect).enforces(op)
}

// strictest returns the strictest of a mode and those of the tables that a text
// may name.
func (m *modes) strictest(mode Mode, text string, dialect sqltext.Dialect) Mode {
	if len(m.names) == 0 {
		return mode
	}
	lexer := sqltext.Lexer{Text: text, Dialect: dialect}
	for t := lexer.Next(); t.Kind != sqltext.End; t = lexer.Next() {
		switch known, ok := m.names[lexer.Folded(t)]; {
		case t.Kind == sqltext.Bad:
			return Enforce
		case ok && (t.Kind == sqltext.Word || t.Kind == sqltext.Quoted):
			mode = min(mode, known)
		}
	}
	return mode
}

// What a text that reads begins with, and what it does not hold.
var (
	readingWords = []string{"select", "table", "values", "with"}
	writingWords = []string{"insert", "update", "delete", "merge", "into", "truncate", "replace"}
)
