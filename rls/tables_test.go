package rls_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
)

// A schema that no model is of: a tenant column of another name and one of a domain's
// type, a table that reaches its tenant, partitions of partitions, an heir, a shared
// table with a tenant column, a mixed one, and one in another schema.
const strangeTables = `
CREATE DOMAIN tenant AS integer CHECK (VALUE > 0);
CREATE TABLE tenants (id integer PRIMARY KEY, name text);
CREATE TABLE orders (id integer PRIMARY KEY, tenant_id integer NOT NULL REFERENCES tenants, n integer);
CREATE TABLE notes (id integer PRIMARY KEY, "tenantId" integer NOT NULL REFERENCES tenants);
CREATE TABLE visits (id integer PRIMARY KEY, tenant_id tenant NOT NULL);
CREATE TABLE events (id integer, tenant_id integer NOT NULL, at date NOT NULL, kind text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_1_a PARTITION OF events_1 FOR VALUES IN ('a');
CREATE TABLE orders_old (closed date) INHERITS (orders);
CREATE TABLE tokens (token text PRIMARY KEY, tenant_id integer NOT NULL);
CREATE TABLE templates (id integer PRIMARY KEY, tenant_id integer, name text);
CREATE TABLE countries (code text PRIMARY KEY);
CREATE TABLE queue (id integer PRIMARY KEY, job text);
CREATE TABLE sessions (id integer PRIMARY KEY, secret text);
CREATE SCHEMA other;
CREATE TABLE other.files (id integer PRIMARY KEY, tenant_id integer NOT NULL);
INSERT INTO tenants VALUES (1, 'a'), (2, 'b');
INSERT INTO orders VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO notes VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO visits VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO events VALUES (1, 1, '2026-01-01', 'a'), (2, 2, '2026-01-01', 'a'), (3, 2, '2026-01-01', 'a');
INSERT INTO orders_old VALUES (4, 1), (5, 2);
INSERT INTO tokens VALUES ('a', 1), ('b', 2), ('c', 2);
INSERT INTO templates VALUES (1, 1), (2, 2), (3, NULL);
INSERT INTO countries VALUES ('x');
INSERT INTO queue VALUES (1, 'x');
INSERT INTO sessions VALUES (1, 's');
INSERT INTO other.files VALUES (1, 1), (2, 2), (3, 2)`

func public(name string) catalog.Name { return catalog.Name{Schema: "public", Name: name} }

// analyzed is the analysis of a database.
func (d *database) analyzed(t testing.TB, o keys.Options) *keys.Analysis {
	t.Helper()
	c, err := catalog.Read(t.Context(), d.admin, catalog.Options{})
	require.NoError(t, err)
	a, err := keys.Analyze(c, o)
	require.NoError(t, err)
	return a
}

func (d *database) execute(t testing.TB, statements string) {
	t.Helper()
	owner, err := d.owner.DB()
	require.NoError(t, err)
	_, err = owner.ExecContext(t.Context(), statements)
	require.NoError(t, err)
}

// newStrangers makes the schema, and protects it as the analysis has it.
func newStrangers(t *testing.T) (*database, rls.Policies) {
	t.Helper()
	d := newDatabase(t)
	app := userOf(t, d.DSN)
	d.execute(t, strangeTables)
	d.execute(t, "GRANT USAGE ON SCHEMA other TO "+app+", "+d.span+"; GRANT SELECT, INSERT, UPDATE, DELETE ON other.files TO "+app+", "+d.span)
	tables, err := rls.TablesOf(d.analyzed(t, keys.Options{
		Columns: map[catalog.Name]string{public("notes"): "tenantId"},
		Shared:  []catalog.Name{public("tokens"), public("countries"), public("queue"), public("sessions")},
		Mixed:   []catalog.Name{public("templates")},
	}))
	require.NoError(t, err)
	for i := range tables {
		switch tables[i].Name {
		case "public.queue":
			tables[i].Writable = true
		case "public.sessions":
			tables[i].Kind = tenancy.KindPrivate
		}
	}
	p := d.policies()
	p.Tables = tables
	_, err = rls.Enable(t.Context(), d.owner, p, migration.Options{Apply: true})
	require.NoError(t, err)
	return d, p
}

