package middleware

import "net/http"

// Header finds the tenant's slug or id in a header, such as X-Tenant. Its value is
// letters, digits and -._~ (RFC 3986, section 2.3). A header that is empty or comes
// twice is malformed. Answers get a Vary header, so caches do not give one tenant's
// answer to another.
//
// Every client can forge it. Use it for APIs whose users may belong to several tenants,
// with [Config.Member] to check the membership. Or use it behind a gateway that
// authenticates the request, overwrites the header in each, and is the only way to
// reach the server.
//
// It panics if header is not the name of a header, is Host (use [Subdomain] or
// [Domain]), or if lookup is nil.
func Header[T any](header string, lookup Lookup[T]) Source[T] {
	canonical := http.CanonicalHeaderKey(header)
	name := "header " + canonical
	if !isToken(header) || canonical == "Host" {
		panic("middleware: " + name + ": give the name of a header other than Host")
	}
	mustLookup(name, lookup)
	return Source[T]{
		name:   name,
		vary:   canonical,
		lookup: lookup,
		key: func(r *http.Request, _ string) (string, error) {
			switch values := r.Header[canonical]; len(values) {
			case 0:
				return "", nil
			case 1:
				return checkKey(values[0])
			default:
				return "", ErrMalformed
			}
		},
	}
}

// isToken reports whether s can name a header or a cookie (RFC 9110, section
// 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isAlphanumeric(c):
		case c == '!', c == '#', c == '$', c == '%', c == '&', c == '\'', c == '*', c == '+', c == '-',
			c == '.', c == '^', c == '_', c == '`', c == '|', c == '~':
		default:
			return false
		}
	}
	return s != ""
}
