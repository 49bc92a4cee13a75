package sqltext

import "strings"

// outsideQuotes yields the places of a text outside quotes, each with how many parentheses
// are open after it.
func outsideQuotes(text string) func(yield func(at, depth int) bool) {
	return func(yield func(at, depth int) bool) {
		depth, quote := 0, byte(0)
		for i := range len(text) {
			switch c := text[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
				continue
			case c == '\'', c == '"', c == '`':
				quote = c
				continue
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
			if !yield(i, depth) {
				return
			}
		}
	}
}

// Closing returns where the first parenthesis of a text is closed; -1 if it is not.
func Closing(text string) int {
	for at, depth := range outsideQuotes(text) {
		if text[at] == ')' && depth == 0 {
			return at
		}
	}
	return -1
}

// SplitList splits a list at its own commas.
func SplitList(text string) (items []string) {
	from := 0
	for at, depth := range outsideQuotes(text) {
		if text[at] == ',' && depth == 0 {
			items = append(items, strings.TrimSpace(text[from:at]))
			from = at + 1
		}
	}
	return append(items, strings.TrimSpace(text[from:]))
}
