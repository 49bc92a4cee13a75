//go:build cgo

package sqlguard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/draw"
)

// fragments are what mutations put into texts.
var fragments = []string{
	"OR true", "OR 1 = 1", "AND", "OR", "NOT", "(", ")", ",", ";", "--", "/*", "*/", "'", "''", "\"", "$$", "$1", "E'", "U&\"",
	"UNION ALL SELECT * FROM users", "UNION SELECT name FROM users", "(SELECT max(name) FROM users)", "(TABLE orders)",
	"EXISTS (SELECT 1 FROM orders WHERE amount > 5000)", "users", "orders o", "public.users", "ONLY users", "LATERAL",
	"LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN", "JOIN users z ON true", ", users y", "USING (id)", "ON true",
	"WHERE", "WHERE true", "FROM", "FROM users", "GROUP BY", "HAVING true", "ORDER BY 1", "LIMIT 1", "FOR UPDATE",
	"RETURNING *", "WITH users AS (SELECT 1 AS id)", "WITH x AS (DELETE FROM items RETURNING *)", "AS users", "AS x (tenant_id)", "tenant_id",
	"tenant_id IS NOT NULL", "users.tenant_id", "o.tenant_id", "*", "DISTINCT", "VALUES (1)", "DEFAULT", "ON CONFLICT DO NOTHING",
	"ON CONFLICT (tenant_id, id) DO UPDATE SET name = 'm'", "IS DISTINCT FROM", "CASE WHEN true THEN", "END", "query_to_xml('SELECT 1', true, true, '')",
	"generate_series(1, 2) g", "unnest(ARRAY['x']) f", "f.pg_read_file", "::text", "::regclass", "[1]", ".", "TABLESAMPLE SYSTEM (100)",
}

// mutate changes a text: tokens go, move, double, come from another text or from
// the fragments.
func mutate(rng *rand.Rand, texts []text) text {
	x := texts[rng.IntN(len(texts))]
	words := words(x.sql)
	other := words
	if y := texts[rng.IntN(len(texts))]; len(y.args) == 0 {
		other = strings.Fields(y.sql)
	}
	for range 1 + rng.IntN(4) {
		if len(words) == 0 {
			break
		}
		i, j := rng.IntN(len(words)), rng.IntN(len(words))
		switch rng.IntN(6) {
		case 0:
			words = slices.Delete(words, i, i+1)
		case 1:
			words[i], words[j] = words[j], words[i]
		case 2:
			words = slices.Insert(words, i, words[j])
		case 3, 4:
			words = slices.Insert(words, i, fragments[rng.IntN(len(fragments))])
		default:
			start := rng.IntN(len(other))
			end := min(len(other), start+1+rng.IntN(6))
			words = slices.Insert(words, i, slices.Clone(other[start:end])...)
		}
	}
	x.sql = strings.Join(words, " ")
	return x
}

func words(sql string) []string {
	result, err := pg.Scan(sql)
	if err != nil {
		return strings.Fields(sql)
	}
	var list []string
	for _, t := range result.GetTokens() {
		list = append(list, sql[t.GetStart():t.GetEnd()])
	}
	return list
}

func allTexts(t testing.TB) []text {
	t.Helper()
	return slices.Concat(readTexts(t, "corpus/*.sql"), readTexts(t, "attack.sql"), readTexts(t, "refused.sql"))
}

// judgeAlone checks what can be seen of a scoped statement without a database.
func judgeAlone(ctx context.Context, t *testing.T, g *Guard, x text) {
	t.Helper()
	scope, _ := tenancy.From(ctx)
	sql, vars, err := g.Scope(ctx, statementOf(scope, x.sql, x.args))
	if err != nil {
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal, x.sql)
		require.Empty(t, sql)
		return
	}
	tree, err := pg.Parse(sql)
	require.NoError(t, err, "%s\nsent: %s", x.sql, sql)
	require.Len(t, tree.GetStmts(), 1)
	require.Equal(t, x.args, vars[:len(x.args)], "%s\nsent: %s", x.sql, sql)
	require.NoError(t, g.verify(statementOf(scope, sql, vars)), "%s\nsent: %s", x.sql, sql)
}

func FuzzScope(f *testing.F) {
	for _, x := range allTexts(f) {
		f.Add(x.sql, len(x.args))
	}
	g := New(Options{VerifyAll: true, CacheSize: 64})
	single := tenancy.With(context.Background(), tenantA)
	several := tenancy.WithSet(context.Background(), tenantA, tenantB)
	values := []any{tenantA, tenantB, 1, "x"}
	f.Fuzz(func(t *testing.T, sql string, args int) {
		x := text{sql: sql, args: values[:max(0, min(args, len(values)))]}
		judgeAlone(single, t, g, x)
		judgeAlone(several, t, g, x)
	})
}

