// Command mutation switches defences off, one at a time, and sees a test fail: a
// test that cannot fail is a defect.
//
//	go run ./suite/mutation [-by suite|verifier] [-run regexp]
//
// By the suite, the plugin's defences are switched off, and its tests must fail.
// By the verifier of sqlguard, the plugin's and those of sqlguard's rewriter are
// switched off, and what is then made must be refused by the verifier alone,
// unless it cannot be seen in a statement: those are listed with their reasons.
//
// The sources stay untouched; a mutant is built with go test -overlay. It exits
// with 1 when a mutant survives or its place is no longer found.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	only := flag.String("run", "", "only the mutations whose trap matches this regular expression")
	by := flag.String("by", "suite", "who must see the mutants: suite or verifier")
	flag.Parse()
	match := regexp.MustCompile(*only)
	list, judge := slices.Concat(mutations, lockMutations, registryMutations, middlewareMutations, guardMutations), bySuite
	switch *by {
	case "suite":
	case "verifier":
		list, judge = append(slices.Clone(rewriterMutations), mutations...), byVerifier
	default:
		fmt.Fprintln(os.Stderr, "mutation: -by is suite or verifier")
		os.Exit(2)
	}
	count, survived := 0, 0
	for _, m := range list {
		if !match.MatchString(m.trap) {
			continue
		}
		begin := time.Now()
		verdict, err := m.try(judge)
		if err != nil {
			verdict = "BROKEN: " + err.Error()
		}
		count++
		if verdict == "SURVIVED" || err != nil {
			survived++
		}
		fmt.Printf("%-10s %5.1fs  %s\n", verdict, time.Since(begin).Seconds(), m.trap)
	}
	fmt.Printf("%d mutants, %d survived\n", count, survived)
	if survived > 0 {
		os.Exit(1)
	}
}

// packages are those whose tests have to see a mutation.
func (m mutation) packages() []string {
	if strings.HasPrefix(m.trap, "sqlguard: ") {
		return []string{"./sqlguard"}
	}
	for _, other := range []string{"middleware", "registry", "rls"} {
		if strings.HasPrefix(m.file, other+"/") {
			return []string{"./" + other}
		}
	}
	return []string{".", "./internal/...", "./suite"}
}

// A judge tests a mutant that an overlay makes and says what became of it.
type judge func(ctx context.Context, m *mutation, overlay string) (verdict, out string)

// try builds the mutant and has it judged.
func (m *mutation) try(judge judge) (string, error) {
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	source, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%s holds the place %d times", m.file, n)
	}
	mutant := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{source: mutant}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	verdict, out := judge(ctx, m, overlay)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if strings.Contains(out, "[build failed]") {
		return "", fmt.Errorf("the mutant does not compile: %s", out)
	}
	return verdict, nil
}

// bySuite runs the plugin's own tests.
func bySuite(ctx context.Context, m *mutation, overlay string) (verdict, out string) {
	test := exec.CommandContext(ctx, "go", append([]string{"test", "-short", "-failfast", "-vet", "off", "-ldflags", "-s -w", "-overlay", overlay}, m.packages()...)...)
	test.Env = append(os.Environ(), "CGO_ENABLED=0")
	if slices.Contains(m.packages(), "./sqlguard") {
		test.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	output, err := test.CombinedOutput()
	if err != nil {
		return "killed", string(output)
	}
	return "SURVIVED", ""
}

// byVerifier runs the tests of sqlguard in which the verifier judges each
// statement. A leak that they find is one that it has missed.
func byVerifier(ctx context.Context, m *mutation, overlay string) (verdict, out string) {
	which, refusal := "^TestProofs$", "the verifier refuses: "
	if !strings.HasPrefix(m.file, "sqlguard/") {
		which, refusal = "^TestConformance|^TestTextAtEachPlace$|^TestPluginRefusesFirst$", "could not be proven safe"
	}
	test := exec.CommandContext(ctx, "go", "test", "-short", "-vet", "off", "-ldflags", "-s -w", "-overlay", overlay, "-run", which, "./sqlguard")
	test.Env = append(os.Environ(), "CGO_ENABLED=1")
	output, err := test.CombinedOutput()
	out = string(output)
	_, unseen := invisible[m.trap]
	switch {
	case err != nil && strings.Contains(out, refusal) && !strings.Contains(out, ": leak: "):
		return "refused", out
	case unseen:
		return "invisible", out
	}
	return "SURVIVED", out
}
