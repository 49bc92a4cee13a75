//go:build cgo

package sqlguard

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

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
