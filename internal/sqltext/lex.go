// Package sqltext reads SQL text as PostgreSQL and SQLite do, as far as is
// needed to say where a fragment ends, whether it holds a query, and which
// tables a FROM list names. It refuses what it does not know for certain.
package sqltext

import "strings"

// A Dialect says whose lexical rules apply.
type Dialect uint8

// The dialects.
const (
	Postgres Dialect = iota // standard_conforming_strings = on
	SQLite
)

// A Kind is a token's kind.
type Kind uint8

// The kinds of tokens. Punct and Operator tokens are told apart by their text.
const (
	End      Kind = iota
	Bad           // unterminated, or not to be judged; the lexer's Reason says why
	Word          // a bare identifier or keyword
	Quoted        // a quoted identifier
	Literal       // a string or a number
	Param         // a placeholder
	Punct         // one of ( ) , ; .
	Operator      // any other character
	Query         // a query that is scoped already: one of the spans
)

// A Span is a stretch of text, from Start to before End.
type Span struct{ Start, End int }

// A Token is a span with its kind.
type Token struct {
	Kind Kind
	Span
	kw keyword
}

// A Lexer reads tokens. White space and comments are passed over.
type Lexer struct {
	Text    string
	Dialect Dialect
	// Queries are spans, in order, that are scoped already. Each is read as one
	// Query token.
	Queries []Span
	// Reason says why a token is Bad.
	Reason string
	// OpenComment is set when the text ends inside a line comment.
	OpenComment bool

	pos int
}

// Next returns the next token. At the end it returns End, however often it is
// called.
func (l *Lexer) Next() Token {
	if l.pos == 0 && strings.IndexByte(l.Text, 0) >= 0 {
		return l.bad(0, "it holds a NUL byte") // where C ends a string
	}
	if !l.skipSpace() {
		return Token{Kind: Bad, Span: Span{l.pos, len(l.Text)}}
	}
	if len(l.Queries) > 0 && l.pos >= l.Queries[0].Start {
		q := l.Queries[0]
		if l.pos > q.Start {
			return l.bad(l.pos, "a *gorm.DB stands inside a literal or a comment: move its ? out")
		}
		l.Queries = l.Queries[1:]
		l.pos = q.End
		return Token{Kind: Query, Span: q}
	}
	if l.pos >= len(l.Text) {
		return Token{Kind: End, Span: Span{l.pos, l.pos}}
	}
	start := l.pos
	tok := l.scan(l.Text[start])
	if len(l.Queries) > 0 && tok.End > l.Queries[0].Start {
		return l.bad(start, "a *gorm.DB stands inside a literal or a comment: move its ? out")
	}
	l.pos = tok.End
	return tok
}

// Is reports whether a token is this one character.
func (l *Lexer) Is(t Token, c byte) bool {
	return t.Kind == Punct && l.Text[t.Start] == c
}

// Raw returns a token as it is written.
func (l *Lexer) Raw(t Token) string { return l.Text[t.Start:t.End] }

func (l *Lexer) bad(start int, reason string) Token {
	l.Reason = reason
	l.pos = len(l.Text)
	return Token{Kind: Bad, Span: Span{start, len(l.Text)}}
}

func (l *Lexer) scan(c byte) Token {
	start := l.pos
	switch {
	case c == '(' || c == ')' || c == ',' || c == ';':
		return Token{Kind: Punct, Span: Span{start, start + 1}}
	case c == '\'':
		return l.literal(start, start, false)
	case c == '"' || l.Dialect == SQLite && (c == '`' || c == '['):
		return l.quoted(start)
	case isDigit(c) || c == '.' && start+1 < len(l.Text) && isDigit(l.Text[start+1]):
		return l.number(start)
	case c == '.':
		return Token{Kind: Punct, Span: Span{start, start + 1}}
	case c == '$' || c == '?' || l.Dialect == SQLite && (c == ':' || c == '@' || c == '#'):
		return l.param(start)
	case l.Dialect == SQLite && strings.HasPrefix(l.Text[start:], "\uFEFF"):
		return l.bad(start, "it holds a byte order mark") // white space to SQLite
	case isWordStart(c):
		return l.word(start)
	default:
		return Token{Kind: Operator, Span: Span{start, start + 1}}
	}
}

