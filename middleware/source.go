package middleware

import (
	"context"
	"net/http"
)

// A Lookup returns the tenant of a key: a slug, a domain or an id, depending on its
// source. The methods of registry.Registry can be used directly.
//
// If there is no such tenant, it returns [ErrUnknown], or an error listed in
// [Config.Unknown]. It must be safe for concurrent use. It should be cached, because it
// runs with each request, and clients choose its keys.
type Lookup[T any] func(ctx context.Context, key string) (T, error)

// A Source is one place in a request that may name a tenant, and the lookup of that
// tenant. [New] refuses the zero Source. Sources are immutable, and several chains may
// share them.
type Source[T any] struct {
	name   string
	vary   string // the header that the answer depends on, if not Host
	prefix string // of the path, which is stripped with the key
	host   bool   // wants the host
	lookup Lookup[T]

	// key returns what the request names, "" where that is nothing.
	key func(r *http.Request, host string) (string, error)
}

// String returns the source's name, such as "header X-Tenant".
func (s Source[T]) String() string { return s.name }

// maxKey is the length that a key may have. A domain's name has no more (RFC
// 1035, section 2.3.4).
const maxKey = 253

// checkKey lets pass what needs no encoding in a URL (RFC 3986, section 2.3), of
// which slugs, UUIDs and numbers are made. Nothing that is passed on can be taken
// for a path, a list, or another spelling of the same, as with a dot at its end.
func checkKey(key string) (string, error) {
	if key == "" || len(key) > maxKey || key[len(key)-1] == '.' {
		return "", ErrMalformed
	}
	for i := range len(key) {
		if c := key[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '~' {
			return "", ErrMalformed
		}
	}
	return key, nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func mustLookup[T any](source string, lookup Lookup[T]) {
	if lookup == nil {
		panic("middleware: " + source + ": the lookup is nil")
	}
}
