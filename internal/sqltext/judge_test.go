package sqltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func none(string) bool { return false }

func judge(d Dialect, place Place, text string, queries ...Span) Verdict {
	return Judge(&Lexer{Text: text, Dialect: d, Queries: queries}, place, none)
}

func TestJudgeRefuses(t *testing.T) {
	t.Parallel()
	both := []Dialect{Postgres, SQLite}
	for _, tc := range []struct {
		reason   string
		dialects []Dialect
		place    Place
		text     string
	}{
		{"a query", both, Group, "id IN (SELECT id FROM flats)"},
		{"a query behind comments", both, Group, "id IN (/**/SElect/**/id from flats)"},
		{"TABLE is a query", both, Group, "id IN (TABLE flats)"},
		{"VALUES is a query", both, Group, "id IN (VALUES (1))"},
		{"WITH begins a query", both, Group, "EXISTS (WITH x AS (DELETE FROM flats RETURNING 1) TABLE x)"},
		{"set operations", both, List, "id UNION ALL SELECT * FROM flats"},
		{"a number hides a keyword", both, List, "1.UNION"},
		{"a number runs into a word", both, List, "1union"},
		{"it closes its group", both, Group, "1=1) OR (1=1"},
		{"it leaves its group open", both, Group, "1=1 OR (1=1"},
		{"it ends the statement", both, List, "id; DELETE FROM flats"},
		{"an open string", both, Group, "name = 'x"},
		{"an open name", both, Group, `name = "x`},
		{"an open comment", both, Group, "1=1 /* "},
		{"nested comments, where dialects differ", both, Group, "1=1 /* /* */ OR 1=1 --*/"},
		{"a NUL byte", both, Group, "1=1\x00"},
		{"a NUL byte in a string", both, Group, "name = 'a\x00'"},
		{"Unicode escapes in a name", []Dialect{Postgres}, List, `U&"\0066lats"`},
		{"an open dollar quote", []Dialect{Postgres}, Group, "name = $x$ abc $y$"},
		{"a lone dollar", []Dialect{Postgres}, Group, "name = $ 1"},
		{"SQLite reads a table behind IN", []Dialect{SQLite}, Group, "id IN flats"},
		{"SQLite reads a quoted table behind IN", []Dialect{SQLite}, Group, `id IN "flats"`},
		{"a numbered placeholder moves the others", []Dialect{SQLite}, Group, "id = ?5"},
		{"a named placeholder", []Dialect{SQLite}, Group, "id = :x"},
		{"SQLite has no escapes", []Dialect{SQLite}, Group, `name = e'\' OR '1`},
		{"a string goes on with the escapes of its first part", both, List, "E'x'\n'\\' || ', (SELECT 1) -- '"},
		{"an attribute is a call", both, List, "('select 1'::text).ts_stat"},
		{"an attribute of an element is a call", []Dialect{Postgres}, List, "x[1].ts_stat"},
		{"SQLite reads a table behind IN in any quotes", []Dialect{SQLite}, Group, "id IN 'flats'"},
		{"SQLite's white space", []Dialect{SQLite}, Group, "id IN (\uFEFFSELECT 1)"},
		{"a NUL byte in a comment", both, Group, "1=1 --\x00\n"},
		{"a number's exponent hides a comment", both, Group, "1e--) \n"},
		{"a function that runs text", both, List, "query_to_xml('select 1', true, true, '')"},
		{"a function of a schema", both, List, "private.lower(name)"},
		{"a quoted function", both, List, `"query_to_xml"('x')`},
		{"a function with the name of a keyword", both, List, "a, sets(1)"},
		{"a function behind parentheses that are no call's", both, List, "DISTINCT ON (a) over(1)"},
		{"a function behind an operator in words", []Dialect{Postgres}, List, "a OPERATOR(pg_catalog.+) over(1)"},
		{"a function and no operator", []Dialect{Postgres}, Group, "a AND NOT ilike(b)"},
		{"a function among a schema's", both, List, "private.left(name)"},
		{"a function behind the groups", []Dialect{Postgres}, Groups, "a ORDER BY a, rollup(1)"},
		{"FROM in a selection", both, List, "* FROM flats"},
		{"INTO makes a table", both, List, "* INTO copy"},
		{"a comma ends the value", both, Value, "1, tenant_id = 2"},
		{"WHERE ends the value", both, Value, "1 WHERE true"},
		{"FROM ends the value", both, Value, "flats.x FROM flats"},
		{"RETURNING ends the value", both, Value, "1 RETURNING *"},
		{"a hint holds comments only", both, Hint, "/* x */ FROM flats"},
	} {
		for _, d := range tc.dialects {
			assert.NotEmpty(t, refusal(judge(d, tc.place, tc.text)), "%s: %s", tc.reason, tc.text)
		}
	}
}

