//go:build cgo

package sqlguard

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestScopeOfOther(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	ctx := tenancy.With(context.Background(), tenantA)
	stmt := statementOf(scopeOf(t, ctx), "SELECT 1", nil)
	stmt.Dialect = "sqlite"
	_, _, err := g.Scope(ctx, stmt)
	assert.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "another dialect")

	_, _, err = g.Scope(ctx, tenancy.RawStatement{SQL: "SELECT 1", Dialect: "postgres", Table: worldTable})
	assert.ErrorIs(t, err, tenancy.ErrNoTenant, "no scope")

	bypass := scopeOf(t, tenancy.Bypass(context.Background(), "why"))
	_, _, err = g.Scope(ctx, statementOf(bypass, "SELECT * FROM users", nil))
	assert.ErrorIs(t, err, tenancy.ErrNoTenant, "a bypass does not reach the guard")
}

// TestDeepTexts: a deep tree ends the process in the parser's C code, so that
// such texts must not reach it.
func TestDeepTexts(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	ctx := tenancy.With(context.Background(), tenantA)
	const n = 50000
	for name, sql := range map[string]string{
		"operators":   "SELECT 1" + strings.Repeat("+1", n),
		"casts":       "SELECT 1" + strings.Repeat("::int", n),
		"unions":      "SELECT 1" + strings.Repeat(" UNION SELECT 1", n),
		"joins":       "SELECT 1 FROM users" + strings.Repeat(" CROSS JOIN users", n),
		"negations":   "SELECT " + strings.Repeat("NOT ", n) + "true",
		"signs":       "SELECT " + strings.Repeat("- ", n) + "1",
		"parentheses": "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"brackets":    "SELECT ARRAY" + strings.Repeat("[", n) + "1" + strings.Repeat("]", n),
		"queries":     "SELECT 1 FROM " + strings.Repeat("(SELECT 1 FROM ", n) + "users" + strings.Repeat(") x", n),
		"cases":       "SELECT " + strings.Repeat("CASE WHEN true THEN ", n) + "1" + strings.Repeat(" END", n),
		"functions":   "SELECT " + strings.Repeat("abs(", n) + "1" + strings.Repeat(")", n),
		"collations":  "SELECT 'x'" + strings.Repeat(` COLLATE "C"`, n),
		"tests":       "SELECT 1" + strings.Repeat(" IS NULL", n),
		"zones":       "SELECT now()" + strings.Repeat(" AT TIME ZONE 'UTC'", n),
		"not in list": "SELECT 1 WHERE true AND " + strings.Repeat("NOT ", n) + "true OR false",
	} {
		_, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), sql, nil))
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal, name)
		assert.Equal(t, RuleTooComplex, refusal.Rule, name)
	}
	for name, sql := range map[string]string{
		"or":     "SELECT 1 FROM users WHERE id = 1" + strings.Repeat(" OR id = 2 + 1", 2000),
		"values": "INSERT INTO votes (id, n) VALUES (1, -1)" + strings.Repeat(", (2 + 1, -1)", 2000),
		"list":   "SELECT 1 FROM users WHERE id IN (1" + strings.Repeat(", 2", 10000) + ")",
		"unions": "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1 + 1", 100),
	} {
		_, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), sql, nil))
		assert.NoError(t, err, name)
	}
}

func TestTextThatIsNone(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	ctx := tenancy.With(context.Background(), tenantA)
	for _, sql := range []string{"SELECT 1\x00; DELETE FROM users", "SELECT '\xff'", "", " ", "--", "/* */", "\ufeffSELECT 1", strings.Repeat(";", 100)} {
		_, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), sql, nil))
		assert.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%q", sql)
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	g := New(Options{Functions: []string{"full_name", "app.score"}})
	ctx := tenancy.With(context.Background(), tenantA)
	for sql, ok := range map[string]bool{
		"SELECT full_name(u) FROM users u":                                                        true,
		"SELECT app.score(id) FROM users":                                                         true,
		"SELECT score(id) FROM users":                                                             false,
		"SELECT public.full_name(u) FROM users u":                                                 false,
		"SELECT * FROM full_name(1)":                                                              true,
		"SELECT f.full_name FROM generate_series(1, 2) f":                                         true,
		"SELECT f.other FROM generate_series(1, 2) f":                                             false,
		`SELECT id FROM users WHERE name LIKE 'a!%' ESCAPE '!' OR name SIMILAR TO 'b' ESCAPE '!'`: true,
	} {
		_, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), sql, nil))
		assert.Equal(t, ok, err == nil, "%s: %v", sql, err)
	}
}

