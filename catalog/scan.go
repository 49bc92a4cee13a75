package catalog

import "strings"

// The functions of this file read SQL that PostgreSQL has printed: quotes in
// strings are doubled, and there are no comments.

// bare returns the byte offsets of text that are outside of strings and quoted
// names, with how many parentheses are open there.
func bare(text string) func(yield func(at, depth int) bool) {
	return func(yield func(at, depth int) bool) {
		var quote byte
		depth := 0
		for at := range len(text) {
			c := text[at]
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
				continue
			case c == '\'' || c == '"':
				quote = c
				continue
			case c == ')':
				depth--
			}
			if !yield(at, depth) {
				return
			}
			if c == '(' {
				depth++
			}
		}
	}
}

// cutParenthesized cuts the first parenthesized list out of text.
func cutParenthesized(text string) (before, list, after string, ok bool) {
	from := -1
	for at, depth := range bare(text) {
		switch {
		case from < 0 && text[at] == '(':
			from = at
		case from >= 0 && depth == 0 && text[at] == ')':
			return text[:from], text[from+1 : at], text[at+1:], true
		}
	}
	return text, "", "", false
}

// split splits a list at its commas.
func split(list string) []string {
	var items []string
	from := 0
	for at, depth := range bare(list) {
		if depth == 0 && list[at] == ',' {
			items = append(items, strings.TrimSpace(list[from:at]))
			from = at + 1
		}
	}
	return append(items, strings.TrimSpace(list[from:]))
}

// unparenthesized strips the parentheses that are around the whole expression.
func unparenthesized(expression string) string {
	for {
		before, inner, after, ok := cutParenthesized(expression)
		if !ok || before != "" || after != "" {
			return expression
		}
		expression = inner
	}
}

// parenthesized puts the expression into parentheses, once.
func parenthesized(expression string) string {
	return "(" + unparenthesized(expression) + ")"
}

// withoutOptions strips the WITH (…) of an exclusion constraint, which stands
// before its predicate.
func withoutOptions(text string) string {
	for at, depth := range bare(text) {
		if depth == 0 && strings.HasPrefix(text[at:], " WITH (") {
			_, _, after, _ := cutParenthesized(text[at:])
			return text[:at] + after
		}
	}
	return text
}

// cutPredicate cuts the WHERE clause, with the blank before it, off an exclusion
// constraint.
func cutPredicate(text string) (element, predicate string) {
	for at, depth := range bare(text) {
		if depth == 0 && strings.HasPrefix(text[at:], " WHERE ") {
			return text[:at], text[at:]
		}
	}
	return text, ""
}

// And returns the conjunction of two conditions as PostgreSQL prints it. If the
// first is a conjunction itself, the second is added to it.
func And(first, second string) string {
	if before, inner, after, ok := cutParenthesized(first); ok && before == "" && after == "" && isAnd(inner) {
		first = inner
	}
	return "(" + first + " AND " + second + ")"
}

// isAnd reports whether an expression is a conjunction.
func isAnd(expression string) bool {
	for at, depth := range bare(expression) {
		if depth == 0 && strings.HasPrefix(expression[at:], " AND ") {
			return true
		}
	}
	return false
}
