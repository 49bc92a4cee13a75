package distribution_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
)

const tenants = `
CREATE TABLE countries (id bigint PRIMARY KEY);
CREATE TABLE accounts (id bigint PRIMARY KEY, name text);
CREATE TABLE users (tenant_id bigint NOT NULL REFERENCES accounts, id bigint, email text, n int, PRIMARY KEY (tenant_id, id));
`

// dropping is to give up one object.
func dropping(table, name string) *distribution.Options {
	return &distribution.Options{Drop: []keys.Object{{Table: public(table), Name: name}}}
}

// tableObstacles are what Citus refuses of tables, with the remedy of each.
var tableObstacles = []struct {
	reason, sql, found, remedy string
	cleared                    *distribution.Options // that make it none
}{
	{reason: "triggers do not run in shards", found: "users: touch: Citus does not take tables with triggers", remedy: "Options.Drop",
		sql: `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
			CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()`, cleared: dropping("users", "touch")},
	{reason: "a check whose function reads a table", found: "users: u: its function public.kind_of(id bigint) reads public.countries, which it cannot do in a shard",
		sql: `CREATE FUNCTION kind_of(id bigint) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(c.name) FROM countries AS c); END';
			CREATE FUNCTION is_good(id bigint) RETURNS bool LANGUAGE sql AS 'SELECT kind_of(id) IS NULL OR true';
			ALTER TABLE users ADD CONSTRAINT u CHECK (is_good(id))`, remedy: "by a foreign key", cleared: dropping("users", "u")},
	{reason: "an index whose function reads a table", found: "users: u: its function public.name_of(id bigint) reads public.accounts",
		sql: `CREATE FUNCTION name_of(id bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'DECLARE n text; BEGIN SELECT name INTO n FROM public."accounts" AS a WHERE a.id = $1; RETURN n; END';
			CREATE INDEX u ON users (name_of(id))`, remedy: "drop it", cleared: dropping("users", "u")},
	{reason: "a policy whose function's body is no text", found: "users: mine: its function public.is_member(tenant bigint) reads public.users",
		sql: `CREATE FUNCTION is_member(tenant bigint) RETURNS bool STABLE LANGUAGE sql BEGIN ATOMIC SELECT EXISTS (SELECT FROM users WHERE tenant_id = $1); END;
			ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON users USING (is_member(tenant_id))`},
	{reason: "a policy whose function reads a table", found: "users: mine: its function public.is_member(tenant bigint) reads public.users",
		sql: `CREATE FUNCTION is_member(tenant bigint) RETURNS bool STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM users WHERE tenant_id = $1)';
			CREATE POLICY mine ON users USING (is_member(tenant_id))`, remedy: "current_setting"},
	{reason: "identity columns do not come back", found: "users: code: Citus cannot bring a table with an identity column back",
		sql:    "ALTER TABLE users ADD COLUMN code bigint GENERATED ALWAYS AS IDENTITY",
		remedy: "DROP IDENTITY", cleared: &distribution.Options{KeepIdentity: true}},
	{reason: "a unique of the root holds between tenants", found: "accounts: accounts_name_key: the unique holds between tenants",
		sql: "ALTER TABLE accounts ADD UNIQUE (name)", remedy: "shared table", cleared: dropping("accounts", "accounts_name_key")},
	{reason: "a key that is to hold over all tenants", found: "names: names_pkey: the unique holds between tenants",
		sql: "CREATE TABLE names (name text PRIMARY KEY, tenant_id bigint NOT NULL)", remedy: "Shared of the keys' options"},
	{reason: "an included tenant is no part of the key", found: "accounts: i: the tenant is included in the unique, and no part of it",
		sql: "CREATE UNIQUE INDEX i ON accounts (name) INCLUDE (id)", remedy: "Options.Drop", cleared: dropping("accounts", "i")},
	{reason: "other types hash differently", found: "others: tenant_id: the tenant column is of type integer, and that of public.accounts of type bigint",
		sql: "CREATE TABLE others (tenant_id integer NOT NULL PRIMARY KEY)", remedy: "ALTER TABLE public.others ALTER COLUMN tenant_id TYPE bigint"},
	{reason: "subqueries in policies", found: "users: p: Citus does not take policies with subqueries",
		sql: "CREATE POLICY p ON users USING (tenant_id IN (SELECT id FROM accounts))", remedy: "current_setting"},
	{reason: "a policy that only mentions the word is none", sql: `CREATE POLICY p ON users USING (email <> 'SELECT ')`},
	{reason: "SET NULL would clear the tenant", found: "users: u: Citus has no ON DELETE SET NULL", remedy: "Options.OnDelete",
		sql:     "ALTER TABLE users ADD CONSTRAINT u FOREIGN KEY (tenant_id, n) REFERENCES users ON DELETE SET NULL (n)",
		cleared: &distribution.Options{OnDelete: catalog.NoAction}},
	{reason: "ON UPDATE CASCADE would change the tenant", found: "users: u: Citus has no ON UPDATE CASCADE", remedy: "Options.OnUpdate",
		sql:     "ALTER TABLE users ADD CONSTRAINT u FOREIGN KEY (tenant_id, n) REFERENCES users ON UPDATE CASCADE",
		cleared: &distribution.Options{OnUpdate: catalog.NoAction}},
	{reason: "a local table's references are checked against nothing", found: "notes: notes_country_fkey: a table that stays on the coordinator alone",
		sql: "CREATE TABLE notes (country bigint REFERENCES countries)", remedy: "Options.Drop", cleared: dropping("notes", "notes_country_fkey")},
	{reason: "shards cannot refer to a local table", found: "users: u: it refers to public.notes, which stays on the coordinator alone",
		sql:    "CREATE TABLE notes (id int PRIMARY KEY); ALTER TABLE users ADD CONSTRAINT u FOREIGN KEY (n) REFERENCES notes",
		remedy: "make public.notes a tenant's or a shared one", cleared: dropping("users", "u")},
	{reason: "a copy on each node cannot refer to one node's row", found: "countries: c: a shared table cannot refer to rows of tenants",
		sql:    "ALTER TABLE countries ADD COLUMN a bigint, ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES accounts",
		remedy: "Options.Drop", cleared: dropping("countries", "c")},
	{reason: "another tenant may be on another node", found: "users: u: it does not match tenant with tenant",
		sql:    "ALTER TABLE users ADD COLUMN by bigint, ADD CONSTRAINT u FOREIGN KEY (by) REFERENCES accounts",
		remedy: "Options.Drop", cleared: dropping("users", "u")},
	{reason: "inheritance", found: "heirs: it inherits from another table", remedy: "partition",
		sql: "CREATE TABLE heirs () INHERITS (users)"},
	{reason: "a generated column is not known before the row is made", found: "others: tenant_id: a generated column cannot distribute",
		sql: "CREATE TABLE others (n bigint, tenant_id bigint NOT NULL GENERATED ALWAYS AS (n + 1) STORED)", remedy: "plain column"},
	{reason: "small numbers are made by the coordinator", found: "warning: public.users: small: a sequence of type integer",
		sql: "ALTER TABLE users ADD COLUMN small serial", remedy: "bigint"},
	{reason: "an exclusion holds between tenants", found: "users: x: the exclusion holds between tenants", remedy: "btree_gist",
		sql: "ALTER TABLE users ADD COLUMN r int4range, ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&)", cleared: dropping("users", "x")},
	{reason: "a partitioned table as a reference", found: "countries: a partitioned table cannot be a reference table", remedy: "without partitions",
		sql: "DROP TABLE countries; CREATE TABLE countries (id bigint) PARTITION BY HASH (id)"},
	{reason: "changes in shards are not published", found: "warning: public.users: changes: the publication sends nothing more", remedy: "workers",
		sql: "CREATE PUBLICATION changes FOR TABLE users"},
	{reason: "nothing in the way"},
}

