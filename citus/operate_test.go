package citus_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// A tenant's shard is where its rows are, is given to it alone, and moves.
func TestTenantMoves(t *testing.T) {
	t.Parallel()
	cluster, owner := newShop(t)
	ctx := t.Context()
	before := rows(t, owner)
	at, err := citus.Locate(ctx, owner, "users", "7")
	require.NoError(t, err)
	route, err := citus.Explain(ctx, owner, "SELECT * FROM users WHERE tenant_id = $1", 7)
	require.NoError(t, err)
	assert.Equal(t, []string{at.Node.String()}, route.Nodes)
	orders, err := citus.Locate(ctx, owner, "public.orders", "7")
	require.NoError(t, err)
	assert.Equal(t, at.Node, orders.Node, "colocated")

	isolated, err := citus.IsolateTenant(ctx, owner, "users", "7", "")
	require.NoError(t, err)
	now, err := citus.Locate(ctx, owner, "users", "7")
	require.NoError(t, err)
	assert.Equal(t, citus.Shard{ID: isolated, Node: now.Node}, now)
	for tenant := range 40 {
		other, err := citus.Locate(ctx, owner, "users", strconv.Itoa(tenant))
		require.NoError(t, err)
		assert.Equal(t, tenant == 7, other.ID == isolated)
	}
	_, err = citus.IsolateTenant(ctx, owner, "users", "7", "")
	require.ErrorContains(t, err, "already been isolated")

	target := citus.Address{Host: cluster.Nodes[1].Host, Port: cluster.Nodes[1].Port}
	if target == now.Node {
		target = citus.Address{Host: cluster.Nodes[2].Host, Port: cluster.Nodes[2].Port}
	}
	for _, mode := range []citus.Transfer{citus.TransferAuto, citus.TransferBlocking} {
		require.NoError(t, citus.MoveShard(ctx, owner, isolated, now.Node, target, mode))
		moved, err := citus.Locate(ctx, owner, "users", "7")
		require.NoError(t, err)
		assert.Equal(t, citus.Shard{ID: isolated, Node: target}, moved)
		now.Node, target = target, now.Node
	}
	assert.Equal(t, before, rows(t, owner))

	for _, table := range []string{"countries", "plain"} {
		_, err = citus.Locate(ctx, owner, table, "7")
		require.ErrorIs(t, err, citus.ErrNotDistributed)
		_, err = citus.IsolateTenant(ctx, owner, table, "7", "")
		require.ErrorIs(t, err, citus.ErrNotDistributed)
	}
	_, err = citus.Locate(ctx, owner, "users", "none of integers")
	require.Error(t, err)
	require.Error(t, citus.MoveShard(ctx, owner, 1, now.Node, target, ""))
}

// Text and uuid columns take their values as text as well.
func TestLocateByType(t *testing.T) {
	t.Parallel()
	owner := open(t, tenancytest.Citus(t).OwnerDSN)
	for kind, tenant := range map[string]string{
		"text": "acme's", "uuid": "11111111-1111-4111-8111-111111111111", "bigint": "-9", "varchar": "",
	} {
		run(t, owner, `CREATE TABLE "of `+kind+`" (tenant_id `+kind+` PRIMARY KEY)`,
			`SELECT create_distributed_table('"of `+kind+`"', 'tenant_id', colocate_with => 'none')`)
		_, err := owner.ExecContext(t.Context(), `INSERT INTO "of `+kind+`" VALUES ($1)`, tenant)
		require.NoError(t, err)
		at, err := citus.Locate(t.Context(), owner, `"of `+kind+`"`, tenant)
		require.NoError(t, err)
		var here bool
		require.NoError(t, owner.QueryRowContext(t.Context(), `SELECT result = '1' FROM run_command_on_shards($1::text::regclass, 'SELECT count(*) FROM %s') WHERE shardid = $2`,
			`"of `+kind+`"`, at.ID).Scan(&here))
		assert.True(t, here, kind)
	}
}

func TestTenantLoads(t *testing.T) {
	t.Parallel()
	cluster, owner := newShop(t)
	admin := open(t, cluster.AdminDSN)
	for range 20 {
		run(t, owner, `SELECT * FROM users WHERE tenant_id = 11`)
	}
	run(t, owner, `UPDATE users SET name = name WHERE tenant_id = 11`)
	loads, err := citus.TenantLoads(t.Context(), admin)
	require.NoError(t, err, "where TENANCY_CITUS_DSN names the cluster, it tracks tenants")
	var busy citus.TenantLoad
	for _, load := range loads {
		if load.Tenant == "11" {
			busy.Reads += load.Reads + load.ReadsBefore
			busy.Queries += load.Queries + load.QueriesBefore
		}
	}
	assert.Equal(t, []int{20, 21}, []int{busy.Reads, busy.Queries})
}

