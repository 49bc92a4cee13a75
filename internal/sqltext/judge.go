package sqltext

import "strings"

// A Place is where a fragment stands. It decides what would end it.
type Place uint8

// The places.
const (
	List   Place = iota // the selection, ORDER BY, RETURNING, LIMIT, FOR
	Groups              // GROUP BY, a list in which ROLLUP is a keyword
	Group               // a condition, which is written in parentheses
	Value               // one value of VALUES or SET
	Hint                // before or after a clause: comments only
)

// A Verdict is what Judge found.
type Verdict struct {
	// Reason is why the fragment is refused; empty if it is not.
	Reason string
	// Beyond is what only the judge of a whole statement can allow: a query of the
	// fragment's own, or a function that is not known. Empty if there is none.
	Beyond string
	// OpenComment says that the fragment ends in a line comment, which a line
	// feed must close.
	OpenComment bool
	// Tail says that a query is followed by ORDER BY or LIMIT inside its
	// parentheses.
	Tail bool
	// Params is the number of its placeholders; Lowest and Highest are the
	// numbers of PostgreSQL's.
	Params, Lowest, Highest int
}

// count counts a placeholder.
func (v *Verdict) count(l *Lexer, param Token) {
	n := 0
	for _, c := range []byte(l.Text[param.Start+1 : param.End]) {
		n = min(n*10+int(c-'0'), 1<<20)
	}
	if v.Params == 0 || n < v.Lowest {
		v.Lowest = n
	}
	v.Highest = max(v.Highest, n)
	v.Params++
}

const (
	reasonQuery    = "it holds a query of its own: pass a *gorm.DB instead"
	reasonFunction = "it calls a function that is not known to be safe: list it in Config.Functions if it touches no table"
)

// Judge decides whether a fragment stays in its place and holds no query of its
// own. It asks allow about functions that are not known to be safe: allow gets
// "name" or "schema.name", folded to lower case.
func Judge(l *Lexer, place Place, allow func(string) bool) (v Verdict) {
	w := window{next: l.Next(), calls: calls{groups: place == Groups}}
	depth := 0
	for w.shift(l); w.cur.Kind != End; w.shift(l) {
		if w.cur.Kind == Bad {
			return Verdict{Reason: l.Reason}
		}
		if place == Hint {
			return Verdict{Reason: "only comments may stand before and after a clause"}
		}
		switch w.cur.Kind {
		case Param:
			v.count(l, w.cur)
		case Query:
			v.Tail = v.Tail || l.isTail(w.next)
		}
		var reason string
		switch depth, reason = l.token(&w, place, depth, allow); reason {
		case "":
		case reasonQuery, reasonFunction:
			if v.Beyond == "" {
				v.Beyond = reason
			}
		default:
			v.Reason = reason
			return v
		}
	}
	if depth != 0 {
		v.Reason = reasonOpen
	}
	v.OpenComment = l.OpenComment
	return v
}

// window is a token with its neighbours.
type window struct {
	before, prev, cur, next Token
	calls
}

func (w *window) shift(l *Lexer) {
	w.before, w.prev, w.cur = w.prev, w.cur, w.next
	if w.cur.Kind != Bad && w.cur.Kind != End {
		w.next = l.Next()
	}
}

// token judges one token by its neighbours and returns the depth after it.
func (l *Lexer) token(w *window, place Place, depth int, allow func(string) bool) (int, string) {
	if w.prev.kw == kwIn && l.Dialect == SQLite && !l.Is(w.cur, '(') {
		return depth, "IN is followed by a name, which SQLite reads as a table: write IN (?)" // which SQLite reads as a query of that table
	}
	switch w.cur.Kind {
	case Param:
		if l.Dialect == SQLite && w.cur.End-w.cur.Start > 1 {
			return depth, "a placeholder has a number or a name; write ? instead"
		}
	case Literal:
		if w.prev.Kind == Literal {
			// PostgreSQL may read them as one literal, with the escapes of the
			// first.
			return depth, "two literals stand side by side: write an operator between them"
		}
	case Query:
		if !l.Is(w.prev, '(') || !l.Is(w.next, ')') && !l.isTail(w.next) {
			return depth, "a subquery stands without parentheses: put ? in parentheses"
		}
	case Punct:
		l.parenthesis(w)
		return l.punct(w.cur, place, depth)
	case Word, Quoted:
		if reason := l.judgeWord(w, place, depth); reason != "" {
			return depth, reason
		}
		if l.Is(w.next, '(') && !l.isKeyword(w, depth) || l.isAttribute(w) {
			return depth, l.call(w, allow)
		}
	}
	return depth, ""
}

// isTail reports whether a word may follow a whole query, or several joined by
// set operators: it orders the rows or limits them.
func (l *Lexer) isTail(t Token) bool {
	if t.kw != kwEndsValue && t.kw != kwReserved {
		return false
	}
	switch l.Folded(t) {
	case "order", "limit", "offset", "fetch":
		return true
	}
	return false
}

