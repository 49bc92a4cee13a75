package sqltext_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

func TestReadIndex(t *testing.T) {
	t.Parallel()
	type part = sqltext.IndexPart
	lower := part{Text: `lower(email)`, Spelling: "lower ( email )"}
	for _, test := range []struct {
		reason, text string
		dialect      sqltext.Dialect
		want         sqltext.Index
	}{
		{"columns", `("A", b)`, sqltext.Postgres, sqltext.Index{Parts: []part{{Column: "A"}, {Column: "b"}}}},
		{"columns of SQLite", "(`A`, [b c])", sqltext.SQLite, sqltext.Index{Parts: []part{{Column: "a"}, {Column: "b c"}}}},
		{"a call", `(lower(email))`, sqltext.Postgres, sqltext.Index{Parts: []part{lower}}},
		{"a call in parentheses", `(((lower(email))))`, sqltext.Postgres, sqltext.Index{Parts: []part{lower}}},
		{"spaces, case, quotes, comments and the table's name", "( LOWER /* x */ ( users.\"email\") )", sqltext.Postgres,
			sqltext.Index{Parts: []part{{Text: "LOWER /* x */ ( users.\"email\")", Spelling: "lower ( email )"}}}},
		{"a column in parentheses", `((email))`, sqltext.Postgres, sqltext.Index{Parts: []part{{Column: "email"}}}},
		{"a collation", `(email COLLATE pg_catalog."C")`, sqltext.Postgres, sqltext.Index{Parts: []part{{Column: "email", Collation: "C", Collate: `pg_catalog."C"`}}}},
		{"a collation and a class", `(lower(email) COLLATE "C" text_pattern_ops, b)`, sqltext.Postgres, sqltext.Index{Parts: []part{
			{Text: "lower(email)", Spelling: "lower ( email )", Collation: "C", Collate: `"C"`, Class: "text_pattern_ops"}, {Column: "b"}}}},
		{"an order", `(email DESC NULLS LAST)`, sqltext.Postgres, sqltext.Index{Parts: []part{{Column: "email"}}}},
		{"SQLite's expressions", `(a || 'x,)' COLLATE NOCASE DESC, b)`, sqltext.SQLite, sqltext.Index{Parts: []part{
			{Text: "a || 'x,)'", Spelling: "a | | 'x,)'", Collation: "nocase", Collate: "NOCASE"}, {Column: "b"}}}},
		{"a condition", `(email) WHERE (deleted_at IS NULL)`, sqltext.Postgres, sqltext.Index{
			Parts: []part{{Column: "email"}}, Where: "deleted_at IS NULL", Spelling: "deleted_at is null"}},
		{"a placeholder", `(email) WHERE a = $3`, sqltext.Postgres, sqltext.Index{
			Parts: []part{{Column: "email"}}, Where: "a = $3", Spelling: "a = $3", Params: true}},
	} {
		got, ok := sqltext.ReadIndex(test.text, test.dialect, "users")
		assert.True(t, ok, test.reason)
		assert.Equal(t, test.want, got, test.reason)
	}
	for _, text := range []string{
		"", "email", "()", "(email", "(email))", "(email) x", "(email) WHERE", "(a,)", "(a; b)", "(a) WHERE 1) (", "(a) -- ; \n; SELECT 1",
		"(1)", "(a + b)", "(a COLLATE)", "('a' COLLATE x)", "(a b.)", "(a) WHERE 'x", "(a /* )",
	} {
		_, ok := sqltext.ReadIndex(text, sqltext.Postgres, "users")
		assert.False(t, ok, text)
	}
}

func TestIndexOf(t *testing.T) {
	t.Parallel()
	got, ok := sqltext.IndexOf("CREATE UNIQUE INDEX `a (b` ON \"users\"(`tenant_id`,lower(email)) WHERE active = 1", "users")
	assert.True(t, ok)
	assert.Equal(t, sqltext.Index{
		Parts: []sqltext.IndexPart{{Column: "tenant_id"}, {Text: "lower(email)", Spelling: "lower ( email )"}},
		Where: "active = 1", Spelling: "active = 1",
	}, got)
	_, ok = sqltext.IndexOf("CREATE INDEX x", "users")
	assert.False(t, ok)
	assert.Equal(t, []string{"lower", "a b", "c"}, sqltext.Names("lower([a b] || 'x') = C", sqltext.SQLite))
}

func TestIndexColumn(t *testing.T) {
	t.Parallel()
	x, _ := sqltext.ReadIndex(`(a, b COLLATE "C", c text_ops, lower(d))`, sqltext.Postgres, "")
	for name, want := range map[string]bool{"a": true, "b": false, "c": false, "d": false, "": false} {
		assert.Equal(t, want, x.Column(name), name)
	}
}
