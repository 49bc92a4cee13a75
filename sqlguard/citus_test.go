//go:build cgo

package sqlguard

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// distributeWorld makes distributed tables of the world's: keys contain the tenant,
// whose type is the same everywhere.
var distributeWorld = []string{
	`ALTER TABLE notes DROP CONSTRAINT notes_pkey, ADD PRIMARY KEY (tenant_id, id)`,
	`ALTER TABLE labels ALTER account TYPE uuid USING account::uuid`,
	`SELECT create_reference_table('countries')`,
	`SELECT create_reference_table('votes')`,
	`SELECT create_reference_table('people')`,
	`SELECT create_distributed_table('users', 'tenant_id', colocate_with => 'none')`,
	`SELECT create_distributed_table(name::regclass, 'tenant_id', colocate_with => 'users') FROM unnest(ARRAY[
		'orders', 'items', 'nodes', 'archive', 'notes', 'counters', 'data', 'pairs', '"Odd Table"', 'app.bills']) name`,
	`SELECT create_distributed_table('labels', 'account', colocate_with => 'users')`,
}

// newCitusWorld is newWorld with the shared database on a cluster.
func newCitusWorld(t *testing.T) (w *world, plans *sql.DB) {
	t.Helper()
	cluster := tenancytest.Citus(t)
	w = &world{shared: connect(t, cluster.OwnerDSN), lone: connect(t, tenancytest.Postgres(t).OwnerDSN)}
	run(t, w.lone, fmt.Sprintf(worldSchema, "DEFAULT '"+tenantA.String()+"'"))
	run(t, w.shared, fmt.Sprintf(worldSchema, ""))
	for _, statement := range distributeWorld {
		run(t, w.shared, statement)
	}
	run(t, w.lone, fmt.Sprintf(worldRows, tenantA, "", 0, 1000))
	for _, rows := range []string{
		fmt.Sprintf(worldRows, tenantB, "bravo-", 4, 2000), fmt.Sprintf(worldExtra, tenantB, "bravo-"),
		fmt.Sprintf(worldRows, tenantA, "", 0, 1000), fmt.Sprintf(worldRows, tenantC, "carol-", 9, 3000),
	} {
		for statement := range strings.SplitSeq(rows, ";\n") {
			run(t, w.shared, statement)
		}
	}
	w.foreign = dump(t, w.shared, "<>")
	plans, err := sql.Open("pgx", cluster.OwnerDSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = plans.Close() })
	return w, plans
}

func citusTable(schema, name string) (tenancy.TenantTable, bool) {
	table, ok := worldTable(schema, name)
	if table.Type == "text" {
		table.Type, table.Bind = "uuid", bindUUID
	}
	if table.Link != nil {
		table.Link.Via, _ = citusTable("", table.Link.Via.Name)
	}
	return table, ok
}

// TestCitusCorpus sends the texts as one tenant's to a cluster. Each is answered as
// by a lone tenant, and goes to one shard. What does not is in the golden file: an
// INSERT that takes its rows from elsewhere, through the coordinator, and what Citus
// does not do for anybody.
func TestCitusCorpus(t *testing.T) {
	t.Parallel()
	w, plans := newCitusWorld(t)
	g := New(Options{VerifyAll: true})
	ctx := tenancy.With(context.Background(), tenantA)
	texts := readTexts(t, "corpus/*.sql")
	if testing.Short() {
		texts = texts[:40]
	}
	var others strings.Builder
	counts := map[string]int{}
	for _, x := range texts {
		statement := statementOf(scopeOf(t, ctx), x.sql, x.args)
		statement.Table = citusTable
		text, vars, err := g.Scope(ctx, statement)
		require.NoError(t, err, x)
		lone, shared := ask(t, w.lone, x.sql, x.args), ask(t, w.shared, text, vars)
		about := fmt.Sprintf("%s\nsent: %s\nlone: %s\nshared: %s", x, text, lone.message, shared.message)
		if lone.code == "" && shared.code != "" {
			counts["Citus refuses"]++
			fmt.Fprintf(&others, "%s\n\trefused: %s\n\n", x.sql, shared.message)
			continue
		}
		route, err := citus.Explain(ctx, plans, text, vars...)
		switch {
		case shared.code != "":
			counts["fail as for a lone tenant"]++
		case err == nil && route.Tasks == 0 && route.SingleShard():
			counts["on no shard"]++
		case err == nil && route.SingleShard():
			counts["on one shard"]++
		default:
			counts["through the coordinator"]++
			fmt.Fprintf(&others, "%s\n\t%d tasks, scatters: %t, error: %v\n\n", x.sql, route.Tasks, route.Scatters, err)
			assert.Contains(t, x.sql, "INSERT", about)
		}
		assert.Equal(t, lone.code, shared.code, about)
		assert.Equal(t, lone.columns, shared.columns, about)
		assert.Equal(t, lone.rows, shared.rows, about)
		assert.Equal(t, lone.affected, shared.affected, about)
		assert.Equal(t, lone.own, shared.own, "the tenant's rows after %s", about)
		if shared.foreign != "" {
			assert.Equal(t, w.foreign, shared.foreign, "other tenants' rows after %s", about)
		}
	}
	t.Logf("%d texts: %v", len(texts), counts)
	if !testing.Short() {
		golden(t, "testdata/citus.golden", others.String())
	}
}
