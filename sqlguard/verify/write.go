//go:build cgo

package verify

import (
	"cmp"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

func valuesName(i int) string { return "column" + strconv.Itoa(i+1) }

// update judges an UPDATE: its target is bound by WHERE as any table is.
func (j *judge) update(s *pg.UpdateStmt, e env) *output {
	return j.change(s.GetRelation(), s.GetFromClause(), s.GetWhereClause(), s.GetTargetList(), s.GetReturningList(), j.with(s.GetWithClause(), e))
}

func (j *judge) delete(s *pg.DeleteStmt, e env) *output {
	return j.change(s.GetRelation(), s.GetUsingClause(), s.GetWhereClause(), nil, s.GetReturningList(), j.with(s.GetWithClause(), e))
}

func (j *judge) change(rv *pg.RangeVar, others []*pg.Node, where *pg.Node, set, returning []*pg.Node, e env) *output {
	t := j.target(rv)
	if t == nil {
		return unknown()
	}
	l := newLevel()
	target := j.tableItem(rv, t, l)
	target.write()
	items := j.fromClause(others, from{level: l, env: e, left: []*fromItem{target}})
	inside := e.within(scopeOf(e.names, items...))
	j.where(where, inside, l)
	j.assignments(set, t, inside)
	j.walkAll(returning, inside)
	return j.targets(returning, inside.names, items)
}

// assignments judges SET, which must not contain the tenant column.
func (j *judge) assignments(set []*pg.Node, t *table, e env) {
	for _, n := range set {
		target := n.GetResTarget()
		if t.key() != "" && target.GetName() == t.key() {
			j.refuseWith(Error{Fragment: "assignment", Table: t.name, Offset: int(target.GetLocation()), Reason: "changes the column that binds it; leave it out of SET", Err: tenancy.ErrTenantImmutable})
		}
		j.subscripts(target, e)
		j.walk(target.GetVal(), e)
	}
}

// subscripts judges what stands after the name of a written column, where a
// name is a field and never a call.
func (j *judge) subscripts(target *pg.ResTarget, e env) {
	for _, n := range target.GetIndirection() {
		if n.GetString_() == nil {
			j.walk(n, e)
		}
	}
}

// tenantAt returns the position of the tenant column among the columns of an
// INSERT, or -1 if it is not named.
func (j *judge) tenantAt(columns []*pg.Node, t *table, e env) int {
	at := -1
	for i, n := range columns {
		target := n.GetResTarget()
		if target.GetName() == t.column && len(target.GetIndirection()) == 0 {
			at = i
		}
		j.subscripts(target, e)
	}
	return at
}

// insert judges an INSERT: each row names a tenant of the scope, and a row that
// ON CONFLICT updates is one of the scope.
func (j *judge) insert(s *pg.InsertStmt, e env) *output {
	e = j.with(s.GetWithClause(), e)
	rv := s.GetRelation()
	t := j.target(rv)
	if t == nil {
		return unknown()
	}
	at := j.tenantAt(s.GetCols(), t, e)
	var rows *output
	if s.GetSelectStmt() != nil {
		rows = j.query(s.GetSelectStmt(), e)
	}
	target := j.tableItem(rv, t, newLevel())
	target.write()
	names := scopeOf(e.names, target)
	switch r := target.reference(); {
	case t.link != nil: // whose new rows nobody is linked with yet
		r.inserted = true
		r.binds = anyOf{j.onConflict(s.GetOnConflictClause(), t, nil, target, r, e)}
	case t.column == "":
		j.onConflict(s.GetOnConflictClause(), t, nil, target, nil, e)
	default:
		written := rows.at(at)
		inserts := j.written(written, t, rv.GetLocation())
		if r := target.reference(); r != nil {
			r.inserted = true
			r.binds = anyOf{allOf{inserts, j.onConflict(s.GetOnConflictClause(), t, written, target, r, e)}}
		}
	}
	j.walkAll(s.GetReturningList(), e.within(names))
	return j.targets(s.GetReturningList(), names, []*fromItem{target})
}

// write marks an item as the table that is written.
func (f *fromItem) write() {
	if r := f.reference(); r != nil {
		r.written = true
	}
}

// reference returns the one tenant's table that an item is.
func (f *fromItem) reference() *reference {
	if len(f.columns) != 1 {
		return nil
	}
	return cmp.Or(f.columns[0].ref, f.columns[0].key)
}

// written judges the tenant of a written row, and returns the condition under
// which it is one of the scope.
func (j *judge) written(c *column, t *table, at int32) cond {
	if c != nil && !c.nullable {
		if cond := j.within(c.value, t); cond != nil {
			j.claims = append(j.claims, claim{cond, t, at, "its tenant column is not bound where it comes from"})
			return cond
		}
	}
	j.refuseWith(Error{
		Fragment: "row", Table: t.name, Offset: int(at), Err: tenancy.ErrTenantMismatch,
		Reason: "not certain to be the tenant's: name the column " + sqltext.Quote(t.column) + " and give it the tenant's value in every row",
	})
	return anyOf{}
}

// onConflict judges ON CONFLICT and returns the condition under which the
// existing row belongs to the scope.
func (j *judge) onConflict(c *pg.OnConflictClause, t *table, written *column, target *fromItem, r *reference, e env) cond {
	if c == nil {
		return allOf{}
	}
	inside := e.within(scopeOf(e.names, target))
	if infer := c.GetInfer(); infer != nil {
		j.children(infer, inside)
	}
	if c.GetAction() != pg.OnConflictAction_ONCONFLICT_UPDATE {
		return allOf{}
	}
	excluded := opaque(nil, "excluded")
	if r != nil && written != nil {
		excluded.columns = []*column{{name: t.column, value: written.value}}
		excluded.relations[0].columns = excluded.columns
	}
	inside = e.within(scopeOf(e.names, target, excluded))
	j.assignments(c.GetTargetList(), t, inside)
	existing := anyOf{}
	if where := c.GetWhereClause(); where != nil {
		j.walk(where, inside)
		existing = bindsOf(j.facts(where, inside.names), r)
	}
	if r != nil && t.column != "" && conflictsWithin(c.GetInfer(), t.column) {
		existing = append(existing, allOf{})
	}
	return existing
}

// conflictsWithin reports whether the target of ON CONFLICT contains the plain
// tenant column, so that rows conflict only with rows of their own tenant.
func conflictsWithin(infer *pg.InferClause, column string) bool {
	for _, n := range infer.GetIndexElems() {
		elem := n.GetIndexElem()
		if elem.GetName() == column && len(elem.GetCollation()) == 0 && len(elem.GetOpclass()) == 0 {
			return true
		}
	}
	return false
}
