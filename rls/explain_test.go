package rls_test

import (
	"context"
	"encoding/json"
	"flag"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
)

var (
	update = flag.Bool("update", false, "write the golden files")
	crowds = flag.Int("tenants", 5_000, "tenants of the larger table whose plans are compared with those of a small one")
)

// A post is a row of a table with many tenants.
type post struct {
	TenantID  uuid.UUID `gorm:"type:uuid;primaryKey;index:idx_posts_newest,priority:1" tenancy:"tenant"`
	ID        int64     `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt time.Time `gorm:"index:idx_posts_newest,priority:2"`
	Title     string
}

// An author is what posts are joined with.
type author struct {
	TenantID uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	ID       int64     `gorm:"primaryKey;autoIncrement:false"`
	Name     string
}

// crowd fills the tables with so many tenants, ten posts and two authors each.
func crowd(t testing.TB, tenants int) (*gorm.DB, uuid.UUID) {
	t.Helper()
	d := newDatabase(t)
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, d.owner.AutoMigrate(&post{}, &author{}))
	for _, statement := range []string{
		`INSERT INTO posts SELECT md5(t::text)::uuid, n, '2024-01-01'::timestamptz + n * interval '1 s' + t * interval '1 h', 'title'
			FROM generate_series(1, $1) AS t, generate_series(1, 10) AS n`,
		`INSERT INTO authors SELECT md5(t::text)::uuid, n, 'name' FROM generate_series(1, $1) AS t, generate_series(1, 2) AS n`,
	} {
		_, err := d.admin.Exec(statement, tenants)
		require.NoError(t, err)
	}
	for _, table := range []string{"posts", "authors"} {
		_, err := d.admin.Exec("VACUUM ANALYZE " + table)
		require.NoError(t, err)
	}
	_, err := rls.Enable(t.Context(), d.owner, d.policies(), migration.Options{Apply: true}, &post{}, &author{})
	require.NoError(t, err)
	return d.app(t, true), uuid.MustParse("1679091c-5a88-0faf-6fb5-e6087eb1b2dc") // md5('6')
}

// planned are statements as the plugin writes them, and one that nobody scoped.
var planned = []struct{ name, sql string }{
	{"newest", `SELECT * FROM "posts" WHERE "posts"."tenant_id" = $1 ORDER BY created_at DESC LIMIT 5`},
	{"one", `SELECT * FROM "posts" WHERE "posts"."tenant_id" = $1 AND (id = 3)`},
	{"join", `SELECT * FROM "posts" JOIN "authors" a ON a."tenant_id" = "posts"."tenant_id" AND (a.id = posts.id) WHERE "posts"."tenant_id" = $1`},
	{"update", `UPDATE "posts" SET "title"='x' WHERE "posts"."tenant_id" = $1 AND (id = 3)`},
	{"unscoped newest", `SELECT * FROM "posts" WHERE $1::uuid IS NOT NULL ORDER BY created_at DESC LIMIT 5`},
}

// TestExplain: with the plugin's predicate the policy is one comparison of two
// tenants before a row is read, and without it the index serves the policy.
func TestExplain(t *testing.T) {
	t.Parallel()
	db, tenant := crowd(t, 2000)
	pool, err := db.DB()
	require.NoError(t, err)
	var out strings.Builder
	for _, p := range planned {
		if p.name == "join" { // whose kind is the version's choice
			continue
		}
		out.WriteString("-- " + p.name + "\n" + p.sql + "\n\n")
		rows, err := pool.QueryContext(tenancy.With(t.Context(), tenant), "EXPLAIN (COSTS OFF) "+p.sql, tenant)
		require.NoError(t, err)
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			out.WriteString(line + "\n")
		}
		require.NoError(t, rows.Close())
		out.WriteString("\n")
	}
	// PostgreSQL 17 has another name for the result of an InitPlan.
	text := regexp.MustCompile(`\(InitPlan \d+\)\.col1|\$\d+`).ReplaceAllString(out.String(), "$$n")
	text = regexp.MustCompile(` \(returns \$n\)`).ReplaceAllString(text, "")
	golden(t, "testdata/explain.txt", text)
}

// measured is what a statement did.
type measured struct {
	Rows, Hit, Read float64
}

// TestTenants: what a statement reads does not grow with the number of tenants.
func TestTenants(t *testing.T) {
	t.Parallel()
	many := *crowds
	if testing.Short() {
		many = min(many, 2000)
	}
	few := measure(t, 10)
	for name, m := range measure(t, many) {
		assert.InDelta(t, few[name].Rows, m.Rows, 0, name)
		// A tree of indexes grows by a level or two; ten posts of one tenant may
		// lie on two pages.
		assert.LessOrEqual(t, m.Hit, few[name].Hit+8, name)
		t.Logf("%s: %v and %v blocks with 10 and %d tenants", name, few[name].Hit, m.Hit, many)
	}
}

func measure(t *testing.T, tenants int) map[string]measured {
	t.Helper()
	db, tenant := crowd(t, tenants)
	pool, err := db.DB()
	require.NoError(t, err)
	ctx := tenancy.With(context.Background(), tenant)
	found := map[string]measured{}
	for _, p := range planned {
		conn, err := pool.BeginTx(ctx, nil)
		require.NoError(t, err)
		// A sequential scan of a few pages is cheaper than an index.
		_, err = conn.ExecContext(ctx, "SET LOCAL enable_seqscan = off")
		require.NoError(t, err)
		var text []byte
		for range 2 {
			require.NoError(t, conn.QueryRowContext(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+p.sql, tenant).Scan(&text))
		}
		require.NoError(t, conn.Rollback())
		var plans []struct {
			Plan struct {
				Rows float64 `json:"Actual Rows"`
				Hit  float64 `json:"Shared Hit Blocks"`
				Read float64 `json:"Shared Read Blocks"`
			}
		}
		require.NoError(t, json.Unmarshal(text, &plans))
		found[p.name] = measured{plans[0].Plan.Rows, plans[0].Plan.Hit, plans[0].Plan.Read}
	}
	return found
}
