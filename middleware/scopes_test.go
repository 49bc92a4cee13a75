package middleware

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy"
)

func TestScopesAreBounded(t *testing.T) {
	t.Parallel()
	var kept scopes
	for i := range 5 * generationSize {
		for _, id := range []any{i + 1, "always"} {
			scope, _ := tenancy.From(kept.of(id))
			got, _ := scope.Tenant()
			if got != fmt.Sprint(id) {
				t.Fatalf("%v is %s", id, got)
			}
		}
	}
	assert.LessOrEqual(t, len(kept.young)+len(kept.old), 2*generationSize)
	assert.Contains(t, kept.young, "always", "what is in use stays")
}

func TestScopesKeepIdsAlone(t *testing.T) {
	t.Parallel()
	type named string
	id, text := uuid.New(), "acme"
	for _, kept := range []any{id, &id, id.String(), "acme", named("acme"), 7, uint8(7), [16]byte(id)} {
		var s scopes
		scope, _ := tenancy.From(s.of(kept))
		assert.NoError(t, scope.Err(), "%T", kept)
		assert.Len(t, s.young, 1, "%T", kept)
	}
	for _, not := range []any{
		nil, "", 0, uuid.Nil, 1.5, math.NaN(), true, &text, new(uuid.UUID), (*uuid.UUID)(nil), []byte("acme"), map[string]int{}, [1]any{[]int{}},
		struct{ A []int }{},
	} {
		var s scopes
		_ = s.of(not)
		assert.Empty(t, s.young, "%T", not)
	}
}
