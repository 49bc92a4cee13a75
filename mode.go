package tenancy

import (
	"context"
	"fmt"
)

// A Mode says what happens to statements that are not scoped to their tenant.
type Mode uint8

const (
	// Enforce scopes each statement, and refuses what cannot be scoped.
	Enforce Mode = iota

	// ObserveReads enforces writes, and sends reads as they are. Reads that Enforce
	// would change or refuse are findings; see [Finding]. Raw SQL is a read if it
	// certainly is one: it holds no verb that writes, and calls no function that is
	// neither safe nor in [Config.Functions]. A query that GORM builds is a read unless
	// its text holds such a verb, or a second statement.
	ObserveReads

	// Observe sends every statement as it is. Statements that Enforce would change or
	// refuse are findings; see [Finding]. AutoMigrate leaves the tenant column out of
	// the keys of an observed table. It adds the column to the table's foreign keys to
	// enforced tables, and to a plain many-to-many table, where it may be NULL.
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

// modes are the modes of a plugin that observes something; nil if it enforces
// everything.
type modes struct {
	others    Mode
	strictest Mode            // of all
	tables    map[string]Mode // by folded name
	names     map[string]Mode // the strictest by the last part of the name, as text may have it
}

// of returns the mode of a table. One without a schema may be in any, as the search
// path has it: the strictest holds, and that of the others unless the name itself is
// listed.
func (m *modes) of(schema, name string) Mode {
	if schema == "" {
		mode, ok := m.names[name]
		if !ok {
			return m.others
		}
		if _, listed := m.tables[name]; listed {
			return mode
		}
		return min(mode, m.others)
	}
	if mode, ok := m.tables[schema+"."+name]; ok {
		return mode
	}
	mode, ok := m.tables[name]
	if !ok {
		return m.others
	}
	if schema != "public" && schema != "main" {
		return min(mode, m.others)
	}
	return mode
}

// lists reports whether a table has a mode of its own.
func (m *modes) lists(schema, name string) bool {
	if _, ok := m.tables[schema+"."+name]; ok && schema != "" {
		return true
	}
	_, ok := m.tables[name]
	return ok
}

// enforcementKey marks a context whose statements are enforced.
type enforcementKey struct{}

// WithEnforcement returns a context whose statements are enforced, whatever
// [Config.Mode] and [Config.Modes] say: as under [Enforce], they are scoped to the
// context's tenant, or refused. Nested statements are enforced as well, and those of
// every context that is derived from it. Nothing reverts it. A nil ctx stands for
// context.Background.
//
// Use it for code that relies on being scoped, such as code that deletes a tenant's
// rows or decides about access. It does not change the scope: without one, a statement
// is [ErrNoTenant]. If no table is observed it changes nothing, and costs nothing.
func WithEnforcement(ctx context.Context) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	if isEnforced(ctx) {
		return ctx
	}
	return context.WithValue(ctx, enforcementKey{}, true)
}

// isEnforced reports whether a context's statements are enforced by its own word.
func isEnforced(ctx context.Context) bool {
	return ctx != nil && ctx.Value(enforcementKey{}) != nil
}
