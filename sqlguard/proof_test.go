//go:build cgo

package sqlguard

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// TestProofs lists the texts whose scoped statement the verifier refuses, of all
// that there are. A rewriter that makes a mistake shows here as one more:
// suite/mutation relies on it.
func TestProofs(t *testing.T) {
	t.Parallel()
	texts := slices.Concat(readTexts(t, "corpus/*.sql"), readTexts(t, "attack.sql"), readTexts(t, "refused.sql"),
		readTexts(t, "set.sql"), readTexts(t, "set_refused.sql"))
	require.Greater(t, len(texts), 500)
	g := New(Options{CacheSize: -1})
	refused := false
	verify := g.verify
	g.verify = func(stmt tenancy.RawStatement) error {
		err := verify(stmt)
		refused = refused || err != nil
		return err
	}
	var got []string
	for name, ctx := range map[string]context.Context{
		"tenant": tenancy.With(context.Background(), tenantA),
		"set":    tenancy.WithSet(context.Background(), tenantA, tenantB),
	} {
		scope, _ := tenancy.From(ctx)
		for _, x := range texts {
			refused = false
			_, _, _ = g.Scope(ctx, statementOf(scope, x.sql, x.args))
			if refused {
				got = append(got, strings.ReplaceAll(fmt.Sprintf("%s %v: %s", name, x.args, x.sql), "\n", " "))
			}
		}
	}
	slices.Sort(got)
	got = slices.Compact(got)
	const file = "testdata/unproven.golden"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644))
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err, "run go test -update")
	want := strings.Split(strings.TrimSpace(string(content)), "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("the verifier refuses: %s", line)
		}
	}
	for _, line := range want {
		assert.Contains(t, got, line, "it is refused no more: run go test -update")
	}
}
