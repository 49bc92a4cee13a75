//go:build cgo

package verify_test

import (
	"regexp"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// mutatedTexts is how many texts one check draws.
const mutatedTexts = 40

// words reads a text's tokens.
func words(tb testing.TB, sql string) []string {
	tb.Helper()
	scan, err := pg.Scan(sql)
	require.NoError(tb, err)
	var list []string
	for _, t := range scan.GetTokens() {
		list = append(list, sql[t.GetStart():t.GetEnd()])
	}
	return list
}

// unsteady is what a mutated text may not hold: what does not end, and what is
// answered differently by another hour or another order of the rows.
var unsteady = regexp.MustCompile(`(?i)generate_series|recursive|now|current|local|ctid|tablesample|limit|offset|fetch|distinct on|over|array|sum|returning`)

// Statements of which tokens were dropped, doubled, exchanged or taken from
// another pass only if they are still answered as if the tenant were alone.
func TestMutatedTexts(t *testing.T) {
	t.Parallel()
	w := newTwin(t, "schema.sql.txt", corpusDump)
	scope := scopeOf(t, tenantA)
	var all [][]string
	for _, s := range corpus(t) {
		if s.yes && !unsteady.MatchString(s.sql) {
			all = append(all, words(t, s.sql))
		}
	}
	drawn, passed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		for range mutatedTexts {
			text := strings.Join(mutate(rt, all), " ")
			drawn++
			sql, vars := bind(text)
			if verify.Statement(statement(scope, sql, vars...)) != nil {
				continue
			}
			passed++
			if difference, _ := w.differ(t, sql, vars); difference != "" {
				rt.Fatalf("%s\n%s", sql, difference)
			}
		}
	})
	t.Logf("%d of %d mutated texts pass", passed, drawn)
}

func mutate(rt *rapid.T, all [][]string) []string {
	draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "n") }
	list := append([]string{}, all[draw(len(all))]...)
	for range 1 + draw(3) {
		i := draw(len(list))
		other := all[draw(len(all))]
		switch draw(5) {
		case 0:
			list = append(list[:i], list[i+1:]...)
		case 1:
			j := draw(len(list))
			list[i], list[j] = list[j], list[i]
		case 2:
			list[i] = other[draw(len(other))]
		case 3:
			list = append(list[:i:i], append([]string{other[draw(len(other))]}, list[i:]...)...)
		default:
			from := draw(len(other))
			list = append(list[:i:i], append(append([]string{}, other[from:min(len(other), from+6)]...), list[i:]...)...)
		}
		if len(list) == 0 {
			break
		}
	}
	return list
}
