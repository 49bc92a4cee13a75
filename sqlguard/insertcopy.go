//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// copySource describes the query that an INSERT takes its rows from.
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

// rowTenant is the tenant to be appended to the selection of an INSERT … SELECT:
// the source's tenant column if each row has one, otherwise the placeholder. To
// PostgreSQL both are the same. Citus keeps the statement on the tenant's shard
// only if it sees a tenant column. With a placeholder it brings the rows to the
// coordinator first, and fails for some statements.
//
// Text columns are not copied: some types treat different spellings as equal,
// and another spelling would make rows of no tenant.
func (c *compiler) rowTenant(in *insertion, source *pg.SelectStmt) string {
	slot := c.plan.tables[in.target.table].slot
	from := c.source.leaf
	if from == nil || c.source.calls || len(source.GetGroupClause()) > 0 || source.GetHavingClause() != nil ||
		c.plan.tables[from.table].slot != slot || c.plan.tables[from.table].known.Type == "text" {
		return c.tenant(in)
	}
	return from.column
}
