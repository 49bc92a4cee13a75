package tenancytest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkTenant runs the suite's operations under one tenant alone.
func checkTenant(f *Fixture, include func(name string) bool) *report {
	return f.check(func(name string, do func() *Finding) {
		if strings.HasPrefix(name, "tenant/") && include(name) {
			_ = do() // the report has it
		}
	})
}

// The oracle against itself: GORM without the plugin on a database that holds
// the tenant alone must pass everything that does not name the other tenant.
func TestOracleAgreesWithItself(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or more; the short run has TestRun on a part of the models")
	}
	t.Parallel()
	f := Suite{DB: open(t, false), Models: allModels, unscoped: true, oneTenant: true}.Fixture(t)
	report := checkTenant(f, func(name string) bool {
		return !strings.Contains(name, "Foreign ") && !strings.Contains(name, "Without a context")
	})
	for i, finding := range report.findings {
		if i < 40 {
			t.Error(finding)
		}
	}
	t.Log(report)
	t.Log(byKind(report))
	require.Greater(t, report.operations, 1000)
}

// byKind counts findings by operation.
func byKind(r *report) string {
	counts := map[string]int{}
	for _, finding := range r.findings {
		parts := strings.SplitN(finding.Operation, "/", 3)
		counts[string(finding.Verdict)+" "+parts[0]+" "+parts[2]]++
	}
	var lines []string
	for name, n := range counts {
		lines = append(lines, fmt.Sprintf("%4d %s", n, name))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// insensitive are the operations that another tenant's rows do not change, even
// without the plugin.
var insensitive = []struct{ pattern, reason string }{
	{`the own tenant$`, "scopes itself"},
	{`map empty list$`, "matches nothing"},
	{`(escaping parentheses bare|open comment|trailing comment)$`, "is no SQL by itself"},
	{`^(Delete|Updates) (none|struct zero|text empty|deleted rows)$`, "has no condition, which GORM refuses"},
	{`without (a )?condition`, "has no condition, which GORM refuses"},
	{`^Delete with an empty struct$`, "has no condition, which GORM refuses"},
	{`^(Delete|Update) a deleted row$`, "matches nothing"},
	{`^Create an empty slice$`, "GORM refuses it"},
	{`^Session DryRun`, "sends nothing"},
}

// GORM without the plugin on a database of two tenants leaks almost everywhere,
// and the suite must say so, whatever the operation.
func TestUnscopedLeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or more; the short run has TestRun on a part of the models")
	}
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Exec(`DROP TABLE member_tags`).Error)
	require.NoError(t, db.Exec(`CREATE TABLE member_tags (member_id uuid, tag_slug text, PRIMARY KEY (member_id, tag_slug))`).Error)
	f := Suite{DB: db, Models: allModels, unscoped: true}.Fixture(t)
	caught := map[string]bool{}
	report := f.check(func(name string, do func() *Finding) {
		parts := strings.SplitN(name, "/", 3)
		if parts[0] != "tenant" || parts[1] == "country" {
			return
		}
		operation := parts[2][strings.Index(parts[2], "/")+1:]
		if !caught[operation] || *everything {
			caught[operation] = do() != nil || caught[operation]
		}
	})
	t.Log(report)
	for operation, isCaught := range caught {
		expected := slices.ContainsFunc(insensitive, func(i struct{ pattern, reason string }) bool {
			return regexp.MustCompile(i.pattern).MatchString(operation)
		})
		if !isCaught && !expected {
			t.Errorf("%q passes although nothing is scoped", operation)
		}
	}
}

// failing are the operations that GORM or the database refuses on purpose.
var failing = []struct{ pattern, reason string }{
	{`(escaping parentheses bare|open comment|First text trailing comment)$`, "is no SQL by itself"},
	{`^(Delete|Updates) (none|struct zero|text empty|deleted rows)$`, "has no condition"},
	{`without (a )?condition|^Delete with an empty struct$`, "has no condition"},
	{`^Create (an empty slice|an own key again|a taken unique value)$`, "GORM or a constraint refuses it"},
	{`^Kind Create everybody's key$`, "the key is taken"},
	{`^Kind First hidden`, "finds nothing"},
	{`^First (map empty list|.*the other|text not the own tenant)`, "finds nothing"},
	{`^Foreign `, "names another tenant, which the oracle has no rows of"},
}

// An operation that fails in the oracle as well says little: the others must
// succeed on one model at least.
func TestOperationsSucceed(t *testing.T) {
	t.Parallel()
	failed, succeeded := map[string]error{}, map[string]bool{}
	for i, s := range []Suite{
		{DB: open(t, false), Models: allModels, unscoped: true, oneTenant: true}, kinds(openKinds(t, true)),
	} {
		s.Sample = 0
		f := s.Fixture(t)
		for _, task := range f.tasks() {
			name := task.name[strings.LastIndex(task.name, "/")+1:]
			if i > 0 && !strings.HasPrefix(name, "Kind ") {
				continue
			}
			out, applies := f.execute(t.Context(), f.lone, task)
			if applies && out.err != nil {
				failed[name] = out.err
			}
			succeeded[name] = succeeded[name] || applies && out.err == nil && out.panicked == nil
		}
	}
	for name, err := range failed {
		expected := slices.ContainsFunc(failing, func(f struct{ pattern, reason string }) bool {
			return regexp.MustCompile(f.pattern).MatchString(name)
		})
		if !succeeded[name] && !expected {
			t.Errorf("%q never succeeds: %v", name, err)
		}
	}
	for name, ok := range succeeded {
		if !ok && failed[name] == nil {
			t.Errorf("%q never applies", name)
		}
	}
}
