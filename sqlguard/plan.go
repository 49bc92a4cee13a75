//go:build cgo

package sqlguard

import (
	"slices"

	"github.com/gorm-tenancy/tenancy"
)

// shape is the key of the cache: a text, and those properties of the scope that its
// rewriting depends on. It holds no tenant's value.
type shape struct {
	sql     string
	vars    int  // the bound values: the tenants' come after them
	tenants int  // how many the scope has
	set     bool // whether it is a set, if only of one
	free    bool // whether there is no scope, for free tables alone
	strict  bool // whether predicates that the author wrote do not count
}

func shapeOf(stmt *tenancy.RawStatement) (shape, error) {
	s := shape{sql: stmt.SQL, vars: len(stmt.Vars), tenants: 1}
	if stmt.Dialect != "postgres" {
		return s, &Refusal{Rule: RuleDialect, Err: tenancy.ErrUnscopedSQL, Reason: "text is scoped on PostgreSQL only"}
	}
	if stmt.Scope == (tenancy.Scope{}) {
		s.free = true
		return s, nil
	}
	if err := stmt.Scope.Err(); err != nil {
		return s, err
	}
	if _, one := stmt.Scope.Tenant(); !one {
		s.set = true
		s.tenants = len(stmt.Scope.Tenants())
		if s.tenants == 0 {
			return s, &tenancy.ScopeError{Op: "raw", Err: tenancy.ErrNoTenant}
		}
	}
	return s, nil
}

// plan is a rewritten text. It holds no tenant's value.
type plan struct {
	sql     string
	tables  []tableUse
	targets []conflictTarget
	slots   []slot
	order   []int   // of the slots with placeholders
	soft    []check // predicates of the author's that were found good enough
	hard    []check // values that an INSERT gives the tenant column
	copies  bool    // an INSERT takes its tenant from a column: it is verified each time
}

// conflictTarget is the target of an ON CONFLICT, and whether it got the tenant
// column, according to the table's keys when the text was rewritten.
type conflictTarget struct {
	schema, name, text string
	widened            bool
}

// tableUse is a table as it was known when the text was rewritten.
type tableUse struct {
	schema, name string
	known        tenancy.TenantTable // without Bind
	slot         int                 // -1 for a shared table
}

// owner is the table whose tenant column says who owns a row: the table itself, or
// the one that links to it.
func owner(t *tenancy.TenantTable) *tenancy.TenantTable {
	if t.Link != nil {
		return &t.Link.Via
	}
	return t
}

// key is the column that a predicate on the table compares.
func key(t *tenancy.TenantTable) string {
	if t.Link != nil {
		return t.Link.Key
	}
	return t.Column
}

// slot is one value, or one for each tenant of a set, that several tables may
// share.
type slot struct {
	table  int  // whose Bind gives it
	values int  // the slot that has the same values: itself, or one before
	bound  bool // whether it has placeholders
	number int  // of its first placeholder
}

// check compares a tenant that the statement names with the scope.
type check struct {
	slot    int
	param   int    // the placeholder, or zero
	literal string // else the text of a constant
	number  bool   // whether the constant is a number
	offset  int
}

// fits reports whether the plan was made for the same tables, and, if an ON
// CONFLICT depends on them, for the same keys.
func (p *plan) fits(stmt *tenancy.RawStatement) bool {
	for i := range p.tables {
		use := &p.tables[i]
		t, ok := stmt.Table(use.schema, use.name)
		if !ok || !sameTable(&t, &use.known) {
			return false
		}
	}
	for i := range p.targets {
		target := &p.targets[i]
		if widened, err := stmt.WidensTarget(target.schema, target.name, target.text); err != nil || widened != target.widened {
			return false
		}
	}
	return true
}

