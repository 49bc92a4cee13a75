package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An overlay has mutated files take the place of the sources when Go builds.
type overlay struct {
	root, dir string
	replace   map[string]string
}

func newOverlay(root, dir string) *overlay {
	return &overlay{root, dir, map[string]string{}}
}

func (o *overlay) put(file, text string) error {
	mutant := filepath.Join(o.dir, strings.ReplaceAll(file, "/", "_"))
	o.replace[filepath.Join(o.root, file)] = mutant
	return os.WriteFile(mutant, []byte(text), 0o600)
}

// write writes down what replaces what, as go build -overlay reads it.
func (o *overlay) write() (name string, err error) {
	text, err := json.Marshal(map[string]any{"Replace": o.replace})
	if err != nil {
		return "", err
	}
	name = filepath.Join(o.dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// single puts a mutant in place of its file.
func (o *overlay) single(m *mutation) error {
	text, at, err := m.locate(o.root)
	if err != nil {
		return err
	}
	return o.put(m.file, text[:at.begin]+at.new+text[at.end:])
}

// several puts all mutants of functions into their files, and returns the others.
func (o *overlay) several(mutants []mutation) (others []mutation, err error) {
	files := map[string][]mutation{}
	for _, m := range mutants {
		files[m.file] = append(files[m.file], m)
	}
	for file, mutants := range files {
		text, rest, err := merge(o.root, mutants)
		if err != nil {
			return nil, err
		}
		others = append(others, rest...)
		if len(rest) == len(mutants) {
			continue
		}
		if err := o.put(file, text); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// A change is what a mutation does to the text of its file.
type change struct {
	trap       string
	begin, end int
	new        string
}

// locate returns the text of a mutation's file and the change of it, without what
// the old text and the new one have in common at both ends.
func (m *mutation) locate(root string) (text string, c change, err error) {
	content, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", change{}, err
	}
	text = string(content)
	if n := strings.Count(text, m.old); n != 1 {
		return "", change{}, fmt.Errorf("%s holds the place %d times", m.file, n)
	}
	head, tail, least := 0, 0, min(len(m.old), len(m.new))
	for head < least && m.old[head] == m.new[head] {
		head++
	}
	for tail < least-head && m.old[len(m.old)-1-tail] == m.new[len(m.new)-1-tail] {
		tail++
	}
	begin := strings.Index(text, m.old)
	return text, change{m.trap, begin + head, begin + len(m.old) - tail, m.new[head : len(m.new)-tail]}, nil
}

// cut returns the text with changes of places that do not overlap.
func cut(text string, changes []change) string {
	slices.SortFunc(changes, func(a, b change) int { return b.begin - a.begin })
	for _, c := range changes {
		text = text[:c.begin] + c.new + text[c.end:]
	}
	return text
}
