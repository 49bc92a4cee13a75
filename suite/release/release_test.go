package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xmodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const root = "github.com/gorm-tenancy/tenancy"

// programs has a program for each module that is imported: what a user writes first.
var programs = map[string]string{
	root: `package main

import (
	"context"
	"fmt"

	"github.com/gorm-tenancy/tenancy"
)

func main() {
	scope, ok := tenancy.From(tenancy.With(context.Background(), "acme"))
	fmt.Println(ok, scope)
}
`,
	root + "/registry": `package main

import (
	"fmt"

	"github.com/gorm-tenancy/tenancy/registry"
)

func main() {
	_, err := registry.New(nil, registry.Config{})
	fmt.Println(err)
}
`,
	root + "/sqlguard": `package main

import (
	"fmt"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
)

func main() {
	fmt.Println(tenancy.New(tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{})}).Name())
}
`,
	root + "/middleware/tenancygin": `package main

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/gorm-tenancy/tenancy/middleware/tenancygin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	fmt.Println(tenancygin.Middleware != nil)
}
`,
	root + "/tenancyotel": `package main

import (
	"context"

	"github.com/gorm-tenancy/tenancy/tenancyotel"
)

func main() { tenancyotel.Annotate(context.Background()) }
`,
}

// Modules that hold programs and tests alone are not imported.
var unimported = []string{root + "/bench", root + "/examples", root + "/suite"}

func TestReleasedModulesAreInstalledFromAProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each module; the run without -short does")
	}
	// The module cache keeps what a proxy served once under a version: these are
	// used once, and taken out at the end.
	unique := time.Now().UTC().Format("20060102150405")
	first, second := "v0.1.0-test."+unique, "v0.2.0-test."+unique
	repo := copied(t)
	p := newProxy(t, first, second)

	release(t, repo, first)
	modules, err := repo.modules()
	require.NoError(t, err)
	p.publish(t, repo, first)
	for _, m := range modules {
		if slices.Contains(unimported, m.path) {
			continue
		}
		t.Run("clean program"+strings.TrimPrefix(m.path, root), func(t *testing.T) {
			user := newUser(t, p, programs[m.path])
			if user.cgo = m.path == root+"/sqlguard"; user.cgo {
				if _, err := exec.LookPath("gcc"); err != nil {
					t.Skip("there is no C compiler, which this module needs")
				}
			}
			user.run(t, "go", "get", m.path+"@"+first)
			user.run(t, "go", "mod", "tidy")
			user.run(t, "go", "run", ".")
			assert.Equal(t, first, user.version(t, root))
			for _, s := range m.siblings {
				if v := user.version(t, s.path); v != "" {
					assert.Equal(t, first, v, s.path)
				}
			}
		})
	}

	note(t, repo, "A second release.")
	release(t, repo, second)
	p.publish(t, repo, second)
	registry := programs[root+"/registry"]
	t.Run("module newer than the root that was asked for", func(t *testing.T) {
		user := newUser(t, p, registry)
		user.run(t, "go", "get", root+"@"+first, root+"/registry@"+first)
		user.run(t, "go", "get", root+"/registry@"+second)
		user.run(t, "go", "mod", "tidy")
		user.run(t, "go", "run", ".")
		assert.Equal(t, second, user.version(t, root), "it brings the root that it was built with")
	})
	t.Run("root newer than the module", func(t *testing.T) {
		user := newUser(t, p, registry)
		user.run(t, "go", "get", root+"/registry@"+first)
		user.run(t, "go", "get", root+"@"+second)
		user.run(t, "go", "mod", "tidy")
		user.run(t, "go", "run", ".")
		assert.Equal(t, first, user.version(t, root+"/registry"))
		assert.Equal(t, second, user.version(t, root))
	})
}

func TestReleaseIsRefused(t *testing.T) {
	t.Parallel()
	repo := copied(t)
	for version, reason := range map[string]string{
		"0.1.0": "is not a version", "v1": "is not a version", "latest": "is not a version",
	} {
		_, err := repo.check(version)
		assert.ErrorContains(t, err, reason, version)
	}
	release(t, repo, "v0.3.0")
	_, err := repo.check("v0.2.9")
	assert.ErrorContains(t, err, "does not follow v0.3.0")
	_, err = repo.release("v0.4.0", "v0.3.0", time.Now())
	assert.ErrorContains(t, err, "has nothing under")
	note(t, repo, "Something.")
	require.NoError(t, os.WriteFile(filepath.Join(repo.dir, "new.txt"), nil, 0o644))
	_, err = repo.check("v0.4.0")
	assert.ErrorContains(t, err, "the work tree has changes")
}

func TestChangelogIsDated(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 23, 0, 0, 0, time.FixedZone("", -3600*4))
	got, err := datedChangelog("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n", "v0.1.0", "", now)
	require.NoError(t, err)
	assert.Equal(t, "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-03\n\n### Added\n\n- A.\n", got)
	_, err = datedChangelog("# Changelog\n", "v0.1.0", "", now)
	assert.ErrorContains(t, err, "has no part")
	_, err = datedChangelog(got, "v0.2.0", "v0.1.0", now)
	assert.ErrorContains(t, err, "has nothing under")
}

