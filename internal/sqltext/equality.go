package sqltext

import "strings"

// An Operand is one side of an equality: a column, or a placeholder.
type Operand struct {
	Qualifier, Name string // of a column, folded; the qualifier may be empty
	Param           int    // which placeholder, from 1; 0 for a column
	Position        int    // in GROUP BY: which item of the selection, from 1; 0 for a column
}

// Equalities calls f with each equality of columns and placeholders that holds
// whenever the condition holds: those joined by AND, in parentheses or not. It is
// meant for reports only: it may overlook equalities, and no scoping depends on
// it.
func Equalities(l *Lexer, f func(a, b Operand)) {
	c := conjunction{lexer: l, f: f}
	params := 0
	for t := l.Next(); t.Kind != End && t.Kind != Bad; t = l.Next() {
		c.tokens = append(c.tokens, t)
		c.params = append(c.params, 0)
		if t.Kind == Param {
			params++
			c.params[len(c.params)-1] = c.paramNumber(t, params)
		}
	}
	c.read(0, len(c.tokens))
}

type conjunction struct {
	lexer  *Lexer
	tokens []Token
	params []int // of the tokens that are placeholders
	f      func(a, b Operand)
}

func (c *conjunction) paramNumber(t Token, position int) int {
	if c.lexer.Dialect == SQLite {
		return position
	}
	var v Verdict
	v.count(c.lexer, t)
	return v.Lowest
}

// read reads the tokens from start to before end.
func (c *conjunction) read(start, end int) {
	depth, from, between := 0, start, false
	var parts []Span
	for i := start; i < end; i++ {
		t := c.tokens[i]
		switch {
		case c.lexer.Is(t, '('):
			depth++
		case c.lexer.Is(t, ')'):
			depth--
		case depth > 0 || t.Kind != Word:
		case c.isWord(t, "or"), c.isWord(t, "case"):
			return
		case c.isWord(t, "between"):
			between = true
		case c.isWord(t, "and") && between:
			between = false
		case c.isWord(t, "and"):
			parts = append(parts, Span{from, i})
			from = i + 1
		}
	}
	for _, part := range append(parts, Span{from, end}) {
		c.part(part.Start, part.End)
	}
}

func (c *conjunction) isWord(t Token, word string) bool {
	return strings.EqualFold(c.lexer.Raw(t), word)
}

// part reads one condition.
func (c *conjunction) part(start, end int) {
	if end-start > 2 && c.closes(start) == end-1 {
		c.read(start+1, end-1)
		return
	}
	a, next := c.operand(start, end)
	if next == start || next >= end || c.lexer.Raw(c.tokens[next]) != "=" {
		return
	}
	b, last := c.operand(next+1, end)
	if last == end && last > next+1 {
		c.f(a, b)
	}
}

// closes returns the token that closes the parenthesis at start, or -1.
func (c *conjunction) closes(start int) int {
	depth := 0
	for i := start; i < len(c.tokens); i++ {
		switch {
		case c.lexer.Is(c.tokens[i], '('):
			depth++
		case c.lexer.Is(c.tokens[i], ')'):
			depth--
		}
		if depth == 0 {
			if i == start {
				return -1
			}
			return i
		}
	}
	return -1
}

// operand reads an operand and returns the token after it; start if there is
// none.
func (c *conjunction) operand(start, end int) (o Operand, next int) {
	if start >= end {
		return o, start
	}
	if t := c.tokens[start]; t.Kind == Param {
		return Operand{Param: c.params[start]}, start + 1
	}
	for i := start; i < end; i += 2 {
		t := c.tokens[i]
		if t.Kind != Word && t.Kind != Quoted {
			return Operand{}, start
		}
		o.Qualifier, o.Name = o.Name, c.lexer.Folded(t)
		if i+1 >= end || !c.lexer.Is(c.tokens[i+1], '.') {
			return o, i + 1
		}
	}
	return Operand{}, start
}
