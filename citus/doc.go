// Package citus looks at a Citus cluster and operates it: its nodes and their
// health, its tables and shards, where a tenant is and what it costs, moving
// tenants and shards, and how a statement is routed. It knows nothing of GORM or
// of package tenancy, and needs no driver: everything goes through a [Querier].
//
// # A cluster
//
// [Detect] says whether there is a cluster, and which: its errors say what is
// missing. [Nodes], [Health], [Tables], [Shards] and [Usage] show what it holds.
// All of these read; they may run on a standby and by any role, where not said
// otherwise.
//
// # A tenant
//
// [Locate] tells the shard and the node of a tenant's rows, [TenantLoads] which
// tenants are busy, and [IsolateTenant] gives one a shard of its own.
// [MoveShard] takes a shard, with those colocated, to another node; [Rebalance]
// lets Citus choose.
//
// # Routing
//
// [Explain] says how many tasks a statement is for the cluster: one where it goes
// to a single shard. It does not execute it.
//
//	route, err := citus.Explain(ctx, db, "SELECT * FROM orders WHERE tenant_id = $1", tenant)
//	if err == nil && !route.SingleShard() {
//		log.Printf("%d tasks on %v", route.Tasks, route.Nodes)
//	}
//
// One task proves that a statement stays on one shard, and not that it stays with
// one tenant: tenants share shards.
//
// # Prepared statements
//
// After five executions PostgreSQL tries a plan for any parameters. By such a plan
// Citus 13 sends an UPDATE or DELETE to all shards, where it changes the same rows,
// if its tenant column is compared more than once or it has another table beside
// its own: UPDATE … FROM, a correlated EXISTS, the root's key in a condition.
// [Explain] does not show that, for it plans with the parameters. Drivers prepare
// by themselves, pgx among them. Let the application's role plan each time:
//
//	ALTER ROLE app SET plan_cache_mode = force_custom_plan
//
// # Errors
//
// The sentinels come wrapped: use errors.Is. What the cluster itself refuses is
// the driver's error, wrapped with what was being done. No text of this package
// holds values of rows or a tenant's id; the cluster's own may.
package citus
