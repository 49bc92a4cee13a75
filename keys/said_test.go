package keys_test

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// said is a schema with comments on all that a plan replaces, in every form that
// it replaces it by.
const said = accounts + `
CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, mail text NOT NULL CONSTRAINT users_mail UNIQUE,
	code text CONSTRAINT users_code UNIQUE, boss int CONSTRAINT users_boss REFERENCES users);
CREATE UNIQUE INDEX users_lower ON users (lower(mail), upper(code));
ALTER INDEX users_lower ALTER COLUMN 1 SET STATISTICS 300;
CREATE TABLE orders (id int PRIMARY KEY, tenant_id bigint NOT NULL, code text CONSTRAINT orders_code REFERENCES users (code));
CREATE TABLE parts (id int, tenant_id bigint NOT NULL, of int CONSTRAINT parts_of REFERENCES users, code text, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE UNIQUE INDEX parts_code ON parts (id, lower(code));
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
COMMENT ON CONSTRAINT users_pkey ON users IS 'the key; it''s \ "quoted" $$ $atomic$';
COMMENT ON CONSTRAINT users_mail ON users IS 'one mail';
COMMENT ON CONSTRAINT users_code ON users IS 'one code';
COMMENT ON CONSTRAINT users_boss ON users IS 'boss';
COMMENT ON CONSTRAINT users_tenant_id_fkey ON users IS 'stays';
COMMENT ON CONSTRAINT orders_code ON orders IS 'by code';
COMMENT ON CONSTRAINT parts_pkey ON parts IS 'key of parts';
COMMENT ON INDEX users_pkey IS 'index of the key';
COMMENT ON INDEX users_lower IS 'lower';
COMMENT ON INDEX parts_pkey IS 'index of parts';
COMMENT ON CONSTRAINT parts_0_pkey ON parts_0 IS 'key of the part';
COMMENT ON INDEX parts_0_pkey IS 'index of the part';
COMMENT ON CONSTRAINT parts_of ON parts_0 IS 'of the part';
COMMENT ON INDEX parts_0_id_lower_idx IS 'code of the part';
INSERT INTO accounts VALUES (1), (2), (3);
INSERT INTO users SELECT g, 1 + g % 3, 'm' || g, 'c' || g FROM generate_series(1, 30) AS g;
INSERT INTO orders SELECT id, tenant_id, code FROM users;`

// told are the comments and statistics of a schema's inventory.
func told(t *testing.T, db *sql.DB, schema string) []string {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	var names []catalog.Name
	for _, table := range read(t, db, schema).Tables {
		names = append(names, table.Name)
	}
	found, err := catalog.Take(context.Background(), tx, names)
	require.NoError(t, err)
	var lines []string
	for what, value := range found {
		if strings.HasSuffix(what, ", comment") || strings.Contains(value, ":300") {
			lines = append(lines, what+": "+strings.TrimPrefix(value, "CREATE UNIQUE INDEX "))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestCommentsAndStatisticsStay compares what is said of keys and indexes before a
// plan, after it, and after its undo.
func TestCommentsAndStatisticsStay(t *testing.T) {
	t.Parallel()
	db, name := schema(t, said)
	before := told(t, db, name)
	require.Len(t, before, 15)
	a, err := keys.Analyze(read(t, db, name), keys.Options{Root: in(name).name("accounts")})
	require.NoError(t, err)
	plan, err := a.Plan()
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), db, plan, all(plan))
	require.NoError(t, err)

	after := map[string]string{}
	for _, line := range told(t, db, name) {
		what, value, _ := strings.Cut(line, ": ")
		after[what] = value
	}
	want := map[string]string{}
	for _, line := range before {
		what, value, _ := strings.Cut(line, ": ")
		if what == "table constraint users_code on "+name+".users, comment" { // whose place an index takes
			what = "index " + name + ".users_code, comment"
		}
		if strings.HasSuffix(what, "users_lower, definition") {
			value = strings.NewReplacer("btree (", "btree (tenant_id, ", "1:300", "2:300").Replace(value)
		}
		for old, made := range map[string]string{"parts_0_id_lower_idx": "parts_0_id_lower_idx_tenant", "parts_of on": "parts_of_tenant on"} {
			what = strings.Replace(what, old, made, 1) // what a partition has keeps the name that it was built under
		}
		want[what] = value
	}
	assert.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(after)))
	assert.Equal(t, want, after)

	_, err = migration.Undo(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	assert.Equal(t, before, told(t, db, name))
}

// all confirms every barrier.
func all(plan *migration.Plan) migration.Options {
	o := migration.Options{Apply: true}
	for _, phase := range plan.Phases {
		o.Passed = append(o.Passed, phase.Name)
	}
	return o
}
