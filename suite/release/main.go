// Command release makes a release of all modules of the repository at one version.
//
//	go run ./suite/release v0.2.0
//
// It dates the changelog's unreleased part and commits that. The tags are put on a
// second commit, beside the branch, in which the go.mod of each module that imports
// another one of the repository names the version. Nothing is pushed: the command
// to do so is printed.
//
// The work tree must be clean, the version must follow the last one, and the
// changelog must have something to release.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: release vX.Y.Z")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("name the version to release, as v0.2.0")
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	repo := repository{dir}
	last, err := repo.check(args[0])
	if err != nil {
		return err
	}
	tags, err := repo.release(args[0], last, time.Now())
	if err != nil {
		return err
	}
	fmt.Println("Committed and tagged. To publish:")
	fmt.Print("\n\tgit push --atomic origin HEAD")
	for _, tag := range tags {
		fmt.Print(" ", tag)
	}
	fmt.Println()
	return nil
}
