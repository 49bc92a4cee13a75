package sqlguard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy"
)

// TestProofs lists the texts that the verifier alone refuses, of all that there
// are. A rewriter that makes a mistake shows here: suite/mutation relies on it.
func TestProofs(t *testing.T) {
	t.Parallel()
	texts := slices.Concat(readTexts(t, "corpus/*.sql"), readTexts(t, "attack.sql"), readTexts(t, "refused.sql"),
		readTexts(t, "set.sql"), readTexts(t, "set_refused.sql"))
	var unproven strings.Builder
	g := New(Options{CacheSize: -1})
	for name, ctx := range map[string]context.Context{
		"tenant": tenancy.With(context.Background(), tenantA),
		"set":    tenancy.WithSet(context.Background(), tenantA, tenantB),
	} {
		scope, _ := tenancy.From(ctx)
		for _, x := range texts {
			_, _, err := g.Scope(ctx, statementOf(scope, x.sql, x.args))
			var refusal *Refusal
			if errors.As(err, &refusal) && refusal.Rule == RuleUnproven {
				fmt.Fprintf(&unproven, "%s %v: %s\n", name, x.args, x.sql)
			}
		}
	}
	lines := strings.Split(unproven.String(), "\n")
	slices.Sort(lines)
	golden(t, "testdata/unproven.golden", strings.TrimSpace(strings.Join(lines, "\n"))+"\n")
	assert.Greater(t, len(texts), 500)
}
