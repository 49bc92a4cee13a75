package keys

import (
	"slices"
	"strings"
	"unicode"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// telling are words in the names of columns whose values are looked up before a
// tenant is known.
var telling = []string{"token", "secret", "hash", "digest", "apikey", "fingerprint", "session",
	"domain", "subdomain", "host", "hostname", "nonce", "otp", "jti"}

// findNarrowed lists the uniques that hold across all tenants today and will hold
// within each tenant after the plan. It asks about those whose values seem to
// identify the tenant: afterwards two tenants could have the same value.
func (a *Analysis) findNarrowed() {
	for _, r := range a.replaced {
		if r.old == nil || r.isPrimary() || r.onlyIDs() {
			continue
		}
		what := r.old.Name
		if chosen(a.options.PerTenant, a.options.Global, r.table.Name, what, r.old.Constraint) {
			continue
		}
		if column := r.telling(); column != "" {
			a.ask(r.table, "has the unique "+catalog.Quote(what)+", and "+catalog.Quote(column)+
				" looks as if it told who the tenant is: must it hold over all tenants?", "Options.Global", "Options.PerTenant")
			a.Questions[len(a.Questions)-1].Object = what
			continue
		}
		a.found(Note, r.table, what, "name it in Options.Global, if it must hold over all tenants",
			"the unique will hold within a tenant, and holds over all of them today")
	}
}

// telling returns a column of the unique whose name has such a word, or the only column
// if the table's name has one: api_keys (value). It is empty if there is none.
func (r *replacement) telling() string {
	parts := slices.DeleteFunc(slices.Clone(r.old.Parts), func(p catalog.Part) bool { return p.Column == r.table.Column })
	for _, part := range parts {
		name := part.Column
		if name == "" {
			name = part.SQL
		}
		if tells(name) || len(parts) == 1 && tells(r.table.Name.Name) {
			return name
		}
	}
	return ""
}

// tells reports whether a name has a telling word, or its plural.
func tells(name string) bool {
	words := wordsOf(name)
	for i, word := range words {
		one := strings.TrimSuffix(word, "s")
		if slices.Contains(telling, word) || slices.Contains(telling, one) ||
			one == "key" && i > 0 && slices.Contains([]string{"api", "access", "secret", "license", "licence"}, words[i-1]) {
			return true
		}
	}
	return false
}

// onlyIDs reports whether the unique contains a whole primary key, so that its
// values are unique in any case.
func (r *replacement) onlyIDs() bool {
	key := r.table.PrimaryKey()
	return key != nil && !slices.ContainsFunc(key.Columns, func(c string) bool { return !hasPart(r.old, c) })
}

// wordsOf are the words of a name: api_key, apiKey and APIKey are two.
func wordsOf(name string) (words []string) {
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	runes := []rune(name)
	for i, c := range runes {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
			continue
		case unicode.IsUpper(c) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			flush()
		}
		word.WriteRune(c)
	}
	flush()
	return words
}
