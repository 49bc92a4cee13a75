package distribute_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/migration"
)

// secrets are tables whose rows, columns or views a role may see in part only. The
// cluster's default privileges give the application everything.
var secrets = []string{
	"CREATE TABLE tenants (id int PRIMARY KEY)",
	"CREATE TABLE docs (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, secret bool NOT NULL, text text)",
	"CREATE TABLE kinds (id int PRIMARY KEY, text text)",
	"CREATE TABLE parts (id int, tenant_id int NOT NULL REFERENCES tenants, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
	"CREATE TABLE parts_1 PARTITION OF parts DEFAULT",
	"ALTER TABLE docs ADD COLUMN kind varchar(9) DEFAULT 'a' CHECK (kind IN ('a', 'b'))", // what is read again as another expression
	"CREATE INDEX docs_kind ON docs (text) WHERE kind IN ('a', 'b')", "CREATE VIEW kinds_of_docs AS SELECT id FROM docs WHERE kind IN ('a', 'b')",
	"CREATE VIEW heads AS SELECT id, text FROM docs",
	"CREATE VIEW first_heads AS SELECT id FROM heads WHERE id < 10",
	"INSERT INTO tenants VALUES (1), (2), (3)", "INSERT INTO docs SELECT g, 1 + g % 3, g % 2 = 0, 't' FROM generate_series(1, 30) AS g",
	"REVOKE ALL ON docs, kinds, heads, parts_1 FROM {app}", "GRANT SELECT (id, secret), INSERT (id) ON docs TO {app} WITH GRANT OPTION", "GRANT UPDATE ON docs TO {app}",
	"GRANT SELECT (id) ON heads TO {app}",
	"REVOKE ALL ON first_heads FROM {app}", "GRANT SELECT ON first_heads TO PUBLIC", "GRANT UPDATE (id) ON first_heads TO {app} WITH GRANT OPTION", "GRANT SELECT ON kinds TO PUBLIC", "REVOKE DELETE ON kinds FROM CURRENT_USER",
	"ALTER TABLE docs ENABLE ROW LEVEL SECURITY", "CREATE POLICY plain ON docs USING (NOT secret)",
	"ALTER TABLE kinds ENABLE ROW LEVEL SECURITY", "CREATE POLICY read ON kinds FOR SELECT TO {app} USING (id > 0)",
}

func (p *place) secretOptions(way distribution.Way) tenancy.DistributeOptions {
	o := p.options(way)
	o.Keys.Shared = []catalog.Name{{Schema: "public", Name: "kinds"}}
	return o
}

// worker opens the database on a worker, as the application's role.
func (p *place) worker(t testing.TB, node int) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(p.cluster.DSN)
	require.NoError(t, err)
	config.Host, config.Port = p.cluster.Nodes[node].Host, uint16(p.cluster.Nodes[node].Port)
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// TestNobodyMayMoreInShards spreads tables on which a role may less than default
// privileges say: it may no more on the workers, nor after shards have moved.
func TestNobodyMayMoreInShards(t *testing.T) {
	t.Parallel()
	for _, test := range draw.One(t, ways) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := test.place(t, secrets)
			before := p.inventory(t)
			o := p.secretOptions(test.way)
			o.Plan.Online = test.online
			plan := p.plan(t, o)
			p.distribute(t, o)
			p.mayNoMore(t)

			_, err := citus.IsolateTenant(t.Context(), p.sql, "docs", "2", citus.TransferBlocking)
			require.NoError(t, err)
			p.mayNoMore(t)
			at, err := citus.Locate(t.Context(), p.sql, "docs", "2")
			require.NoError(t, err)
			target := citus.Address{Host: p.cluster.Nodes[1].Host, Port: p.cluster.Nodes[1].Port}
			if at.Node == target {
				target = citus.Address{Host: p.cluster.Nodes[2].Host, Port: p.cluster.Nodes[2].Port}
			}
			require.NoError(t, citus.MoveShard(t.Context(), p.sql, at.ID, at.Node, target, citus.TransferBlocking))
			p.mayNoMore(t)

			p.takeBack(t, plan, o)
			assert.Empty(t, before.Differences(p.inventory(t)))
		})
	}
}

