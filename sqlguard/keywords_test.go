//go:build cgo

package sqlguard

import (
	"context"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// keywordTemplates have K where a name, an alias or a keyword may stand. What they
// must not hide is orders, and what is named K.
const keywordTemplates = `
SELECT 1 FROM K
SELECT 1 FROM K, orders
SELECT 1 FROM (SELECT 1) K, orders o
SELECT 1 FROM (SELECT 1) AS K, orders o
SELECT 1 FROM (SELECT 1) K (a), orders o
SELECT 1 FROM (VALUES (1)) K, orders o
SELECT 1 FROM (TABLE users) K, orders o
SELECT 1 FROM users K, orders o
SELECT 1 FROM users AS K, orders o
SELECT 1 FROM users AS u K, orders o
SELECT 1 FROM users K K, orders o
SELECT 1 FROM users u K orders o
SELECT 1 FROM users u K orders o ON true
SELECT 1 FROM users u K JOIN orders o ON true
SELECT 1 FROM users u LEFT K orders o ON true
SELECT 1 FROM users u NATURAL K orders o
SELECT 1 FROM users K JOIN orders o ON true
SELECT 1 FROM users u JOIN K ON true, orders
SELECT 1 FROM users u JOIN orders K ON true
SELECT 1 FROM users u JOIN users v ON K, orders
SELECT 1 FROM users u JOIN users v ON u.a K v.a, orders
SELECT 1 FROM users u JOIN users v ON true K orders
SELECT 1 FROM users u JOIN orders USING (K)
SELECT 1 FROM users u JOIN users v USING (id) AS K, orders
SELECT 1 FROM users u JOIN users v USING (id) K orders
SELECT 1 FROM users u CROSS JOIN K, orders
SELECT 1 FROM (users u K orders o)
SELECT 1 FROM (users K), orders o
SELECT 1 FROM (users K CROSS JOIN orders o)
SELECT 1 FROM (users u CROSS JOIN users v) K, orders o
SELECT 1 FROM ((SELECT 1) K), orders o
SELECT 1 FROM ONLY K, orders
SELECT 1 FROM ONLY (K), orders
SELECT 1 FROM ONLY users K, orders
SELECT 1 FROM users * K, orders
SELECT 1 FROM users u, LATERAL K, orders
SELECT 1 FROM users u, LATERAL (SELECT 1) K, orders
SELECT 1 FROM K (SELECT 1 FROM orders) x
SELECT 1 FROM K orders
SELECT 1 FROM users TABLESAMPLE K (1), orders
SELECT 1 FROM users K (1), orders
SELECT 1 FROM lower('x') K, orders
SELECT 1 FROM lower('x') AS K (a), orders
SELECT 1 FROM lower('x') WITH K, orders
SELECT 1 FROM K(1), orders
SELECT 1 FROM ROWS FROM (K(1)), orders
SELECT 1 FROM s.K, orders
SELECT 1 FROM K.orders
SELECT 1 FROM users K
SELECT 1 FROM orders K
SELECT K FROM orders
SELECT K, K FROM orders
SELECT 1 K FROM orders
SELECT 1 AS K FROM orders
SELECT 1 K, 2 FROM orders
SELECT 1 K orders
SELECT 1 K (SELECT 1 FROM orders)
SELECT K.a FROM orders
SELECT o.K FROM orders o
SELECT o.K.a FROM orders o
SELECT (o).K FROM orders o
SELECT K(1) FROM orders
SELECT K(a FROM orders)
SELECT lower(K) FROM orders
SELECT lower(K 1) FROM orders
SELECT trim(K FROM 'x'), 1 FROM orders
SELECT substring('x' FROM K), 1 FROM orders
SELECT substring('x' K 1 FROM orders)
SELECT extract(K FROM now()) FROM orders
SELECT position('a' K 'b') FROM orders
SELECT (K), 1 FROM orders
SELECT (1 K) FROM orders
SELECT (K (SELECT 1 FROM orders))
SELECT K (SELECT 1 FROM orders)
SELECT K TABLE orders
SELECT K 'x' FROM orders
SELECT K 1 FROM orders
SELECT DISTINCT K FROM orders
SELECT DISTINCT K (1) FROM orders
SELECT ALL K FROM orders
SELECT a K b FROM orders
SELECT a K, b FROM orders
SELECT 1::K FROM orders
SELECT 1::K, 2 FROM orders
SELECT CAST(1 AS K) FROM orders
SELECT a IS K FROM orders
SELECT a IS NOT K FROM orders
SELECT a IS K FROM b, orders
SELECT a NOT K b FROM orders
SELECT a K ANY (SELECT 1 FROM orders)
SELECT a COLLATE K FROM orders
SELECT a AT K ZONE b FROM orders
SELECT CASE K WHEN 1 THEN 2 K 3 END FROM orders
SELECT CASE WHEN 1 THEN 2 END K FROM orders
SELECT max(a) K (WHERE b) FROM orders
SELECT max(a) OVER K FROM orders
SELECT max(a) OVER (K) FROM orders
SELECT max(a) OVER (PARTITION BY K ORDER BY a K) FROM orders
SELECT max(a) OVER (ORDER BY a ROWS K PRECEDING) FROM orders
SELECT ARRAY[K] FROM orders
SELECT ARRAY K FROM orders
SELECT a[K] FROM orders
SELECT 1 INTO K FROM orders
SELECT 1 WHERE K (SELECT 1 FROM orders)
SELECT 1 FROM users WHERE K
SELECT 1 FROM users WHERE K, orders
SELECT 1 FROM users WHERE id K orders
SELECT 1 FROM users WHERE id IN K
SELECT 1 FROM users WHERE id K (SELECT 1 FROM orders)
SELECT 1 FROM users WHERE a K b OR EXISTS (TABLE orders)
SELECT 1 FROM users K orders
SELECT 1 FROM users K (SELECT 1 FROM orders)
SELECT 1 FROM users GROUP BY K
SELECT 1 FROM users GROUP BY K (a), (SELECT 1 FROM orders)
SELECT 1 FROM users GROUP BY a K orders
SELECT 1 FROM users HAVING K
SELECT 1 FROM users WINDOW K AS (ORDER BY a)
SELECT 1 FROM users WINDOW w AS (K)
SELECT 1 FROM users ORDER BY K
SELECT 1 FROM users ORDER BY a K
SELECT 1 FROM users ORDER BY a K, (SELECT 1 FROM orders)
SELECT 1 FROM users ORDER BY a NULLS K
SELECT 1 FROM users ORDER K orders
SELECT 1 FROM users LIMIT K
SELECT 1 FROM users LIMIT K OFFSET (SELECT 1 FROM orders)
SELECT 1 FROM users OFFSET K
SELECT 1 FROM users OFFSET 1 K
SELECT 1 FROM users FETCH K ROWS ONLY
SELECT 1 FROM users FETCH FIRST 1 K ONLY
SELECT 1 FROM users FOR K
SELECT 1 FROM users FOR UPDATE K
SELECT 1 FROM users FOR UPDATE OF K
SELECT 1 FROM users FOR UPDATE OF users K orders
SELECT 1 K SELECT 1 FROM orders
SELECT 1 FROM users K SELECT 1 FROM orders
SELECT 1 FROM users K TABLE orders
SELECT 1 FROM users UNION K SELECT 1 FROM orders
SELECT 1 FROM users UNION K TABLE orders
(SELECT 1 FROM users) K (SELECT 1 FROM orders)
(SELECT 1 FROM users K) UNION TABLE orders
SELECT a IN ((SELECT 1) K (SELECT 1 FROM orders))
SELECT 1 FROM ((SELECT 1) K (SELECT 1 FROM orders)) x
TABLE K
TABLE K UNION TABLE orders
TABLE ONLY K
VALUES (K)
VALUES (1) K (TABLE orders)
K
K orders
K TABLE orders
K FROM orders
K INTO orders VALUES (1)
K SELECT 1 FROM orders
K orders SET a = 1
K (SELECT 1 FROM orders)
WITH K AS (SELECT 1) SELECT 1 FROM K
WITH K AS (SELECT 1) SELECT 1 FROM K, orders
WITH K AS (SELECT 1 FROM K) SELECT 1 FROM K
WITH K (a) AS (SELECT 1) SELECT 1 FROM K
WITH x (K) AS (SELECT 1) SELECT 1 FROM x, orders
WITH x AS K (SELECT 1 FROM orders) SELECT 1
WITH x AS NOT K (SELECT 1 FROM orders) SELECT 1
WITH x AS MATERIALIZED (SELECT 1 FROM K) SELECT 1 FROM x
WITH x AS (SELECT 1), K AS (SELECT 1 FROM orders) SELECT 1 FROM K
WITH x AS (SELECT 1 FROM K), K AS (SELECT 1) SELECT 1 FROM K
WITH RECURSIVE K AS (SELECT 1 UNION SELECT 1 FROM K) SELECT 1 FROM K
WITH RECURSIVE x AS (SELECT 1 FROM K), K AS (SELECT 1) SELECT 1 FROM x
WITH K x AS (SELECT 1) SELECT 1 FROM x, orders
WITH x AS (SELECT 1) K orders
WITH x AS (SELECT 1) K SELECT 1 FROM orders
WITH x AS (SELECT 1) SEARCH K FIRST BY a SET b SELECT 1 FROM orders
WITH x AS (DELETE FROM K RETURNING 1) SELECT 1 FROM x
WITH x AS (WITH K AS (SELECT 1) SELECT 1 FROM K) SELECT 1 FROM K
SELECT 1 FROM (WITH K AS (SELECT 1) SELECT 1 FROM K) x, K
SELECT 1 WHERE EXISTS (WITH K AS (SELECT 1) SELECT 1) OR EXISTS (SELECT 1 FROM K)
WITH K AS (SELECT 1) DELETE FROM K
WITH K AS (SELECT 1) DELETE FROM users USING K
WITH K AS (SELECT 1) UPDATE K SET a = 1
WITH K AS (SELECT 1) UPDATE K SET a = 1 FROM K x
WITH K AS (SELECT 1) INSERT INTO K SELECT 1
WITH K AS (SELECT 1) INSERT INTO K SELECT 1 FROM K
WITH K AS (SELECT 1) MERGE INTO K USING users ON true WHEN MATCHED THEN DELETE
WITH x AS (SELECT 1), y AS (WITH x AS (SELECT 1) DELETE FROM x) SELECT 1 FROM K
INSERT INTO K VALUES (1)
INSERT INTO K DEFAULT VALUES
INSERT INTO K SELECT 1 FROM orders
INSERT INTO K orders VALUES (1)
INSERT INTO K (a) TABLE orders
INSERT INTO orders AS K VALUES (1)
INSERT INTO users K SELECT 1 FROM orders
INSERT INTO users (K) SELECT 1 FROM orders
INSERT INTO users (a.K) SELECT 1 FROM orders
INSERT INTO users OVERRIDING K VALUE SELECT 1 FROM orders
INSERT INTO users VALUES (K)
INSERT INTO users VALUES (1) ON CONFLICT (K) DO UPDATE SET a = (SELECT 1 FROM orders)
INSERT INTO users VALUES (1) ON CONFLICT (a K) DO UPDATE SET a = (SELECT 1 FROM orders)
INSERT INTO users VALUES (1) ON CONFLICT ON CONSTRAINT K DO UPDATE SET a = (SELECT 1 FROM orders)
INSERT INTO users VALUES (1) ON CONFLICT DO K
INSERT INTO users VALUES (1) ON CONFLICT DO UPDATE SET K = (SELECT 1 FROM orders)
INSERT INTO users VALUES (1) K (SELECT 1 FROM orders)
INSERT INTO users SELECT 1 FROM users K, orders
INSERT INTO users SELECT 1 FROM users K ON CONFLICT DO NOTHING
INSERT INTO users VALUES (1) RETURNING K
INSERT INTO users VALUES (1) RETURNING (SELECT 1 FROM orders) K
INSERT K users VALUES (1)
INSERT K INTO orders VALUES (1)
UPDATE K SET a = 1
UPDATE ONLY K SET a = 1
UPDATE K orders SET a = 1
UPDATE orders K SET a = 1
UPDATE users AS K SET a = 1 FROM orders
UPDATE users K a = 1 FROM orders
UPDATE users SET K = 1 FROM orders
UPDATE users SET (K) = (SELECT 1 FROM orders)
UPDATE users SET a = K FROM orders
UPDATE users SET a = 1 K orders
UPDATE users SET a = 1 FROM users K, orders
UPDATE users SET a = 1 FROM K WHERE EXISTS (TABLE orders)
UPDATE users SET a = 1 WHERE K OF orders
UPDATE users SET a = 1 WHERE CURRENT OF K
UPDATE users SET a = 1 RETURNING 1 K, (SELECT 1 FROM orders)
DELETE FROM K
DELETE FROM ONLY K USING orders
DELETE FROM K orders
DELETE K orders
DELETE FROM orders K
DELETE FROM users K USING orders
DELETE FROM users AS K USING orders
DELETE FROM users K orders
DELETE FROM users USING K, orders
DELETE FROM users USING users K, orders
DELETE FROM users USING users u K orders
DELETE FROM users WHERE K (SELECT 1 FROM orders)
DELETE FROM users WHERE id K orders
DELETE FROM users RETURNING K, (SELECT 1 FROM orders)
MERGE INTO K USING orders ON true WHEN MATCHED THEN DELETE
MERGE INTO users K USING orders ON true WHEN MATCHED THEN DELETE
MERGE INTO users USING K ON true WHEN MATCHED THEN UPDATE SET a = (SELECT 1 FROM orders)
TRUNCATE K
COPY K TO STDOUT
EXPLAIN K SELECT 1 FROM orders
CREATE TABLE x AS SELECT 1 K FROM orders
`

var place = regexp.MustCompile(`\bK\b`)

// No word hides a table, wherever it stands: what is sent as it is names no other
// tables than PostgreSQL's parser says. TENANCY_FUZZ=all tries all keywords in all
// places; without it one in a hundred is drawn, by TENANCY_TEST_SEED.
func TestKeywordsHideNoTable(t *testing.T) {
	t.Parallel()
	conn := connect(t, tenancytest.Postgres(t).OwnerDSN)
	rows, err := conn.Query(context.Background(), "SELECT word FROM pg_get_keywords() ORDER BY word")
	require.NoError(t, err)
	words, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	words = append(words, "ordinary", "glob", "regexp", "match", "indexed", "u&", "e", "x", "b", "n")
	templates := strings.Split(strings.TrimSpace(keywordTemplates), "\n")
	spellings := []func(string) string{
		func(word string) string { return word },
		strings.ToUpper,
		func(word string) string { return `"` + word + `"` },
		func(word string) string { return "/**/" + word + "--\n" },
	}
	all := os.Getenv("TENANCY_FUZZ") == "all"
	random := rand.New(rand.NewPCG(draw.Seed(t), 1))
	guard, tried, sure := New(Options{}), 0, 0
	for _, template := range templates {
		for _, word := range words {
			for _, spell := range spellings {
				if !all && random.IntN(100) > 0 {
					continue
				}
				tried++
				if compareNames(t, guard, place.ReplaceAllLiteralString(template, spell(word))) {
					sure++
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
	t.Logf("%d keywords in %d places: of %d texts, the core is sure of %d", len(words), len(templates), tried, sure)
	assert.Positive(t, sure)
}