func TestTenantLoadsAreNotTracked(t *testing.T) {
	t.Parallel()
	cluster := tenancytest.Citus(t)
	var name string
	require.NoError(t, open(t, cluster.AdminDSN).QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name))
	run(t, open(t, cluster.AdminDSN), `ALTER DATABASE `+name+` SET citus.stat_tenants_track = 'none'`)
	_, err := citus.TenantLoads(t.Context(), open(t, cluster.AdminDSN))
	require.ErrorIs(t, err, citus.ErrNotTracked)
	_, err = citus.TenantLoads(t.Context(), open(t, cluster.DSN))
	require.Error(t, err, "the application may not know")
}

// A drained node gives its shards away; progress is told; and a caller that gives
// up does not end what the cluster does.
func TestRebalance(t *testing.T) {
	if testing.Short() {
		t.Skip("it moves shards for some ten seconds")
	}
	t.Parallel()
	cluster := tenancytest.OwnCitus(t)
	owner, admin := open(t, cluster.OwnerDSN), open(t, cluster.AdminDSN)
	run(t, owner, shop...)
	ctx, before := t.Context(), rows(t, owner)
	status, err := citus.LastRebalance(ctx, owner)
	require.NoError(t, err)
	require.Equal(t, citus.RebalanceStatus{}, status)
	status, err = citus.Rebalance(ctx, owner, citus.RebalanceOptions{})
	require.NoError(t, err)
	require.Equal(t, citus.RebalanceStatus{}, status, "there is nothing to move")
	require.ErrorContains(t, citus.StopRebalance(ctx, owner), "no ongoing rebalance")

	holds := func(node int, holds bool) {
		_, err := admin.ExecContext(ctx, `SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)`,
			cluster.Nodes[node].Host, cluster.Nodes[node].Port, holds)
		require.NoError(t, err)
	}
	holds(1, false)
	var told []citus.RebalanceStatus
	status, err = citus.Rebalance(ctx, owner, citus.RebalanceOptions{
		DrainOnly: true, Transfer: citus.TransferBlocking, Every: 20 * time.Millisecond,
		Progress: func(s citus.RebalanceStatus) { told = append(told, s) },
	})
	require.NoError(t, err)
	assert.Equal(t, []any{citus.RebalanceFinished, tenancytest.CitusShards / 2, tenancytest.CitusShards / 2}, []any{status.State, status.Moves, status.Done})
	assert.Greater(t, len(told), 1)
	shards, err := citus.Shards(ctx, owner, "users")
	require.NoError(t, err)
	for _, shard := range shards {
		assert.Equal(t, cluster.Nodes[2].Host, shard.Node.Host)
	}

	holds(1, true)
	givingUp, cancel := context.WithCancel(ctx)
	_, err = citus.Rebalance(givingUp, owner, citus.RebalanceOptions{Every: time.Millisecond, Progress: func(citus.RebalanceStatus) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	status, err = citus.LastRebalance(ctx, owner)
	require.NoError(t, err)
	require.False(t, status.Ended(), "it goes on: %v", status)
	require.NoError(t, citus.StopRebalance(ctx, owner))
	require.Eventually(t, func() bool {
		status, err = citus.LastRebalance(ctx, owner)
		return err != nil || status.Ended()
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, citus.RebalanceCancelled, status.State)
	status, err = citus.Rebalance(ctx, owner, citus.RebalanceOptions{Transfer: citus.TransferBlocking, Every: 50 * time.Millisecond})
	require.NoError(t, err)
	assert.Equal(t, citus.RebalanceFinished, status.State)
	assert.Equal(t, before, rows(t, owner))
}

func TestHealthOfAStoppedNode(t *testing.T) {
	t.Parallel()
	cluster := tenancytest.OwnCitus(t)
	owner := open(t, cluster.OwnerDSN)
	cluster.Nodes[2].Stop(t)
	links, err := citus.Health(t.Context(), owner)
	require.NoError(t, err)
	for _, link := range links {
		reachable := link.From.Host != cluster.Nodes[2].Host && link.To.Host != cluster.Nodes[2].Host
		assert.Equal(t, reachable, link.OK, "%s to %s", link.From, link.To)
	}
	cluster.Nodes[2].Start(t)
	links, err = citus.Health(t.Context(), owner)
	require.NoError(t, err)
	for _, link := range links {
		assert.True(t, link.OK)
	}
}
