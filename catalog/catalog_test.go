package catalog_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
)

func TestName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, canonical string
		name            catalog.Name
	}{
		{"public.orders", "public.orders", catalog.Name{Schema: "public", Name: "orders"}},
		{"orders", "orders", catalog.Name{Name: "orders"}},
		{"Public.ORDERS", "public.orders", catalog.Name{Schema: "public", Name: "orders"}},
		{`"Public"."orders"`, `"Public".orders`, catalog.Name{Schema: "Public", Name: "orders"}},
		{`public."order"`, `public."order"`, catalog.Name{Schema: "public", Name: "order"}},
		{`a_1."2 ""b"".c"`, `a_1."2 ""b"".c"`, catalog.Name{Schema: "a_1", Name: `2 "b".c`}},
		{`a$b.größe`, `"a$b"."größe"`, catalog.Name{Schema: "a$b", Name: "größe"}},
	} {
		name, err := catalog.ParseName(test.text)
		require.NoError(t, err, test.text)
		assert.Equal(t, test.name, name, test.text)
		assert.Equal(t, test.canonical, name.String(), test.text)
		again, err := catalog.ParseName(name.String())
		require.NoError(t, err)
		assert.Equal(t, name, again)
	}
	for _, text := range []string{"", ".", "a.", ".a", "a.b.c", "a b", `"a`, `""`, `"a".""`, "1a", "a.b ", `"a"b`, "a;b"} {
		_, err := catalog.ParseName(text)
		assert.ErrorContains(t, err, "catalog: ", text)
	}
}

// TestQuote compares with the server, which may know fewer keywords.
func TestQuote(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	rows, err := db.QueryContext(t.Context(), `
SELECT word, quote_ident(word) FROM pg_get_keywords()
UNION ALL
SELECT word, quote_ident(word) FROM unnest(ARRAY['a', 'A', 'a1', '1a', '_', '_a', 'a$', 'a b', 'a"b', 'ä', ' ', '']) AS word`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var word, quoted string
		require.NoError(t, rows.Scan(&word, &quoted))
		if got := catalog.Quote(word); got != quoted {
			assert.Equal(t, word, quoted, "the server quotes, we do not")
			assert.Contains(t, "json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar"+
				" json_serialize json_table json_value merge_action system_user", word)
		}
	}
	require.NoError(t, rows.Err())
}

func TestDefinition(t *testing.T) {
	t.Parallel()
	orders := catalog.Name{Schema: "public", Name: "orders"}
	for want, got := range map[string]interface{ Definition() string }{
		"uuid NOT NULL DEFAULT gen_random_uuid()":           &catalog.Column{Type: "uuid", NotNull: true, Default: "gen_random_uuid()"},
		`text COLLATE "C"`:                                  &catalog.Column{Type: "text", Collation: `"C"`},
		"bigint NOT NULL GENERATED ALWAYS AS IDENTITY":      &catalog.Column{Type: "bigint", NotNull: true, Identity: "ALWAYS"},
		"integer GENERATED ALWAYS AS (a + b) STORED":        &catalog.Column{Type: "integer", Default: "(a + b)", Generated: true},
		"integer GENERATED ALWAYS AS ((a) + (b)) VIRTUAL":   &catalog.Column{Type: "integer", Default: "(a) + (b)", Generated: true, Virtual: true},
		`PRIMARY KEY (tenant_id, "order")`:                  &catalog.Constraint{Kind: catalog.PrimaryKey, Columns: []string{"tenant_id", "order"}},
		"UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)":         &catalog.Constraint{Kind: catalog.Unique, Columns: []string{"a"}, Include: []string{"b"}, NullsNotDistinct: true},
		"PRIMARY KEY (a, b WITHOUT OVERLAPS)":               &catalog.Constraint{Kind: catalog.PrimaryKey, Columns: []string{"a", "b"}, Period: true},
		"UNIQUE (a) USING INDEX TABLESPACE fast DEFERRABLE": &catalog.Constraint{Kind: catalog.Unique, Columns: []string{"a"}, Tablespace: "fast", Deferrable: true},
		"CHECK ((a > 0)) NOT VALID":                         &catalog.Constraint{Kind: catalog.Check, Text: "CHECK ((a > 0))"},
		"CHECK ((a > 0)) NOT ENFORCED":                      &catalog.Constraint{Kind: catalog.Check, Text: "CHECK ((a > 0))", Unenforced: true},
		"FOREIGN KEY (a) REFERENCES public.orders (id) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (a) NOT VALID": &catalog.Constraint{
			Kind: catalog.ForeignKey, Columns: []string{"a"}, Foreign: &catalog.Foreign{Table: orders, Columns: []string{"id"},
				MatchFull: true, OnUpdate: catalog.Cascade, OnDelete: catalog.SetNull, DeleteColumns: []string{"a"}}},
		"FOREIGN KEY (a, PERIOD b) REFERENCES public.orders (id, PERIOD at)": &catalog.Constraint{Kind: catalog.ForeignKey, Validated: true,
			Columns: []string{"a", "b"}, Period: true, Foreign: &catalog.Foreign{Table: orders, Columns: []string{"id", "at"}}},
		"EXCLUDE USING gist (a WITH &&) USING INDEX TABLESPACE fast WHERE ((b <> ' WHERE '::text)) INITIALLY DEFERRED": &catalog.Constraint{
			Kind: catalog.Exclusion, Text: "EXCLUDE USING gist (a WITH &&) WHERE ((b <> ' WHERE '::text))", Tablespace: "fast", Deferred: true},
		`USING btree ("user", lower(email) DESC)`: &catalog.Index{Valid: true, Parts: []catalog.Part{{Column: "user"}, {SQL: "lower(email) DESC"}}},
		"UNIQUE USING btree (a) INCLUDE (b) NULLS NOT DISTINCT WITH (fillfactor=70) TABLESPACE fast WHERE (c IS NULL) INVALID": &catalog.Index{
			Unique: true, Method: "btree", Parts: []catalog.Part{{Column: "a"}}, Include: []string{"b"}, NullsNotDistinct: true,
			Options: "fillfactor=70", Tablespace: "fast", Predicate: "c IS NULL"},
	} {
		assert.Equal(t, want, got.Definition())
	}
	index := catalog.Index{Unique: true, Parts: []catalog.Part{{Column: "a"}}, Predicate: "(b) OR (c)"}
	assert.Equal(t, `CREATE UNIQUE INDEX CONCURRENTLY "New" ON public.orders USING btree (a) WHERE ((b) OR (c))`,
		index.CreateSQL("New", orders, true))
	assert.Equal(t, "UNIQUE USING btree (a) WHERE ((b) OR (c)) INVALID", index.Definition())
	index.Unique = false
	assert.Equal(t, "CREATE INDEX i ON public.orders USING btree (a) WHERE ((b) OR (c))", index.CreateSQL("i", orders, false))
}

