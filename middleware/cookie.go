package middleware

import "net/http"

// Cookie finds the tenant's slug or id in a cookie, for sites on one host where a
// user switches between tenants. Its value is as in [Header]; a cookie that is
// empty or comes twice is malformed. Answers get a Vary header.
//
// Every client can forge it, and a page on any other host of the same site can
// set it. It needs [Config.Member]. Where the tenant stands in a session or in a
// signed cookie, [Claim] is the source.
//
// It panics when cookie is not a cookie's name, or lookup is nil.
func Cookie[T any](cookie string, lookup Lookup[T]) Source[T] {
	name := "cookie " + cookie
	if !isToken(cookie) {
		panic("middleware: " + name + ": want the name of a cookie")
	}
	mustLookup(name, lookup)
	return Source[T]{
		name:   name,
		vary:   "Cookie",
		lookup: lookup,
		key: func(r *http.Request, _ string) (string, error) {
			switch cookies := r.CookiesNamed(cookie); len(cookies) {
			case 0:
				return "", nil
			case 1:
				return checkKey(cookies[0].Value)
			default:
				return "", ErrMalformed
			}
		},
	}
}
