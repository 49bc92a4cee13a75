package middleware

import "net/http"

// Claim finds the tenant's slug or id by a function, in what the application has
// verified: a session, or a token's claim. The function returns "" for a request
// that has none, and [ErrMalformed] for one to be answered with 400; its other
// errors are answered with 503. It is called once a request, must be safe for
// concurrent use, and must have verified what it reads, or be behind a middleware
// that has: a token whose signature nobody checked is a header like any other.
//
// A client cannot forge what is signed or kept on the server. What a claim says
// is as old as the token, though: somebody who has left the tenant still has it,
// unless [Config.Member] looks.
//
// It counts whatever the host is: at one that names no tenant, and may be anybody's,
// it is the only word. Where the host is to name the tenant, leave it out and look
// at the claim in [Config.Member].
//
// Nothing is said in a Vary header, for this package does not know where the
// function looks. A shared cache does not store the answer to a request with an
// Authorization header (RFC 9111, section 3.5), but that to one with a cookie.
//
// It panics when name is empty, or one of the functions is nil.
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