// EnclosesQueries reports whether each query is followed by a closing
// parenthesis.
func EnclosesQueries(l *Lexer) bool {
	last := Token{}
	for t := l.Next(); ; t = l.Next() {
		if last.Kind == Query && t.Kind != End && !l.Is(t, ')') || t.Kind == Bad {
			return false
		}
		if t.Kind == End {
			return true
		}
		last = t
	}
}

// isAttribute reports whether a name stands after a dot that selects from a
// value, as in (value).name, which PostgreSQL also reads as name(value).
func (l *Lexer) isAttribute(w *window) bool {
	if !l.Is(w.prev, '.') {
		return false
	}
	return w.before.Kind != Word && w.before.Kind != Quoted
}

func (l *Lexer) punct(t Token, place Place, depth int) (int, string) {
	switch l.Text[t.Start] {
	case '(':
		return depth + 1, ""
	case ')':
		if depth == 0 {
			return 0, reasonCloses
		}
		return depth - 1, ""
	case ';':
		return depth, "a semicolon ends the statement: send one statement a call"
	case ',':
		if depth == 0 && place == Value {
			return depth, "a comma ends the value: put a list in parentheses"
		}
	}
	return depth, ""
}

// judgeWord judges a name or keyword by its neighbours: words that begin a query,
// and words that end the place.
func (l *Lexer) judgeWord(w *window, place Place, depth int) string {
	kw, prev, next := w.cur.kw, w.prev, w.next
	if depth == 0 && (kw == kwEndsValue || kw == kwReserved) {
		w.groups = false // ORDER BY and the like follow the groups
	}
	switch kw {
	case noKeyword:
		return ""
	case kwQuery, kwSetOperator:
		return reasonQuery
	case kwValues:
		if l.Is(next, '(') {
			return reasonQuery
		}
	case kwWith:
		if after := next.kw; after != kwTime && after != kwTies && after != kwOrdinality {
			return reasonQuery
		}
	}
	if depth > 0 || place == Group {
		return ""
	}
	switch kw {
	case kwFrom:
		if prev.kw != kwDistinct {
			return "FROM ends its place: name tables with Table or Joins"
		}
	case kwInto, kwJoin:
		return "INTO or JOIN ends its place: name tables with Table or Joins"
	case kwEndsValue, kwOn, kwUsing:
		if place == Value {
			return "a keyword ends the value: give the clause to its own method"
		}
	}
	return ""
}

// call judges the name of a function.
func (l *Lexer) call(w *window, allow func(string) bool) string {
	var buf [32]byte
	if w.cur.Kind == Word && !l.Is(w.prev, '.') && len(l.Raw(w.cur)) <= len(buf) {
		name := foldInto(buf[:0], l.Raw(w.cur))
		if SafeFunction(string(name)) {
			return ""
		}
	}
	name := l.Folded(w.cur)
	if l.isAttribute(w) && (name == "key" || name == "value") {
		return "" // of jsonb_each and its like
	}
	if l.Is(w.prev, '.') && !l.isAttribute(w) {
		schema := l.Folded(w.before)
		if schema == "pg_catalog" && SafeFunction(name) || allow(schema+"."+name) {
			return ""
		}
		return reasonFunction
	}
	if SafeFunction(name) || allow(name) {
		return ""
	}
	return reasonFunction
}

// Unclosed says what a fragment leaves open, or closes without having opened it, before
// GORM puts it between others or in parentheses of its own; empty if it does neither.
func Unclosed(text string, dialect Dialect) string {
	if !strings.ContainsAny(text, "()'\"`[/") {
		return ""
	}
	l, depth := Lexer{Text: text, Dialect: dialect}, 0
	for t := l.Next(); t.Kind != End; t = l.Next() {
		switch {
		case t.Kind == Bad:
			return l.Reason
		case l.Is(t, '('):
			depth++
		case l.Is(t, ')'):
			if depth--; depth < 0 {
				return reasonCloses
			}
		}
	}
	if depth != 0 {
		return reasonOpen
	}
	return ""
}

const (
	reasonCloses = "it closes a parenthesis that it did not open"
	reasonOpen   = "a parenthesis is not closed"
)

// EndsInComment reports whether a line comment is open at the end of a text, in any of
// the dialects.
func EndsInComment(text string) bool {
	if !strings.Contains(text, "--") {
		return false
	}
	return endsInComment(text, Postgres) || endsInComment(text, SQLite)
}

func endsInComment(text string, dialect Dialect) bool {
	l := Lexer{Text: text, Dialect: dialect}
	for t := l.Next(); ; t = l.Next() {
		if t.Kind == End || t.Kind == Bad {
			return t.Kind == End && l.OpenComment
		}
	}
}
