package citus

import (
	"context"
)

// TenantLoad is the load of a tenant on one node, in this period and in the one
// before. A period is citus.stat_tenants_period seconds.
type TenantLoad struct {
	// Node is the id of the node that did the work; see [Node].
	Node int
	// Colocation is the group of tables; see [Table].
	Colocation int
	// Tenant is the distribution column's value, as text.
	Tenant string
	// Reads counts SELECTs; Queries counts them and the writes.
	Reads, Queries               int
	ReadsBefore                  int
	QueriesBefore                int
	CPUSeconds, CPUSecondsBefore float64
}

const (
	sqlTracked = `SELECT pg_catalog.bool_and(success AND result = 'all')
		FROM pg_catalog.run_command_on_all_nodes('SHOW citus.stat_tenants_track')`

	sqlLoads = `SELECT nodeid, colocation_id, coalesce(tenant_attribute, ''), read_count_in_this_period, query_count_in_this_period,
			read_count_in_last_period, query_count_in_last_period, cpu_usage_in_this_period, cpu_usage_in_last_period
		FROM pg_catalog.citus_stat_tenants
		ORDER BY cpu_usage_in_this_period + cpu_usage_in_last_period DESC, query_count_in_this_period DESC`
)

// TenantLoads lists the busiest tenants, those with the most CPU time first: at
// most citus.stat_tenants_limit for each node. It needs the privileges of
// pg_monitor. The error is [ErrNotTracked] unless every node answers and records
// the load.
//
// Only statements that go to one shard by a tenant's value are counted.
func TenantLoads(ctx context.Context, q Querier) ([]TenantLoad, error) {
	var tracked bool
	if err := queryRow(ctx, q, sqlTracked, nil, &tracked); err != nil {
		return nil, failed("tenant loads", err)
	}
	if !tracked {
		return nil, ErrNotTracked
	}
	loads, err := collect(ctx, q, sqlLoads, nil, func(l *TenantLoad) []any {
		return []any{&l.Node, &l.Colocation, &l.Tenant, &l.Reads, &l.Queries, &l.ReadsBefore, &l.QueriesBefore,
			&l.CPUSeconds, &l.CPUSecondsBefore}
	})
	if err != nil {
		return nil, failed("tenant loads", err)
	}
	return loads, nil
}
