package main

import (
	"errors"
	"strings"
	"time"
)

const unreleased = "## [Unreleased]"

// datedChangelog gives the unreleased part of a changelog its version and its date,
// and begins a new one.
func datedChangelog(text, version, last string, now time.Time) (string, error) {
	before, after, found := strings.Cut(text, unreleased+"\n")
	if !found {
		return "", errors.New("CHANGELOG.md has no part " + unreleased)
	}
	changes, _, _ := strings.Cut(after, "\n## ")
	if strings.TrimSpace(changes) == "" {
		return "", errors.New("CHANGELOG.md has nothing under " + unreleased)
	}
	if last != "" && !strings.Contains(after, "\n## ["+strings.TrimPrefix(last, "v")+"]") {
		return "", errors.New("CHANGELOG.md has no part for " + last)
	}
	heading := "## [" + strings.TrimPrefix(version, "v") + "] - " + now.UTC().Format(time.DateOnly)
	return before + unreleased + "\n\n" + heading + "\n" + after, nil
}
