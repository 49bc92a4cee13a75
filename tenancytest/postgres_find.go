package tenancytest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binaries is a directory with PostgreSQL's server programs. The zero value
// says that there is none.
type binaries struct {
	dir     string
	version string // as the server prints it, packager's suffix included
	major   int
}

// binaryGlobs are the places where packages put the server without adding it
// to PATH.
var binaryGlobs = []string{
	"/usr/lib/postgresql/*/bin",                               // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                        // PostgreSQL's own RPMs
	"/usr/libexec/postgresql*",                                // Alpine
	"/usr/local/pgsql/bin",                                    // built from source
	"/opt/homebrew/opt/postgresql*/bin",                       // Homebrew
	"/usr/local/opt/postgresql*/bin",                          // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",          // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/[0-9]*/bin", // Postgres.app
}

// serverBinaries returns the newest server installed on this machine.
func serverBinaries() binaries { return newestBinaries(binaryDirs()) }

// binaryDirs lists the directories that may hold a server's programs.
func binaryDirs() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		// Some packages link single programs into PATH; the others are beside
		// the link's target.
		if path, err := filepath.EvalSymlinks(filepath.Join(dir, "initdb")); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, glob := range binaryGlobs {
		matches, _ := filepath.Glob(glob) // the patterns are well-formed
		dirs = append(dirs, matches...)
	}
	return dirs
}

// newestBinaries returns the installation with the highest major version, of equal
// ones the first. Directories that hold no working server do not count.
func newestBinaries(dirs []string) binaries {
	var best binaries
	for i, dir := range dirs {
		if slices.Contains(dirs[:i], dir) {
			continue
		}
		if found := probeBinaries(dir); found.major > best.major {
			best = found
		}
	}
	return best
}

var majorVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// probeBinaries asks the server in dir for its version.
func probeBinaries(dir string) binaries {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}
	}
	match := majorVersion.FindSubmatch(out)
	if match == nil {
		return binaries{}
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return binaries{}
	}
	return binaries{dir: dir, version: strings.TrimSpace(string(out)), major: major}
}
