// Command mutation switches defences off, one at a time, and sees a test fail: a
// test that cannot fail is a defect.
//
//	go run ./suite/mutation [-by suite|cluster|verifier] [-run regexp] [-v]
//
// By the suite, the defences of the plugin, sqlguard, row-level security, the registry,
// the middleware and examples/saas are switched off, and the tests that each mutation
// names must fail. By the cluster, those of distributed tables are; their tests need
// Citus, without which each mutant survives. By the verifier of sqlguard, the plugin's and those of sqlguard's
// rewriter are switched off, and what is then made must be refused by the verifier
// alone. What cannot be seen is listed with its reason.
//
// The sources stay untouched: test binaries are built with -overlay, one a package
// for all mutations of functions, and one for each mutation of something else. The
// tests run without a mutation first, for a test that fails anyway sees nothing. It
// exits with 1 when a mutant survives, its place is no longer found, or its tests
// do not end.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

func main() {
	only := flag.String("run", "", "only the mutations whose trap matches this regular expression")
	by := flag.String("by", "suite", "who must see the mutants: suite, cluster or verifier")
	verbose := flag.Bool("v", false, "say which mutant is tried, and which tests have seen it")
	flag.Parse()
	j, ok := map[string]judge{"suite": bySuite, "cluster": byCluster, "verifier": byVerifier}[*by]
	match, err := regexp.Compile(*only)
	if !ok || err != nil {
		fmt.Fprintln(os.Stderr, "mutation: -by is suite, cluster or verifier, and -run a regular expression:", err)
		os.Exit(2)
	}
	j.mutations = slices.DeleteFunc(slices.Clone(j.mutations), func(m mutation) bool { return !match.MatchString(m.trap) })
	if err := j.run(*verbose); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// run tries all mutations and prints what becomes of them.
func (j *judge) run(verbose bool) error {
	begin := time.Now()
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all := newOverlay(root, dir)
	single, err := all.several(j.mutations)
	if err != nil {
		return err
	}
	together := newBuild(all)
	if err := j.pass(together); err != nil {
		return err
	}
	count := map[string]int{}
	for i, m := range j.mutations {
		if verbose {
			fmt.Printf("%d/%d %s: %s\n", i+1, len(j.mutations), m.trap, m.tests)
		}
		begin := time.Now()
		b := together
		var verdict, seen string
		if slices.Contains(single, m) {
			b, err = alone(root, filepath.Join(dir, fmt.Sprint(i)), &m)
		}
		if err == nil {
			verdict, seen, err = j.try(&m, b)
		}
		if err != nil {
			verdict, seen, err = "BROKEN", err.Error(), nil
		}
		count[verdict]++
		if !verbose && verdict != "BROKEN" {
			seen = ""
		}
		fmt.Printf("%-10s %5.1fs  %s  %s\n", verdict, time.Since(begin).Seconds(), m.trap, seen)
	}
	fmt.Printf("%d mutants in %s: %v\n", len(j.mutations), time.Since(begin).Round(time.Second), count)
	if count[survived]+count["BROKEN"] > 0 {
		return errors.New("a mutant survived, or could not be tried")
	}
	return nil
}

// alone builds a mutant by itself.
func alone(root, dir string, m *mutation) (*build, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	o := newOverlay(root, dir)
	return newBuild(o), o.single(m)
}

// pass runs the tests of all mutations without any: they have to pass.
func (j *judge) pass(b *build) error {
	var dirs []string
	tests, whole := map[string][]string{}, map[string]bool{}
	for _, m := range j.mutations {
		targets, err := j.targets(&m, b.root)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if !slices.Contains(dirs, t.dir) {
				dirs = append(dirs, t.dir)
			}
			tests[t.dir] = append(tests[t.dir], t.tests...)
			whole[t.dir] = whole[t.dir] || len(t.tests) == 0
		}
	}
	for _, dir := range dirs {
		t := target{dir: dir}
		if !whole[dir] {
			slices.Sort(tests[dir])
			t.tests = slices.Compact(tests[dir])
		}
		failed, out, err := b.run(t, "", false)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if failed {
			return fmt.Errorf("%s fails without a mutant:\n%s", dir, out)
		}
	}
	return nil
}
