package tenancytest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestChain(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels}.Fixture(t)
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable on purpose
		if err := f.Chain(random.IntN); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// The chains must find what is wrong with a database that nothing is scoped in.
func TestChainUnscoped(t *testing.T) {
	t.Parallel()
	f := Suite{DB: open(t, false), Models: []any{&order{}, &company{}}, unscoped: true}.Fixture(t)
	failed := 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable on purpose
		if f.Chain(random.IntN) != nil {
			failed++
		}
	}
	require.Greater(t, failed, 50)
}

func TestText(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels[3:]}.Fixture(t)
	require.Error(t, f.Text("nowhere", "1 = 1"))
	for _, place := range Places() {
		for _, text := range escapes {
			if err := f.Text(place, text); err != nil {
				t.Error(err)
			}
		}
	}
}

// mute places say nothing about another tenant's rows here: a name that is
// quoted, a condition on one row, and what other constraints prevent.
var mute = []string{"Set column", "OnConflict where", "Delete hard", "Create value"}

func TestTextUnscoped(t *testing.T) {
	t.Parallel()
	f := Suite{DB: open(t, false), Models: allModels[3:], unscoped: true}.Fixture(t)
	caught := map[string]bool{}
	for _, place := range Places() {
		for _, text := range escapes {
			caught[place] = caught[place] || f.Text(place, text) != nil
		}
	}
	for _, place := range Places() {
		if !caught[place] && !slices.Contains(mute, place) {
			t.Errorf("%s: nothing is found although nothing is scoped", place)
		}
	}
}

// escapes are attempts to get out of the place that a text has.
var escapes = []string{
	"1 = 1", "1 = 1 OR 1 = 1", "1 = 1\tor\t1 = 1", "1 = 1 --", "1 = 1) OR (1 = 1", "1 = 1) OR 1 = 1 --", "1 = 1 /*",
	"1 = 1)\tOR\t(1 = 1", "id IN (SELECT id FROM members)", "EXISTS (SELECT 1 FROM orders)", "*", "id", "name", "region",
	"(SELECT string_agg(name, ',') FROM members)", "(SELECT string_agg(note, ',') FROM orders)", "note || ''",
	"id; DELETE FROM orders", "1 = 1; DELETE FROM orders; --", "1 = 1; UPDATE orders SET total = 0", "members", "orders",
	"orders, members", "members m", "x, members", "x JOIN orders ON 1 = 1", "JOIN members ON 1 = 1", "CROSS JOIN orders o",
	"id UNION ALL SELECT id FROM members", "note UNION ALL SELECT note FROM orders", "1 = 1 UNION ALL SELECT * FROM orders",
	"count(*) > 0 UNION ALL SELECT note FROM orders", "1 = 1 GROUP BY 1", "1 = 1 LIMIT 1", "1 = 1 RETURNING *", "*, 1",
	"tenant_id", "tenant_id = tenant_id", "tenant_id IS NOT NULL OR TRUE", "TRUE", "NOT FALSE", "'x' = 'x'", "$$a$$ = $$a$$",
	"E'\\'' = '''' OR 1 = 1 --'", "\"note\"", "\"note\" IS NOT NULL", "U&\"\\006eote\" IS NOT NULL", "orders.*", "o.*",
	"query_to_xml('SELECT * FROM orders', true, false, '')", "current_setting('server_version') <> ''", "pg_sleep(0) IS NULL",
	"(TABLE orders)", "(VALUES (1))", "WITH x AS (SELECT 1) SELECT * FROM orders", "SELECT * FROM orders", "SELECT note FROM orders",
	"DELETE FROM orders", "UPDATE orders SET total = 0", "TABLE orders", "total + 1", "total = total, tenant_id = tenant_id",
	"CASE WHEN 1 = 1 THEN total ELSE 0 END", "1", "1 = 1 OR NOT EXISTS (SELECT 1)", "j.total = j.total", "1=1 -- \n OR 1=1",
	"orders o, LATERAL (SELECT * FROM members) x", "(SELECT * FROM orders) x", "LATERAL (SELECT 1) x", "ONLY orders", "public.orders",
	"(SELECT string_agg(name, ',') FROM members) AS name",
}
