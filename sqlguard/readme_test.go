//go:build cgo

package sqlguard

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// TestReadme: what the README shows is what is sent.
func TestReadme(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, sent, ok := strings.Cut(string(content), "```sql\n")
	require.True(t, ok)
	sent, _, _ = strings.Cut(sent, "```")
	texts := regexp.MustCompile(`(?m)^tx\.(?:Raw|Exec)\("([^"]+)"`).FindAllStringSubmatch(string(content), -1)
	lines := strings.Split(strings.TrimSpace(sent), "\n")
	require.Len(t, texts, len(lines))
	ctx := tenancy.With(context.Background(), tenantA)
	g := New(Options{VerifyAll: true})
	for i, match := range texts {
		sql, n := match[1], 0
		for ; strings.Contains(sql, "?"); n++ {
			sql = strings.Replace(sql, "?", "$"+strconv.Itoa(n+1), 1)
		}
		got, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), sql, make([]any, n)))
		require.NoError(t, err, sql)
		assert.Equal(t, lines[i], got)
	}
}
