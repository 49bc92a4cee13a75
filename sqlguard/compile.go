//go:build cgo

package sqlguard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/gorm-tenancy/tenancy"
)

// compiler rewrites one text. It walks the parser's tree to find what must be
// scoped, and edits the text itself, so that the author's text, including
// comments and hints, stays as it is.
type compiler struct {
	tokens
	shape
	guard *Guard
	table func(schema, name string) (tenancy.TenantTable, bool)
	widen func(schema, name, target string) (bool, error)
	plan  plan
	edits []edit
	uses  map[int]int  // how often each placeholder occurs, less its use as the tenant
	stops map[int]bool // tokens that end a clause and look as if they did not
	err   *Refusal

	reading *reading // the query that is walked under a pin
	pinned  int      // how many tables were matched with a row around them

	source *copySource // of the INSERT whose rows are walked; nil outside of one
}

// rewrite returns the plan for a text. It does not look at values.
func (g *Guard) rewrite(s shape, stmt *tenancy.RawStatement) (p *plan, err error) {
	// The text comes from outside, and a bug of this package must not end the
	// program: a panic becomes a refusal.
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, &Refusal{Rule: RuleNode, Err: tenancy.ErrUnscopedSQL, Reason: "the text could not be judged"}
		}
	}()
	tree, ts, refusal := parse(stmt.SQL)
	if refusal != nil {
		return nil, refusal
	}
	c := &compiler{tokens: ts, shape: s, guard: g, table: stmt.Table, widen: stmt.WidensTarget, uses: map[int]int{}}
	c.statement(tree)
	c.onlyTenants(c.plan.hard)
	if c.free && len(c.plan.tables) == 0 {
		c.fail(RuleTable, tenancy.ErrNoTenant, -1, "the context has no scope, and the text names no free table")
	}
	if c.err != nil {
		return nil, c.err
	}
	if !c.areOnlyTenants(c.plan.soft) {
		s.strict = true
		return g.rewrite(s, stmt)
	}
	sql, ok := c.apply()
	if !ok {
		return nil, &Refusal{Rule: RulePlace, Err: tenancy.ErrUnscopedSQL, Reason: "the places for the tenant's predicates overlap"}
	}
	c.plan.sql = sql
	return &c.plan, nil
}

// parse reads a text that holds one statement.
func parse(text string) (*pg.Node, tokens, *Refusal) {
	refuse := func(rule Rule, reason string) (*pg.Node, tokens, *Refusal) {
		return nil, tokens{}, &Refusal{Rule: rule, Err: tenancy.ErrUnscopedSQL, Reason: reason}
	}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return refuse(RuleText, "the text is not valid UTF-8, or holds a NUL byte; pass such values in placeholders")
	}
	ts, err := scan(text)
	switch {
	case errors.Is(err, errTooDeep):
		return refuse(RuleTooComplex, "it is nested or chained too deeply; use a list, an array or a temporary result")
	case err != nil:
		return nil, tokens{}, syntax(text, err)
	}
	result, err := pg.Parse(text)
	if err != nil {
		return nil, tokens{}, syntax(text, err)
	}
	statements := result.GetStmts()
	if len(statements) != 1 {
		return refuse(RuleSeveral, fmt.Sprintf("the text holds %d statements; send them one by one", len(statements)))
	}
	return statements[0].GetStmt(), ts, nil
}

// syntax says where the parser stopped. It leaves the parser's message out,
// which may quote a value.
func syntax(text string, err error) *Refusal {
	r := &Refusal{Rule: RuleSyntax, Err: tenancy.ErrUnscopedSQL, Reason: "PostgreSQL's parser does not take it"}
	var failed *parser.Error
	if errors.As(err, &failed) && failed.Cursorpos > 0 {
		offset := 0
		for range failed.Cursorpos - 1 { // in characters
			_, size := utf8.DecodeRuneInString(text[offset:])
			offset += size
		}
		_ = r.at(text, offset) // r itself
	}
	return r
}

