package tenancy_test

import (
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The snippets of the README and the package comment, and the output that they
// show, stand in the compiled examples word for word.

func TestSnippetsOfREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	snippets := fenced(string(text), "go")
	require.NotEmpty(t, snippets)
	source := compiled(t)
	for _, snippet := range snippets {
		assert.Contains(t, source, normal(snippet))
	}
	for _, output := range fenced(string(text), "sql") {
		for line := range strings.Lines(output) {
			if strings.Contains(line, "$1") {
				assert.Contains(t, source, normal(line))
			}
		}
	}
}

func TestSnippetsOfPackageComment(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	source := compiled(t)
	var p comment.Parser
	count := 0
	for _, block := range p.Parse(file.Doc.Text()).Content {
		if code, ok := block.(*comment.Code); ok {
			for snippet := range strings.SplitSeq(code.Text, "\n\n") {
				assert.Contains(t, source, normal(snippet))
				count++
			}
		}
	}
	assert.Greater(t, count, 10)
}

// The plan and the findings that the README shows are those of package keys' test.
func TestPlanOfREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	golden, err := os.ReadFile("keys/testdata/plan.txt")
	require.NoError(t, err)
	findings, plan, _ := strings.Cut(string(golden), "\n$ shop plan\n")
	shown := fenced(string(text), "text")
	assert.Contains(t, shown, strings.TrimSpace(strings.TrimPrefix(findings, "$ shop preflight\n")))
	assert.Contains(t, shown, strings.TrimSpace(plan))
}

// fenced returns the code blocks of a language.
func fenced(text, language string) (blocks []string) {
	for _, part := range strings.Split(text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// compiled is the source of all examples.
func compiled(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	add := func(path string) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		all.WriteString(strings.ReplaceAll(string(text), "\n\t// ", "\n"))
	}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		isExample := strings.HasPrefix(path, "examples") && filepath.Ext(path) == ".go"
		if err == nil && (isExample || strings.HasSuffix(path, "example_test.go")) {
			add(path)
		}
		return err
	}))
	return normal(all.String())
}

// normal makes all white space one space.
func normal(text string) string { return strings.Join(strings.Fields(text), " ") }
