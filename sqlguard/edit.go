//go:build cgo

package sqlguard

import (
	"slices"
	"strings"
)

// edit replaces a part of the text; the part is empty for an insertion.
type edit struct {
	start, end int
	order      int // among those of one place
	text       string
}

// The order of edits of one place, from the inside out.
const (
	orderTable = iota // what closes the query around a table
	orderJoin         // what closes the condition of a join
	orderWhere        // the predicates of the level, or what closes its condition
	orderOuter        // what closes a query around the level
	orderOpen         // what opens something
)

func (c *compiler) insert(offset, order int, text string) {
	c.edits = append(c.edits, edit{start: offset, end: offset, order: order, text: text})
}

func (c *compiler) replace(start, end int, text string) {
	c.edits = append(c.edits, edit{start: start, end: end, order: orderOpen + 1, text: text})
}

// apply writes the text with its edits; false if they overlap, which is a bug.
func (c *compiler) apply() (string, bool) {
	if len(c.edits) == 0 {
		return c.text, true
	}
	slices.SortStableFunc(c.edits, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.order - b.order
	})
	size := len(c.text)
	for i := range c.edits {
		size += len(c.edits[i].text)
	}
	var b strings.Builder
	b.Grow(size)
	pos := 0
	for i := range c.edits {
		e := &c.edits[i]
		if e.start < pos || e.end < e.start || e.end > len(c.text) {
			return "", false
		}
		b.WriteString(c.text[pos:e.start])
		b.WriteString(e.text)
		pos = e.end
	}
	b.WriteString(c.text[pos:])
	return b.String(), true
}
