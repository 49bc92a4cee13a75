package keys_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws fewer worlds than rapid would, which take about a second each,
// unless the command line says how many.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "25")
	flag.Parse()
	os.Exit(m.Run())
}
