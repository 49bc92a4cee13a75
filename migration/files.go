package migration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A part is what a tool for migrations carries out as a unit: a step, or one
// statement of a step that is in no transaction, so that the tool goes on behind
// the statement that failed.
type part struct {
	name        string
	head        []string // comments
	up, down    []string
	transaction bool
}

// parts are the plan's, in order.
func (p *Plan) parts() []part {
	var parts []part
	for i := range p.Phases {
		for n := range p.Phases[i].Steps {
			s := &p.Phases[i].Steps[n]
			var head []string
			if len(parts) == 0 && p.Title != "" {
				head = append(head, p.Title)
			}
			if n == 0 {
				head = append(head, p.Phases[i].facts()...)
			}
			parts = append(parts, s.parts(append(head, s.facts()...))...)
		}
	}
	return parts
}

// parts has the statements of the undo begin with the first part: then they are
// all executed on the way down even when the last parts were never reached.
func (s *Step) parts(head []string) []part {
	up, down := s.statements(), s.undoStatements()
	if s.inTransaction() {
		return []part{{s.slug(), head, up, down, true}}
	}
	parts := make([]part, max(len(up), len(down)))
	for i := range parts {
		parts[i] = part{name: s.slug(), head: head}
		if len(parts) > 1 {
			parts[i].head = append(head[:len(head):len(head)], fmt.Sprintf("Part %d of %d", i+1, len(parts)))
		}
		if i < len(up) {
			parts[i].up = up[i : i+1]
		}
		if i < len(down) {
			parts[i].down = down[len(down)-1-i : len(down)-i]
		}
	}
	return parts
}

// slug is the step's name as a part of a file's.
func (s *Step) slug() string {
	const longest = 60
	words := strings.FieldsFunc(strings.ToLower(s.Name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	slug := strings.Join(words, "_")
	if len(slug) > longest {
		slug = strings.TrimRight(slug[:longest], "_")
	}
	if slug == "" {
		return "step"
	}
	return slug
}

// A file is one that is to be written.
type file struct{ name, text string }

// writeFiles writes new files, none of them in the place of another, and returns
// the names of those that it has written.
func writeFiles(dir string, files []file) (names []string, err error) {
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, f.name), f.text); err != nil {
			return names, fmt.Errorf("migration: write %s: %w", f.name, err)
		}
		names = append(names, f.name)
	}
	return names, nil
}

func writeFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
