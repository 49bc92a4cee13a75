package middleware

import (
	"net/http"
	"strings"
)

// Cookie finds the tenant's slug or id in a cookie, for sites on one host where a user
// switches between tenants. Its value is as in [Header], and may be in quotes. A cookie
// that is empty or comes twice is malformed. So is one that another reader of cookies
// might take for something else: a value with other characters, a space or a comma
// beside its name, or an unclosed quote before it. net/http ignores some of these.
// Answers get a Vary header.
//
// Every client can forge it, and a page on any other host of the same site can set it.
// It requires [Config.Member]. For a tenant in a session or in a signed cookie, use
// [Claim].
//
// It panics if cookie is not a cookie's name, or lookup is nil.
func Cookie[T any](cookie string, lookup Lookup[T]) Source[T] {
	name := "cookie " + cookie
	if !isToken(cookie) {
		panic("middleware: " + name + ": give the name of a cookie")
	}
	mustLookup(name, lookup)
	return Source[T]{
		name:   name,
		vary:   "Cookie",
		lookup: lookup,
		key: func(r *http.Request, _ string) (string, error) {
			value, found, err := readCookie(r.Header["Cookie"], cookie)
			if err != nil || !found {
				return "", err
			}
			return checkKey(value)
		},
	}
}

// readCookie returns the value of the one cookie of a name (RFC 6265, section
// 4.2.1). A comma ends a pair for readers of the older RFC 2109, for whom a quote
// hides the semicolons behind it, too: where they would find the name, or would
// not, the answer is an error.
func readCookie(lines []string, name string) (value string, found bool, err error) {
	for _, line := range lines {
		quoted := false
		for pair := range strings.SplitSeq(line, ";") {
			open := quoted
			quoted = quoted != (strings.Count(pair, `"`)%2 == 1)
			if !namesCookie(pair, name) {
				continue
			}
			got, ok := strings.CutPrefix(strings.Trim(pair, " \t"), name+"=")
			if found || open || quoted || !ok {
				return "", false, ErrMalformed
			}
			if len(got) > 1 && got[0] == '"' && got[len(got)-1] == '"' {
				got = got[1 : len(got)-1]
			}
			value, found = got, true
		}
	}
	return value, found, nil
}

// namesCookie reports whether some reader finds the name in a pair, or in a part
// of one.
func namesCookie(pair, name string) bool {
	if !strings.Contains(pair, name) {
		return false
	}
	for part := range strings.SplitSeq(pair, ",") {
		key, _, _ := strings.Cut(part, "=")
		if strings.TrimFunc(key, isAround) == name {
			return true
		}
	}
	return false
}

// isAround reports whether a reader may pass over c before or after a name.
func isAround(c rune) bool { return c <= ' ' || c == '"' || c == 0x7f }
