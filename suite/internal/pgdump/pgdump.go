// Package pgdump compares the structure of databases as pg_dump writes it.
package pgdump

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Program is the newest pg_dump of this machine. It is empty if there is none.
func Program() string {
	for _, glob := range []string{"/usr/lib/postgresql/*/bin/pg_dump", "/usr/pgsql-*/bin/pg_dump"} {
		if found, _ := filepath.Glob(glob); len(found) > 0 { // the patterns are well-formed
			return found[len(found)-1]
		}
	}
	found, _ := exec.LookPath("pg_dump") // empty when there is none
	return found
}

// Structure is the structure of a database, a statement a line, in order. It is empty if
// there is no pg_dump that reads the server. pg_dump writes statements as the catalogue
// has them, and an object that was made again comes later.
func Structure(dsn string) (string, error) {
	program := Program()
	if program == "" {
		return "", nil
	}
	out, err := exec.Command(program, "--schema-only", ForLibpq(dsn)).CombinedOutput()
	if strings.Contains(string(out), "server version mismatch") {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("pg_dump: %w: %s", err, out)
	}
	var kept []string
	for statement := range strings.SplitSeq(string(out), ";\n") {
		var lines []string
		for line := range strings.Lines(statement) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) {
				lines = append(lines, line)
			}
		}
		kept = append(kept, strings.Join(lines, " "))
	}
	slices.Sort(kept)
	return strings.Join(kept, "\n"), nil
}

// ForLibpq is a DSN as libpq understands it.
func ForLibpq(dsn string) string {
	return strings.NewReplacer(" timezone=UTC", "", "&timezone=UTC", "", "?timezone=UTC", "").Replace(dsn)
}
