//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// copySource is what is known of the query that an INSERT takes its rows from.
type copySource struct {
	stmt  *pg.SelectStmt
	leaf  *leaf // whose tenant is that of each row; nil if there is none
	calls bool  // it calls functions, of which one may be an aggregate
}

func (s *copySource) note(stmt *pg.SelectStmt, l *level) {
	if s == nil || s.stmt != stmt {
		return
	}
	for _, leaf := range l.leaves {
		if leaf.anchors() {
			s.leaf = leaf
			return
		}
	}
}

// rowTenant is the tenant of a row that is made of others, to be appended to what
// is selected: their tenant column where each row has one, else the placeholder.
// They are the same to PostgreSQL. Citus keeps the statement on the tenant's shard
// only where it sees that the tenant stays the same column; from a placeholder it
// brings the rows to the coordinator first, and fails on some.
//
// Text is not copied: types that compare as equal what they do not spell alike
// would make rows of no tenant.
func (c *compiler) rowTenant(in *insertion, source *pg.SelectStmt) string {
	slot := c.plan.tables[in.target.table].slot
	from := c.source.leaf
	if from == nil || c.source.calls || len(source.GetGroupClause()) > 0 || source.GetHavingClause() != nil ||
		c.plan.tables[from.table].slot != slot || c.plan.tables[from.table].known.Type == "text" {
		return c.tenant(in)
	}
	return from.column
}