// TestTableObstacles lists them.
func TestTableObstacles(t *testing.T) {
	t.Parallel()
	for _, test := range tableObstacles {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			_, c := database(t, tenants+test.sql)
			a := analyze(t, c, cluster(), distribution.Options{})
			_, err := a.Plan()
			if test.found == "" {
				require.NoError(t, err)
				return
			}
			text := texts(a)
			assert.Contains(t, text, test.found)
			i := slices.IndexFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, test.found) })
			require.GreaterOrEqual(t, i, 0)
			assert.Contains(t, strings.Split(text, "\n")[i], test.remedy)
			if !strings.HasPrefix(test.found, "warning") {
				require.ErrorIs(t, err, distribution.ErrUndecided)
				assert.ErrorContains(t, err, test.found)
			}
			if test.cleared != nil {
				_, err := analyze(t, c, cluster(), *test.cleared).Plan()
				require.NoError(t, err)
			}
		})
	}
}

// TestSharedRemedy spreads a tenants' table whose key holds over all tenants whole.
func TestSharedRemedy(t *testing.T) {
	t.Parallel()
	_, c := database(t, tenants+"CREATE TABLE names (name text PRIMARY KEY, tenant_id bigint NOT NULL)")
	k, err := keys.Analyze(c, keys.Options{Shared: []catalog.Name{public("countries"), public("names")}})
	require.NoError(t, err)
	a, err := distribution.Analyze(c, k, cluster(), distribution.Options{})
	require.NoError(t, err)
	plan, err := a.Plan()
	require.NoError(t, err)
	sql := strings.Join(plan.Phases[0].Steps[0].SQL, "\n")
	assert.Contains(t, sql, "create_reference_table('public.names')")
	assert.NotContains(t, sql, "ALTER TABLE public.names")
}

