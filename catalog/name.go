package catalog

import (
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// String returns the name with its schema, each quoted where it needs it. A name
// without a schema is written without one.
func (n Name) String() string {
	if n.Schema == "" {
		return Quote(n.Name)
	}
	return Quote(n.Schema) + "." + Quote(n.Name)
}

// Compare orders names by schema and then by name. It is for [slices.SortFunc].
func (n Name) Compare(other Name) int {
	if c := strings.Compare(n.Schema, other.Schema); c != 0 {
		return c
	}
	return strings.Compare(n.Name, other.Name)
}

// Quote returns the identifier as SQL spells it. It adds quotes unless the
// identifier is a lower-case word that PostgreSQL accepts as a name everywhere.
func Quote(identifier string) string {
	if plain(identifier) && !keywords[identifier] {
		return identifier
	}
	return sqltext.Quote(identifier)
}

// plain says whether the identifier is a lower-case ASCII word, as quote_ident
// does: letters beyond ASCII depend on the locale.
func plain(identifier string) bool {
	for i := range len(identifier) {
		switch c := identifier[i]; {
		case 'a' <= c && c <= 'z', c == '_':
		case i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return identifier != ""
}

// ParseName reads a name as SQL spells it: "schema.name" or "name", each in
// quotes or not. What is not in quotes is turned into lower case.
func ParseName(text string) (Name, error) {
	first, rest, ok := cutIdentifier(text)
	if ok && rest == "" {
		return Name{Name: first}, nil
	}
	if ok && rest[0] == '.' {
		second, rest, ok := cutIdentifier(rest[1:])
		if ok && rest == "" {
			return Name{Schema: first, Name: second}, nil
		}
	}
	return Name{}, fmt.Errorf("catalog: %q is not a table's name: write name or schema.name, in double quotes if it needs them", text)
}

// cutIdentifier reads the identifier that text begins with.
func cutIdentifier(text string) (identifier, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := 0
		for end < len(text) && inWord(text[end], end == 0) {
			end++
		}
		return lower(text[:end]), text[end:], end > 0
	}
	var name strings.Builder
	for text = text[1:]; ; {
		before, after, found := strings.Cut(text, `"`)
		if !found {
			return "", "", false
		}
		name.WriteString(before)
		if !strings.HasPrefix(after, `"`) {
			return name.String(), after, name.Len() > 0
		}
		name.WriteByte('"')
		text = after[1:]
	}
}

// inWord says whether a byte may stand in an identifier without quotes.
func inWord(c byte, first bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c >= 0x80:
		return true
	default:
		return !first && ('0' <= c && c <= '9' || c == '$')
	}
}

// lower folds ASCII letters only, as PostgreSQL does in a multi-byte encoding.
func lower(word string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, word)
}
