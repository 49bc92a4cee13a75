package citus_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/gorm-tenancy/tenancy/citus"
)

var (
	ctx context.Context
	db  *sql.DB
)

func ExampleExplain() {
	route, err := citus.Explain(ctx, db, "SELECT * FROM orders WHERE tenant_id = $1", 42)
	if err == nil && !route.SingleShard() {
		log.Printf("%d tasks on %v", route.Tasks, route.Nodes)
	}
}

func ExampleDetect() {
	info, err := citus.Detect(ctx, db)
	if err != nil {
		log.Fatal(err) // citus.ErrNotInstalled on a plain PostgreSQL
	}
	fmt.Println(info.Version, info.Coordinator, info.Workers)
}

// A tenant that has outgrown its neighbours gets a shard, and then a node.
func ExampleIsolateTenant() {
	loads, err := citus.TenantLoads(ctx, db)
	if err != nil || len(loads) == 0 {
		log.Fatal(err)
	}
	busiest := loads[0].Tenant
	at, err := citus.Locate(ctx, db, "accounts", busiest)
	if err != nil {
		log.Fatal(err)
	}
	shard, err := citus.IsolateTenant(ctx, db, "accounts", busiest, citus.TransferAuto)
	if err != nil {
		log.Fatal(err)
	}
	target := citus.Address{Host: "worker-3", Port: 5432}
	if err := citus.MoveShard(ctx, db, shard, at.Node, target, citus.TransferAuto); err != nil {
		log.Fatal(err)
	}
}

// A role may do no more with a shard than with its table.
func ExampleCheckRights() {
	differences, err := citus.CheckRights(ctx, db)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range differences {
		fmt.Println(d) // public.docs_102014 of public.docs, on node 2: has SELECT for shop_app
	}
}

func ExampleRebalance() {
	status, err := citus.Rebalance(ctx, db, citus.RebalanceOptions{
		Progress: func(s citus.RebalanceStatus) {
			fmt.Printf("%d of %d moves\n", s.Done, s.Moves)
			for _, m := range s.Running {
				fmt.Printf("  %s to %s: %s, %d of %d bytes\n", m.From, m.To, m.Phase, m.Copied, m.Bytes)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State)
}
