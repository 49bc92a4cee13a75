//go:build cgo

package sqlguard

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// compare asks both worlds, and says in what their answers differ.
func (w *world) compare(t testing.TB, g *Guard, x text) (refusal error) {
	t.Helper()
	ctx := tenancy.With(context.Background(), tenantA)
	args := append([]any(nil), x.args...)
	sql, vars, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), x.sql, args))
	if err != nil {
		return err
	}
	assert.Equal(t, x.args, args, "the caller's values are left alone: %s", x)
	lone := ask(t, w.lone, x.sql, x.args)
	shared := ask(t, w.shared, sql, vars)
	about := fmt.Sprintf("%s\nsent: %s", x, sql)
	if !assert.Equal(t, lone.code, shared.code, "%s\nlone: %s\nshared: %s", about, lone.message, shared.message) {
		return nil
	}
	assert.Equal(t, lone.columns, shared.columns, about)
	assert.Equal(t, lone.rows, shared.rows, about)
	assert.Equal(t, lone.affected, shared.affected, about)
	assert.Equal(t, lone.own, shared.own, "the tenant's rows after %s", about)
	if shared.foreign != "" {
		assert.Equal(t, w.foreign, shared.foreign, "other tenants' rows after %s", about)
	}
	return nil
}

func TestCorpusIsAnsweredAsByALoneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := readTexts(t, "corpus/*.sql")
	require.Greater(t, len(texts), 400)
	g := New(Options{VerifyAll: true})
	for range 2 { // from the parser, then from the cache
		for _, x := range texts {
			assert.NoError(t, w.compare(t, g, x), x)
		}
	}
	stats := g.Stats()
	assert.GreaterOrEqual(t, stats.Hits, uint64(len(texts)-20))
	assert.LessOrEqual(t, stats.Misses, uint64(len(texts)+20))
}

// TestAttacks: each is refused, or answered as by a lone tenant.
func TestAttacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := New(Options{VerifyAll: true})
	var refused strings.Builder
	for _, x := range readTexts(t, "attack.sql") {
		if err := w.compare(t, g, x); err != nil {
			writeRefusal(t, &refused, x, err)
		}
	}
	golden(t, "testdata/attack.golden", refused.String())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	ctx := tenancy.With(context.Background(), tenantA)
	g := New(Options{VerifyAll: true})
	var refused strings.Builder
	for _, x := range readTexts(t, "refused.sql") {
		sql, vars, err := g.Scope(ctx, statementOf(scopeOf(t, ctx), x.sql, x.args))
		if assert.Error(t, err, "%s\nsent: %s", x, sql) {
			assert.Empty(t, sql)
			assert.Nil(t, vars)
			writeRefusal(t, &refused, x, err)
		}
	}
	golden(t, "testdata/refused.golden", refused.String())
}

func writeRefusal(t testing.TB, b *strings.Builder, x text, err error) {
	t.Helper()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal, x)
	known := false
	for _, sentinel := range []error{tenancy.ErrUnscopedSQL, tenancy.ErrUndeclared, tenancy.ErrSharedReadOnly,
		tenancy.ErrTenantImmutable, tenancy.ErrTenantMismatch} {
		known = known || errors.Is(err, sentinel)
	}
	assert.True(t, known, x)
	for _, id := range []fmt.Stringer{tenantA, tenantB} {
		assert.NotContains(t, err.Error(), id.String(), x)
	}
	fmt.Fprintf(b, "%s\n\t%s: %s\n\n", x.sql, refusal.Rule, err)
}

func golden(t testing.TB, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run go test -update")
	assert.Equal(t, string(want), got, "run go test -update and look at the difference")
}