func (p *place) mayNoMore(t *testing.T) {
	t.Helper()
	differences, err := citus.CheckRights(t.Context(), p.sql)
	require.NoError(t, err)
	assert.Empty(t, differences)
	for node := range p.cluster.Nodes[1:] {
		worker := p.worker(t, node+1)
		for _, sql := range []string{"SELECT text FROM docs", "SELECT text FROM heads", "DELETE FROM kinds"} {
			_, err := worker.Exec(sql)
			assert.ErrorContains(t, err, "permission denied", sql)
		}
	}
	var n int
	require.NoError(t, open(t, p.cluster.DSN).Raw("SELECT count(id) FROM docs WHERE secret").Scan(&n).Error)
	assert.Zero(t, n)
}

// TestRestrictivePolicies does not spread tables whose restrictive policies Citus
// would weaken, and brings those back as they were that somebody has made since.
func TestRestrictivePolicies(t *testing.T) {
	t.Parallel()
	p := newPlace(t, secrets...)
	for _, policy := range []struct{ table, sql string }{
		{"docs", "CREATE POLICY no ON docs AS RESTRICTIVE FOR SELECT USING (NOT secret)"},
		{"kinds", "CREATE POLICY no ON kinds AS RESTRICTIVE TO {app} USING (id > 1) WITH CHECK (id > 2)"},
		{"parts_1", "CREATE POLICY no ON parts_1 AS RESTRICTIVE FOR UPDATE USING (id > 1)"},
	} {
		for _, way := range draw.One(t, bothWays) {
			p.do(t, policy.sql)
			before := p.inventory(t)
			_, err := tenancy.Distribute(t.Context(), p.db, p.secretOptions(way))
			require.ErrorIs(t, err, distribution.ErrUndecided)
			assert.ErrorContains(t, err, "public."+policy.table+": no: Citus makes a permissive policy of this restrictive one")
			assert.Empty(t, before.Differences(p.inventory(t)))
			p.do(t, "DROP POLICY no ON "+policy.table)
		}
	}
	p.distribute(t, p.secretOptions(distribution.Transactional))
	p.do(t, "CREATE POLICY everything ON docs USING (true)", "CREATE POLICY no ON docs AS RESTRICTIVE FOR SELECT TO {app} USING (NOT secret)",
		"COMMENT ON POLICY no ON docs IS 'never'", "CREATE POLICY no ON kinds AS RESTRICTIVE USING (id > 1) WITH CHECK (id > 2)")
	differences, err := citus.CheckRights(t.Context(), p.sql)
	require.NoError(t, err)
	assert.NotEmpty(t, differences, "Citus keeps restrictive policies by now: the blocker can go")
	assert.Regexp(t, `public\.docs_\d+ of public\.docs.*policy no`, fmt.Sprint(differences), "shards are looked at, and not only tables")
	spread := p.inventory(t)
	p.undistribute(t)
	assert.Empty(t, spread.Differences(p.inventory(t)))
	var n int
	require.NoError(t, open(t, p.cluster.DSN).Raw("SELECT count(id) FROM docs WHERE secret").Scan(&n).Error)
	assert.Zero(t, n)

	// Nor does the undo of that spread them again.
	p.do(t, "DROP POLICY no ON docs", "DROP POLICY no ON kinds")
	p.distribute(t, p.secretOptions(distribution.Transactional))
	p.do(t, "CREATE POLICY no ON docs AS RESTRICTIVE USING (NOT secret)")
	c, err := catalog.Read(t.Context(), p.sql, catalog.Options{})
	require.NoError(t, err)
	cluster, err := distribution.Survey(t.Context(), p.sql)
	require.NoError(t, err)
	plan, err := distribution.AnalyzeBack(c, cluster).Plan()
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), p.sql, plan, migration.Options{Apply: true})
	require.NoError(t, err)
	_, err = migration.Undo(t.Context(), p.sql, plan, migration.Options{Apply: true})
	require.ErrorIs(t, err, migration.ErrNoUndo)
}