func TestJudgeAllows(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		reason string
		place  Place
		text   string
	}{
		{"or", Group, "a = 1 or b = 2"},
		{"odd space", Group, "\ta\n=\r1\vor/**/b = 2 "},
		{"keywords in strings", Group, "name = 'select; -- /*' AND note = 'it''s'"},
		{"keywords in names", Group, `"select" = 1 AND t."table" = 2`},
		{"a column called values", Group, "t.values = 1"},
		{"time zones", List, "created_at AT TIME ZONE 'UTC', x::timestamp with time zone"},
		{"special forms", List, "extract(year from created_at), cast(x as numeric(10,2)), coalesce(a, b)"},
		{"distinct from", Group, "a IS NOT DISTINCT FROM b"},
		{"distinct from in a value", Value, "a IS DISTINCT FROM b"},
		{"windows", List, "sum(x) over (partition by y order by z rows between 1 preceding and current row)"},
		{"aggregates", List, "count(*) filter (where x > 1), percentile_cont(0.5) within group (order by x)"},
		{"a list", Group, "id IN (1,2,3) AND (a,b) IN ((1,2))"},
		{"words before parentheses", List, "b like (a), (a) in (1), a is distinct from (b), sum(x) filter (where (x > 1)) over (order by (y))"},
		{"case", List, "case when a > 1 then 'x' else 'y' end"},
		{"a comment behind", Group, "a = 1 -- why"},
		{"numbers", List, "1, 1.5, .5, 1e10, 1.5e-3, 0xff"},
		{"a hint", Hint, "/*+ SeqScan(t) */"},
	} {
		for _, d := range []Dialect{Postgres, SQLite} {
			if d == SQLite && strings.Contains(tc.text, "::") {
				continue
			}
			assert.Empty(t, refusal(judge(d, tc.place, tc.text)), "%s: %s", tc.reason, tc.text)
		}
	}
	assert.Empty(t, refusal(judge(Postgres, Group, `data ? 'a' AND data @> '{}' AND x = $1 AND y = $tag$ ; ' $tag$ AND z = E'\''`)))
	assert.Empty(t, refusal(judge(Postgres, Group, "position('x' in name) > 0")))
	assert.Empty(t, refusal(judge(Postgres, Group, "name ILIKE ($1) OR code NOT ILIKE ('x') ESCAPE ('!')")))
	assert.Empty(t, refusal(judge(Postgres, Groups, "a, ROLLUP (b), GROUPING SETS ((a), ROLLUP (b), CUBE (c))")))
	assert.True(t, judge(Postgres, Group, "a = 1 -- why").OpenComment)
	assert.False(t, judge(Postgres, Group, "a = 1 -- why\n").OpenComment)
	assert.Equal(t, 2, judge(SQLite, Group, "a = ? AND b = '?' AND c = ?").Params)
}

func TestJudgeQueries(t *testing.T) {
	t.Parallel()
	text := "id IN (SELECT id FROM t)"
	query := Span{7, 23}
	assert.Empty(t, refusal(judge(Postgres, Group, text, query)))
	assert.NotEmpty(t, refusal(judge(Postgres, Group, text)))
	assert.NotEmpty(t, refusal(judge(Postgres, Group, "id = SELECT 1", Span{5, 13})), "without parentheses")
	assert.NotEmpty(t, refusal(judge(Postgres, Group, "id = '(SELECT 1)'", Span{7, 15})), "inside a string")
}

func TestParseFrom(t *testing.T) {
	t.Parallel()
	text := `users u LEFT OUTER JOIN public."Orders" AS o ON o.user_id = u.id AND left(o.x, 1) = 'a' ` +
		"CROSS JOIN c, d NATURAL FULL JOIN e JOIN f USING (id)"
	refs, verdict := ParseFrom(&Lexer{Text: text}, nil, none)
	assert.Empty(t, refusal(verdict))
	type brief struct {
		schema, table, qualifier, on string
		join                         Join
		merged                       bool
		item                         int
	}
	got := make([]brief, len(refs))
	for i, r := range refs {
		got[i] = brief{r.Schema, r.Table, r.Qualifier, text[r.On.Start:r.On.End], r.Join, r.Merged, r.Item}
	}
	assert.Equal(t, []brief{
		{"", "users", "u", "", JoinNone, false, 0},
		{"public", "Orders", "o", "o.user_id = u.id AND left(o.x, 1) = 'a'", JoinLeft, false, 0},
		{"", "c", "c", "", JoinCross, false, 0},
		{"", "d", "d", "", JoinNone, false, 1},
		{"", "e", "e", "", JoinFull, true, 1},
		{"", "f", "f", "", JoinInner, true, 1},
	}, got)
}

func TestParseFromRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "users WHERE true", "users u v", "(users JOIN flats ON true)", "users JOIN flats ON", "users, ",
		"users TABLESAMPLE SYSTEM (1)", "users AS u(tenant_id, id)", "a.b.c", "unnest(x) q",
		"users JOIN flats ON true WHERE 1=1", "users JOIN flats ON (1=1", "users u; DELETE FROM x", "users STRAIGHT_JOIN x",
		"users JOIN (SELECT * FROM flats) f ON true", "users JOIN flats ON true UNION SELECT 1", "LATERAL (SELECT 1) x",
	} {
		_, verdict := ParseFrom(&Lexer{Text: text}, nil, none)
		assert.NotEmpty(t, refusal(verdict), text)
	}
}

// FuzzJudge holds what the rest relies on: an accepted fragment keeps its
// neighbours what they were, wherever it is put.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{"a = 1", "'", "--", "/*", "$$", "E'\\''", "1.e", "x)", "\"", "[", "`", "$1", "U&\"x\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []Dialect{Postgres, SQLite} {
			v := judge(d, Group, text)
			if refusal(v) != "" {
				continue
			}
			if v.OpenComment {
				text += "\n"
			}
			l := Lexer{Text: "( " + text + " ) zz", Dialect: d}
			depth, last := 0, Token{}
			for tok := l.Next(); tok.Kind != End; tok = l.Next() {
				if tok.Kind == Bad {
					t.Fatalf("%q became unreadable: %s", text, l.Reason)
				}
				if l.Is(tok, '(') {
					depth++
				}
				if l.Is(tok, ')') {
					depth--
				}
				last = tok
			}
			if depth != 0 || l.Raw(last) != "zz" {
				t.Fatalf("%q changed what stands around it", text)
			}
		}
	})
}

// refusal is why a fragment is refused where there is no judge of whole
// statements.
func refusal(v Verdict) string { return v.Reason + v.Beyond }
