//go:build cgo

package sqlguard

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// statement dispatches on the kind of the statement. What is not listed is
// refused.
func (c *compiler) statement(n *pg.Node) {
	switch s := n.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
		c.query(n, frame{})
	case *pg.Node_TransactionStmt:
		c.transaction(s.TransactionStmt)
	default:
		c.refuse(RuleStatement, 0, c.reasonFor(n))
	}
}

// transaction lets savepoints pass, which touch no rows.
func (c *compiler) transaction(s *pg.TransactionStmt) {
	switch s.GetKind() {
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT, pg.TransactionStmtKind_TRANS_STMT_RELEASE,
		pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
	default:
		c.refuse(RuleStatement, 0, "it controls a transaction; use db.Transaction or db.Begin")
	}
}

// query rewrites a statement that may also be the query of a WITH clause. It
// reports whether it reads or writes tenants' rows that are not pinned to an
// outer row's tenant.
func (c *compiler) query(n *pg.Node, f frame) bool {
	switch s := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return c.selectStmt(s.SelectStmt, f)
	case *pg.Node_InsertStmt:
		return c.insertStmt(s.InsertStmt, f)
	case *pg.Node_UpdateStmt:
		return c.updateStmt(s.UpdateStmt, f)
	case *pg.Node_DeleteStmt:
		return c.deleteStmt(s.DeleteStmt, f)
	case *pg.Node_MergeStmt:
		c.refuse(RuleStatement, s.MergeStmt.GetRelation().GetLocation(), reasonMerge)
	default:
		c.refuse(RuleNode, -1, "sqlguard does not know this kind of query; write SELECT, VALUES or a set operation")
	}
	return false
}

const reasonMerge = "MERGE is not scoped; use INSERT … ON CONFLICT, or UPDATE and INSERT"

// reasonFor says what kind of statement it is and what to do instead.
func (c *compiler) reasonFor(n *pg.Node) string {
	const (
		migrate = "; change the schema with the migrator, or under tenancy.Bypass"
		bypass  = "; it needs tenancy.Bypass"
	)
	switch n.GetNode().(type) {
	case nil:
		return "the text holds no statement"
	case *pg.Node_MergeStmt:
		return reasonMerge
	case *pg.Node_CopyStmt:
		return "COPY is not scoped; use SELECT and INSERT"
	case *pg.Node_TruncateStmt:
		return "TRUNCATE empties a table for all tenants; use DELETE"
	case *pg.Node_LockStmt:
		return "LOCK locks a table for all tenants; use SELECT … FOR UPDATE"
	case *pg.Node_DoStmt, *pg.Node_CallStmt:
		return "DO and CALL run code that cannot be seen; send its statements, or use tenancy.Trust"
	case *pg.Node_ExplainStmt:
		return "EXPLAIN shows estimates over all tenants' rows" + bypass
	case *pg.Node_DeclareCursorStmt, *pg.Node_FetchStmt, *pg.Node_ClosePortalStmt:
		return "cursors are not scoped; use db.Rows, or page by a key"
	case *pg.Node_PrepareStmt, *pg.Node_ExecuteStmt, *pg.Node_DeallocateStmt:
		return "statements that are prepared in text are not scoped; use gorm.Config.PrepareStmt"
	case *pg.Node_VariableSetStmt, *pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_ConstraintsSetStmt,
		*pg.Node_AlterSystemStmt, *pg.Node_LoadStmt:
		return "it reads or changes the session or the server" + bypass
	case *pg.Node_ListenStmt, *pg.Node_NotifyStmt, *pg.Node_UnlistenStmt:
		return "channels belong to no tenant" + bypass
	case *pg.Node_VacuumStmt, *pg.Node_ClusterStmt, *pg.Node_ReindexStmt, *pg.Node_CheckPointStmt,
		*pg.Node_RefreshMatViewStmt:
		return "it maintains tables of all tenants" + bypass
	case *pg.Node_CreateTableAsStmt:
		return "it makes a table of a query's rows" + migrate
	default:
		return "it is not a SELECT, VALUES, TABLE, INSERT, UPDATE or DELETE" + migrate
	}
}
