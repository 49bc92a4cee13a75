package main

import (
	"bytes"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestQuickstart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		dsn  func(*testing.T) string
		keys string // what the database's keys refuse
	}{
		{"sqlite", func(*testing.T) string { return "" }, "tenancy: key is taken by another tenant's row (create on companies)"},
		{"postgres", func(t *testing.T) string { return tenancytest.Postgres(t).OwnerDSN }, "violates foreign key constraint"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			dsn := test.dsn(t)
			require.NoError(t, run(&out, dsn, false), out.String())
			if dsn != "" {
				assertNothingLeft(t, dsn)
			}
			text := strings.ReplaceAll(out.String(), "`", `"`)
			text = strings.ReplaceAll(text, `"acme"`, `'acme'`)
			for _, line := range []string{
				"One program, two tenants, one database (" + test.name + ")",
				"what is saved along with a row stands before the row",
				`SELECT count(*) FROM "users" WHERE "users"."tenant_id" = 'acme'`,
				`"users"."tenant_id" = 'acme' AND (age > 50 OR name = `,
				`"users"."tenant_id" = 'acme' AND (id IN (SELECT "user_id" FROM`,
				"statements: the same text, word for word",
				"tenancy: no tenant in the context (query on users)",
				"record not found",
				"tenancy: tenant does not match the scope (delete on companies)",
				test.keys,
				"tenancy: a row's tenant cannot be changed (update on users)",
				"tenancy: SQL text cannot be scoped (row)",
				"tenancy: SQL text cannot be scoped (query on users)",
				"tenancy: shared table is read-only for tenants (create on countries)",
				"tenancy: table is not declared (query on secrets)",
				"acme     3 users, 2 orders\nglobex   3 users, 2 orders\n",
			} {
				assert.Contains(t, text, line)
			}
			for line := range strings.Lines(text) {
				assert.LessOrEqual(t, len([]rune(line)), width+1, line)
			}
			assert.NotContains(t, text, "\x1b", "no colours without a terminal")
		})
	}
}

func assertNothingLeft(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer db.Close()
	var schemas int
	const query = `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenancy_quickstart%'`
	require.NoError(t, db.QueryRow(query).Scan(&schemas))
	assert.Zero(t, schemas)
}

func TestQuickstartInColour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(&out, "", true))
	assert.Contains(t, out.String(), "\x1b[1;32macme\x1b[0m")
}

// What is printed is what runs: each call stands in the source twice.
func TestCodeIsWhatRuns(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("program.go")
	require.NoError(t, err)
	calls := 0
	for line := range strings.Lines(string(source)) {
		if parts := strings.SplitN(line, "`", 3); len(parts) == 3 {
			assert.Equal(t, 2, strings.Count(string(source), parts[1]), parts[1])
			calls++
		}
	}
	assert.Greater(t, calls, 30)
}

func TestREADMEShowsTheOutput(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(&out, "", false))
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(readme), "\n```text\n")
	require.True(t, found)
	shown, _, _ = strings.Cut(shown, "```")
	for line := range strings.Lines(shown) {
		assert.Contains(t, out.String(), line)
	}
}
