package tenancytest

import (
	"os"
	"strings"
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
	s := Suite{DB: db, Models: allModels, Observe: &Observed{Sample: 30}, brief: true}
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

// A table that is observed although it should be enforced shows, whichever it is.
func TestObservedSeesATableThatIsNotEnforced(t *testing.T) {
	t.Parallel()
	s := observed(t, true)
	s.slack, s.brief, s.Observe.Sample = true, true, 30
	f := s.Fixture(t)
	report := f.checkObserved(func(_ string, do func() *Finding) { _ = do() })
	leaks := map[string]int{}
	for _, finding := range report.findings {
		if table, _, _ := strings.Cut(finding.Operation, " "); finding.Verdict == Leak {
			leaks[table]++
		}
	}
	t.Log(report, leaks)
	for _, m := range f.models {
		if m.tenant != nil && leaks[m.table] == 0 {
			t.Errorf("no leak of %s is seen", m.table)
		}
	}
}
