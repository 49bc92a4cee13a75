package distribution_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "gorm.io/driver/postgres" // registers pgx with database/sql

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var update = flag.Bool("update", false, "rewrite testdata")

// shop is a database that package keys has still to plan for: orders have no
// tenant column, and users and accounts refer to each other.
const shop = `
CREATE TABLE countries (id bigserial PRIMARY KEY, name text UNIQUE) WITH (autovacuum_enabled = off);
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL, owner_id bigint) WITH (autovacuum_enabled = off);
CREATE TABLE users (id bigserial PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, email text UNIQUE,
	country_id bigint REFERENCES countries ON DELETE SET NULL) WITH (autovacuum_enabled = off);
ALTER TABLE accounts ADD CONSTRAINT accounts_owner FOREIGN KEY (owner_id) REFERENCES users ON DELETE SET NULL;
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users ON UPDATE CASCADE, number int CHECK (number > 0)) WITH (autovacuum_enabled = off);
INSERT INTO countries (name) SELECT 'country ' || i FROM generate_series(1, 10) AS i;
INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 20) AS i;
INSERT INTO users (tenant_id, email) SELECT 1 + i % 20, i FROM generate_series(1, 100) AS i;
INSERT INTO orders (user_id, number) SELECT 1 + i % 100, i FROM generate_series(1, 5000) AS i;
ANALYZE;`

// database makes a database from SQL and reads it.
func database(t *testing.T, statements string) (*sql.DB, *catalog.Catalog) {
	t.Helper()
	db, err := sql.Open("pgx", tenancytest.Postgres(t).OwnerDSN)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	c, err := catalog.Read(t.Context(), db, catalog.Options{})
	require.NoError(t, err)
	c.Database = "shop"
	return db, c
}

func public(table string) catalog.Name { return catalog.Name{Schema: "public", Name: table} }

// cluster is one that lacks nothing.
func cluster() distribution.Cluster {
	plugins := "pgoutput, citus"
	node := func(group int, host string) distribution.Node {
		return distribution.Node{Host: host, Port: 5432, Group: group, Shards: group > 0, Reachable: true, Healthy: true,
			Version: 150020, WALLevel: "logical", Connections: 100, Prepared: 200, LocksEach: 64,
			OutputPlugins: &plugins, DiskFree: 80 << 30, DiskTotal: 100 << 30}
	}
	return distribution.Cluster{Installed: "13.2-1", Available: "13.2-1", Preloaded: true, Coordinator: true, Shards: 32,
		Nodes: []distribution.Node{node(0, "coordinator"), node(1, "worker1"), node(2, "worker2")}}
}

func analyze(t *testing.T, c *catalog.Catalog, cluster distribution.Cluster, o distribution.Options) *distribution.Analysis {
	t.Helper()
	k := keys.Options{}
	if c.Table(public("countries")) != nil {
		k.Shared = []catalog.Name{public("countries")}
	}
	if c.Table(public("notes")) != nil {
		k.Skip = []catalog.Name{public("notes")}
	}
	if c.Table(public("names")) != nil {
		k.Global = []keys.Object{{Table: public("names"), Name: "names_pkey"}}
	}
	analysis, err := keys.Analyze(c, k)
	require.NoError(t, err)
	a, err := distribution.Analyze(c, analysis, cluster, o)
	require.NoError(t, err)
	return a
}

func answered(way distribution.Way) distribution.Options {
	return distribution.Options{Way: way, OnDelete: catalog.NoAction, OnUpdate: catalog.NoAction}
}

// TestGolden compares reports, and the plans as SQL, with what is in testdata.
func TestGolden(t *testing.T) {
	t.Parallel()
	_, c := database(t, shop)
	online := answered(distribution.StepByStep)
	online.Online, online.Shards = true, 64
	for _, of := range []struct {
		name     string
		analysis *distribution.Analysis
	}{
		{"transactional", analyze(t, c, cluster(), answered(distribution.Transactional))},
		{"step_by_step", analyze(t, c, cluster(), answered(distribution.StepByStep))},
		{"online", analyze(t, c, cluster(), online)},
		{"back", distribution.AnalyzeBack(spread(t), cluster())},
	} {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			plan, err := of.analysis.Plan()
			require.NoError(t, err)
			var text strings.Builder
			require.NoError(t, of.analysis.WriteReport(&text, nil, plan))
			text.WriteString("\n")
			require.NoError(t, plan.WriteSQL(&text))
			golden(t, of.name+".txt", shortened(text.String()))
		})
	}
}

