package middleware

import "net/http"

// Claim finds the tenant's slug or id by a function, in what the application has
// verified: a session, or a token's claim. The function returns "" for a request that
// has none, and [ErrMalformed] for one to be answered with 400. Its other errors are
// answered with 503. It is called once for each request, and must be safe for
// concurrent use. It must have verified what it reads, or run after a middleware that
// has: a token whose signature nobody checked is a header like any other.
//
// A client cannot forge what is signed or kept on the server. But a claim is as old as
// its token: somebody who has left the tenant still has it, unless [Config.Member]
// checks.
//
// It counts on every host. On a host that names no tenant, it is the only source that
// does. If only the host may name the tenant, leave Claim out, and check the claim in
// [Config.Member].
//
// It sets no Vary header, because this package does not know where the function looks.
// A shared cache does not store the answer to a request with an Authorization header
// (RFC 9111, section 3.5), but it stores the answer to one with a cookie.
//
// It panics if name is empty, or one of the functions is nil.
func Claim[T any](name string, claim func(*http.Request) (string, error), lookup Lookup[T]) Source[T] {
	source := "claim " + name
	if name == "" || claim == nil {
		panic("middleware: " + source + ": give a name and a function")
	}
	mustLookup(source, lookup)
	return Source[T]{
		name:   source,
		lookup: lookup,
		key:    func(r *http.Request, _ string) (string, error) { return claim(r) },
	}
}
