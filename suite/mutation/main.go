// Command mutation switches the plugin's defences off, one at a time, and sees
// the suite fail: a test that cannot fail is a defect.
//
//	go run ./suite/mutation [-run regexp]
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
	"strings"
	"time"
)

func main() {
	only := flag.String("run", "", "only the mutations whose trap matches this regular expression")
	flag.Parse()
	match := regexp.MustCompile(*only)
	survived := 0
	for _, m := range mutations {
		if !match.MatchString(m.trap) {
			continue
		}
		begin := time.Now()
		verdict, err := m.try()
		if err != nil {
			verdict = "BROKEN: " + err.Error()
		}
		if verdict != "killed" {
			survived++
		}
		fmt.Printf("%-10s %5.1fs  %s\n", verdict, time.Since(begin).Seconds(), m.trap)
	}
	if survived > 0 {
		fmt.Printf("%d of %d mutants were not killed\n", survived, len(mutations))
		os.Exit(1)
	}
}

// try builds the suite with the mutation and says whether it fails.
func (m mutation) try() (string, error) {
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	vet := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, ".")
	if out, err := vet.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the mutant does not compile: %s", out)
	}
	test := exec.CommandContext(ctx, "go", "test", "-short", "-failfast", "-overlay", overlay, ".", "./internal/...", "./suite")
	test.Env = append(os.Environ(), "CGO_ENABLED=0")
	if test.Run() != nil {
		return "killed", nil
	}
	return "SURVIVED", nil
}
