package catalog

import (
	"regexp"
	"strings"
)

// PostgreSQL reads what it writes of "column IN ('a', 'b')", where the column is a
// varchar, as another expression of the same meaning: the cast of the list becomes a
// cast of each value.
const value = `(?:E?'(?:[^']|'')*'|NULL)::character varying`

var (
	castList  = regexp.MustCompile(`\(ARRAY\[(` + value + `(?:, ` + value + `)*)\]\)::text\[\]`)
	typedList = regexp.MustCompile(`\(ARRAY\[(` + value + `(?:, ` + value + `)*)\]::character varying\[\]\)::text\[\]`)
	castValue = regexp.MustCompile(`\((` + value + `)\)::text`)
)

// lasting is an expression as PostgreSQL writes it, so that it reads the same again.
func lasting(expression string) string {
	if !strings.Contains(expression, "::text[]") {
		return expression
	}
	return castList.ReplaceAllString(expression, "(ARRAY[$1]::character varying[])::text[]")
}

// alike is a text in which both forms of such a list are one.
func alike(text string) string {
	if !strings.Contains(text, "::character varying") {
		return text
	}
	return castValue.ReplaceAllString(typedList.ReplaceAllString(text, "ARRAY[$1]"), "$1")
}