// TestTablesOf expects of a database without models that each tenant sees and writes
// its own rows.
func TestTablesOf(t *testing.T) {
	t.Parallel()
	d, p := newStrangers(t)
	plan, err := p.Plan(t.Context(), d.owner)
	require.NoError(t, err)
	require.Empty(t, plan.Phases, "what is there is what is wanted")

	pool := d.pool(t)
	one, two := tenancy.With(t.Context(), 1), tenancy.With(t.Context(), 2)
	both, all := tenancy.WithSet(t.Context(), 1, 2), tenancy.Bypass(t.Context(), "test")
	for _, test := range []struct {
		table                         string
		one, two, nobody, both, every int
	}{
		{"tenants", 1, 1, 0, 2, 2},
		{"orders", 2, 3, 0, 5, 5},
		{"ONLY orders", 1, 2, 0, 3, 3},
		{"orders_old", 1, 1, 0, 2, 2},
		{"notes", 1, 2, 0, 3, 3},
		{"visits", 1, 2, 0, 3, 3},
		{"events", 1, 2, 0, 3, 3},
		{"events_1", 1, 2, 0, 3, 3},
		{"events_1_a", 1, 2, 0, 3, 3},
		{"tokens", 1, 2, 0, 3, 3},
		{"templates", 2, 2, 0, 3, 3},
		{"countries", 1, 1, 1, 1, 1},
		{"queue", 1, 1, 1, 1, 1},
		{"sessions", 0, 0, 0, 0, 1},
		{"other.files", 1, 2, 0, 3, 3},
	} {
		for _, as := range []struct {
			ctx  context.Context
			want int
			who  string
		}{
			{one, test.one, "one"}, {two, test.two, "two"}, {t.Context(), test.nobody, "nobody"}, {both, test.both, "both"}, {all, test.every, "all"},
		} {
			var n int
			require.NoError(t, pool.QueryRowContext(as.ctx, "SELECT count(*) FROM "+test.table).Scan(&n))
			assert.Equal(t, as.want, n, "%s as %s", test.table, as.who)
		}
	}
	for _, test := range []struct {
		sql  string
		rows int64 // -1 for an error of the policies
	}{
		{"INSERT INTO orders VALUES (9, 2)", -1},
		{"INSERT INTO visits VALUES (9, 2)", -1},
		{"INSERT INTO visits VALUES (9, 1)", 1},
		{"UPDATE orders SET n = 1", 2},
		{`UPDATE notes SET "tenantId" = 2`, -1},
		{"DELETE FROM tokens WHERE token = 'b'", 0},
		{"UPDATE templates SET name = 'x'", 1},
		{"INSERT INTO countries VALUES ('y')", -1},
		{"INSERT INTO queue VALUES (2, 'y')", 1},
		{"INSERT INTO sessions VALUES (2, 'y')", -1},
		{"DELETE FROM events_1_a", 1},
	} {
		result, err := pool.ExecContext(one, test.sql)
		if test.rows < 0 {
			require.ErrorContains(t, err, "42501", test.sql)
			continue
		}
		require.NoError(t, err, test.sql)
		n, err := result.RowsAffected()
		require.NoError(t, err)
		assert.Equal(t, test.rows, n, test.sql)
	}
}

