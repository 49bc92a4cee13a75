package tenancytest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// observed is a suite that enforces each table in turn, a sample of it or, with
// TENANCY_TEST_LONG, all of it.
func observed(t *testing.T, composite bool) Suite {
	t.Helper()
	db := open(t, composite)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	s := Suite{DB: db, Models: allModels, Observe: &Observed{Sample: 400}, brief: true}
	if os.Getenv("TENANCY_TEST_LONG") != "" {
		s.Observe.Sample, s.brief = 0, false
	}
	return s
}

func TestRunObserved(t *testing.T) {
	t.Parallel()
	for name, composite := range map[string]bool{"composite keys": true, "global keys": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			observed(t, composite).Run(t)
		})
	}
}
