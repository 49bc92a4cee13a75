package middleware

import (
	"net/http"
	"slices"
)

// Domain finds the tenant by the whole host: a domain of the tenant's own. The lookup
// gets it in lower case, without port and trailing dot, and an internationalised name
// in its ASCII form.
//
// The service's own domains name no tenant here, nor does any subdomain of them. Give
// the base of [Subdomain], and the domain of the public site. Every other host is
// looked up, so a host of no tenant is unknown. An IP address names no tenant.
//
// A client can send any host, as with Subdomain. The lookup must know only verified
// domains: whoever could claim another's domain would get that tenant's users.
//
// It panics if one of own is not a domain in lower case, or lookup is nil.
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
