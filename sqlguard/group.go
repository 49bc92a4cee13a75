package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// groupByTenants adds the tenant columns of the tables by whose keys a query
// groups. In the database the key begins with the tenant: only both together
// determine the other columns, and rows of two tenants may share the rest of the
// key.
func (c *compiler) groupByTenants(s *pg.SelectStmt, l *level, r region) {
	items := groupItems(s)
	if c.err != nil || len(items) == 0 || r.table >= 0 || r.end < 0 {
		return
	}
	i := r.end
	if c.keyword(i) == pg.Token_WHERE {
		i = c.clauseEnd(i + 1)
	}
	if c.keyword(i) != pg.Token_GROUP_P || c.kind(i+1) != pg.Token_BY {
		c.lost(l.leaves[0].rv.GetLocation())
		return
	}
	end := c.end(c.clauseEnd(i+2) - 1)
	for _, leaf := range l.leaves {
		if c.groupsByKey(l, leaf, items) {
			c.insert(end, orderOuter, ", "+leaf.column)
		}
	}
}

// groupsByKey reports whether a query groups by a table's key but not by its
// tenant.
func (c *compiler) groupsByKey(l *level, leaf *leaf, items []*pg.ColumnRef) bool {
	known := &c.plan.tables[leaf.table].known
	if known.Column == "" || len(known.Key) == 0 || len(leaf.rv.GetAlias().GetColnames()) > 0 || leaf.hidden >= 0 || c.groups(l, leaf, items, known.Column) {
		return false
	}
	for _, column := range known.Key {
		if !c.groups(l, leaf, items, column) {
			return false
		}
	}
	return true
}

// groups reports whether a column of a table is certainly among the items.
func (c *compiler) groups(l *level, leaf *leaf, items []*pg.ColumnRef, column string) bool {
	for _, item := range items {
		fields := item.GetFields()
		last := len(fields) - 1
		if last < 0 || fields[last].GetString_().GetSval() != column {
			continue
		}
		if last == 0 && l.items == 1 || last > 0 && fields[last-1].GetString_().GetSval() == leaf.name {
			return true
		}
	}
	return false
}

// groupItems returns the columns that a query groups by, including those that
// positions and names of the selection stand for. It returns none for several
// grouping sets.
func groupItems(s *pg.SelectStmt) (items []*pg.ColumnRef) {
	targets := s.GetTargetList()
	for _, n := range s.GetGroupClause() {
		switch {
		case n.GetGroupingSet() != nil:
			return nil
		case n.GetColumnRef() != nil:
			items = append(items, behindName(n.GetColumnRef(), targets))
		case n.GetAConst().GetIval() != nil:
			if at := int(n.GetAConst().GetIval().GetIval()) - 1; at >= 0 && at < len(targets) && !stars(targets[:at]) {
				items = append(items, targets[at].GetResTarget().GetVal().GetColumnRef())
			}
		}
	}
	return items
}

// behindName returns the column that a name of the selection stands for.
func behindName(column *pg.ColumnRef, targets []*pg.Node) *pg.ColumnRef {
	if len(column.GetFields()) != 1 {
		return column
	}
	for _, n := range targets {
		if t := n.GetResTarget(); t.GetName() != "" && t.GetName() == column.GetFields()[0].GetString_().GetSval() {
			if c := t.GetVal().GetColumnRef(); c != nil {
				return c
			}
		}
	}
	return column
}

// stars reports whether items of a selection stand for several columns.
func stars(targets []*pg.Node) bool {
	for _, n := range targets {
		fields := n.GetResTarget().GetVal().GetColumnRef().GetFields()
		if len(fields) > 0 && fields[len(fields)-1].GetAStar() != nil {
			return true
		}
	}
	return false
}
