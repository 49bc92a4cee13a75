package keys_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

var update = flag.Bool("update", false, "rewrite testdata/plan.txt")

// shop is the schema that docs/live-keys.md plans keys for.
const shop = `
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL) WITH (autovacuum_enabled = off);
CREATE TABLE countries (id integer PRIMARY KEY, name text NOT NULL) WITH (autovacuum_enabled = off);
CREATE TABLE users (
	id bigserial PRIMARY KEY,
	account_id bigint NOT NULL REFERENCES accounts,
	email text NOT NULL UNIQUE,
	country_id integer REFERENCES countries,
	manager_id bigint REFERENCES users ON DELETE SET NULL
) WITH (autovacuum_enabled = off);
CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES users,
	number integer
) WITH (autovacuum_enabled = off);
CREATE UNIQUE INDEX orders_number ON orders (number) WHERE number IS NOT NULL;
INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 100) AS i;
INSERT INTO countries VALUES (1, 'Iceland');
INSERT INTO users (account_id, email, country_id, manager_id)
	SELECT 1 + i % 100, i || '@example.com', 1, CASE WHEN i > 100 THEN 1 + (i - 1) % 100 END FROM generate_series(1, 5000) AS i;
INSERT INTO orders (user_id, number) SELECT 1 + i % 5000, i FROM generate_series(1, 200000) AS i;
ANALYZE;`

// TestChapter makes the plan that docs/live-keys.md shows, finds the row that it shows,
// and carries the plan out.
func TestChapter(t *testing.T) {
	t.Parallel()
	const name = "shop"
	db, root := schemaNamed(t, name, shop), in(name)
	o := keys.Options{Root: root.name("accounts")}
	c := read(t, db, name)
	c.Database = "shop"
	a, err := keys.Analyze(c, o)
	require.NoError(t, err)
	require.Len(t, a.Questions, 1)
	o.Shared = []catalog.Name{root.name("countries")}
	a, err = keys.Analyze(c, o)
	require.NoError(t, err)

	var text strings.Builder
	text.WriteString("$ shop preflight\n")
	_, err = db.Exec("UPDATE " + name + ".users SET manager_id = 8 WHERE id = 107")
	require.NoError(t, err)
	findings, err := a.Preflight(context.Background(), db, keys.Limits{})
	require.NoError(t, err)
	for _, f := range append(a.Findings, findings...) {
		text.WriteString(f.String() + "\n")
	}
	_, err = a.Plan()
	require.ErrorIs(t, err, keys.ErrUndecided)
	_, err = db.Exec("UPDATE " + name + ".users SET manager_id = 7 WHERE id = 107")
	require.NoError(t, err)
	cleared, err := a.Preflight(context.Background(), db, keys.Limits{})
	require.NoError(t, err)
	require.Less(t, len(cleared), len(findings))

	plan, err := a.Plan()
	require.NoError(t, err)
	text.WriteString("\n$ shop plan\n")
	require.NoError(t, plan.WriteTable(&text))
	shown := text.String()
	if *update {
		require.NoError(t, os.WriteFile("testdata/plan.txt", []byte(shown), 0o644))
	}
	golden, err := os.ReadFile("testdata/plan.txt")
	require.NoError(t, err)
	assert.Equal(t, string(golden), shown)

	o2 := migration.Options{Apply: true}
	for _, phase := range plan.Phases {
		o2.Passed = append(o2.Passed, phase.Name)
	}
	result, err := migration.Execute(context.Background(), db, plan, o2)
	require.NoError(t, err)
	assert.Empty(t, result.Remaining)
	_, err = db.Exec("UPDATE " + name + ".users SET manager_id = 8 WHERE id = 107")
	assert.ErrorContains(t, err, "users_manager_id_fkey")
	again, err := keys.Analyze(read(t, db, name), o)
	require.NoError(t, err)
	done, err := again.Plan()
	require.NoError(t, err)
	assert.Empty(t, done.Phases)
}
