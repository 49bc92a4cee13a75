// Package draw chooses what a short run of the tests takes of cases that are dear.
package draw

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// EnvSeed is the environment variable with the number by which a short run draws.
// Without it the number is 0.
const EnvSeed = "TENANCY_TEST_SEED"

// One returns all cases, or with -short one of them, drawn by the test's name and the
// seed. The same cases, name and seed draw the same one.
func One[T any](tb testing.TB, cases []T) []T {
	tb.Helper()
	if !testing.Short() || len(cases) == 0 {
		return cases
	}
	seed, err := strconv.ParseUint(os.Getenv(EnvSeed), 10, 64)
	if err != nil && os.Getenv(EnvSeed) != "" {
		tb.Fatalf("%s: %v", EnvSeed, err)
	}
	name := fnv.New64a()
	_, _ = name.Write([]byte(tb.Name()))
	i := rand.New(rand.NewPCG(seed, name.Sum64())).IntN(len(cases)) //nolint:gosec // repeatable on purpose
	tb.Logf("case %d of %d, drawn by %s=%d", i+1, len(cases), EnvSeed, seed)
	return cases[i : i+1]
}
