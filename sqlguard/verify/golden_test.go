//go:build cgo

package verify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// What the GORM plugin sends is judged by a verifier that knows nothing of it.
func TestGoldenStatementsOfThePlugin(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "suite", "testdata", "postgres.sql"))
	require.NoError(t, err)
	one, set, others := scopeOf(t, tenantA), scopeOf(t, tenantA, tenantB), scopeOf(t, tenantC)
	judged := map[string]int{}
	name := ""
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if heading, ok := strings.CutPrefix(line, "-- "); ok {
			name = heading
			continue
		}
		if line == "" || strings.HasPrefix(line, "  -- ") || i+1 < len(lines) && strings.HasPrefix(lines[i+1], "  -- tenancy:") {
			continue // what the plugin refused was not sent
		}
		_, kind, _ := strings.Cut(name, ", ")
		judged[kind]++
		switch kind {
		case "one tenant":
			require.NoError(t, verify.Statement(statement(one, line)), name)
			require.NoError(t, verify.Statement(statement(set, line)), name)
			require.Error(t, verify.Statement(statement(others, line)), name)
		case "a set":
			require.NoError(t, verify.Statement(statement(set, line)), name)
			require.Error(t, verify.Statement(statement(one, line)), name)
		case "bypass":
			require.Error(t, verify.Statement(statement(set, line)), name)
		}
	}
	require.Len(t, judged, 3)
	for kind, n := range judged {
		require.Greater(t, n, 15, kind)
	}
}
