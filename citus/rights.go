package citus

import (
	"context"
	"fmt"

	"github.com/gorm-tenancy/tenancy/citus/internal/rights"
)

// A RightsDifference is a difference between a node and the coordinator in what
// limits access to a table: an owner, a privilege, row-level security or a policy.
type RightsDifference struct {
	Node int // its ID, as in [Node]
	// Table is the table or view as the coordinator knows it, and There the relation
	// on the node: a shard, or the table of the same name. Both are as in SQL.
	Table, There string
	// What is in words: "SELECT for shop_app", or "restrictive policy secrets for …".
	What string
	// More says that the node has it and the coordinator does not; false is the
	// reverse.
	More bool
}

// String is the difference on a line.
func (d RightsDifference) String() string {
	verb := "lacks"
	if d.More {
		verb = "has"
	}
	return fmt.Sprintf("%s of %s, on node %d: %s %s", d.There, d.Table, d.Node, verb, d.What)
}

// CheckRights compares the privileges and policies of the tables, and of views on
// them, with those of their shards and on the workers. It returns no differences if
// all is right. Call it on the coordinator; it sees what is committed. A node that
// does not answer is an error.
//
// Two things cause differences. Default privileges of a role apply to shards as
// well; [RestoreRights] revokes them. And Citus turns a restrictive policy into a
// permissive one in the shards, so that rows are visible that it denies. Write its
// condition into the permissive policies instead.
func CheckRights(ctx context.Context, q Querier) ([]RightsDifference, error) {
	differences, err := collect(ctx, q, rights.DifferencesSQL()+" ORDER BY 2, 3, 1, 4", nil, func(d *RightsDifference) []any {
		return []any{&d.Node, &d.Table, &d.There, &d.What, &d.More}
	})
	if err != nil {
		return nil, failed("compare rights", err)
	}
	for _, d := range differences {
		if d.Table == "" {
			return nil, failed("compare rights", fmt.Errorf("node %d gives no %s", d.Node, d.What))
		}
	}
	return differences, nil
}

// RestoreRights revokes the privileges that default privileges have given to roles
// on shards and on the workers, and that they lack on the coordinator. [MoveShard],
// [IsolateTenant] and [Rebalance] do so for the shards that they make; call it after
// other functions of Citus that make shards or add nodes. It handles the tables
// whose owner the caller is, or whose owner's role it is a member of, and leaves
// others alone.
func RestoreRights(ctx context.Context, q Querier) error { return restoreRights(ctx, q, rights.All) }

func restoreRights(ctx context.Context, q Querier, relations string) error {
	if _, err := q.ExecContext(ctx, rights.RestoreSQL(relations)); err != nil {
		return failed("restore rights", err)
	}
	return nil
}

// colocatedWith is an expression for the tables that are colocated with a shard's.
func colocatedWith(shard int64) string {
	return fmt.Sprintf(`ARRAY(SELECT t.logicalrelid::oid
	FROM pg_catalog.pg_dist_shard AS s
	JOIN pg_catalog.pg_dist_partition AS own ON own.logicalrelid = s.logicalrelid
	JOIN pg_catalog.pg_dist_partition AS t ON t.colocationid = own.colocationid
	WHERE s.shardid = %d)`, shard)
}
