package draw_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy/internal/draw"
)

// TestAllAreDrawnBySomeSeed finds each case and each point in a few short runs, and
// everything in one that is not short.
func TestAllAreDrawnBySomeSeed(t *testing.T) {
	cases, points := map[string]bool{}, map[int]bool{}
	for seed := range 100 {
		t.Setenv(draw.EnvSeed, strconv.Itoa(seed))
		drawn := draw.One(t, []string{"a", "b", "c"})
		assert.Equal(t, drawn, draw.One(t, []string{"a", "b", "c"}), "drawn twice")
		for _, one := range drawn {
			cases[one] = true
		}
		first, stride := draw.Points(t, 4)
		for n := first; n < 8; n += stride {
			points[n] = true
		}
	}
	assert.Len(t, cases, 3)
	assert.Len(t, points, 8)
}
