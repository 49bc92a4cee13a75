package sqltext

import "strings"

// An Index describes a unique index: what stands after ON CONFLICT, or after the
// table in CREATE INDEX.
type Index struct {
	Parts []IndexPart
	// Where is the index's condition; empty if it has none.
	Where    string
	Spelling string // of Where
	// Params says that the condition holds placeholders.
	Params bool
}

// An IndexPart is a column or an expression.
type IndexPart struct {
	Column    string // folded; empty for an expression
	Text      string // of an expression, without parentheses around it
	Spelling  string // of Text: the same for texts that differ in spaces, quotes, case and the table's name alone
	Collation string // its name without a schema; empty where none is written
	Collate   string // the same as it is written
	Class     string // an operator class, as Collation
}

// ReadIndex reads a list of parts in parentheses and the condition after it. ok is
// false for other text, and for text with open quotes, comments or parentheses. The
// table's name may stand before a column.
func ReadIndex(text string, dialect Dialect, table string) (x Index, ok bool) {
	if dialect == SQLite {
		table = Lower(table)
	}
	r := indexReader{Lexer: Lexer{Text: text, Dialect: dialect}, table: table}
	if !r.read() || len(r.tokens) == 0 || !r.Is(r.tokens[0], '(') {
		return Index{}, false
	}
	end := r.closes(0)
	from := 1
	for i := 1; i <= end; i++ {
		switch {
		case r.Is(r.tokens[i], '('):
			i = r.closes(i)
		case i == end, r.Is(r.tokens[i], ','):
			part, ok := r.part(from, i)
			if !ok {
				return Index{}, false
			}
			x.Parts = append(x.Parts, part)
			from = i + 1
		}
	}
	if end+1 == len(r.tokens) {
		return x, true
	}
	if !r.isWord(r.tokens[end+1], "where") || end+2 == len(r.tokens) {
		return Index{}, false
	}
	x.Where, x.Spelling = r.expression(end+2, len(r.tokens))
	for _, t := range r.tokens[end+2:] {
		x.Params = x.Params || t.Kind == Param
	}
	return x, true
}

// Column reports whether a part is the plain column, without a collation or an
// operator class, which could make different values equal.
func (x *Index) Column(name string) bool {
	for i := range x.Parts {
		if p := &x.Parts[i]; p.Text == "" && p.Column == name && p.Collation == "" && p.Class == "" {
			return true
		}
	}
	return false
}

// IndexOf reads the statement that made an index on SQLite.
func IndexOf(create string, table string) (x Index, ok bool) {
	l := Lexer{Text: create, Dialect: SQLite}
	for t := l.Next(); t.Kind != End && t.Kind != Bad; t = l.Next() {
		if l.Is(t, '(') {
			return ReadIndex(create[t.Start:], SQLite, table)
		}
	}
	return Index{}, false
}

// Names returns all names in a text, folded: those of columns, and of whatever else.
func Names(text string, dialect Dialect) (names []string) {
	l := Lexer{Text: text, Dialect: dialect}
	for t := l.Next(); t.Kind != End && t.Kind != Bad; t = l.Next() {
		if t.Kind == Word || t.Kind == Quoted {
			names = append(names, l.Folded(t))
		}
	}
	return names
}

type indexReader struct {
	Lexer
	table  string
	tokens []Token
	other  []int // of a parenthesis: the index of its counterpart
}

// read reads the tokens; false where parentheses do not match, or a statement ends.
func (r *indexReader) read() bool {
	var opened []int
	for t := r.Next(); t.Kind != End; t = r.Next() {
		at := len(r.tokens)
		r.tokens, r.other = append(r.tokens, t), append(r.other, at)
		switch {
		case t.Kind == Bad, t.Kind == Query, r.Is(t, ';'):
			return false
		case r.Is(t, '('):
			opened = append(opened, at)
		case r.Is(t, ')'):
			if len(opened) == 0 {
				return false
			}
			last := opened[len(opened)-1]
			opened = opened[:len(opened)-1]
			r.other[last], r.other[at] = at, last
		}
	}
	return len(opened) == 0
}

func (r *indexReader) closes(at int) int { return r.other[at] }

// part reads the part that the tokens from start to before end are.
func (r *indexReader) part(start, end int) (p IndexPart, ok bool) {
	rest := -1
	if start < end {
		rest = r.behind(start, end)
	}
	if rest <= start {
		return p, false
	}
	if from, to := r.inside(start, rest); to == from+1 && r.isName(from) {
		p.Column = r.Folded(r.tokens[from])
	} else {
		p.Text, p.Spelling = r.expression(from, to)
	}
	return p, r.suffix(&p, rest, end)
}

// behind returns where the expression of a part ends. SQLite takes any expression;
// PostgreSQL takes a name, a call, or an expression in parentheses.
func (r *indexReader) behind(start, end int) int {
	if r.Dialect == SQLite {
		for end-start > 1 && (r.isWord(r.tokens[end-1], "asc") || r.isWord(r.tokens[end-1], "desc")) {
			end--
		}
		if end-start > 2 && r.isWord(r.tokens[end-2], "collate") {
			end -= 2
		}
		return end
	}
	at := start
	for at < end {
		switch t := r.tokens[at]; {
		case r.Is(t, '('):
			return r.closes(at) + 1
		case !r.isName(at):
			return -1
		case at+1 < end && r.Is(r.tokens[at+1], '.'):
			at += 2
		case at+1 < end && r.Is(r.tokens[at+1], '('):
			at++
		default:
			return at + 1
		}
	}
	return -1
}

// suffix reads a collation and an operator class.
func (r *indexReader) suffix(p *IndexPart, at, end int) bool {
	if at < end && r.isWord(r.tokens[at], "collate") {
		from := at + 1
		if p.Collation, at = r.last(from, end); p.Collation == "" {
			return false
		}
		p.Collate = r.Text[r.tokens[from].Start:r.tokens[at-1].End]
	}
	if at < end && !r.isWord(r.tokens[at], "asc") && !r.isWord(r.tokens[at], "desc") && !r.isWord(r.tokens[at], "nulls") {
		if p.Class, _ = r.last(at, end); p.Class == "" {
			return false
		}
	}
	return true
}

// last reads a name and returns it without its schema.
func (r *indexReader) last(at, end int) (name string, next int) {
	for at < end {
		if !r.isName(at) {
			return "", at
		}
		if name = r.Folded(r.tokens[at]); at+1 == end || !r.Is(r.tokens[at+1], '.') {
			return name, at + 1
		}
		at += 2
	}
	return "", at
}

// inside passes over the parentheses around a stretch of tokens.
func (r *indexReader) inside(start, end int) (from, to int) {
	for end-start > 2 && r.Is(r.tokens[start], '(') && r.closes(start) == end-1 {
		start, end = start+1, end-1
	}
	return start, end
}

// expression returns the text of an expression without the parentheses around it,
// and its spelling.
func (r *indexReader) expression(start, end int) (text, spelling string) {
	start, end = r.inside(start, end)
	var b strings.Builder
	for i := start; i < end; i++ {
		t := r.tokens[i]
		if r.isName(i) && i+1 < end && r.Is(r.tokens[i+1], '.') && r.Folded(t) == r.table {
			i++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if r.isName(i) {
			b.WriteString(r.Folded(t))
		} else {
			b.WriteString(r.Raw(t))
		}
	}
	return r.Text[r.tokens[start].Start:r.tokens[end-1].End], b.String()
}

func (r *indexReader) isName(at int) bool {
	return r.tokens[at].Kind == Word || r.tokens[at].Kind == Quoted
}