// shortened is a plan without the text of the blocks that compare the structure
// before and after: they are tested on a cluster.
func shortened(text string) string {
	for _, tag := range []string{"note", "remember", "recall", "compare", "rights", "check_rights"} {
		block := regexp.MustCompile(`(?s)DO \$` + tag + `\$.*?\$` + tag + `\$`)
		text = block.ReplaceAllString(text, "DO $$"+tag+"$$ … $$"+tag+"$$")
	}
	return text
}

func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

// spread is a shop that Citus has spread.
func spread(t *testing.T) *catalog.Catalog {
	t.Helper()
	_, c := database(t, `
CREATE TABLE countries (id bigserial PRIMARY KEY, name text UNIQUE);
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE users (id bigserial, tenant_id bigint NOT NULL REFERENCES accounts, country_id bigint REFERENCES countries, PRIMARY KEY (tenant_id, id))`)
	c.Citus = true
	c.Table(public("countries")).Distribution = catalog.Distribution{Method: catalog.Reference, Colocation: 1}
	c.Table(public("accounts")).Distribution = catalog.Distribution{Method: catalog.Hash, Column: "id", Colocation: 2, Shards: 16}
	c.Table(public("users")).Distribution = catalog.Distribution{Method: catalog.Hash, Column: "tenant_id", Colocation: 2, Shards: 16}
	return c
}

// TestAlready plans what is left where some is done.
func TestAlready(t *testing.T) {
	t.Parallel()
	c := spread(t)
	plan, err := analyze(t, c, cluster(), distribution.Options{}).Plan()
	require.NoError(t, err)
	assert.Empty(t, plan.Phases, "all is spread")

	c.Table(public("users")).Distribution = catalog.Distribution{}
	plan, err = analyze(t, c, cluster(), distribution.Options{}).Plan()
	require.NoError(t, err)
	text := strings.Join(plan.Phases[0].Steps[0].SQL, "\n")
	assert.Contains(t, text, "create_distributed_table('public.users', 'tenant_id', colocate_with => 'public.accounts')")
	assert.NotContains(t, text, "create_reference_table")
	assert.Equal(t, 1, strings.Count(text, "create_distributed_table("))

	c.Table(public("accounts")).Distribution.LocalRows = true
	plan, err = analyze(t, c, cluster(), distribution.Options{}).Plan()
	require.NoError(t, err)
	assert.Contains(t, strings.Join(plan.Phases[0].Steps[0].SQL, "\n"), "emptying the local copy of ' || 'public.accounts'")
}

// TestNeeds says what a node takes, by hand: 32 shards on two nodes.
func TestNeeds(t *testing.T) {
	t.Parallel()
	_, c := database(t, shop)
	var total int64
	for _, table := range c.Tables {
		if table.Name.Name != "countries" {
			total += table.Bytes + table.IndexBytes
		}
	}
	country := c.Table(public("countries"))
	shared := country.Bytes + country.IndexBytes
	needs := analyze(t, c, cluster(), answered(distribution.Transactional)).Needs()
	require.Len(t, needs, 3)
	assert.Equal(t, shared, needs[0].Disk, "the coordinator gets a copy of the reference table")
	assert.InDelta(t, shared+total/2, needs[1].Disk, 3, "a worker gets half of the rest besides")
	assert.Greater(t, needs[1].Locks, 16*3*4, "of each of three tables 16 shards, each with its key, its TOAST and that one's index")
	step := analyze(t, c, cluster(), answered(distribution.StepByStep)).Needs()
	assert.Less(t, step[1].Locks, needs[1].Locks, "one table at a time")
}

