//go:build cgo

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
type named struct{ relations, targets, ctes, functions []string }

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
			if target, ok := inner.(map[string]any); ok && (key == "relation" || key == "rel") && target["relname"] != nil {
				schema, _ := target["schemaname"].(string)
				n.targets = append(n.targets, schema+"."+target["relname"].(string))
			}
			if key != "LockingClause" { // its names are those of FROM
				n.walk(inner)
			}
		}
	}
}

// compareNames compares what the core, and the guard, tell of a text with what
// PostgreSQL's parser finds in it. It reports whether the core is sure of the text.
func compareNames(t *testing.T, guard *Guard, sql string) (sure bool) {
	t.Helper()
	var found, ctes []string
	l := sqltext.Lexer{Text: sql}
	reach := sqltext.Relations(&l, func(string) bool { return false }, func(schema, name string, cte bool) {
		if cte {
			ctes = append(ctes, schema+"."+name)
		} else {
			found = append(found, schema+"."+name)
		}
	})
	parsed, err := pg.ParseToJSON(sql)
	if err != nil {
		return false
	}
	var tree any
	require.NoError(t, json.Unmarshal([]byte(parsed), &tree))
	var want named
	want.walk(tree)
	names, err := guard.Names(sql)
	if err == nil {
		var read []string
		for _, table := range names.Tables {
			read = append(read, table.Schema+"."+table.Name)
		}
		for _, name := range want.relations {
			assert.True(t, slices.Contains(read, name) || slices.Contains(want.ctes, name), "the guard misses %s: %s", name, sql)
		}
		for _, name := range want.targets {
			assert.Contains(t, read, name, "the guard misses a target: %s", sql)
		}
		assert.Equal(t, len(want.targets) > 0, names.Writes, "the guard, of what it writes: %s", sql)
	}
	if reach.Unsure != "" {
		return false
	}
	assert.NoError(t, err, "the guard does not read it: %s", sql)
	for _, name := range want.relations {
		assert.True(t, slices.Contains(found, name) || slices.Contains(ctes, name) && slices.Contains(want.ctes, name), "%s: %s", name, sql)
	}
	for _, name := range want.targets {
		assert.Contains(t, found, name, "a target: %s", sql)
	}
	for _, table := range names.Tables {
		assert.Contains(t, found, table.Schema+"."+table.Name, "as no name of WITH: %s", sql)
	}
	for _, name := range want.functions {
		assert.True(t, sqltext.SafeFunction(name) || strings.HasSuffix(name, "_escape"), "%s: %s", name, sql)
	}
	assert.Equal(t, len(want.targets) == 0, reach.Reads, "whether it reads: %s", sql)
	return true
}

// What is told of a text without a parser is at least what the parser does.
func TestRelationsAreThoseOfTheParser(t *testing.T) {
	t.Parallel()
	texts := readTexts(t, "*.sql")
	texts = append(texts, readTexts(t, "corpus/*.sql")...)
	corpus := len(texts)
	g := &generator{Rand: rand.New(rand.NewPCG(7, 11))}
	for range 3000 {
		texts = append(texts, text{file: "generated", sql: g.statement()})
	}
	guard, sure := New(Options{}), 0
	for i, x := range texts {
		if compareNames(t, guard, x.sql) {
			sure++
		}
		if i == corpus-1 {
			t.Logf("of %d texts of the corpus, the core is sure of %d", corpus, sure)
		}
	}
	t.Logf("of %d texts, the core is sure of %d", len(texts), sure)
	assert.Greater(t, sure*2, len(texts))
}
