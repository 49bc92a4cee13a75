package sqltext

// A bare word before a parenthesis counts as a function's name wherever the grammar
// allows one: in both dialects functions may be named like most keywords. It counts
// as a keyword only where nothing else can stand.

// calls records which parentheses of a fragment are calls.
type calls struct {
	opened uint64 // a bit for each open parenthesis, the innermost lowest: a name stands before it
	lists  uint64 // the same: GROUPING SETS stands before it
	closed bool   // a name stood before the last one that was closed
	groups bool   // the fragment is a list of groups
}

// parenthesis records an opened or closed parenthesis. Those that are too deep to be
// recorded do not count as calls.
func (l *Lexer) parenthesis(w *window) {
	switch {
	case l.Is(w.cur, '('):
		w.opened <<= 1
		w.lists <<= 1
		if l.called(w) {
			w.opened |= 1
		}
		if l.word2(w.before, w.prev, "grouping", "sets") {
			w.lists |= 1
		}
	case l.Is(w.cur, ')'):
		w.closed = w.opened&1 != 0
		w.opened >>= 1
		w.lists >>= 1
	}
}

// called reports whether the parenthesis that opens is a call's, or of what may
// follow one: FILTER and WITHIN GROUP.
func (l *Lexer) called(w *window) bool {
	switch w.prev.Kind {
	case Quoted:
		return true
	case Word:
		var buf [maxKeyword]byte
		name := l.foldWord(buf[:0], w.prev)
		return string(name) != "operator" && !isReserved(l.Dialect, string(name)) ||
			l.word2(w.before, w.prev, "within", "group")
	}
	return false
}

// isKeyword reports whether the current word, which stands before a parenthesis, can
// only be a keyword.
func (l *Lexer) isKeyword(w *window, depth int) bool {
	if w.cur.Kind != Word || l.Is(w.prev, '.') {
		return false
	}
	var buf [maxKeyword]byte
	word := string(l.foldWord(buf[:0], w.cur))
	if isReserved(l.Dialect, word) {
		return true
	}
	switch word {
	case "by":
		return l.isWord(w.prev, "group") || l.isWord(w.prev, "order") || l.isWord(w.prev, "partition")
	case "over", "filter":
		return l.Is(w.prev, ')') && w.closed
	case "offset":
		return l.endsValue(w)
	}
	if l.Dialect != Postgres {
		return false
	}
	switch word {
	case "zone":
		return l.word2(w.before, w.prev, "at", "time")
	case "sets":
		return l.isWord(w.prev, "grouping")
	case "rollup":
		inList := w.lists&1 != 0 && l.Is(w.prev, '(')
		return inList || (w.lists&1 != 0 || w.groups && depth == 0) && (l.Is(w.prev, ',') || w.prev.Kind == End)
	case "escape":
		return l.endsValue(w)
	case "ilike":
		if l.isWord(w.prev, "not") {
			return l.isValue(w.before)
		}
		return l.endsValue(w)
	}
	return false
}

// endsValue reports whether the token before the current one surely ends a value.
func (l *Lexer) endsValue(w *window) bool {
	return l.isValue(w.prev) || w.prev.Kind == Word && l.Is(w.before, '.') || l.Is(w.prev, ')') && w.closed
}

// isValue reports whether a token surely is a value, or the end of one.
func (l *Lexer) isValue(t Token) bool {
	switch t.Kind {
	case Literal, Param, Quoted:
		return true
	case Word:
		var buf [maxKeyword]byte
		name := string(l.foldWord(buf[:0], t))
		return name == "" || !isPostgresKeyword(name) || isColumnLike(name)
	}
	return false
}

// isWord reports whether a token is one bare word.
func (l *Lexer) isWord(t Token, word string) bool {
	var buf [maxKeyword]byte
	return t.Kind == Word && string(l.foldWord(buf[:0], t)) == word
}

// word2 reports whether two tokens are two bare words.
func (l *Lexer) word2(one, two Token, first, second string) bool {
	return l.isWord(two, second) && l.isWord(one, first)
}

// maxKeyword is the length of the longest keyword.
const maxKeyword = 17

// foldWord folds a bare word into dst; one that is too long to be a keyword becomes
// empty.
func (l *Lexer) foldWord(dst []byte, t Token) []byte {
	raw := l.Raw(t)
	if len(raw) > maxKeyword {
		return dst
	}
	return foldInto(dst, raw)
}

// isReserved reports whether a folded word before a parenthesis cannot be a
// function's name, unless it is quoted or has a schema.
func isReserved(d Dialect, word string) bool {
	switch word {
	case "all", "and", "as", "between", "case", "distinct", "else", "exists", "from", "group", "having", "in",
		"limit", "not", "on", "or", "then", "to", "using", "when", "where":
		return true
	case "any", "array", "asymmetric", "both", "for", "interval", "leading", "offset", "placing", "row", "some",
		"symmetric", "trailing", "variadic":
		return d == Postgres
	case "escape", "is", "set":
		return d == SQLite
	}
	return false
}