// mutateValid tries until the parser takes the text.
func mutateValid(rng *rand.Rand, texts []text) text {
	for {
		x := mutate(rng, texts)
		if result, err := pg.Parse(x.sql); err == nil && len(result.GetStmts()) == 1 {
			return x
		}
	}
}

// TestMutationsDoNotLeak sends mutated texts to the database. What is not refused
// is answered as by a lone tenant.
func TestMutationsDoNotLeak(t *testing.T) {
	t.Parallel()
	texts := slices.Concat(readTexts(t, "corpus/*.sql"), readTexts(t, "attack.sql"))
	trial{n: trials, next: func(rng *rand.Rand) text { return mutateValid(rng, texts) }}.run(t)
}

// TestGeneratedTextsDoNotLeak does the same with texts that a small grammar makes.
func TestGeneratedTextsDoNotLeak(t *testing.T) {
	t.Parallel()
	trial{n: trials, next: func(rng *rand.Rand) text { return text{file: "generated", sql: (&generator{Rand: rng}).statement()} }}.run(t)
}

const trials = 1000

// trial compares texts that are made by chance.
type trial struct {
	n    int
	next func(*rand.Rand) text
}

func (r trial) run(t *testing.T) {
	w := newWorld(t)
	// The planner looks at all orders of joins without listening to a timeout.
	const settings = "SET statement_timeout = '300ms'; SET jit = off; SET join_collapse_limit = 1; SET from_collapse_limit = 1"
	run(t, w.shared, settings)
	run(t, w.lone, settings)
	seed := draw.Seed(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	g := New(Options{VerifyAll: true})
	n := r.n
	switch more := os.Getenv("SQLGUARD_TRIALS"); {
	case more != "":
		n, _ = strconv.Atoi(more)
	case testing.Short():
		n /= 10
	}
	ctx := tenancy.With(context.Background(), tenantA)
	sent, failed, refused := 0, 0, map[Rule]int{}
	for range n {
		x := r.next(rng)
		sql, vars, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), x.sql, x.args))
		var refusal *Refusal
		if err != nil {
			require.ErrorAs(t, err, &refusal, x.sql)
			refused[refusal.Rule]++
			if refusal.Rule == RulePlace {
				t.Logf("no place: %s: %s", x.sql, err)
			}
			continue
		}
		sent++
		if !w.judge(t, x, sql, vars) {
			failed++
		}
		if t.Failed() {
			t.Logf("seed %d, after %d texts", seed, sent)
			return
		}
	}
	t.Logf("%d texts: %d sent, %d of them refused by the database, refused: %v", n, sent, failed, refused)
	assert.Greater(t, sent, n/4)
}

var uncertain = regexp.MustCompile(`(?i)limit|distinct on|offset|fetch|over|ctid|xmin|tableoid|now|current_|age \(|for (update|share|key|no)|system|array_agg|string_agg|json`)

// severalMatches may update a row from one of several, whichever comes first.
var severalMatches = regexp.MustCompile(`(?is)update.*\bfrom\b`)

// judge compares the answers of both worlds where they are certain to have one;
// false if the database refuses the statement.
func (w *world) judge(t *testing.T, x text, sql string, vars []any) bool {
	t.Helper()
	about := fmt.Sprintf("%s\nsent: %s", x.sql, sql)
	shared := ask(t, w.shared, sql, vars)
	if shared.foreign != "" {
		assert.Equal(t, w.foreign, shared.foreign, "other tenants' rows; %s", about)
	}
	for _, row := range append(shared.rows, shared.message) {
		for _, mark := range []string{"bravo", "carol", "7000000"} {
			if !strings.Contains(x.sql, mark) {
				assert.NotContains(t, row, mark, about)
			}
		}
	}
	if shared.code == "57014" {
		return false
	}
	lone := ask(t, w.lone, x.sql, x.args)
	// Which rows LIMIT, DISTINCT ON and the like take without an order, and which
	// of two errors comes first, is the database's affair.
	unordered := uncertain.MatchString(x.sql)
	// A query around a table has rows of no type, no system columns and no key.
	around := strings.Contains(sql, "(SELECT * FROM ") && !strings.Contains(x.sql, "(SELECT * FROM ")
	switch {
	case unordered, lone.code == "57014":
	case around && (shared.code != "" || lone.code != ""):
	case around:
		assert.Len(t, shared.rows, len(lone.rows), about)
	case shared.code != "" || lone.code != "":
		assert.Equal(t, lone.code == "", shared.code == "", "lone: %s %s, shared: %s %s; %s", lone.code, lone.message, shared.code, shared.message, about)
	default:
		assert.Equal(t, lone.affected, shared.affected, about)
		if !severalMatches.MatchString(x.sql) {
			assert.Equal(t, lone.own, shared.own, about)
		}
		assert.Equal(t, sorted(lone.rows), sorted(shared.rows), about)
	}
	return shared.code == ""
}

func sorted(rows []string) []string {
	rows = slices.Clone(rows)
	slices.Sort(rows)
	return rows
}