// copied returns a repository with the files of this one as they are now.
func copied(t *testing.T) repository {
	t.Helper()
	top, err := command(".", "git", "rev-parse", "--show-toplevel")
	require.NoError(t, err)
	source := strings.TrimSpace(top)
	files, err := command(source, "git", "ls-files", "--cached", "--others", "--exclude-standard")
	require.NoError(t, err)
	repo := repository{t.TempDir()}
	for file := range strings.Lines(files) {
		name := strings.TrimSpace(file)
		text, err := os.ReadFile(filepath.Join(source, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		require.NoError(t, err)
		to := filepath.Join(repo.dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, text, 0o644))
	}
	for _, args := range [][]string{
		{"init", "--quiet"}, {"config", "user.name", "A maintainer"}, {"config", "user.email", "maintainer@example.com"},
		{"add", "."}, {"commit", "--quiet", "--message", "Begin"},
	} {
		_, err := repo.run("git", args...)
		require.NoError(t, err)
	}
	return repo
}

func release(t *testing.T, repo repository, version string) {
	t.Helper()
	last, err := repo.check(version)
	require.NoError(t, err)
	tags, err := repo.release(version, last, time.Now())
	require.NoError(t, err)
	require.Contains(t, tags, version)
	require.Contains(t, tags, "middleware/tenancygin/"+version)
	status, err := repo.run("git", "status", "--porcelain")
	require.NoError(t, err)
	require.Empty(t, status)
}

// note writes a change into the changelog and commits it.
func note(t *testing.T, repo repository, change string) {
	t.Helper()
	path := filepath.Join(repo.dir, "CHANGELOG.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := strings.Replace(string(text), unreleased+"\n", unreleased+"\n\n### Added\n\n- "+change+"\n", 1)
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o644))
	_, err = repo.run("git", "commit", "--quiet", "--all", "--message", change)
	require.NoError(t, err)
}

// A proxy is a directory that the go command reads modules from.
type proxy struct{ dir string }

func newProxy(t *testing.T, versions ...string) proxy {
	t.Helper()
	p := proxy{t.TempDir()}
	cache, err := command(".", "go", "env", "GOMODCACHE")
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, version := range versions {
			forget(t, strings.TrimSpace(cache), version)
		}
	})
	return p
}

// publish puts a version of each module into the proxy, as it is tagged.
func (p proxy) publish(t *testing.T, repo repository, version string) {
	t.Helper()
	require.NoError(t, repo.git("checkout", "--quiet", version))
	defer func() { require.NoError(t, repo.git("checkout", "--quiet", "-")) }()
	out, err := repo.run("git", "tag", "--points-at", "HEAD")
	require.NoError(t, err)
	var modules []module
	for tag := range strings.Lines(out) {
		sub := strings.Trim(strings.TrimSuffix(strings.TrimSpace(tag), version), "/")
		modules = append(modules, module{path: path.Join(root, sub), dir: filepath.Join(repo.dir, sub)})
	}
	for _, m := range modules {
		dir := filepath.Join(p.dir, filepath.FromSlash(m.path), "@v")
		require.NoError(t, os.MkdirAll(dir, 0o755))
		info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC()})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, version+".info"), info, 0o644))
		mod, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, version+".mod"), mod, 0o644))
		archive, err := os.Create(filepath.Join(dir, version+".zip"))
		require.NoError(t, err)
		require.NoError(t, zip.CreateFromDir(archive, xmodule.Version{Path: m.path, Version: version}, m.dir))
		require.NoError(t, archive.Close())
		list, err := os.OpenFile(filepath.Join(dir, "list"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		fmt.Fprintln(list, version)
		require.NoError(t, list.Close())
	}
}

// forget takes a version out of the module cache, whose files cannot be written.
func forget(t *testing.T, cache, version string) {
	t.Helper()
	for _, top := range []string{filepath.Join(cache, root) + "@" + version, filepath.Join(cache, root), filepath.Join(cache, "cache", "download", root)} {
		_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.Contains(path, version) {
				_ = os.Chmod(path, 0o755)
			}
			return nil
		})
		_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(strings.TrimSuffix(path, filepath.Ext(path)), version) || strings.HasSuffix(path, "@"+version) {
				assert.NoError(t, os.RemoveAll(path))
				if d != nil && d.IsDir() {
					return filepath.SkipDir
				}
			}
			return nil
		})
	}
}

// A user is a module elsewhere.
type user struct {
	dir   string
	proxy proxy
	cgo   bool
}

func newUser(t *testing.T, p proxy, program string) *user {
	t.Helper()
	require.NotEmpty(t, program, "a module without a program: write one")
	u := &user{dir: t.TempDir(), proxy: p}
	require.NoError(t, os.WriteFile(filepath.Join(u.dir, "main.go"), []byte(program), 0o644))
	u.run(t, "mod", "init", "example.com/user")
	return u
}

func (u *user) run(t *testing.T, args ...string) string {
	t.Helper()
	outside, err := command(".", "go", "env", "GOPROXY")
	require.NoError(t, err)
	cgo := "CGO_ENABLED=0"
	if u.cgo {
		cgo = "CGO_ENABLED=1"
	}
	out, err := command(u.dir, "env", append([]string{
		cgo, "GOWORK=off", "GOFLAGS=-mod=mod", "GOSUMDB=off", "GOPROXY=file://" + u.proxy.dir + "," + strings.TrimSpace(outside), "go",
	}, args...)...)
	require.NoError(t, err)
	return out
}

// version returns the version of a module that the user's program is built with.
func (u *user) version(t *testing.T, path string) string {
	t.Helper()
	out := u.run(t, "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	for line := range strings.Lines(out) {
		if name, version, _ := strings.Cut(strings.TrimSpace(line), " "); name == path {
			return version
		}
	}
	return ""
}
