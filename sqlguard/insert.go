//go:build cgo

package sqlguard

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// insertion is an INSERT into a tenant's table.
type insertion struct {
	stmt   *pg.InsertStmt
	target *leaf
	column int  // the index of the tenant column in the list, or -1
	list   int  // the token that opens the list of columns, or -1
	source int  // the first token of what is inserted
	end    int  // the index after it: of ON CONFLICT, if there is one
	own    bool // the target of ON CONFLICT has the tenant column
}

func (c *compiler) insertStmt(s *pg.InsertStmt, f frame) bool {
	f = c.with(s.GetWithClause(), f)
	target, ok := c.target(s.GetRelation(), f.names)
	if !ok {
		return false
	}
	for _, n := range s.GetCols() {
		c.exprs(n.GetResTarget().GetIndirection(), f)
	}
	bearing := false
	if target != nil && target.link != nil {
		if s.GetOnConflictClause() != nil {
			c.refuse(RuleStatement, s.GetRelation().GetLocation(), "text cannot upsert into a linked table; use its model, or two statements")
			return false
		}
		target = nil
	}
	if target == nil {
		bearing = c.selectStmt(s.GetSelectStmt().GetSelectStmt(), f)
		return c.afterInsert(s, nil, f) || bearing
	}
	in := &insertion{stmt: s, target: target, column: -1, list: -1}
	if !c.findInsertion(in) {
		return false
	}
	bearing = c.insertSource(in, f)
	return c.afterInsert(s, in, f) || bearing || f.pin == nil
}

// findInsertion finds the parts of an INSERT in the text.
func (c *compiler) findInsertion(in *insertion) bool {
	column := c.plan.tables[in.target.table].known.Column
	for i, n := range in.stmt.GetCols() {
		if n.GetResTarget().GetName() != column {
			continue
		}
		if in.column >= 0 || len(n.GetResTarget().GetIndirection()) > 0 {
			c.refuse(RuleTenantValue, n.GetResTarget().GetLocation(), "the tenant column is named twice, or in part; name it once, or leave it out")
			return false
		}
		in.column = i
	}
	i := c.tableEnd(in.target.token)
	if c.kind(i) == pg.Token_AS {
		i = c.name(i + 1)
	}
	if len(in.stmt.GetCols()) > 0 {
		if c.kind(i) != open {
			c.lost(in.stmt.GetRelation().GetLocation())
			return false
		}
		in.list = i
		i = c.next(i)
	}
	if c.keyword(i) == pg.Token_OVERRIDING {
		i += 3 // OVERRIDING USER VALUE
	}
	in.source = i
	last := -1
	for in.end = i; in.end < len(c.list); in.end = c.next(in.end) {
		kind := c.keyword(in.end)
		if kind == shut || kind == semi || kind == pg.Token_RETURNING {
			break
		}
		if kind == pg.Token_ON && c.kind(in.end+1) == pg.Token_CONFLICT {
			last = in.end
		}
	}
	if in.stmt.GetOnConflictClause() != nil {
		if last < 0 {
			c.lost(in.stmt.GetRelation().GetLocation())
			return false
		}
		in.end = last
		if c.stops == nil {
			c.stops = map[int]bool{}
		}
		c.stops[last] = true
	}
	return true
}

// afterInsert walks ON CONFLICT and RETURNING.
func (c *compiler) afterInsert(s *pg.InsertStmt, into *insertion, f frame) bool {
	l := &level{frame: f}
	var target *leaf
	if into != nil {
		target = into.target
		l.leaves = []*leaf{target}
		l.aliases = []string{target.name}
		c.settle(l)
	}
	in := l.inner()
	if conflict := s.GetOnConflictClause(); conflict != nil {
		c.exprs(conflict.GetInfer().GetIndexElems(), in)
		c.expr(conflict.GetInfer().GetWhereClause(), in)
		c.assignments(conflict.GetTargetList(), target)
		c.exprs(conflict.GetTargetList(), in)
		c.expr(conflict.GetWhereClause(), in)
		if into != nil && c.err == nil {
			c.widenTarget(into, conflict)
		}
		if into != nil && c.err == nil && conflict.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE {
			c.guardUpdate(into, conflict)
		}
	}
	c.exprs(s.GetReturningList(), in)
	c.meet(l)
	return l.sublinks > 0
}

