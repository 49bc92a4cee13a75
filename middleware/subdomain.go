package middleware

import (
	"net/http"
	"slices"
	"strings"
)

// Subdomain finds the tenant's slug in the host: acme.example.com is the tenant acme of
// the base domain example.com. The base itself names no tenant, nor does a reserved
// subdomain of it, such as www, or any other host. A deeper one, such as
// a.b.example.com, is unknown.
//
// A client can send any host, so Subdomain says which tenant is asked for and nothing
// about who asks. But a browser keeps what it loads from one tenant's host from
// another's: cookies without a Domain attribute, storage, and answers to scripts. Set
// no cookie for the base domain, or tenants share it.
//
// It panics if base or a reserved name is not a domain's in lower case, or lookup is
// nil.
func Subdomain[T any](base string, lookup Lookup[T], reserved ...string) Source[T] {
	name := "subdomain of " + base
	mustDomain(name, base)
	mustLookup(name, lookup)
	for _, label := range reserved {
		mustDomain(name, label+"."+base)
	}
	reserved = slices.Clone(reserved)
	return Source[T]{
		name:   name,
		host:   true,
		lookup: lookup,
		key: func(_ *http.Request, host string) (string, error) {
			label, ok := beneath(host, base)
			if !ok || label == "" || slices.Contains(reserved, label) {
				return "", nil
			}
			if strings.Contains(label, ".") {
				return "", ErrUnknown
			}
			return label, nil
		},
	}
}
