package sqlguard

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// named is what PostgreSQL's parser finds in a text.
type named struct{ relations, ctes, functions []string }

func (n *named) walk(value any) {
	switch v := value.(type) {
	case []any:
		for _, inner := range v {
			n.walk(inner)
		}
	case map[string]any:
		if name, ok := v["relname"].(string); ok {
			schema, _ := v["schemaname"].(string)
			n.relations = append(n.relations, schema+"."+name)
		}
		if name, ok := v["ctename"].(string); ok {
			n.ctes = append(n.ctes, "."+name)
		}
		if name, ok := v["funcname"].([]any); ok {
			var parts []string
			for _, part := range name {
				parts = append(parts, part.(map[string]any)["String"].(map[string]any)["sval"].(string))
			}
			n.functions = append(n.functions, strings.TrimPrefix(strings.Join(parts, "."), "pg_catalog."))
		}
		for key, inner := range v {
			if key != "LockingClause" { // its names are those of FROM
				n.walk(inner)
			}
		}
	}
}

// What the core tells of a text without a parser is at least what the parser does.
func TestRelationsAreThoseOfTheParser(t *testing.T) {
	t.Parallel()
	texts := readTexts(t, "*.sql")
	texts = append(texts, readTexts(t, "corpus/*.sql")...)
	g := &generator{Rand: rand.New(rand.NewPCG(7, 11))}
	for range 3000 {
		texts = append(texts, text{file: "generated", sql: g.statement()})
	}
	sure := 0
	for _, x := range texts {
		parsed, err := pg.ParseToJSON(x.sql)
		if err != nil {
			continue
		}
		var tree any
		require.NoError(t, json.Unmarshal([]byte(parsed), &tree))
		var want named
		want.walk(tree)
		var found, ctes []string
		l := sqltext.Lexer{Text: x.sql}
		reach := sqltext.Relations(&l, func(string) bool { return false }, func(schema, name string, cte bool) {
			if cte {
				ctes = append(ctes, schema+"."+name)
			} else {
				found = append(found, schema+"."+name)
			}
		})
		if reach.Unsure != "" {
			continue
		}
		sure++
		for _, name := range want.relations {
			assert.True(t, slices.Contains(found, name) || slices.Contains(ctes, name) && slices.Contains(want.ctes, name), "%s: %s", name, x)
		}
		for _, name := range want.functions {
			assert.True(t, sqltext.SafeFunction(name) || strings.HasSuffix(name, "_escape"), "%s: %s", name, x)
		}
		assert.False(t, reach.Reads && strings.Contains(parsed, `"relation":`), "it writes: %s", x)
	}
	t.Logf("of %d texts, %d are told for certain", len(texts), sure)
	assert.Greater(t, sure*2, len(texts))
}