// widenTarget adds the tenant column to the target of ON CONFLICT if the target then
// matches a unique index of the table.
func (c *compiler) widenTarget(in *insertion, conflict *pg.OnConflictClause) {
	use := &c.plan.tables[in.target.table]
	in.own = infersTenant(conflict, use.known.Column)
	if in.own || len(conflict.GetInfer().GetIndexElems()) == 0 {
		return
	}
	from := in.end + 2 // after ON CONFLICT
	to := from
	for ; to < len(c.list) && c.keyword(to) != pg.Token_DO; to = c.next(to) {
	}
	if c.kind(from) != open || to == len(c.list) {
		c.lost(conflict.GetLocation())
		return
	}
	target := conflictTarget{schema: use.schema, name: use.name, text: c.text[c.start(from):c.end(to-1)]}
	var err error
	if target.widened, err = c.widen(target.schema, target.name, target.text); err != nil {
		c.fail(RuleConflict, err, conflict.GetLocation(), "which unique index its target means is not certain")
		return
	}
	c.plan.targets = append(c.plan.targets, target)
	if in.own = target.widened; in.own {
		c.insert(c.end(from), orderOpen, sqltext.Quote(use.known.Column)+", ")
	}
}

// guardUpdate lets DO UPDATE touch only rows of the inserted row's tenant. If the key may
// belong to another tenant's row, a conflict with such a row fails the statement.
func (c *compiler) guardUpdate(in *insertion, conflict *pg.OnConflictClause) {
	target := in.target
	column := c.plan.tables[target.table].known.Column
	predicate := target.column + " = EXCLUDED." + sqltext.Quote(column)
	if !c.set {
		predicate = c.bound(target)
	}
	i := c.tableEnd(target.token)
	for ; i < len(c.list) && !c.stops[i]; i = c.next(i) {
	}
	for ; i < len(c.list) && c.keyword(i) != pg.Token_DO; i = c.next(i) {
	}
	if c.keyword(i+1) != pg.Token_UPDATE {
		c.lost(conflict.GetLocation())
		return
	}
	end := c.clauseEnd(i)
	has, own := c.keyword(end) == pg.Token_WHERE, in.own
	switch {
	case has != (conflict.GetWhereClause() != nil) || has && c.clauseEnd(end+1) <= end+1:
		c.lost(conflict.GetLocation())
	case has && own:
		c.conjoin(end+1, c.clauseEnd(end+1), orderWhere, predicate)
	case has:
		// The caller's condition stands inside the guard. Beside it, a condition that is
		// never true would let PostgreSQL skip the check of whose row it is.
		before, after := splitGuard(predicate)
		from := c.start(end + 1)
		c.insert(from, orderOpen, c.space(from)+before+"CASE WHEN (")
		c.insert(c.end(c.clauseEnd(end+1)-1), orderWhere, ") THEN 'true' ELSE 'false' END"+after)
	case own:
		c.insert(c.end(end-1), orderWhere, " WHERE "+predicate)
	default:
		before, after := splitGuard(predicate)
		c.insert(c.end(end-1), orderWhere, " WHERE "+before+"'true'"+after)
	}
}

// splitGuard returns the text around a condition that is evaluated for the tenant's own
// rows only; another tenant's row fails the statement.
func splitGuard(predicate string) (before, after string) {
	return "CAST(CASE WHEN " + predicate + " THEN ", " ELSE '" + conflictMark + "' END AS boolean) AND " + predicate
}

// infersTenant reports whether the key of ON CONFLICT has the tenant column.
func infersTenant(conflict *pg.OnConflictClause, column string) bool {
	for _, n := range conflict.GetInfer().GetIndexElems() {
		if e := n.GetIndexElem(); e.GetName() == column && len(e.GetCollation()) == 0 && len(e.GetOpclass()) == 0 {
			return true
		}
	}
	return false
}

// conflictMark is not a boolean: casting it to one fails, with a text that TranslateError
// recognizes.
const conflictMark = "tenancy: row of another tenant"

// TranslateError implements [tenancy.ErrorTranslator]: it recognizes the failure of an
// upsert that met a row of another tenant.
func (g *Guard) TranslateError(err error) error {
	if sqlstate.Of(err) == sqlstate.InvalidTextRepresentation && strings.Contains(err.Error(), `"`+conflictMark+`"`) {
		return tenancy.ErrCrossTenantConflict
	}
	return nil
}
