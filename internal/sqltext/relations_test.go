package sqltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// relationsOf lists what a text names, with * at names of its own WITH and the
// verdict behind.
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
		{"SELECT a FROM (SELECT b, c FROM t) x, LATERAL (SELECT 1 FROM u) y, ONLY (v)", "t u v", "t u v"},
		{"SELECT extract(year FROM a), substring(a FROM 1 FOR 2), trim(both FROM a) FROM t", "t", "t"},
		{"SELECT coalesce((SELECT 1 FROM u), 1), ARRAY(SELECT a FROM v) FROM t WHERE EXISTS(SELECT 1 FROM w)", "u v t w", "u v t w"},
		{"SELECT a IS DISTINCT FROM b, c FROM t", "t", "t"},
		{"SELECT a IS NOT DISTINCT FROM b, c FROM t", "t", "t"},
		{"SELECT a DISTINCT FROM t", "t", "t"},
		{"SELECT u.is DISTINCT FROM t", "t", "t"},
		{"SELECT a AS from FROM t", "t", "t"},
		{"SELECT u.as FROM t", "t", "t"},
		{"SELECT a join FROM t", "UNSURE", "UNSURE"},
		{"SELECT a FROM t GROUP BY a, b HAVING max(a) > 1 LIMIT 1", "t", "t"},
		{"SELECT a FROM t UNION ALL SELECT b FROM u, v", "t u v", "t u v"},
		{"(SELECT a FROM t) UNION (TABLE u)", "t u", "t u"},
		{"TABLE t", "t", "t"},
		{"VALUES (1, 2), (3, 4)", "", ""},
		{"WITH x AS (SELECT 1 FROM t), y (a, b) AS MATERIALIZED (SELECT 2, 3 FROM x) SELECT a FROM x, y", "t x* x* y*", "t x* x* y*"},
		{"WITH x AS (SELECT 1 FROM x) SELECT 1 FROM x", "x x*", "x x*"},
		{"WITH RECURSIVE x AS (SELECT 1 UNION SELECT 1 FROM x) SELECT 1 FROM x", "x* x*", "x* x*"},
		{"SELECT 1 FROM (WITH x AS (SELECT 1) SELECT 1 FROM x) y, x", "x* x", "x* x"},
		{"SELECT now() AT TIME ZONE 'utc', CAST(a AS timestamp with time zone) FROM t", "t", "t"},
		{"SELECT a FROM t FOR UPDATE", "t", "t"},
		{"SELECT a FROM t FOR NO KEY UPDATE OF t", "t", "t"},
		{"SELECT replace(a, 'b', 'c') FROM t", "t", "t"},
		{"SELECT a FROM t;", "t", "t"},
		{"SELECT a /* FROM u */ FROM t -- , v", "t", "t"},
		{"SELECT t.from, t.update FROM t", "t", "t"},
		{"SELECT mine(a), s.mine() FROM t, mine(1)", "t", "t"},

		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a", "t WRITES", "t WRITES"},
		{"INSERT INTO t SELECT a, b FROM u, v", "t u v WRITES", "t u v WRITES"},
		{"INSERT OR REPLACE INTO t (a) VALUES (1)", "t WRITES", "t WRITES"},
		{"UPDATE t SET a = 1, b = (SELECT c FROM u) FROM v, w WHERE t.a = v.a", "t u v w WRITES", "t u v w WRITES"},
		{"UPDATE OR IGNORE t SET a = 1", "t WRITES", "t WRITES"},
		{"DELETE FROM t USING u, (v JOIN w ON true), (SELECT 1 FROM x) y WHERE a = 1", "t u v w x WRITES", "t u v w x WRITES"},
		{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN DELETE", "t u WRITES", "t u WRITES"},
		{"MERGE INTO t USING (SELECT a FROM u) v ON true WHEN MATCHED THEN DELETE", "t u WRITES", "t u WRITES"},
		{"WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", "t x* WRITES", "t x* WRITES"},
		{"SELECT a INTO u FROM t", "u t WRITES", "u t WRITES"},
		{"REPLACE INTO t VALUES (1)", "t WRITES", "t WRITES"},

		{"SELECT a FROM t; DELETE FROM u", "t u WRITES UNSURE", "t u WRITES UNSURE"},
		{"SELECT yours(a) FROM t", "t UNSURE", "t UNSURE"},
		{"SELECT (a).yours FROM t", "t UNSURE", "t UNSURE"},
		{"SELECT a FROM yours(1) y", "UNSURE", "UNSURE"},
		{"SELECT a FROM s.lower(1) y", "UNSURE", "UNSURE"},
		{"SELECT a FROM 't'", "UNSURE", "UNSURE"},
		{"SELECT a FROM $1", "UNSURE", "UNSURE"},
		{"SELECT a FROM t)", "t UNSURE", "t UNSURE"},
		{`SELECT a FROM U&"\0074"`, "WRITES UNSURE", ""},
		{"SELECT a FROM t WHERE a IN u", "t", "t u"},
		{"SELECT a FROM t offset, u", "t", "t u"},
		{"EXPLAIN SELECT 1", "WRITES UNSURE", "WRITES UNSURE"},
		{"DO $$ BEGIN END $$", "WRITES UNSURE", "WRITES UNSURE"},
		{"", "WRITES UNSURE", "WRITES UNSURE"},
	} {
		assert.Equal(t, test.postgres, relationsOf(test.text, Postgres), test.text)
		if test.sqlite != "" || test.postgres == "" {
			assert.Equal(t, test.sqlite, relationsOf(test.text, SQLite), test.text)
		}
	}
}