// TestIdentityRemedy carries out what is advised: numbers go on where they were.
func TestIdentityRemedy(t *testing.T) {
	t.Parallel()
	db, c := database(t, tenants+`ALTER TABLE users ADD COLUMN "Code" bigint GENERATED ALWAYS AS IDENTITY;
		INSERT INTO accounts VALUES (1); INSERT INTO users (tenant_id, id) VALUES (1, 1), (1, 2), (1, 3)`)
	a := analyze(t, c, cluster(), distribution.Options{})
	i := slices.IndexFunc(a.Findings, func(f keys.Finding) bool { return f.Object == "Code" })
	require.GreaterOrEqual(t, i, 0)
	_, remedy, found := strings.Cut(a.Findings[i].Remedy, "sequence: ")
	require.True(t, found)
	remedy, _, _ = strings.Cut(remedy, "; or set")
	_, err := db.ExecContext(t.Context(), remedy)
	require.NoError(t, err, remedy)
	c, err = catalog.Read(t.Context(), db, catalog.Options{})
	require.NoError(t, err)
	_, err = analyze(t, c, cluster(), distribution.Options{}).Plan()
	require.NoError(t, err)
	var next int
	require.NoError(t, db.QueryRowContext(t.Context(), `INSERT INTO users (tenant_id, id) VALUES (1, 4) RETURNING "Code"`).Scan(&next))
	assert.Greater(t, next, 3)
}

func ptr[T any](value T) *T { return &value }

