package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// A repository is a checkout whose modules are joined by a go.work.
type repository struct{ dir string }

// check reports what stands against a release, and returns the last version.
func (r repository) check(version string) (last string, err error) {
	if semver.Canonical(version) != version {
		return "", fmt.Errorf("%q is not a version: write it as v0.2.0", version)
	}
	status, err := r.run("git", "status", "--porcelain")
	if err != nil {
		return "", err
	}
	if status != "" {
		return "", errors.New("the work tree has changes: commit them first")
	}
	tags, err := r.run("git", "tag", "--list", "v*")
	if err != nil {
		return "", err
	}
	for _, tag := range strings.Fields(tags) {
		if semver.IsValid(tag) && semver.Compare(tag, last) > 0 {
			last = tag
		}
	}
	if last != "" && semver.Compare(version, last) <= 0 {
		return "", fmt.Errorf("%s does not follow %s, the last release", version, last)
	}
	return last, nil
}

// release dates the changelog in a commit of the branch, and tags each module at a
// commit beside the branch whose go.mod files name the version.
//
// The branch itself names no version of its own modules. With one that no proxy has
// yet, go.work would not build.
func (r repository) release(version, last string, now time.Time) (tags []string, err error) {
	modules, err := r.modules()
	if err != nil {
		return nil, err
	}
	if err := r.dateChangelog(version, last, now); err != nil {
		return nil, err
	}
	if err := r.git("commit", "--quiet", "--all", "--message", "Release "+version); err != nil {
		return nil, err
	}
	if err := r.git("checkout", "--quiet", "--detach"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.git("checkout", "--quiet", "-")) }()
	for _, m := range modules {
		if err := m.require(modules, version); err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
	}
	if err := r.git("commit", "--quiet", "--all", "--message", "Name "+version+" in each go.mod"); err != nil {
		return nil, err
	}
	for _, m := range modules {
		tag := m.tag(r.dir, version)
		if err := r.git("tag", "--annotate", "--message", m.path+" "+version, tag); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

func (r repository) dateChangelog(version, last string, now time.Time) error {
	path := filepath.Join(r.dir, "CHANGELOG.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dated, err := datedChangelog(string(text), version, last, now)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(dated), 0o644)
}

func (r repository) git(args ...string) error {
	_, err := r.run("git", args...)
	return err
}

// modules returns the modules of go.work with what each imports of the others.
func (r repository) modules() ([]module, error) {
	out, err := r.run("go", "list", "-m", "-f", "{{.Path}}\t{{.Dir}}")
	if err != nil {
		return nil, err
	}
	var all []module
	for line := range strings.Lines(out) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		all = append(all, module{path: path, dir: dir})
	}
	for i := range all {
		if all[i].siblings, err = all[i].imports(all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r repository) run(name string, args ...string) (string, error) {
	return command(r.dir, name, args...)
}

// command runs a program and returns what it printed.
func command(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, failed.Stderr)
	}
	return string(out), err
}

// A module is one of the repository's.
type module struct {
	path, dir string
	siblings  []sibling
}

// A sibling is another module of the repository that a module needs.
type sibling struct {
	path     string
	indirect bool // a module needs it that is needed
}

// tag returns the name that the go command looks a version of the module up by.
func (m module) tag(root, version string) string {
	sub, err := filepath.Rel(root, m.dir)
	if err != nil || sub == "." {
		return version
	}
	return filepath.ToSlash(sub) + "/" + version
}

// imports returns the siblings that the module's packages and tests are built of.
func (m module) imports(all []module) ([]sibling, error) {
	direct, err := listed(m.dir, "{{range .Imports}}{{.}}\n{{end}}{{range .TestImports}}{{.}}\n{{end}}{{range .XTestImports}}{{.}}\n{{end}}")
	if err != nil {
		return nil, err
	}
	out, err := command(m.dir, "go", "list", "-deps", "-test", "-json=Module", "./...")
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var pkg struct{ Module *struct{ Path string } }
		if err := d.Decode(&pkg); err != nil {
			return nil, err
		}
		if pkg.Module != nil {
			needed[pkg.Module.Path] = true
		}
	}
	var found []sibling
	for _, other := range all {
		if other.path != m.path && needed[other.path] {
			found = append(found, sibling{other.path, !slices.ContainsFunc(direct, func(pkg string) bool {
				return owner(all, pkg) == other.path
			})})
		}
	}
	return found, nil
}

// owner returns the module that a package is of: the one with the longest path.
func owner(all []module, pkg string) (path string) {
	for _, m := range all {
		if (pkg == m.path || strings.HasPrefix(pkg, m.path+"/")) && len(m.path) > len(path) {
			path = m.path
		}
	}
	return path
}

func listed(dir, format string) ([]string, error) {
	out, err := command(dir, "go", "list", "-f", format, "./...")
	return strings.Fields(out), err
}

// require writes the version of each sibling into the module's go.mod.
func (m module) require(all []module, version string) error {
	path := filepath.Join(m.dir, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		return err
	}
	for _, other := range all {
		if err := file.DropRequire(other.path); err != nil {
			return err
		}
	}
	file.Cleanup()
	for _, s := range m.siblings {
		file.AddNewRequire(s.path, version, s.indirect)
	}
	file.SetRequireSeparateIndirect(file.Require)
	file.Cleanup()
	if text, err = file.Format(); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