// bind returns the values to send. named is true if the soft checks hold. The
// error is a hard check's, or says that a column cannot hold a tenant.
func (p *plan) bind(stmt *tenancy.RawStatement, s shape) (vars []any, named bool, err error) {
	if len(p.slots) == 0 {
		return stmt.Vars, true, nil
	}
	var few [4][]any
	values := few[:0]
	for i := range p.slots {
		if p.slots[i].values != i {
			values = append(values, values[p.slots[i].values])
			continue
		}
		use := &p.tables[p.slots[i].table]
		t, ok := stmt.Table(use.schema, use.name)
		if !ok {
			return nil, false, undeclared(use.name)
		}
		ids, err := owner(&t).Bind(stmt.Scope)
		if err != nil {
			return nil, false, err
		}
		if len(ids) != s.tenants {
			return nil, false, &tenancy.ScopeError{Op: "raw", Table: t.Name, Err: tenancy.ErrInvalidTenant}
		}
		values = append(values, ids)
	}
	for i := range p.hard {
		if !p.hard[i].holds(stmt.Vars, values) {
			return nil, false, (&Refusal{Rule: RuleMismatch, Err: tenancy.ErrTenantMismatch,
				Reason: "the row names another tenant than the scope's, or one in a type that cannot be compared"}).
				at(stmt.SQL, p.hard[i].offset)
		}
	}
	for i := range p.soft {
		if !p.soft[i].holds(stmt.Vars, values) {
			return nil, false, nil
		}
	}
	if len(p.order) == 0 {
		return stmt.Vars, true, nil
	}
	vars = make([]any, len(stmt.Vars), len(stmt.Vars)+len(p.order)*s.tenants)
	copy(vars, stmt.Vars)
	for _, i := range p.order {
		vars = append(vars, values[i]...)
	}
	return vars, true, nil
}

// masked returns the values for the verifier. A text is verified once and sent
// again with other values. So its verdict may depend only on those of the author's
// values that are checked each time.
func (p *plan) masked(vars []any, stmt *tenancy.RawStatement) []any {
	if p.copies {
		return vars
	}
	shown := make([]any, len(vars))
	copy(shown[len(stmt.Vars):], vars[len(stmt.Vars):])
	for _, checks := range [][]check{p.soft, p.hard} {
		for i := range checks {
			if n := checks[i].param; n > 0 && n <= len(stmt.Vars) {
				shown[n-1] = vars[n-1]
			}
		}
	}
	return shown
}

func (c *check) holds(vars []any, values [][]any) bool {
	for _, id := range values[c.slot] {
		switch {
		case c.param > len(vars):
			return false
		case c.param > 0 && sameTenant(vars[c.param-1], id):
			return true
		case c.param == 0 && sameLiteral(c.literal, c.number, id):
			return true
		}
	}
	return false
}

func sameTable(a, b *tenancy.TenantTable) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.Column == b.Column && a.Writable == b.Writable && a.Type == b.Type &&
		slices.Equal(a.Key, b.Key) && sameLink(a.Link, b.Link)
}

func sameLink(a, b *tenancy.TableLink) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameTable(&a.Via, &b.Via) && a.ForeignKey == b.ForeignKey && a.Key == b.Key && a.Where == b.Where && a.Alias == b.Alias
}

// sameIDs reports whether two columns get the same values.
func sameIDs(a, b *tenancy.TenantTable) bool { return a.Type != "" && a.Type == b.Type }

// unreached returns why a tenant's statement may not use a table.
func (c *compiler) unreached(t *tenancy.TenantTable) (reason string, err error) {
	switch {
	case t.Kind == tenancy.KindFree:
		return "", nil
	case c.free:
		return "the context has no scope, and the table needs one", tenancy.ErrNoTenant
	}
	switch t.Kind {
	case tenancy.KindTenant, tenancy.KindRoot, tenancy.KindMixed, tenancy.KindShared, tenancy.KindLinked:
		return "", nil
	case tenancy.KindPrivate:
		return "the table is private; the application reaches it under tenancy.Bypass", tenancy.ErrPrivate
	}
	return "text cannot name a " + t.Kind.String() + " table; read it through its model", tenancy.ErrUnscopedSQL
}

func undeclared(name string) *Refusal {
	return &Refusal{Rule: RuleTable, Err: tenancy.ErrUndeclared,
		Reason: "table " + name + " is neither a tenant's nor shared; list it in Config.Models or Config.Shared"}
}
