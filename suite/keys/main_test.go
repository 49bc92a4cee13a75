package keys_test

import (
	"cmp"
	"flag"
	"os"
	"testing"

	"github.com/gorm-tenancy/tenancy/internal/draw"
)

// TestMain draws fewer worlds than rapid would, which take about a second each,
// unless the command line says how many. A short run draws the same ones each time.
func TestMain(m *testing.M) {
	checks := flag.Lookup("rapid.checks")
	const usual, few = "25", "8"
	_ = checks.Value.Set(usual)
	flag.Parse()
	if testing.Short() && checks.Value.String() == usual {
		_ = checks.Value.Set(few)
		_ = flag.Set("rapid.seed", cmp.Or(os.Getenv(draw.EnvSeed), "1"))
	}
	os.Exit(m.Run())
}

// skipShort leaves out tests of what the server does, in which the race detector
// sees little: the run with it is the short one.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the run without -short has it")
	}
}
