package sqltext

import "strings"

// Name returns a name without its quotes, its case untouched.
func (l *Lexer) Name(t Token) string {
	raw := l.Raw(t)
	if t.Kind != Quoted {
		return raw
	}
	quote := raw[:1]
	raw = raw[1 : len(raw)-1]
	if quote != "[" && strings.Contains(raw, quote) {
		raw = strings.ReplaceAll(raw, quote+quote, quote)
	}
	return raw
}

// Folded returns a name as the dialect compares it: PostgreSQL folds bare names
// to lower case, SQLite compares all names without regard to case. Only ASCII
// letters fold.
func (l *Lexer) Folded(t Token) string {
	name := l.Name(t)
	if t.Kind == Quoted && l.Dialect == Postgres {
		return name
	}
	return Lower(name)
}

// Lower folds ASCII letters; it returns its argument where there is nothing to
// fold.
func Lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return string(foldInto(nil, s))
		}
	}
	return s
}

func foldInto(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
