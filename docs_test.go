package tenancy_test

import (
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The snippets of the documentation and the package comment, and the output that
// they show, stand in the compiled examples word for word.

func TestDocumentationShowsCompiledSnippets(t *testing.T) {
	t.Parallel()
	source := compiled(t)
	for path, text := range pages(t) {
		if path == "sqlguard/README.md" { // its own test runs what it shows
			continue
		}
		for _, snippet := range fenced(text, "go") {
			assert.Contains(t, source, normal(snippet), path)
		}
		for _, output := range fenced(text, "sql") {
			for line := range strings.Lines(output) {
				if strings.Contains(line, "$1") {
					assert.Contains(t, source, normal(line), path)
				}
			}
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	symbol  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

func TestDocumentationLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for from, text := range all {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, fragment, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := from
			if target != "" {
				to = filepath.Join(filepath.Dir(from), target)
			}
			_, err := os.Stat(to)
			assert.NoError(t, err, "%s links to %s", from, match[1])
			if fragment != "" {
				assert.Contains(t, anchors(all[to]), fragment, "%s links to %s", from, match[1])
			}
		}
	}
}

// anchors returns the fragments that a page's headings are reached by.
func anchors(page string) (fragments []string) {
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		text := symbol.ReplaceAllString(strings.ToLower(match[1]), "")
		fragments = append(fragments, strings.ReplaceAll(text, " ", "-"))
	}
	return fragments
}

// pages returns the text of each Markdown page by its path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		all[filepath.ToSlash(path)] = string(text)
		return err
	}))
	require.Greater(t, len(all), 10)
	return all
}

func TestPackageCommentShowsCompiledSnippets(t *testing.T) {
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

func TestDocumentationNamesEveryErrorAndKind(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	names := regexp.MustCompile(`(?m)^\t(Err[A-Z]\w+) += errors\.New`).FindAllStringSubmatch(read("errors.go"), -1)
	require.Greater(t, len(names), 8)
	for _, path := range []string{"README.md", "docs/scopes.md", "doc.go"} {
		text := read(path)
		for _, name := range names {
			assert.Contains(t, text, name[1], path)
		}
	}
	for _, kind := range []string{"shared", "private", "linked", "mixed", "free"} {
		assert.Contains(t, read("doc.go"), "  - "+kind+" ([Config].")
		assert.Contains(t, strings.ToLower(read("docs/models.md")), "| `"+kind+"` |")
	}
}

// The plan and the findings that the chapter shows are those of package keys' test.
func TestDocumentationShowsThePlanOfKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/live-keys.md")
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
