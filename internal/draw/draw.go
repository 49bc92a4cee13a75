// Package draw chooses what a short run of the tests takes of cases that are dear. The
// same test draws the same ones, until EnvSeed names another number.
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

// One returns all cases, or with -short one of them.
func One[T any](tb testing.TB, cases []T) []T {
	tb.Helper()
	if !testing.Short() || len(cases) == 0 {
		return cases
	}
	i := number(tb, len(cases))
	return cases[i : i+1]
}

// Points returns the first of the points that a test takes, and how many it goes on:
// 0 and 1, or with -short one of the first n and n.
func Points(tb testing.TB, n int) (first, stride int) {
	tb.Helper()
	if !testing.Short() {
		return 0, 1
	}
	return number(tb, n), n
}

// Seed returns the number by which a run draws, for tests that draw by themselves.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	text := os.Getenv(EnvSeed)
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil && text != "" {
		tb.Fatalf("%s: %v", EnvSeed, err)
	}
	return seed
}

// number draws a number below n by the test's name and the seed, and logs it.
func number(tb testing.TB, n int) int {
	tb.Helper()
	seed := Seed(tb)
	name := fnv.New64a()
	_, _ = name.Write([]byte(tb.Name()))
	drawn := rand.New(rand.NewPCG(seed, name.Sum64())).IntN(n) //nolint:gosec // repeatable on purpose
	tb.Logf("%d of %d, drawn by %s=%d", drawn+1, n, EnvSeed, seed)
	return drawn
}