// skipSpace passes over white space and comments; false when one is open.
func (l *Lexer) skipSpace() bool {
	for l.pos < len(l.Text) {
		if len(l.Queries) > 0 && l.pos >= l.Queries[0].Start {
			return true
		}
		switch c := l.Text[l.pos]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.pos++
		case strings.HasPrefix(l.Text[l.pos:], "--"):
			end := strings.IndexByte(l.Text[l.pos:], '\n')
			if l.Dialect == Postgres {
				end = strings.IndexAny(l.Text[l.pos:], "\r\n")
			}
			if end < 0 {
				l.OpenComment = true
				l.pos = len(l.Text)
				return true
			}
			l.pos += end + 1
		case strings.HasPrefix(l.Text[l.pos:], "/*"):
			if !l.skipBlockComment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

// skipBlockComment passes over /* … */, which nests in PostgreSQL only. It
// refuses a comment that the dialects would end at different places.
func (l *Lexer) skipBlockComment() bool {
	end := strings.Index(l.Text[l.pos+2:], "*/")
	if end < 0 {
		l.bad(l.pos, "a comment is not closed")
		return false
	}
	if strings.Contains(l.Text[l.pos+2:l.pos+2+end], "/*") {
		l.bad(l.pos, "comments are nested: leave the inner one out")
		return false
	}
	l.pos += end + 4
	return true
}

// literal scans '…' with its quote at open; escapes says that a backslash
// escapes.
func (l *Lexer) literal(start, open int, escapes bool) Token {
	for i := open + 1; i < len(l.Text); i++ {
		switch c := l.Text[i]; {
		case c == '\\' && escapes:
			i++
		case c == '\'':
			if i+1 < len(l.Text) && l.Text[i+1] == '\'' {
				i++
				continue
			}
			return Token{Kind: Literal, Span: Span{start, i + 1}}
		}
	}
	return l.bad(start, "a string is not closed")
}

func (l *Lexer) quoted(start int) Token {
	closing := l.Text[start]
	if closing == '[' {
		closing = ']'
	}
	for i := start + 1; ; i++ {
		next := strings.IndexByte(l.Text[i:], closing)
		if next < 0 {
			return l.bad(start, "a quoted name is not closed")
		}
		i += next
		if closing != ']' && i+1 < len(l.Text) && l.Text[i+1] == closing {
			i++
			continue
		}
		return Token{Kind: Quoted, Span: Span{start, i + 1}}
	}
}

// number takes every character that either dialect could accept in a number, so
// that no keyword hides after one ("1.UNION").
func (l *Lexer) number(start int) Token {
	i := start
	for i < len(l.Text) && (isWordPart(l.Text[i]) || l.Text[i] == '.') {
		if (l.Text[i] == 'e' || l.Text[i] == 'E') && i+1 < len(l.Text) &&
			(l.Text[i+1] == '+' || l.Text[i+1] == '-') {
			if i+2 >= len(l.Text) || !isDigit(l.Text[i+2]) {
				return l.bad(start, "a number runs into a word")
			}
			i++
		}
		i++
	}
	for j := start; j < i; j++ {
		if c := l.Text[j]; !isDigit(c) && c != '.' && c != '+' && c != '-' && c != 'e' && c != 'E' &&
			!isNumberLetter(l.Text[start:i]) {
			return l.bad(start, "a number runs into a word")
		}
	}
	return Token{Kind: Literal, Span: Span{start, i}}
}

// isNumberLetter allows the prefixed forms 0x…, 0o…, 0b… and digit separators.
func isNumberLetter(s string) bool {
	if len(s) > 2 && s[0] == '0' && strings.IndexByte("xXoObB", s[1]) >= 0 {
		s = s[2:]
	}
	for i := range len(s) {
		c := s[i]
		if !isDigit(c) && c != '_' && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

func (l *Lexer) param(start int) Token {
	c := l.Text[start]
	i := start + 1
	if c == ':' && i < len(l.Text) && (l.Text[i] == ':' || l.Text[i] == '=') {
		return Token{Kind: Operator, Span: Span{start, i + 1}}
	}
	for i < len(l.Text) && (isDigit(l.Text[i]) || (c != '?' && isWordPart(l.Text[i]))) {
		i++
	}
	if l.Dialect == SQLite {
		if i == start+1 && c != '?' {
			return Token{Kind: Operator, Span: Span{start, i}}
		}
		return Token{Kind: Param, Span: Span{start, i}}
	}
	if c == '?' { // an operator of PostgreSQL, as of jsonb
		return Token{Kind: Operator, Span: Span{start, start + 1}}
	}
	if i > start+1 && isDigit(l.Text[start+1]) {
		for i = start + 1; i < len(l.Text) && isDigit(l.Text[i]); i++ {
		}
		if i < len(l.Text) && isWordPart(l.Text[i]) {
			return l.bad(start, "a placeholder runs into a word")
		}
		return Token{Kind: Param, Span: Span{start, i}}
	}
	return l.dollarQuoted(start, i)
}

func (l *Lexer) dollarQuoted(start, tagEnd int) Token {
	for tagEnd > start+1 && l.Text[tagEnd-1] == '$' {
		tagEnd--
	}
	if tag := strings.IndexByte(l.Text[start+1:], '$'); tag >= 0 && start+1+tag <= tagEnd {
		delimiter := l.Text[start : start+tag+2]
		body := start + len(delimiter)
		end := strings.Index(l.Text[body:], delimiter)
		if end < 0 {
			return l.bad(start, "a dollar-quoted string is not closed")
		}
		return Token{Kind: Literal, Span: Span{start, body + end + len(delimiter)}}
	}
	return l.bad(start, "a dollar sign stands alone")
}

func (l *Lexer) word(start int) Token {
	i := start + 1
	for i < len(l.Text) && isWordPart(l.Text[i]) {
		i++
	}
	tok := Token{Word, Span{start, i}, keywordOf(l.Text[start:i])}
	if i >= len(l.Text) || l.Dialect != Postgres || i > start+1 {
		return tok
	}
	switch prefix := l.Text[start:i]; {
	case l.Text[i] == '\'' && (prefix == "e" || prefix == "E"):
		return l.literal(start, i, true)
	case l.Text[i] == '\'' && strings.Contains("bBxXnN", prefix):
		return l.literal(start, i, false)
	case l.Text[i] == '&' && (prefix == "u" || prefix == "U") && i+1 < len(l.Text) && l.Text[i+1] == '"':
		return l.bad(start, "a name has Unicode escapes (U&): write the characters")
	case l.Text[i] == '&' && (prefix == "u" || prefix == "U") && i+1 < len(l.Text) && l.Text[i+1] == '\'':
		return l.literal(start, i+1, false)
	}
	return tok
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

// SameTokens reports whether two texts differ only in white space and comments.
func SameTokens(a, b string, dialect Dialect) bool {
	one, other := Lexer{Text: a, Dialect: dialect}, Lexer{Text: b, Dialect: dialect}
	for {
		t, u := one.Next(), other.Next()
		if t.Kind != u.Kind || t.Kind == Bad || one.Raw(t) != other.Raw(u) {
			return false
		}
		if t.Kind == End {
			return true
		}
	}
}
