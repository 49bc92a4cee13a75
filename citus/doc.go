// Package citus looks at a Citus cluster and operates it: its nodes and their
// health, its tables and shards, where a tenant is and what it costs, moving
// tenants and shards, and how a statement is routed. It depends neither on GORM
// nor on package tenancy, and on no driver: everything goes through a [Querier].
//
// # A cluster
//
// [Detect] describes the cluster; its errors say what is missing. [Nodes],
// [Health], [Tables], [Shards] and [Usage] show what the cluster holds. All of
// these only read. Unless their comments say otherwise, they work on a standby and
// for any role.
//
// # A tenant
//
// [Locate] finds the shard and the node of a tenant's rows. [TenantLoads] shows
// which tenants are busy, and [IsolateTenant] gives a tenant a shard of its own.
// [MoveShard] moves a shard, with those colocated, to another node; [Rebalance]
// lets Citus choose.
//
// # Routing
//
// [Explain] counts the tasks that the cluster makes of a statement: one if it goes
// to a single shard. It does not execute the statement.
//
//	route, err := citus.Explain(ctx, db, "SELECT * FROM orders WHERE tenant_id = $1", tenant)
//	if err == nil && !route.SingleShard() {
//		log.Printf("%d tasks on %v", route.Tasks, route.Nodes)
//	}
//
// One task proves that a statement stays on one shard. It does not prove that the
// statement stays with one tenant: tenants share shards.
//
// # Prepared statements
//
// After five executions PostgreSQL tries a generic plan. With a generic plan,
// Citus 13 sends some UPDATE and DELETE statements to all shards, where they
// change the same rows: those that compare the tenant column more than once, and
// those with another table, as in UPDATE … FROM, a correlated EXISTS, or the
// root's key in a condition. [Explain] does not show this, because it plans with
// the parameters. Drivers such as pgx prepare statements by themselves. Let the
// application's role plan each time:
//
//	ALTER ROLE app SET plan_cache_mode = force_custom_plan
//
// # Errors
//
// The sentinels are possibly wrapped: use errors.Is. If the cluster refuses
// something, the error wraps the driver's and says what was being done. This
// package's own texts hold no values of rows and no tenant's id; the cluster's
// may.
package citus
