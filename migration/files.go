package migration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A part is what a migration tool executes as a unit: a step, or a barrier.
type part struct {
	name        string
	head        []string // comments
	up, down    []string
	transaction bool
	barrier     *Phase // nil for a step
	first       bool   // of the plan's: there is nothing before it to go back to
}

// parts returns the plan's parts in order. A step that is done already has none.
func (p *Plan) parts() []part {
	var parts []part
	steps := p.steps()
	width, phase := len(fmt.Sprint(len(steps))), -1
	for i, s := range steps {
		if s.Done {
			continue
		}
		var head []string
		if len(parts) == 0 && p.Title != "" {
			head = append(head, p.Title)
		}
		if s.phase != phase {
			phase = s.phase
			of := &p.Phases[phase]
			if head = append(head, of.facts()...); of.Barrier != "" {
				parts = append(parts, part{name: "barrier_before_" + slug(of.Name), head: head, barrier: of, first: len(parts) == 0})
				head = nil
			}
		}
		facts := s.facts()
		facts[0] = fmt.Sprintf("Step %d of %d: %s", i+1, len(steps), s.Name)
		parts = append(parts, part{
			name: strings.TrimSuffix(fmt.Sprintf("step%0*d_%s", width, i+1, slug(s.Name)), "_"), head: append(head, facts...),
			up: s.statements(), down: s.undoStatements(), transaction: s.inTransaction(),
		})
	}
	return parts
}

// divided returns the parts of a step for a tool that sends each file as one query,
// whose statements form a transaction. The undo's statements are in the first parts, so
// that the way down executes all of them even if the last parts were never reached.
func (p part) divided() []part {
	if p.transaction || len(p.up) <= 1 && len(p.down) <= 1 {
		return []part{p}
	}
	parts := make([]part, max(len(p.up), len(p.down)))
	for i := range parts {
		parts[i] = part{name: fmt.Sprintf("%s_part%d", p.name, i+1)}
		parts[i].head = append(p.head[:len(p.head):len(p.head)], fmt.Sprintf("Part %d of %d", i+1, len(parts)))
		if i < len(p.up) {
			parts[i].up = p.up[i : i+1]
		}
		if i < len(p.down) {
			parts[i].down = p.down[len(p.down)-1-i : len(p.down)-i]
		}
	}
	return parts
}

// slug turns a name into a part of a file name: ASCII, and cut between words.
func slug(name string) string {
	const longest = 100
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	slug := ""
	for _, word := range words {
		if slug != "" && len(slug)+len(word) > longest {
			break
		}
		slug = strings.TrimPrefix(slug+"_"+word, "_")
	}
	return slug[:min(len(slug), longest)]
}

// guard is a statement that fails until the phase's barrier is confirmed. The remedy
// says how to go on.
func (p *Phase) guard(remedy string) string {
	passed := "'" + slug(p.Name) + "'"
	text := strings.Join(strings.Fields("barrier at phase "+p.Name+": "+strings.TrimRight(p.Barrier, ". \n")), " ")
	return "DO " + dollarQuoted("barrier", `
BEGIN
	IF `+passed+` <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = `+literal(text+". When that is so, "+remedy)+`;
	END IF;
END
`)
}

// setting confirms the barrier for one run of a tool.
func (p *Phase) setting() string { return "PGOPTIONS='-c tenancy.passed=" + slug(p.Name) + "'" }

// A file is a file to be written.
type file struct{ name, text string }

// writeFiles writes new files, never over existing ones, and returns the names of those
// that it has written.
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
