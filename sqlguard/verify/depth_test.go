//go:build cgo

package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// A text that would end the process, for the parser runs out of stack, does not
// get that far.
func TestDeepTexts(t *testing.T) {
	t.Parallel()
	scope := scopeOf(t, tenantA)
	const n = 40_000
	repeat := strings.Repeat
	for reason, sql := range map[string]string{
		"parentheses":    "SELECT " + repeat("(", n) + "1" + repeat(")", n),
		"NOT":            "SELECT " + repeat("NOT ", n) + "true",
		"signs":          "SELECT " + repeat("- ", n) + "1",
		"sums":           "SELECT 1" + repeat("+1", n),
		"calls in sums":  "SELECT 1" + repeat("+abs(1)", n),
		"casts":          "SELECT 1" + repeat("::int", n),
		"quoted casts":   "SELECT 1" + repeat(`::"int4"`, n),
		"tests":          "SELECT 1" + repeat(" IS NULL", n),
		"set operations": "SELECT 1, 2" + repeat(" UNION SELECT 1, 2", n),
		"joins":          "SELECT 1 FROM countries a" + repeat(" JOIN countries b ON a.code = b.code AND true", n),
		"subqueries":     repeat("SELECT (", n) + "1" + repeat(")", n),
		"arrays":         "SELECT " + repeat("ARRAY[", n) + "1" + repeat("]", n),
		"cases":          "SELECT " + repeat("CASE WHEN true THEN ", n) + "1" + repeat(" END", n),
		"escaped names":  `SELECT U&"\0061"` + repeat("+1", n),
		"comments":       "SELECT 1" + repeat("/**/+/**/1", n),
		"lines":          "SELECT 1" + repeat("--\n+1", n),
		"dollar quotes":  "SELECT $a$x$a$" + repeat("||$$x$$", n),
	} {
		require.ErrorIs(t, verify.Statement(statement(scope, sql)), tenancy.ErrUnscopedSQL, reason)
	}
	var rows []string
	for i := range 5000 {
		rows = append(rows, fmt.Sprintf("($1::uuid, %d + 1, lower('x') || 'y')", i))
	}
	for reason, sql := range map[string]string{
		"many rows":       "INSERT INTO tags (tenant_id, id, name) VALUES " + strings.Join(rows, ", "),
		"many conditions": "SELECT * FROM users WHERE tenant_id = $1 AND (age = 1" + repeat(" OR age = 2", 5000) + ")" + repeat(" AND age > 1", 5000),
		"a long list":     "SELECT * FROM users WHERE tenant_id = $1 AND id IN (1" + repeat(", 2", 20000) + ")",
		"a long literal":  "SELECT * FROM users WHERE tenant_id = $1 AND name = '" + repeat("+1", 20000) + "'",
		"many arms":       "SELECT id, name FROM users WHERE tenant_id = $1" + repeat(" UNION ALL SELECT id, name FROM users WHERE tenant_id = $1", 500),
	} {
		require.NoError(t, verify.Statement(statement(scope, sql, tenantA)), reason)
	}
}
