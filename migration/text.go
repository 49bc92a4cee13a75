package migration

import (
	"fmt"
	"strings"
	"time"
)

// The defaults of runs, which the written forms of a plan use as well.
const (
	defaultLockTimeout = 2 * time.Second
	defaultBatchBlocks = 100
)

// facts describes a step for comments, one fact a line.
func (s *Step) facts() []string {
	lines := []string{"Step: " + s.Name}
	if s.About != "" {
		lines = append(lines, "For: "+s.About)
	}
	if s.Done {
		lines = append(lines, "Done when this plan was made: nothing is left to execute")
	}
	lines = append(lines, "Lock: "+s.lock()+"; blocks "+s.blocks())
	if s.Rows != 0 || s.Bytes != 0 {
		lines = append(lines, fmt.Sprintf("Reads or writes about %s rows, %s", count(s.Rows), size(s.Bytes)))
	}
	switch {
	case s.NoUndo != "":
		lines = append(lines, "No undo: "+s.NoUndo)
	case len(s.Undo) == 0:
		lines = append(lines, "Nothing to undo")
	}
	if s.PointOfNoReturn {
		lines = append(lines, pointOfNoReturn)
	}
	for i, repair := range s.Repair {
		text := terminated(repair)
		if i == 0 {
			text = "If it fails halfway, this removes what it leaves: " + text
		}
		lines = append(lines, text)
	}
	return lines
}

const pointOfNoReturn = "POINT OF NO RETURN: from here on the undo may fail, because rows become legal that were not before."

func (s *Step) lock() string {
	if s.Lock == NoLock {
		return "none"
	}
	return string(s.Lock)
}

func (s *Step) blocks() string {
	if s.Blocks == "" {
		return "nothing"
	}
	return s.Blocks
}

// facts describes a phase and its barrier for comments.
func (p *Phase) facts() []string {
	lines := []string{"Phase " + p.Name + ": " + p.About}
	if p.Barrier != "" {
		lines = append(lines, "BARRIER, before this phase: "+p.Barrier)
	}
	return lines
}

// comment writes lines as SQL comments. It escapes them: names may hold line breaks,
// and goose reads comments.
func comment(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == '\n' || r == '\r' }) {
			b.WriteString("-- " + strings.ReplaceAll(part, "+goose", "goose") + "\n")
		}
	}
}

// count writes a number for people: 1,234,567; a dash for none.
func count(n int64) string {
	if n == 0 {
		return "-"
	}
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// size writes a number of bytes for people: 1.5 GB, by 1024 as PostgreSQL does; a dash
// for none.
func size(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	if bytes < 1024 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	value, unit := float64(bytes), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if value /= 1024; value < 1024 {
			break
		}
	}
	if value < 10 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}
