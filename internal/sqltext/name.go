package sqltext

import (
	"strings"
	"unicode/utf8"
)

// Name returns a name without its quotes, its case untouched.
func (l *Lexer) Name(t Token) string { return Clip(l.Dialect, l.unquoted(t)) }

// maxName is how many bytes of a name PostgreSQL keeps: NAMEDATALEN - 1.
const maxName = 63

// Clip returns as much of a name as the dialect keeps: PostgreSQL cuts it after the
// last character that fits, quoted or not.
func Clip(d Dialect, name string) string {
	if len(name) <= maxName || d != Postgres {
		return name
	}
	end := maxName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

func (l *Lexer) unquoted(t Token) string {
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

// Quote writes a name in double quotes, which both dialects take.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

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

// Lower folds ASCII letters; it returns its argument if there is nothing to fold.
func Lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return folded(s)
		}
	}
	return s
}

// clauseWords are those that GORM writes in capitals: folding them allocates nothing.
var clauseWords = func() map[string]string {
	words := map[string]string{}
	for word := range strings.FieldsSeq("select from where group by having order limit offset for and or not in is null as on join left inner over asc desc distinct union") {
		words[word] = word
	}
	return words
}()

func folded(s string) string {
	var few [16]byte
	lower := foldInto(few[:0], s)
	if word, ok := clauseWords[string(lower)]; ok {
		return word
	}
	return string(lower)
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
