package sqltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// relationsOf lists what a text names, with * at names of its own WITH and the
// verdict after; "?" for a text that is not understood.
func relationsOf(text string, dialect Dialect) string {
	var list []string
	l := Lexer{Text: text, Dialect: dialect}
	reach := Relations(&l, func(name string) bool { return name == "mine" || name == "s.mine" }, func(schema, name string, cte bool) {
		if schema != "" {
			name = schema + "." + name
		}
		if cte {
			name += "*"
		}
		list = append(list, name)
	})
	if !reach.Reads && reach.Unsure != "" {
		return "?"
	}
	if !reach.Reads {
		list = append(list, "WRITES")
	}
	if reach.Unsure != "" {
		list = append(list, "UNSURE")
	}
	return strings.Join(list, " ")
}

func TestRelations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, postgres, sqlite string }{
		{"SELECT 1", "", ""},
		{"SELECT a, b FROM t", "t", "t"},
		{"SELECT a FROM s.t, u AS x JOIN v ON x.a = v.a, w WHERE a = 1 ORDER BY a, b", "s.t u v w", "s.t u v w"},
		{"SELECT a FROM d.s.t", "s.t", "s.t"},
		{`SELECT "A" FROM "T", "S"."U"`, "T S.U", "t s.u"},
		{"SELECT a FROM (t JOIN (u CROSS JOIN v) USING (a, b)), w", "t u v w", "t u v w"},
		{"SELECT a FROM (SELECT b, c FROM t) x, LATERAL (SELECT 1 FROM u) y, ONLY (v)", "t u v", "?"},
		{"SELECT extract(year FROM a), substring(a FROM 1 FOR 2), trim(both FROM a) FROM t", "t", "t"},
		{"SELECT coalesce((SELECT 1 FROM u), 1), ARRAY(SELECT a FROM v) FROM t WHERE EXISTS(SELECT 1 FROM w)", "u v t w", "u v t w UNSURE"},
		{"SELECT a IS DISTINCT FROM b, c FROM t", "t", "t"},
		{"SELECT a IS NOT DISTINCT FROM b, c FROM t", "t", "t"},
		{"SELECT a DISTINCT FROM t", "?", "?"},
		{"SELECT u.is DISTINCT FROM t", "?", "?"},
		{"SELECT a AS from FROM t", "?", "?"},
		{"SELECT u.as FROM t", "?", "?"},
		{"SELECT a join FROM t", "?", "?"},
		{"SELECT a FROM t GROUP BY a, b HAVING max(a) > 1 LIMIT 1", "t", "t"},
		{"SELECT a FROM t UNION ALL SELECT b FROM u, v", "t u v", "t u v"},
		{"(SELECT a FROM t) UNION (TABLE u)", "t u", "?"},
		{"TABLE t", "t", "?"},
		{"VALUES (1, 2), (3, 4)", "", ""},
		{"WITH x AS (SELECT 1 FROM t), y (a, b) AS MATERIALIZED (SELECT 2, 3 FROM x) SELECT a FROM x, y", "t x* x* y*", "t x* x* y*"},
		{"WITH x AS (SELECT 1 FROM x) SELECT 1 FROM x", "x x*", "x x*"},
		{"WITH RECURSIVE x AS (SELECT 1 UNION SELECT 1 FROM x) SELECT 1 FROM x", "x* x*", "x* x*"},
		{"SELECT 1 FROM (WITH x AS (SELECT 1) SELECT 1 FROM x) y, x", "x* x", "x* x"},
		{"SELECT now() AT TIME ZONE 'utc', CAST(a AS timestamp with time zone) FROM t", "t", "t"},
		{"SELECT a FROM t FOR UPDATE", "t", "?"},
		{"SELECT a FROM t FOR NO KEY UPDATE OF t", "t", "?"},
		{"SELECT replace(a, 'b', 'c') FROM t", "t", "t"},
		{"SELECT a FROM t;", "t", "t"},
		{"SELECT a /* FROM u */ FROM t -- , v", "t", "t"},
		{"SELECT t.from, t.update FROM t", "?", "?"},
		{"SELECT mine(a), s.mine() FROM t, mine(1)", "t", "t"},

		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a", "t WRITES", "t WRITES"},
		{"INSERT INTO t SELECT a, b FROM u, v", "t u v WRITES", "t u v WRITES"},
		{"INSERT OR REPLACE INTO t (a) VALUES (1)", "t WRITES", "t WRITES"},
		{"UPDATE t SET a = 1, b = (SELECT c FROM u) FROM v, w WHERE t.a = v.a", "t u v w WRITES", "t u v w WRITES"},
		{"UPDATE OR IGNORE t SET a = 1", "t WRITES", "t WRITES"},
		{"DELETE FROM t USING u, (v JOIN w ON true), (SELECT 1 FROM x) y WHERE a = 1", "t u v w x WRITES", "t u v w x WRITES"},
		{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN DELETE", "?", "?"},
		{"MERGE INTO t USING (SELECT a FROM u) v ON true WHEN MATCHED THEN DELETE", "?", "?"},
		{"WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", "t x* WRITES", "t x* WRITES"},
		{"SELECT a INTO u FROM t", "?", "?"},
		{"REPLACE INTO t VALUES (1)", "t WRITES", "t WRITES"},

		{"SELECT a FROM t; DELETE FROM u", "?", "?"},
		{"SELECT yours(a) FROM t", "t UNSURE", "t UNSURE"},
		{"SELECT (a).yours FROM t", "t UNSURE", "t UNSURE"},
		{"SELECT a FROM yours(1) y", "UNSURE", "UNSURE"},
		{"SELECT a FROM s.lower(1) y", "UNSURE", "UNSURE"},
		{"SELECT a FROM 't'", "?", "?"},
		{"SELECT a FROM $1", "?", "?"},
		{"SELECT a FROM t)", "?", "?"},
		{`SELECT a FROM U&"\0074"`, "?", "?"},
		{"SELECT a FROM t WHERE a IN u", "?", "?"},
		{"SELECT a FROM t offset, u", "?", "?"},
		{"EXPLAIN SELECT 1", "?", "?"},
		{"DO $$ BEGIN END $$", "?", "?"},
		{"", "?", "?"},

		{"SELECT o.a FROM (SELECT 1) values, o", "?", "?"},
		{"SELECT o.a FROM (SELECT 1) set, o", "?", "?"},
		{"SELECT o.a FROM (SELECT 1) truncate, o", "?", "?"},
		{`SELECT o.a FROM (SELECT 1) "values", o`, "o", "o"},
		{"WITH v AS (SELECT 1) DELETE FROM v", "v WRITES", "v WRITES"},
		{"WITH v AS (SELECT 1) UPDATE v SET a = 1 FROM v", "v v* WRITES", "v v* WRITES"},
		{"WITH v AS (SELECT 1) INSERT INTO v SELECT 1 FROM v", "v v* WRITES", "v v* WRITES"},
		{"WITH x AS (WITH v AS (SELECT 1) DELETE FROM v RETURNING 1) SELECT 1 FROM v", "v v WRITES", "v v WRITES"},
		{"SELECT 1 FROM (WITH x AS (SELECT 1) SELECT 1) y UNION SELECT 1 FROM x", "x", "x"},
		{"((SELECT 1 FROM t) UNION (SELECT 1 FROM u)) ORDER BY 1", "t u", "t u"},
		{"SELECT 1 FROM ((SELECT 1 FROM t) UNION SELECT 1 FROM u) x, ((v)), ((w JOIN y ON true) z CROSS JOIN q)", "t u v w y q", "t u v w y q"},
		{"SELECT a FROM t WHERE a IN ((SELECT 1 FROM u) UNION (SELECT 1 FROM v)) AND (a, b) = ((SELECT 1 FROM w), 2)", "t u v w", "t u v w"},
		{"SELECT left(a, 1), a OVER FROM t", "?", "?"},
		{"SELECT left(a, 1) OVER b, max(c) FILTER (WHERE d) OVER (PARTITION BY e ORDER BY f ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) g FROM t WINDOW b AS (ORDER BY c)", "t", "t"},
		{"SELECT DISTINCT ON (a) a, t.*, count(*), count(DISTINCT b) AS name, CASE WHEN a THEN 1 ELSE 2 END key_ FROM t", "t", "t"},
		{"SELECT a::text::varchar(3), b::timestamp with time zone, c[1], d[1:2], ARRAY[[1], [2]] FROM t", "t", "?"},
		{"SELECT a->>'b' -> c, -a * +b || 'x', a NOT LIKE 'y' ESCAPE 'z', NOT a IS NOT NULL, b NOT BETWEEN 1 AND 2 FROM t", "t", "t"},
		{"SELECT date '2020-01-01' + interval '1 day', now() AT TIME ZONE 'utc', (a).b FROM t", "t UNSURE", "t UNSURE"},
		{"SELECT a FROM t LIMIT 1 OFFSET 2", "t", "t"},
		{"SELECT a FROM t LIMIT 1, 2", "?", "t"},
		{"SELECT a FROM t only, u", "?", "?"},
		{"SELECT a FROM t left, u", "?", "?"},
		{"SELECT a FROM only u", "u", "?"},
		{"SELECT a FROM t CROSS u", "?", "?"},
		{"SELECT mine FROM mine(1) AS f (b), t WHERE f.b = 1", "t", "t"},
		{"SELECT f.yours FROM mine(1) AS f, t", "t UNSURE", "t"},
		{"SELECT a FROM t WHERE a IN", "?", "?"},
		{"SELECT a FROM t WHERE position('a' IN b) > 0", "t", "t"},
		{"SELECT a FROM " + strings.Repeat("x", 64), strings.Repeat("x", 63), strings.Repeat("x", 64)},
		{"SELECT " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000), "?", "?"},
		{"SELECT " + strings.Repeat("- ", 100000) + "1", "", ""},
		{"INSERT INTO t (key, value, a[1], b.c) VALUES (1, DEFAULT), (2, 3) ON CONFLICT (lower(a)) WHERE b DO NOTHING RETURNING *", "t WRITES", "?"},
		{"INSERT INTO t DEFAULT VALUES", "t WRITES", "t WRITES"},
		{"INSERT INTO t (SELECT a FROM u)", "t u WRITES", "t u WRITES"},
		{"UPDATE t SET (a, b) = (SELECT 1, 2 FROM u), c = DEFAULT RETURNING a", "t u WRITES", "t u WRITES"},
		{"UPDATE ONLY t x SET a = 1", "t WRITES", "?"},
	} {
		name := test.text[:min(len(test.text), 120)]
		assert.Equal(t, test.postgres, relationsOf(test.text, Postgres), name)
		assert.Equal(t, test.sqlite, relationsOf(test.text, SQLite), name)
	}
}