// TestVerifier: nothing is sent that the verifier does not believe.
func TestVerifier(t *testing.T) {
	t.Parallel()
	ctx := tenancy.With(context.Background(), tenantA)
	doubt := errors.New("doubt")
	for _, all := range []bool{false, true} {
		g := New(Options{VerifyAll: all})
		asked, verdict := 0, error(nil)
		g.verify = func(tenancy.RawStatement) error { asked++; return verdict }
		stmt := statementOf(scopeOf(t, ctx), "SELECT * FROM users", nil)
		for range 3 {
			_, _, err := g.Scope(ctx, stmt)
			require.NoError(t, err)
		}
		verdict = doubt
		sql, _, err := g.Scope(ctx, stmt)
		if all {
			assert.Equal(t, 4, asked)
			require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
			assert.Empty(t, sql)
		} else {
			assert.Equal(t, 1, asked)
			require.NoError(t, err)
		}
		stmt.SQL = "SELECT 2 FROM users"
		_, _, err = g.Scope(ctx, stmt)
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	g := New(Options{VerifyAll: true})
	assert.True(t, g.VerifiesAll())
	assert.False(t, New(Options{}).VerifiesAll())
	ctx := tenancy.With(context.Background(), tenantA)
	const sql = "SELECT * FROM users WHERE users.tenant_id = $1"
	require.NoError(t, g.Verify(ctx, statementOf(scopeOf(t, ctx), sql, []any{tenantA})))
	require.ErrorIs(t, g.Verify(ctx, statementOf(scopeOf(t, ctx), sql, []any{tenantB})), tenancy.ErrUnscopedSQL)
	require.ErrorIs(t, g.Verify(ctx, statementOf(scopeOf(t, ctx), "SELECT * FROM users", nil)), tenancy.ErrUnscopedSQL)
}

func TestSameTenant(t *testing.T) {
	t.Parallel()
	text, other := tenantA.String(), "x"
	number := int64(7)
	type named string
	for _, test := range []struct {
		value, id any
		same      bool
	}{
		{tenantA, tenantA, true}, {tenantB, tenantA, false}, {&tenantA, tenantA, true}, {(*uuid.UUID)(nil), tenantA, false},
		{text, tenantA, true}, {&text, tenantA, true}, {strings.ToUpper(text), tenantA, true}, {[16]byte(tenantA), tenantA, true},
		{"{" + text + "}", tenantA, false}, {strings.ReplaceAll(text, "-", ""), tenantA, false}, {other, tenantA, false}, {nil, tenantA, false},
		{"x", "x", true}, {"X", "x", false}, {&other, "x", true}, {named("x"), "x", false}, {[]byte("x"), "x", false}, {tenantA, text, true},
		{7, number, true}, {int8(7), number, true}, {uint64(7), number, true}, {&number, number, true}, {"7", number, false},
		{7.0, number, false}, {uint64(1 << 63), int64(-1 << 63), false}, {nil, number, false}, {nil, nil, false},
	} {
		assert.Equal(t, test.same, sameTenant(test.value, test.id), "%T %v", test.value, test.id)
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	g := New(Options{VerifyAll: true})
	ctx := tenancy.With(context.Background(), tenantA)
	for _, test := range []struct{ text, sent string }{
		{"SELECT name FROM users WHERE age > $1 OR name = $2",
			`SELECT name FROM users WHERE "users"."tenant_id" = $3 AND (age > $1 OR name = $2)`},
		{"SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON o.user_id = u.id",
			`SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON "o"."tenant_id" = $1 AND (o.user_id = u.id) WHERE "u"."tenant_id" = $1`},
		{"UPDATE orders SET status = u.name FROM users u WHERE u.id = orders.user_id",
			`UPDATE orders SET status = u.name FROM users u WHERE "orders"."tenant_id" = $1 AND "u"."tenant_id" = $1 AND (u.id = orders.user_id)`},
		{"INSERT INTO orders (id, user_id) SELECT id + 100, id FROM users",
			`INSERT INTO orders (id, user_id, "tenant_id") SELECT id + 100, id, "users"."tenant_id" FROM users WHERE "users"."tenant_id" = $1`},
		{"/*+ SeqScan(u) */ SELECT 1 FROM users u -- here /* and */ there\nWHERE/* x */u.id = 1 --end",
			"/*+ SeqScan(u) */ SELECT 1 FROM users u -- here /* and */ there\nWHERE/* x */ \"u\".\"tenant_id\" = $1 AND (u.id = 1) --end"},
		{"SELECT 1 FROM labels l, labels k, users u", `SELECT 1 FROM labels l, labels k, users u WHERE "l"."account" = $1 AND "k"."account" = $1 AND "u"."tenant_id" = $2`},
		{"TABLE ONLY users ORDER BY 1;", `SELECT * FROM ONLY users WHERE "users"."tenant_id" = $1 ORDER BY 1;`},
	} {
		vars := []any{1, "x"}[:strings.Count(test.text, "$")]
		sql, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), test.text, vars))
		require.NoError(t, err, test.text)
		assert.Equal(t, test.sent, sql)
	}
}

// TestPlaceholderOfTwoUses: elsewhere it could have a type that does not keep
// the tenant's id, so that it does not count as the tenant's.
func TestPlaceholderOfTwoUses(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	ctx := tenancy.With(context.Background(), tenantA)
	sql, _, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), "SELECT 1 FROM users WHERE tenant_id = $1 AND $1 IS NOT NULL", []any{tenantA}))
	require.NoError(t, err)
	assert.Contains(t, sql, "= $2")
}
