package distribute_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/migration"
)

// trees are the tables of two roots, and a shared one that both refer to.
var trees = []string{
	"CREATE TABLE kinds (id int PRIMARY KEY, name text)",
	"CREATE TABLE tenants (id int PRIMARY KEY)",
	"CREATE TABLE jobs (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, kind int REFERENCES kinds)",
	"CREATE TABLE notes (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, job int REFERENCES jobs)",
	"CREATE TABLE shops (id bigint PRIMARY KEY)",
	"CREATE TABLE sales (id int PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops, kind int REFERENCES kinds, text text)",
	"CREATE TABLE lines (id int PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops, sale int REFERENCES sales ON DELETE CASCADE)",
	"INSERT INTO kinds SELECT g, 'kind ' || g FROM generate_series(1, 3) AS g",
	"INSERT INTO tenants VALUES (1), (2), (3)", "INSERT INTO shops VALUES (1), (2), (3)",
	"INSERT INTO jobs SELECT g, 1 + g % 3, 1 + g % 3 FROM generate_series(1, 30) AS g", "INSERT INTO notes SELECT id, tenant_id, id FROM jobs",
	"INSERT INTO sales SELECT g, 1 + g % 3, 1 + g % 3 FROM generate_series(1, 30) AS g", "INSERT INTO lines SELECT id, shop_id, id FROM sales",
	// What a table loses that Citus makes anew.
	"COMMENT ON TABLE sales IS 'sold'", "COMMENT ON CONSTRAINT sales_kind_fkey ON sales IS 'of what'", "CREATE VIEW sold AS SELECT id, shop_id FROM sales",
	"CREATE FUNCTION label(s sales) RETURNS text LANGUAGE sql AS 'SELECT $1.text'", "REVOKE ALL ON sales FROM {app}", "GRANT SELECT (id) ON sales TO {app}",
	"CREATE STATISTICS sales_st (ndistinct) ON shop_id, kind FROM sales", "ALTER TABLE sales ADD CONSTRAINT short CHECK (length(text) < 9) NO INHERIT",
	"COMMENT ON TABLE jobs IS 'to do'", "CREATE VIEW todo AS SELECT id, tenant_id FROM jobs", "REVOKE DELETE ON jobs FROM {app}",
}

// tree are the options for a plan of one of the roots.
func (p *place) tree(way distribution.Way, root string, others ...string) tenancy.DistributeOptions {
	o := p.options(way)
	o.Plan.Manage = true
	o.Keys.Root = catalog.Name{Schema: "public", Name: root}
	o.Keys.Shared = []catalog.Name{{Schema: "public", Name: "kinds"}}
	for _, other := range others {
		o.Keys.Skip = append(o.Keys.Skip, catalog.Name{Schema: "public", Name: other})
	}
	return o
}

func (p *place) first(way distribution.Way) tenancy.DistributeOptions {
	return p.tree(way, "tenants", "shops", "sales", "lines")
}

func (p *place) second(way distribution.Way) tenancy.DistributeOptions {
	o := p.tree(way, "shops", "tenants", "jobs", "notes")
	o.Keys.Column = "shop_id"
	return o
}

// placed says how tables are distributed, and in which of the groups.
func (p *place) placed(t testing.TB) (placed string) {
	t.Helper()
	require.NoError(t, p.sql.QueryRow(`SELECT COALESCE(string_agg(format('%s %s', n, tables), ', ' ORDER BY n, tables), '') FROM (
		SELECT CASE WHEN partmethod = 'h' THEN 'hash' WHEN repmodel = 't' THEN 'reference' ELSE 'managed' END AS n,
			string_agg(logicalrelid::text, ' ' ORDER BY logicalrelid::text) AS tables
		FROM pg_dist_partition GROUP BY 1, colocationid) AS of`).Scan(&placed))
	return placed
}

