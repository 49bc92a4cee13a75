package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A mutation is a defence that is switched off by a change of the text.
type mutation struct {
	trap, file, old, new string
	// tests are the names of those that must see it, with "|" between. Where it is
	// empty, all tests of the packages are run.
	tests string
}

// A home is where the tests are for files whose names begin with the prefix.
type home struct {
	prefix   string
	packages []string
}

// homes has the first one count that fits.
var homes = []home{
	{"examples/saas/", []string{"examples/saas"}},
	{"middleware/tenancygin/", []string{"middleware/tenancygin"}},
	{"middleware/", []string{"middleware"}},
	{"citus/", []string{"citus/distribution", "suite/distribute"}},
	{"keys/", []string{"keys", "rls"}},
	{"registry/", []string{"registry", "suite"}},
	{"rls/", []string{"rls"}},
	{"sqlguard/", []string{"sqlguard"}},
	{"", []string{"internal/automigrate", "internal/gormfacts", "internal/sqliteddl", "internal/sqltext", ".", "suite"}},
}

var declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// testsIn returns the names of a package's tests.
func testsIn(dir string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, found := range declaration.FindAllSubmatch(text, -1) {
			names = append(names, string(found[1]))
		}
	}
	return names, nil
}

// A target is tests of a package; all of them where none is named.
type target struct {
	dir   string
	tests []string
}

// targets are the tests that have to see a mutation. The sources are in root.
func (m *mutation) targets(root string) (targets []target, err error) {
	of := m.file
	if strings.HasPrefix(m.trap, "sqlguard: ") { // seen there, wherever the file is
		of = "sqlguard/"
	}
	at := slices.IndexFunc(homes, func(h home) bool { return strings.HasPrefix(of, h.prefix) })
	named := strings.Split(m.tests, "|")
	for _, dir := range homes[at].packages {
		if m.tests == "" {
			targets = append(targets, target{dir: dir})
			continue
		}
		declared, err := testsIn(filepath.Join(root, dir))
		if err != nil {
			return nil, err
		}
		own := target{dir: dir}
		named = slices.DeleteFunc(named, func(name string) bool {
			found := slices.Contains(declared, name)
			if found {
				own.tests = append(own.tests, name)
			}
			return found
		})
		if len(own.tests) > 0 {
			targets = append(targets, own)
		}
	}
	if m.tests != "" && len(named) > 0 {
		return nil, fmt.Errorf("no package of %s has the tests %s", m.file, strings.Join(named, ", "))
	}
	return targets, nil
}
