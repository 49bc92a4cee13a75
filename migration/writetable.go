package migration

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTable writes the plan as a table for people at a terminal.
func (p *Plan) WriteTable(w io.Writer) error {
	if err := p.Validate(); err != nil {
		return err
	}
	header, rows, err := p.rows()
	if err != nil {
		return err
	}
	var b strings.Builder
	writeLine(&b, p.Title)
	for _, line := range p.outlook() {
		writeLine(&b, line)
	}
	for i := range p.Phases {
		phase := &p.Phases[i]
		writeLine(&b, "")
		writeLine(&b, fmt.Sprintf("Phase %d of %d, %s: %s", i+1, len(p.Phases), phase.Name, phase.About))
		if phase.Barrier != "" {
			writeLine(&b, "  BARRIER, before this phase: "+phase.Barrier)
		}
		writeLine(&b, header)
		for n := range phase.Steps {
			if phase.Steps[n].PointOfNoReturn {
				writeLine(&b, "  "+pointOfNoReturn)
			}
			writeLine(&b, rows[0])
			rows = rows[1:]
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// rows aligns the steps of all phases with each other: a line in between would
// start new columns.
func (p *Plan) rows() (header string, rows []string, err error) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  #\tSTEP\tLOCK\tBLOCKS\tROWS\tSIZE\tTIME\tUNDO")
	for i, s := range p.steps() {
		name := s.Name
		if s.Done {
			name += " (done)"
		}
		cells := []string{fmt.Sprint("  ", i+1), name, s.lock(), s.blocks(), count(s.Rows), size(s.Bytes), s.time(), s.undoable()}
		for n := range cells {
			cells[n] = oneLine(cells[n])
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	if err := table.Flush(); err != nil {
		return "", nil, err
	}
	lines := strings.Split(b.String(), "\n")
	return lines[0], lines[1:], nil
}

// time is how long the step takes; a dash if that is a moment.
func (s *Step) time() string {
	if took := s.Estimate(); took >= time.Second {
		return span(took)
	}
	return "-"
}

func (s *Step) undoable() string {
	switch {
	case s.NoUndo != "":
		return "no"
	case len(s.Undo) == 0:
		return "nothing to undo"
	default:
		return "yes"
	}
}

// oneLine removes line breaks from a cell.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f' {
			return ' '
		}
		return r
	}, text)
}

func writeLine(b *strings.Builder, text string) { b.WriteString(strings.TrimRight(text, " ") + "\n") }
