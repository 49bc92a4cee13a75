package sqltext

// A Place is where a fragment stands. It decides what would end it.
type Place uint8

// The places.
const (
	List  Place = iota // the selection, ORDER BY, GROUP BY, RETURNING, LIMIT, FOR
	Group              // a condition, which is written in parentheses
	Value              // one value of VALUES or SET
	Hint               // before or after a clause: comments only
)

// A Verdict is what Judge found.
type Verdict struct {
	// Reason is why the fragment is refused; empty when it is not.
	Reason string
	// OpenComment says that the fragment ends in a line comment, which a line
	// feed must close.
	OpenComment bool
	// Params is the number of its placeholders.
	Params int
}

const (
	reasonQuery    = "it holds a query of its own; pass a *gorm.DB instead"
	reasonFunction = "it calls a function that is not known to be safe; see Config.Functions"
)

// Judge says whether a fragment stays in its place and holds no query of its
// own. Functions that are not safe by themselves are asked for with allow,
// which gets "name" or "schema.name", folded to lower case.
func Judge(l *Lexer, place Place, allow func(string) bool) (v Verdict) {
	var prev, cur Token
	depth := 0
	for next := l.Next(); ; {
		prev, cur = cur, next
		if cur.Kind == End {
			break
		}
		if cur.Kind == Bad {
			return Verdict{Reason: l.Reason}
		}
		next = l.Next()
		if place == Hint {
			return Verdict{Reason: "only comments may stand before and after a clause"}
		}
		switch cur.Kind {
		case Param:
			v.Params++
			if l.Dialect == SQLite && cur.End-cur.Start > 1 {
				v.Reason = "a placeholder has a number or a name"
			}
		case Query:
			if !l.Is(prev, '(') || !l.Is(next, ')') {
				v.Reason = "a subquery stands without its parentheses"
			}
		case Punct:
			depth, v.Reason = l.punct(cur, place, depth)
		case Word, Quoted:
			v.Reason = l.word1(prev, cur, next, place, depth)
			if v.Reason == "" && l.Is(next, '(') {
				v.Reason = l.call(prev, cur, allow)
			}
		}
		if v.Reason != "" {
			return v
		}
	}
	if depth != 0 {
		v.Reason = "a parenthesis is not closed"
	}
	v.OpenComment = l.OpenComment
	return v
}

func (l *Lexer) punct(t Token, place Place, depth int) (int, string) {
	switch l.Text[t.Start] {
	case '(':
		return depth + 1, ""
	case ')':
		if depth == 0 {
			return 0, "a parenthesis is closed that was not opened"
		}
		return depth - 1, ""
	case ';':
		return depth, "a semicolon ends the statement"
	case ',':
		if depth == 0 && place == Value {
			return depth, "a comma ends the value"
		}
	}
	return depth, ""
}

// word1 judges a name or keyword by its neighbours: words that begin a query,
// and words that end the place.
func (l *Lexer) word1(prev, cur, next Token, place Place, depth int) string {
	if prev.kw == kwIn {
		// SQLite reads "IN name" as a query of that table.
		return "IN is followed by a name"
	}
	kw := cur.kw
	switch kw {
	case noKeyword:
		return ""
	case kwQuery:
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
			return "FROM ends its place"
		}
	case kwInto, kwJoin:
		return "it names tables"
	case kwEndsValue, kwOn, kwUsing:
		if place == Value {
			return "it ends the value"
		}
	}
	return ""
}

// call judges a name before a parenthesis.
func (l *Lexer) call(prev, cur Token, allow func(string) bool) string {
	name := l.Folded(cur)
	if l.Is(prev, '.') {
		schema := l.nameBefore(prev)
		if schema == "pg_catalog" && SafeFunction(name) || allow(schema+"."+name) {
			return ""
		}
		return reasonFunction
	}
	if cur.Kind == Word && beforeParen(name) || SafeFunction(name) || allow(name) {
		return ""
	}
	return reasonFunction
}

// nameBefore returns the folded name that ends right before a dot.
func (l *Lexer) nameBefore(dot Token) string {
	sub := Lexer{Text: l.Text[:dot.Start], Dialect: l.Dialect}
	var last Token
	for t := sub.Next(); t.Kind != End; t = sub.Next() {
		if t.Kind == Bad {
			return ""
		}
		last = t
	}
	if last.Kind != Word && last.Kind != Quoted {
		return ""
	}
	return sub.Folded(last)
}