// holds finds all rows, and that foreign keys hold, wherever the tables are.
func (p *place) holds(t testing.TB) {
	t.Helper()
	for table, want := range map[string]int{"kinds": 3, "tenants": 3, "shops": 3, "jobs": 30, "notes": 30, "sales": 30, "lines": 30} {
		var n int
		require.NoError(t, p.sql.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
		assert.Equal(t, want, n, table)
	}
	for _, sql := range []string{
		"INSERT INTO jobs (id, tenant_id, kind) VALUES (99, 1, 9)", "INSERT INTO jobs (id, tenant_id) VALUES (99, 9)",
		"INSERT INTO sales (id, shop_id, kind) VALUES (99, 1, 9)", "INSERT INTO sales (id, shop_id) VALUES (99, 9)",
		"INSERT INTO lines (id, shop_id, sale) VALUES (99, 1, 99)", "INSERT INTO notes (id, tenant_id, job) VALUES (99, 1, 99)",
	} {
		_, err := p.sql.Exec(sql)
		assert.ErrorContains(t, err, "violates foreign key", sql)
	}
	p.mayNot(t, "DELETE FROM jobs WHERE id = 0")
	p.mayNot(t, "SELECT text FROM sales")
}

func (p *place) mayNot(t testing.TB, sql string) {
	t.Helper()
	assert.ErrorContains(t, open(t, p.cluster.DSN).Exec(sql).Error, "permission denied", sql)
}

func (p *place) bringBack(t testing.TB, root string) {
	t.Helper()
	o := tenancy.DistributeOptions{Run: migration.Options{Apply: true}}
	o.Keys.Root = catalog.Name{Schema: "public", Name: root}
	_, err := tenancy.Undistribute(t.Context(), p.db, o)
	require.NoError(t, err)
}

const (
	plainTrees = ""
	firstTree  = "hash jobs notes tenants, managed lines sales shops, reference kinds"
	secondTree = "hash lines sales shops, managed jobs notes tenants, reference kinds"
	bothTrees  = "hash jobs notes tenants, hash lines sales shops, reference kinds"
)

// TestTreesOfTwoRoots distributes two trees by a plan each, into groups of their own,
// and brings them back in either order: each leaves the other as it is, and foreign keys
// to the shared table hold all the time. The second plan's undo needs the reference
// table that it began with.
func TestTreesOfTwoRoots(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		way       distribution.Way
		firstBack bool
	}{
		"the first comes back first":  {distribution.Transactional, true},
		"the second comes back first": {distribution.StepByStep, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, trees...)
			plain := p.inventory(t)
			plans := []*migration.Plan{p.plan(t, p.first(test.way))}
			p.distribute(t, p.first(test.way))
			assert.Equal(t, firstTree, p.placed(t))
			p.holds(t)
			one := p.inventory(t)

			plans = append(plans, p.plan(t, p.second(distribution.Transactional)))
			p.distribute(t, p.second(distribution.Transactional))
			assert.Equal(t, bothTrees, p.placed(t))
			p.holds(t)
			p.distribute(t, p.first(test.way)) // nothing is left to do
			both := p.inventory(t)

			p.takeBack(t, plans[1], p.second(distribution.Transactional))
			assert.Equal(t, firstTree, p.placed(t))
			assert.Empty(t, one.Differences(p.inventory(t)), "after the undo of the second plan")
			p.holds(t)
			p.distribute(t, p.second(distribution.Transactional))
			assert.Empty(t, both.Differences(p.inventory(t)))

			roots, left := []string{"tenants", "shops"}, secondTree
			if !test.firstBack {
				roots, left = []string{"shops", "tenants"}, firstTree
			}
			p.bringBack(t, roots[0])
			assert.Equal(t, left, p.placed(t))
			p.holds(t)
			assert.Empty(t, both.Differences(p.inventory(t)), "after one has come back")
			p.takeBack(t, plans[1], p.second(distribution.Transactional))
			p.holds(t)
			p.bringBack(t, roots[1])
			assert.Equal(t, plainTrees, p.placed(t))
			p.takeBack(t, plans[0], p.first(test.way))
			p.holds(t)
			assert.Empty(t, plain.Differences(p.inventory(t)), "after both plans' undo")
		})
	}
}
