package sqltext

// JoinQueries joins the queries of a text that set operations connect, with the
// parentheses that group them, into one stretch each: (? UNION ALL (? EXCEPT ?)).
// Between two of them may stand parentheses and the operator, and nothing else.
// It changes the list in place and reports whether an operator compares rows of
// its operands: INTERSECT or EXCEPT.
func JoinQueries(text string, dialect Dialect, queries []Span) (joined []Span, compares bool) {
	joined = queries[:0]
	for i := 0; i < len(queries); {
		whole, depth, lowest := queries[i], 0, 0
		next := i + 1
		for ; next < len(queries); next++ {
			shut, opened, compared, ok := setOperator(text[whole.End:queries[next].Start], dialect)
			if !ok {
				break
			}
			lowest = min(lowest, depth-shut)
			depth += opened - shut
			whole.End = queries[next].End
			compares = compares || compared
		}
		if next > i+1 {
			left, right := -lowest, depth-lowest
			if grown, ok := growParentheses(text, whole, left, right); ok {
				joined, i = append(joined, withinParentheses(text, dialect, grown)), next
				continue
			}
		}
		joined = append(joined, queries[i])
		i++
	}
	return joined, compares
}

// setOperator reads what stands between two queries: parentheses that close, the
// operator, and parentheses that open.
func setOperator(text string, dialect Dialect) (shut, opened int, compares, ok bool) {
	l := Lexer{Text: text, Dialect: dialect}
	t := l.Next()
	for ; l.Is(t, ')'); t = l.Next() {
		shut++
	}
	if t.kw != kwSetOperator {
		return 0, 0, false, false
	}
	compares = len(l.Raw(t)) != len("union")
	if t = l.Next(); t.Kind == Word && (t.kw == kwDistinct || l.Folded(t) == "all") {
		t = l.Next()
	}
	for ; l.Is(t, '('); t = l.Next() {
		opened++
	}
	return shut, opened, compares, t.Kind == End && !l.OpenComment
}

// growParentheses takes the parentheses into a stretch that it closes and opens,
// which must stand right beside it.
func growParentheses(text string, s Span, left, right int) (Span, bool) {
	isSpace := func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
	for ; left > 0; left-- {
		for s.Start > 0 && isSpace(text[s.Start-1]) {
			s.Start--
		}
		if s.Start == 0 || text[s.Start-1] != '(' {
			return s, false
		}
		s.Start--
	}
	for ; right > 0; right-- {
		for s.End < len(text) && isSpace(text[s.End]) {
			s.End++
		}
		if s.End == len(text) || text[s.End] != ')' {
			return s, false
		}
		s.End++
	}
	return s, true
}

// withinParentheses takes parentheses around the whole into a stretch where there
// are others around them.
func withinParentheses(text string, dialect Dialect, s Span) Span {
	for {
		grown, ok := growParentheses(text, s, 1, 1)
		if !ok {
			return s
		}
		if _, ok := growParentheses(text, grown, 1, 0); !ok {
			return s
		}
		l := Lexer{Text: text[grown.End:], Dialect: dialect}
		if after := l.Next(); !l.Is(after, ')') && !l.isTail(after) {
			return s
		}
		s = grown
	}
}
