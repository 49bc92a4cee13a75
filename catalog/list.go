package catalog

import (
	"regexp"
	"strings"
)

// PostgreSQL prints "column IN ('a', 'b')" on a varchar column with one cast of the
// list. When it parses that text again, it casts each value instead. Both mean the
// same.
const value = `(?:E?'(?:[^']|'')*'|NULL)::character varying`

var (
	castList  = regexp.MustCompile(`\(ARRAY\[(` + value + `(?:, ` + value + `)*)\]\)::text\[\]`)
	typedList = regexp.MustCompile(`\(ARRAY\[(` + value + `(?:, ` + value + `)*)\]::character varying\[\]\)::text\[\]`)
	castValue = regexp.MustCompile(`\((` + value + `)\)::text`)
)

// lasting returns the expression in the form that stays the same when PostgreSQL
// parses and prints it again.
func lasting(expression string) string {
	if !strings.Contains(expression, "::text[]") {
		return expression
	}
	return castList.ReplaceAllString(expression, "(ARRAY[$1]::character varying[])::text[]")
}

// alike returns the text with both forms of such a list made equal.
func alike(text string) string {
	if !strings.Contains(text, "::character varying") {
		return text
	}
	return castValue.ReplaceAllString(typedList.ReplaceAllString(text, "ARRAY[$1]"), "$1")
}
