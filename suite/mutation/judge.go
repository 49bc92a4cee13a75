package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A build makes test binaries of the sources that an overlay changes.
type build struct {
	*overlay
	binaries map[string]string
}

func newBuild(o *overlay) *build { return &build{o, map[string]string{}} }

// binary returns the test binary of a package.
func (b *build) binary(ctx context.Context, dir string) (string, error) {
	if name := b.binaries[dir]; name != "" {
		return name, nil
	}
	replace, err := b.write()
	if err != nil {
		return "", err
	}
	name := filepath.Join(b.dir, strings.ReplaceAll(dir, "/", "_")+".test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", name, "-vet", "off", "-overlay", replace,
		"-gcflags", "github.com/gorm-tenancy/tenancy/...=-dwarf=false", "-ldflags", "-s -w", "./"+dir)
	cgo := "0"
	if dir == "sqlguard" { // PostgreSQL's parser is in C
		cgo = "1"
	}
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("mutants do not compile: %w: %s", err, out)
	}
	b.binaries[dir] = name
	return name, nil
}

// run runs tests in the binary as a mutant; as no one where that is empty.
func (b *build) run(t target, mutant string, failfast bool) (failed bool, out string, err error) {
	timeout := 2 * time.Minute
	if len(t.tests) == 0 || mutant == "" { // there are many
		timeout = 15 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout+5*time.Minute)
	defer cancel()
	name, err := b.binary(ctx, t.dir)
	if err != nil {
		return false, "", err
	}
	cmd := exec.CommandContext(ctx, name, "-test.short", "-test.failfast="+strconv.FormatBool(failfast), "-test.timeout="+timeout.String())
	if len(t.tests) > 0 {
		cmd.Args = append(cmd.Args, "-test.run=^("+strings.Join(t.tests, "|")+")$")
	}
	cmd.Dir, cmd.Env = filepath.Join(b.root, t.dir), append(os.Environ(), variable+"="+mutant)
	text, err := cmd.CombinedOutput()
	out = string(text)
	var exit *exec.ExitError
	switch {
	case strings.Contains(out, "panic: test timed out"), ctx.Err() != nil:
		return false, out, errors.New("timed out")
	case errors.As(err, &exit):
		return true, out, nil
	}
	return false, out, err
}

// A judge says who has to see a mutant.
type judge struct {
	mutations []mutation
	failfast  bool
	targets   func(m *mutation, root string) ([]target, error)
	// verdict is what is said when tests have failed; empty where they do not count.
	verdict func(m *mutation, out string) string
	// invisible mutants are those that nobody has to see, and why.
	invisible map[string]string
}

// bySuite has the tests of this repository judge.
var bySuite = judge{
	mutations: slices.Concat(mutations, lockMutations, registryMutations, middlewareMutations, exampleMutations, guardMutations),
	failfast:  true,
	targets:   (*mutation).targets,
	verdict:   func(*mutation, string) string { return "killed" },
	invisible: redundant,
}

// byCluster has the tests of package citus/distribution and of suite/distribute judge.
var byCluster = judge{
	mutations: clusterMutations,
	failfast:  true,
	targets:   (*mutation).targets,
	verdict:   func(*mutation, string) string { return "killed" },
}

// byVerifier has sqlguard's verifier judge, in those of its tests in which it sees
// each statement. A leak that they find is one that it has missed.
var byVerifier = judge{
	mutations: slices.Concat(rewriterMutations, mutations),
	targets: func(m *mutation, root string) ([]target, error) {
		if m.isRewriter() {
			return m.targets(root)
		}
		targets := []target{
			{"sqlguard", []string{
				"TestTextAtEachPlace", "TestPluginRefusesFirst", "TestPluginRefusesFirstOfOtherKinds", "TestTextOfOtherKinds",
				"TestColumnsThatAreCutOff", "TestGORM", "TestGORMSet", "TestGORMSetAsksOnce", "TestGORMGroupByKey", "TestGORMSetOperations", "TestTablesOfOnesNameElsewhere",
				"TestConformanceOfConflictTargets",
			}},
			{"sqlguard", []string{"TestConformance", "TestConformanceGlobalKeys"}}, // takes long
		}
		if invisible[m.trap] != "" {
			targets = targets[:1]
		}
		return targets, nil
	},
	verdict: func(m *mutation, out string) string {
		isRefused := strings.Contains(out, "could not be proven safe") || m.isRewriter() && strings.Contains(out, "the verifier refuses: ")
		if isRefused && !strings.Contains(out, ": leak: ") {
			return "refused"
		}
		return ""
	},
	invisible: invisible,
}

func (m *mutation) isRewriter() bool { return strings.HasPrefix(m.file, "sqlguard/") }

// try has a mutant judged, and returns who has seen it.
func (j *judge) try(m *mutation, b *build) (verdict, seen string, err error) {
	targets, err := j.targets(m, b.root)
	if err != nil {
		return "", "", err
	}
	for _, t := range targets {
		failed, out, err := b.run(t, m.trap, j.failfast)
		if err != nil {
			return "", "", err
		}
		if !failed {
			continue
		}
		if verdict := j.verdict(m, out); verdict != "" {
			return verdict, strings.Join(failures(out), ", "), nil
		}
	}
	if reason, ok := j.invisible[m.trap]; ok {
		return "invisible", reason, nil
	}
	return survived, "", nil
}

const survived = "SURVIVED"

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// failures returns the names of the tests that failed.
func failures(out string) (names []string) {
	for _, found := range failure.FindAllStringSubmatch(out, -1) {
		names = append(names, found[1])
	}
	return names
}