// areOnlyTenants reports whether the tenants' placeholders are used for tenants
// only. Another use could give a placeholder a type, such as a float, that does
// not represent all ids exactly.
func (c *compiler) areOnlyTenants(checks []check) bool {
	for i := range checks {
		if checks[i].param > 0 && c.uses[checks[i].param] > 0 {
			return false
		}
	}
	return true
}

func (c *compiler) onlyTenants(checks []check) {
	if !c.areOnlyTenants(checks) {
		c.refuse(RuleTenantValue, int32(checks[0].offset), "the tenant's placeholder has another use as well; bind its value twice")
	}
}

// refuse keeps the first refusal. The offset is in bytes; -1 if there is none.
func (c *compiler) refuse(rule Rule, offset int32, reason string) {
	c.fail(rule, tenancy.ErrUnscopedSQL, offset, reason)
}

func (c *compiler) fail(rule Rule, err error, offset int32, reason string) {
	if c.err == nil {
		c.err = (&Refusal{Rule: rule, Err: err, Reason: reason}).at(c.text, int(offset))
	}
}

// lost refuses a text in which a place is missing that must exist according to
// the tree.
func (c *compiler) lost(offset int32) {
	c.refuse(RulePlace, offset, "the place for the tenant's predicate was not found; write it more plainly")
}

// use finds a table that the statement names; false if it is refused.
func (c *compiler) use(rv *pg.RangeVar) (int, bool) {
	if rv.GetCatalogname() != "" {
		c.refuse(RuleTable, rv.GetLocation(), "a table is named with its database; leave that out")
		return 0, false
	}
	for i := range c.plan.tables {
		if t := &c.plan.tables[i]; t.schema == rv.GetSchemaname() && t.name == rv.GetRelname() {
			return i, true
		}
	}
	t, ok := c.table(rv.GetSchemaname(), rv.GetRelname())
	if !ok {
		if c.err == nil {
			c.err = undeclared(rv.GetRelname()).at(c.text, int(rv.GetLocation()))
		}
		return 0, false
	}
	if reason, err := c.unreached(&t); err != nil {
		c.fail(RuleTable, err, rv.GetLocation(), reason)
		return 0, false
	}
	t.Bind = nil // the plan outlives the statement
	if t.Link != nil {
		link := *t.Link
		link.Via.Bind = nil
		t.Link = &link
	}
	c.plan.tables = append(c.plan.tables, tableUse{schema: rv.GetSchemaname(), name: rv.GetRelname(), known: t, slot: -1})
	i := len(c.plan.tables) - 1
	if key(&t) != "" {
		c.plan.tables[i].slot = c.slot(i)
	}
	return i, true
}

// slot finds the slot of a table. Tables whose ids have the same type share
// one. Text ids get a placeholder for each table, because the several text
// types compare differently.
func (c *compiler) slot(table int) int {
	own := owner(&c.plan.tables[table].known)
	values := len(c.plan.slots)
	for i := range c.plan.slots {
		if !sameIDs(owner(&c.plan.tables[c.plan.slots[i].table].known), own) {
			continue
		}
		if own.Type == "uuid" || own.Type == "integer" {
			return i
		}
		values = c.plan.slots[i].values
		break
	}
	c.plan.slots = append(c.plan.slots, slot{table: table, values: values})
	return len(c.plan.slots) - 1
}

// placeholder returns the placeholder for a tenant's value. The first use of a
// slot binds it.
func (c *compiler) placeholder(slot, tenant int) string {
	s := &c.plan.slots[slot]
	if !s.bound {
		s.bound = true
		s.number = c.vars + len(c.plan.order)*c.tenants + 1
		c.plan.order = append(c.plan.order, slot)
		if s.number+c.tenants > maxParams {
			c.refuse(RuleValue, -1, "the statement has too many values; split it")
		}
	}
	return "$" + strconv.Itoa(s.number+tenant)
}

// maxParams is how many PostgreSQL's protocol can bind.
const maxParams = 65535