// TestOneAnswerForMany expects triggers and uniques of many tables to be one finding a
// kind, and a pattern to give them up.
func TestOneAnswerForMany(t *testing.T) {
	t.Parallel()
	var sql strings.Builder
	sql.WriteString("CREATE TABLE tenants (id bigint PRIMARY KEY); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';")
	for i := range 9 {
		fmt.Fprintf(&sql, `CREATE TABLE t%[1]d (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, code text CONSTRAINT t%[1]d_code_key UNIQUE, kind text);
			CREATE UNIQUE INDEX t%[1]d_kind_global ON t%[1]d (kind); CREATE TRIGGER touch BEFORE UPDATE ON t%[1]d FOR EACH ROW EXECUTE FUNCTION touch();`, i)
	}
	_, c := database(t, sql.String())
	k, err := keys.Analyze(c, keys.Options{Global: []keys.Object{{Table: public("*"), Name: "*_global"}}})
	require.NoError(t, err)
	a, err := distribution.Analyze(c, k, cluster(), distribution.Options{})
	require.NoError(t, err)
	lines := strings.Split(a.Blocked().Error(), "\n")
	require.Len(t, lines, 2, "%s", lines)
	assert.Contains(t, lines[0], "the same of public.t1: touch, public.t2: touch")
	a, err = distribution.Analyze(c, k, cluster(), distribution.Options{Drop: []keys.Object{{Table: public("*"), Name: "touch"}, {Table: public("t*"), Name: "*_global"}}})
	require.NoError(t, err)
	require.NoError(t, a.Blocked())
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, c := database(t, shop)
	analysis, err := keys.Analyze(c, keys.Options{Shared: []catalog.Name{public("countries")}})
	require.NoError(t, err)
	for _, wrong := range []struct {
		o      distribution.Options
		reason string
	}{
		{distribution.Options{Way: "sideways"}, "no way"},
		{distribution.Options{Online: true}, "StepByStep"},
		{distribution.Options{Shards: -1}, "negative"},
		{distribution.Options{OnDelete: catalog.SetNull}, "OnDelete"},
		{distribution.Options{OnUpdate: catalog.Cascade}, "OnUpdate"},
		{distribution.Options{Drop: []keys.Object{{Table: public("users"), Name: "nothing"}}}, "nothing"},
		{distribution.Options{Drop: []keys.Object{{Table: public("*"), Name: "users_pkey*"}}}, "users_pkey*"},
		{distribution.Options{Drop: []keys.Object{{Table: public("users"), Name: "*"}}}, "everything"},
	} {
		_, err := distribution.Analyze(c, analysis, cluster(), wrong.o)
		assert.ErrorContains(t, err, wrong.reason)
	}
}

// TestSurveyWithoutCitus asks a server that has none.
func TestSurveyWithoutCitus(t *testing.T) {
	t.Parallel()
	db, _ := database(t, "")
	found, err := distribution.Survey(context.Background(), db)
	require.NoError(t, err)
	assert.Empty(t, found.Installed)
	assert.Empty(t, found.Nodes)
}

// TestRowsAreCounted carries out the statements that count rows before and after,
// with a row lost in between.
func TestRowsAreCounted(t *testing.T) {
	t.Parallel()
	db, c := database(t, shop)
	plan, err := analyze(t, c, cluster(), answered("")).Plan()
	require.NoError(t, err)
	for _, lost := range []string{"", "DELETE FROM orders WHERE id = 1", "INSERT INTO orders (user_id, number) VALUES (1, 1)"} {
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		for _, sql := range plan.Phases[0].Steps[0].SQL {
			if strings.Contains(sql, "set_config('tenancy.rows_") {
				_, err = tx.ExecContext(t.Context(), sql)
				require.NoError(t, err)
			}
		}
		_, err = tx.ExecContext(t.Context(), lost)
		require.NoError(t, err)
		for _, sql := range plan.Phases[0].Steps[0].SQL {
			if strings.HasPrefix(sql, "DO $check$") && err == nil {
				_, err = tx.ExecContext(t.Context(), sql)
			}
		}
		if lost == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, "public.orders has lost or won rows: 5000 rows before")
		}
		require.NoError(t, tx.Rollback())
	}
}

// TestPassed confirms phases that an earlier run has left behind, and none that
// there never is.
func TestPassed(t *testing.T) {
	t.Parallel()
	_, c := database(t, shop)
	plan, err := analyze(t, c, cluster(), answered("")).Plan()
	require.NoError(t, err)
	passed, err := distribution.Passed(plan, []string{keys.Backfill, distribution.Spread})
	require.NoError(t, err)
	assert.Equal(t, []string{distribution.Spread}, passed)
	_, err = distribution.Passed(plan, []string{"sprad"})
	assert.ErrorContains(t, err, "sprad")
}
