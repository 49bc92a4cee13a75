package sqlguard

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// asksOnce reports whether a subquery may be asked once for all tenants of the
// set, without its rows meeting another tenant's. Either its rows are compared by
// their tenant as well, or it names its tenants and returns the aggregate of all
// rows or whether there is a row.
func (c *compiler) asksOnce(s *pg.SubLink, beside *pg.Node, l *level, f frame) bool {
	sub := s.GetSubselect().GetSelectStmt()
	name, tenant := c.onlyTable(sub, f)
	if tenant == "" || l == nil || c.mentions(s, name, f.sight) {
		return false
	}
	if row := beside.GetRowExpr(); f.use == compared && row != nil && len(row.GetArgs()) == len(sub.GetTargetList()) {
		for i, n := range row.GetArgs() {
			inner := sub.GetTargetList()[i].GetResTarget().GetVal().GetColumnRef()
			if c.isTenantIn(l, n.GetColumnRef()) && isColumn(inner, name, tenant) {
				return true
			}
		}
	}
	if s.GetSubLinkType() != pg.SubLinkType_EXISTS_SUBLINK && !c.aggregatesAll(sub) {
		return false
	}
	for _, n := range conjuncts(sub.GetWhereClause(), nil) {
		if e := n.GetAExpr(); e.GetKind() == pg.A_Expr_Kind_AEXPR_IN && lastName(e.GetName()) == "=" &&
			isColumn(e.GetLexpr().GetColumnRef(), name, tenant) {
			return true
		}
	}
	return false
}

// onlyTable returns the name of the one tenant's table that a query reads, and the
// table's tenant column; empty if it is another kind of query.
func (c *compiler) onlyTable(s *pg.SelectStmt, f frame) (name, tenant string) {
	if s.GetOp() != pg.SetOperation_SETOP_NONE || len(s.GetFromClause()) != 1 || s.GetWithClause() != nil {
		return "", ""
	}
	rv := s.GetFromClause()[0].GetRangeVar()
	if rv == nil || len(rv.GetAlias().GetColnames()) > 0 || rv.GetSchemaname() == "" && f.names.find(rv.GetRelname()) != nil {
		return "", ""
	}
	t, _ := c.table(rv.GetSchemaname(), rv.GetRelname())
	if t.Kind == tenancy.KindMixed { // a row for everybody has no tenant to be compared
		return "", ""
	}
	if rv.GetAlias() != nil {
		return rv.GetAlias().GetAliasname(), t.Column
	}
	return rv.GetRelname(), t.Column
}

// isColumn reports whether an expression is a column of the one table in sight.
func isColumn(column *pg.ColumnRef, table, name string) bool {
	fields := column.GetFields()
	switch last := len(fields) - 1; last {
	case 0, 1:
		return fields[last].GetString_().GetSval() == name && (last == 0 || fields[0].GetString_().GetSval() == table)
	default:
		return false
	}
}

// isTenantIn reports whether a column is certainly the tenant of a level's rows.
func (c *compiler) isTenantIn(l *level, column *pg.ColumnRef) bool {
	for _, leaf := range l.leaves {
		if leaf.anchors() && c.isTenantOf(l, leaf, column) {
			return true
		}
	}
	return false
}

// mentions reports whether a subquery may refer to an outer row. Its own table's
// name hides an outer one of the same name.
func (c *compiler) mentions(s *pg.SubLink, own string, around *sight) bool {
	i := c.at(s.GetLocation())
	for ; i >= 0 && i < len(c.list) && c.kind(i) != open; i++ {
	}
	if i < 0 || i >= len(c.list) {
		return true
	}
	inside := map[string]bool{}
	for end := c.list[i].match; i < end; i++ {
		if c.kind(i+1) == dot {
			inside[c.identifier(i)] = true
		}
	}
	for at := around; at != nil; at = at.outer {
		for _, name := range at.level.aliases {
			if name != own && inside[name] {
				return true
			}
		}
	}
	return inside[""]
}

// identifier returns a token's name as PostgreSQL folds it; empty if the text does
// not show it.
func (ts *tokens) identifier(i int) string {
	raw := ts.text[ts.start(i):ts.end(i)]
	switch {
	case ts.kind(i) == pg.Token_UIDENT, ts.kind(i) == pg.Token_SCONST:
		return ""
	case strings.HasPrefix(raw, `"`):
		return strings.ReplaceAll(raw[1:len(raw)-1], `""`, `"`)
	}
	return sqltext.Lower(raw)
}

// aggregatesAll reports whether a query returns one row that aggregates all rows.
func (c *compiler) aggregatesAll(s *pg.SelectStmt) bool {
	if len(s.GetGroupClause()) > 0 || s.GetHavingClause() != nil || len(s.GetTargetList()) == 0 {
		return false
	}
	for _, n := range s.GetTargetList() {
		call := n.GetResTarget().GetVal().GetFuncCall()
		if call == nil || call.GetOver() != nil {
			return false
		}
		if name, ok := c.functionName(call.GetFuncname()); !ok || !sqltext.Aggregates(name) {
			return false
		}
	}
	return true
}