func texts(a *distribution.Analysis) string {
	var lines []string
	for _, f := range a.Findings {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// TestClusterObstacles lists what servers lack, and the setting to change.
func TestClusterObstacles(t *testing.T) {
	t.Parallel()
	_, c := database(t, tenants)
	for _, test := range []struct {
		reason string
		change func(*distribution.Cluster)
		o      distribution.Options
		found  string // empty: nothing blocks
		remedy string
	}{
		{reason: "no Citus", change: func(c *distribution.Cluster) { *c = distribution.Cluster{} }, found: "the server has no Citus", remedy: "shared_preload_libraries"},
		{reason: "no extension", change: func(c *distribution.Cluster) { *c = distribution.Cluster{Available: "13.2-1"} },
			found: "the database has no extension citus", remedy: "CREATE EXTENSION"},
		{reason: "not loaded", change: func(c *distribution.Cluster) { c.Preloaded = false }, found: "has not loaded Citus", remedy: "restart"},
		{reason: "too old", change: func(c *distribution.Cluster) { c.Installed = "10.2-5" }, found: "older than 11.1", remedy: "ALTER EXTENSION"},
		{reason: "a worker", change: func(c *distribution.Cluster) { c.Coordinator = false }, found: "the server is a worker", remedy: "coordinator"},
		{reason: "no nodes", change: func(c *distribution.Cluster) { c.Nodes = nil }, found: "no node may hold shards", remedy: "citus_add_node"},
		{reason: "a node is down", change: func(c *distribution.Cluster) { c.Nodes[2].Reachable = false }, found: "worker2:5432: the node cannot be reached", remedy: "start it"},
		{reason: "workers do not reach each other", change: func(c *distribution.Cluster) { c.Nodes[1].Healthy = false },
			found: "worker1:5432: other nodes cannot reach", remedy: "citus_check_cluster_node_health"},
		{reason: "no commits together", change: func(c *distribution.Cluster) { c.Nodes[1].Prepared = 0 },
			found: "worker1:5432: prepared transactions are off", remedy: "max_prepared_transactions"},
		{reason: "WAL for moves later", change: func(c *distribution.Cluster) { c.Nodes[1].WALLevel = "replica" }},
		{reason: "WAL for online copies", change: func(c *distribution.Cluster) { c.Nodes[1].WALLevel = "replica" },
			o: distribution.Options{Way: distribution.StepByStep, Online: true}, found: "worker1:5432: wal_level is replica", remedy: "wal_level = logical"},
		{reason: "output plugin", change: func(c *distribution.Cluster) { c.Nodes[1].OutputPlugins = ptr("pgoutput") },
			o: distribution.Options{Way: distribution.StepByStep, Online: true}, found: "output_plugin_libraries does not name citus", remedy: "add citus"},
		{reason: "locks", change: func(c *distribution.Cluster) {
			c.Nodes[1].LocksEach, c.Nodes[1].Connections, c.Nodes[1].Prepared = 5, 20, 20
		},
			found: "worker1:5432: the transaction would hold some", remedy: "set max_locks_per_transaction = "},
		{reason: "fewer shards need fewer locks", o: distribution.Options{Shards: 4},
			change: func(c *distribution.Cluster) {
				c.Nodes[1].LocksEach, c.Nodes[1].Connections, c.Nodes[1].Prepared = 5, 20, 20
			}},
		{reason: "disk", change: func(c *distribution.Cluster) { c.Nodes[2].DiskFree = 1 << 10 }, found: "worker2:5432: the disk would hold", remedy: "make room"},
		{reason: "a subscription", change: func(c *distribution.Cluster) { c.Subscribed = []catalog.Name{public("users")} },
			found: "users: a subscription writes it", remedy: "caught up"},
		{reason: "connections", change: func(c *distribution.Cluster) { c.Nodes[0].Connections = 10 }, found: "max_connections is 10", remedy: "max_connections = 20"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			own := cluster()
			test.change(&own)
			a := analyze(t, c, own, test.o)
			_, err := a.Plan()
			if test.found == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, distribution.ErrUndecided)
			assert.ErrorContains(t, err, test.found)
			assert.ErrorContains(t, err, test.remedy)
		})
	}
}

// TestAllAtOnce lists obstacles of all kinds in one go.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	_, c := database(t, tenants+`
		ALTER TABLE accounts ADD UNIQUE (name);
		ALTER TABLE users ADD CONSTRAINT u FOREIGN KEY (tenant_id, n) REFERENCES users ON DELETE SET NULL (n);
		CREATE TABLE others (tenant_id integer NOT NULL PRIMARY KEY)`)
	own := cluster()
	own.Nodes[1].Reachable = false
	_, err := analyze(t, c, own, distribution.Options{}).Plan()
	for _, part := range []string{"accounts_name_key", "SET NULL", "of type integer", "worker1:5432"} {
		assert.ErrorContains(t, err, part)
	}
}

// TestBackObstacles says what cannot come back, or does not fit.
func TestBackObstacles(t *testing.T) {
	t.Parallel()
	c := spread(t)
	own := cluster()
	own.Sizes = []distribution.Size{{Table: public("users"), Node: "worker1:5432", Shards: 8, Bytes: 75 << 30}}
	_, err := distribution.AnalyzeBack(c, own).Plan()
	assert.ErrorContains(t, err, "coordinator:5432: the disk would hold some 75 GB more")
	c.Table(public("users")).Columns[0].Identity = "BY DEFAULT"
	_, err = distribution.AnalyzeBack(c, cluster()).Plan()
	assert.ErrorContains(t, err, "users: id: Citus cannot bring a table with an identity column back")
}