func TestLookup(t *testing.T) {
	t.Parallel()
	orders := catalog.Name{Schema: "public", Name: "orders"}
	c := &catalog.Catalog{Tables: []*catalog.Table{{
		Name: orders, Columns: []catalog.Column{{Name: "id", Type: "uuid"}},
		Constraints:     []catalog.Constraint{{Name: "pk", Kind: catalog.PrimaryKey, Columns: []string{"id"}}},
		Indexes:         []catalog.Index{{Name: "pk", Unique: true, Valid: true, Parts: []catalog.Part{{Column: "id"}}, ReplicaIdentity: true}},
		ReplicaIdentity: catalog.IdentityIndex,
	}}}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { assert.Same(t, c.Tables[0], c.Table(orders)) })
	}
	group.Wait()
	table := c.Table(orders)
	assert.Equal(t, "pk", table.PrimaryKey().Name)
	assert.Same(t, &table.Columns[0], table.Column("id"))
	assert.Nil(t, table.Column("unknown"))
	assert.Nil(t, table.Constraint("unknown"))
	assert.Nil(t, table.Index("unknown"))
	assert.Nil(t, c.Table(catalog.Name{Name: "orders"}))
	for _, test := range []struct{ object, name, want string }{
		{"column", "id", "uuid"},
		{"constraint", "pk", "PRIMARY KEY (id)"},
		{"index", "pk", "UNIQUE USING btree (id)"},
		{"replica identity", "", "USING INDEX pk"},
		{"index", "unknown", ""},
		{"unknown", "pk", ""},
	} {
		assert.Equal(t, test.want, c.Definition(orders, test.object, test.name), test.object)
	}
	assert.Empty(t, c.Definition(catalog.Name{Name: "unknown"}, "replica identity", ""))
	added := &catalog.Table{Name: catalog.Name{Name: "added"}}
	c.Tables = append(c.Tables, added)
	assert.Same(t, added, c.Table(added.Name))
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	db, _ := everything(t)
	ignored := map[string]bool{}
	ignore := func(table catalog.Name, object, name string) bool {
		return ignored[strings.TrimSpace(table.String()+" "+object+" "+name)]
	}
	for _, test := range []struct{ statement, ignored string }{
		{`ALTER TABLE crm.users ADD x int`, "crm.users column x"},
		{`ALTER TABLE crm.users ALTER nick SET NOT NULL`, "crm.users column nick"},
		{`ALTER TABLE crm.users ADD CONSTRAINT added UNIQUE (born)`, "crm.users constraint added"},
		{`ALTER TABLE crm.users VALIDATE CONSTRAINT late_check`, "crm.users constraint late_check"},
		{`CREATE INDEX added_index ON crm.users (span)`, "crm.users index added_index"},
		{`ALTER TABLE crm.users REPLICA IDENTITY FULL`, "crm.users replica identity"},
		{`ALTER TABLE crm.users NO FORCE ROW LEVEL SECURITY`, "crm.users row security"},
		{`ALTER TABLE crm.users ENABLE TRIGGER silent`, "crm.users trigger silent"},
		{`ALTER POLICY tenant ON crm.users USING (true)`, "crm.users policy tenant"},
		{`CREATE TABLE crm.added_table ()`, "crm.added_table table"},
		{`CREATE VIEW crm.added_view AS SELECT 1 AS a`, "crm.added_view view"},
		{`ALTER PUBLICATION parts ADD TABLE crm.users`, "crm.users publication parts"},
	} {
		before, except := read(t, db, catalog.Options{}), read(t, db, catalog.Options{})
		ignored[test.ignored] = true
		clean := except.Fingerprint(ignore)
		exec(t, db, test.statement)
		after := read(t, db, catalog.Options{})
		assert.NotEqual(t, before.Fingerprint(nil), after.Fingerprint(nil), test.statement)
		assert.Equal(t, clean, after.Fingerprint(ignore), test.statement)
	}
	before := read(t, db, catalog.Options{}).Fingerprint(nil)
	exec(t, db, `ALTER TABLE crm.users ADD dropped int; ALTER TABLE crm.users DROP dropped; ANALYZE crm.users; INSERT INTO crm.cities VALUES ('a', 1)`)
	assert.Equal(t, before, read(t, db, catalog.Options{}).Fingerprint(nil))
	assert.Len(t, before, 64)
}
