// Package middleware finds the tenant of an HTTP request and scopes the request's
// context to it.
//
//	tenants := middleware.New(middleware.Config[*Account]{
//		Member: isMember,
//		Public: site,
//	}, middleware.Subdomain("example.com", accounts.BySlug, "www"))
//	http.ListenAndServe(addr, tenants.Handler(app))
//
// In app, db.WithContext(r.Context()) is scoped to the tenant, and [From] returns the
// account that the lookup returned. The handlers get a copy of the request, with a
// context of [tenancy.With]; the original request stays without a tenant.
//
// # Sources
//
// A [Source] is a place where a request names its tenant. There is no default:
// which one to trust depends on the proxies before the server.
//
//	Subdomain   acme.example.com              anybody can ask for any host
//	Domain      shop.acme.com                 anybody can ask for any host
//	Path        /t/acme/projects              anybody can send it
//	Header      X-Tenant: acme                anybody can send it
//	Cookie      tenant=acme                   anybody can send it
//	Claim       a session, a verified token   as good as its verification
//
// Except for a verified claim, a source says which tenant is asked for, and nothing
// about who asks. [Config.Member] checks that; [New] requires it, or
// [Config.AllowStrangers].
//
// Several sources of a chain must agree. A host behind a proxy counts when the
// proxy is declared in [Config.Proxies].
//
// # Answers
//
// [Config.Public] serves a request that names no tenant; without it the answer is 404.
// A refused request ends with one of these:
//
//   - 404, the same to the byte, if the tenant does not exist, the sender is not a
//     member of it, or the request names another one as well.
//   - 403 if the tenant is suspended.
//   - 400 if a name cannot be a tenant's.
//   - 503 if a lookup failed.
//
// All sources are read before any name is looked up, and all names are looked up in
// any case. So the answer does not depend on which tenants exist. [Config.Nobody]
// makes the work of Config.Member as even. No answer lets a request go on without
// its tenant, or with another one.
//
// # Members and guests
//
// A page before the login has a tenant, but no member yet. It belongs to a second
// chain of the same sources:
//
//	guests := middleware.New(middleware.Config[*Account]{AllowStrangers: true}, sources...)
//	mux.Handle("/login", guests.Handler(login))
//	mux.Handle("/", members.Handler(app))
//
// # Other frameworks
//
// [Chain.Handler] is for net/http, and for routers that take its middleware, such
// as chi. An adapter for another framework is a module of its own, and calls
// [Chain.Resolve] and [Chain.Refuse]; tenancytest.RunAdapter checks it.
package middleware
