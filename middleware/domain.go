package middleware

import (
	"net/http"
	"slices"
)

// Domain finds the tenant by the host as a whole: a domain of the tenant's own.
// The lookup gets it in lower case, without port and trailing dot, an
// internationalised name in its ASCII form.
//
// The service's own domains name no tenant here, nor does anything beneath them:
// give the base of [Subdomain], and where the public site is. Each other host is
// looked up, so that one which nobody has is unknown. An IP address names no
// tenant.
//
// A client can send any host, as with [Subdomain]. The lookup must know verified
// domains alone: who could claim another's would be sent that tenant's users.
//
// It panics when one of own is not a domain in lower case, or lookup is nil.
func Domain[T any](lookup Lookup[T], own ...string) Source[T] {
	const name = "domain"
	mustLookup(name, lookup)
	for _, domain := range own {
		mustDomain(name, domain)
	}
	own = slices.Clone(own)
	return Source[T]{
		name:   name,
		host:   true,
		lookup: lookup,
		key: func(_ *http.Request, host string) (string, error) {
			for _, domain := range own {
				if _, ok := beneath(host, domain); ok {
					return "", nil
				}
			}
			return host, nil
		},
	}
}
