//go:build cgo

package verify

import pg "github.com/pganalyze/pg_query_go/v6"

// refusal says why a statement of another kind is refused. Kinds that are not
// named here are refused as well.
func refusal(n any) string {
	switch n.(type) {
	case *pg.Node_CopyStmt:
		return "COPY moves rows of all tenants; use SELECT and INSERT"
	case *pg.Node_TruncateStmt:
		return "TRUNCATE removes the rows of all tenants; use DELETE"
	case *pg.Node_LockStmt:
		return "LOCK holds up all tenants; use SELECT ... FOR UPDATE"
	case *pg.Node_DoStmt, *pg.Node_CallStmt:
		return "DO and CALL run code that cannot be judged; use statements"
	case *pg.Node_ExplainStmt:
		return "EXPLAIN shows estimates and counts over the rows of all tenants; use tenancy.Bypass"
	case *pg.Node_DeclareCursorStmt, *pg.Node_FetchStmt, *pg.Node_ClosePortalStmt:
		return "cursors live longer than the statement that was judged; use SELECT"
	case *pg.Node_PrepareStmt, *pg.Node_ExecuteStmt, *pg.Node_DeallocateStmt:
		return "prepared statements are run out of sight; let the driver prepare them"
	case *pg.Node_VariableSetStmt, *pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_ConstraintsSetStmt:
		return "settings of the session outlive the statement; use tenancy.Bypass or tenancy.Trust"
	case *pg.Node_ListenStmt, *pg.Node_UnlistenStmt, *pg.Node_NotifyStmt:
		return "channels are shared by all tenants; use tenancy.Trust"
	case *pg.Node_CreateTableAsStmt, *pg.Node_RefreshMatViewStmt:
		return "it makes a table outside of tenancy; use INSERT"
	case *pg.Node_VacuumStmt, *pg.Node_ClusterStmt, *pg.Node_ReindexStmt, *pg.Node_CheckPointStmt:
		return "maintenance concerns all tenants; use tenancy.Bypass"
	default:
		return "only SELECT, INSERT, UPDATE, DELETE and MERGE can be judged; use tenancy.Bypass for others"
	}
}