// TestCheckTables expects Check to see what lacks in tables that no model is of, and
// a model to say more than the catalogue.
func TestCheckTables(t *testing.T) {
	t.Parallel()
	d, p := newStrangers(t)
	db := d.app(t, false)
	_, err := rls.Check(t.Context(), db, p)
	require.NoError(t, err, "a handle without the plugin")
	withPlugin := d.app(t, true)
	_, err = rls.Check(t.Context(), withPlugin, p)
	require.NoError(t, err)
	require.NoError(t, withPlugin.Use(rls.New(rls.Config{Policies: p})))

	for _, test := range []struct {
		kind          rls.ProblemKind
		breaks, mends string
	}{
		{rls.PolicyMissing, "DROP POLICY tenancy ON visits", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy ON visits USING (true)", ""},
		{rls.NotEnabled, "ALTER TABLE events_1_a DISABLE ROW LEVEL SECURITY", ""},
		{rls.NotForced, "ALTER TABLE other.files NO FORCE ROW LEVEL SECURITY", ""},
		{rls.PolicyForeign, "CREATE POLICY wide ON tokens USING (true)", ""},
		{rls.NotThere, "ALTER TABLE tokens RENAME TO gone", "ALTER TABLE gone RENAME TO tokens"},
	} {
		d.execute(t, test.breaks)
		_, err := rls.Check(t.Context(), db, p)
		require.ErrorIs(t, err, rls.ErrUnprotected, test.breaks)
		found := problems(err)
		require.NotEmpty(t, found, test.breaks)
		assert.Equal(t, test.kind, found[0].Kind, test.breaks)
		if test.mends != "" {
			d.execute(t, test.mends)
		}
		for _, statement := range found[0].SQL {
			d.execute(t, statement)
		}
		_, err = rls.Check(t.Context(), db, p)
		require.NoError(t, err, test.breaks)
	}

	// A model says that notes are shared and may be written, which the catalogue cannot.
	type note struct {
		_  struct{} `tenancy:"shared,writable"`
		ID int
	}
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	plan, err := p.Plan(t.Context(), d.owner, &note{})
	require.NoError(t, err)
	require.Len(t, plan.Phases, 1)
	require.Len(t, plan.Phases[0].Steps, 1)
	assert.Equal(t, public("notes"), plan.Phases[0].Steps[0].Table)

	_, err = rls.Disable(t.Context(), d.owner, p, migration.Options{Apply: true})
	require.NoError(t, err)
	var left int
	require.NoError(t, d.admin.QueryRow("SELECT (SELECT count(*) FROM pg_policy) + (SELECT count(*) FROM pg_class WHERE relrowsecurity)").Scan(&left))
	assert.Zero(t, left)
}

// TestTablesThatAreNotDecided expects an error where the catalogue does not tell whose
// a table's rows are, or its tenant column takes the ids of two tenants for one.
func TestTablesThatAreNotDecided(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.execute(t, `CREATE TABLE tenants (id integer PRIMARY KEY);
		CREATE TABLE orders (id integer PRIMARY KEY, tenant_id integer NOT NULL REFERENCES tenants);
		CREATE TABLE lines (id integer PRIMARY KEY, order_id integer NOT NULL REFERENCES orders);
		CREATE TABLE countries (code text PRIMARY KEY);
		CREATE TABLE api_keys (token text PRIMARY KEY, tenant_id integer NOT NULL UNIQUE)`)
	_, err := rls.TablesOf(d.analyzed(t, keys.Options{}))
	require.ErrorIs(t, err, keys.ErrUndecided)
	require.ErrorContains(t, err, "public.countries reaches no tenant along its foreign keys")
	require.ErrorContains(t, err, "public.lines has no column tenant_id yet")
	assert.NotContains(t, err.Error(), "api_keys", "what its uniques hold does not matter")

	shared := keys.Options{Shared: []catalog.Name{public("countries")}, Skip: []catalog.Name{public("lines")}}
	tables, err := rls.TablesOf(d.analyzed(t, shared))
	require.NoError(t, err)
	assert.Len(t, tables, 4)

	d.execute(t, "CREATE TABLE base (n integer); CREATE TABLE above (tenant_id integer NOT NULL) INHERITS (base)")
	inherited := shared
	inherited.Shared = append(inherited.Shared, public("base"))
	tables, err = rls.TablesOf(d.analyzed(t, inherited))
	require.NoError(t, err)
	_, err = rls.Policies{Tables: tables}.Plan(t.Context(), d.owner)
	require.ErrorContains(t, err, "public.above inherits from public.base")
	d.execute(t, "DROP TABLE above; DROP TABLE base")

	for _, unsafe := range []string{"real", "name", "character(3)", "odd"} {
		d.execute(t, `CREATE COLLATION IF NOT EXISTS loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
			DROP TABLE IF EXISTS docs; DROP DOMAIN IF EXISTS odd; CREATE DOMAIN odd AS text COLLATE loose;
			CREATE TABLE docs (id integer PRIMARY KEY, tenant_id `+unsafe+`)`)
		tables, err := rls.TablesOf(d.analyzed(t, shared))
		require.NoError(t, err)
		_, err = rls.Policies{Tables: tables}.Plan(t.Context(), d.owner)
		require.ErrorContains(t, err, "rls: the tenant column tenant_id of public.docs", unsafe)
	}
}
