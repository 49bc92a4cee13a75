// Package middleware finds the tenant of an HTTP request and scopes the request's
// context to it.
//
//	tenants := middleware.New(middleware.Config[*Account]{
//		Member: isMember,
//		Public: site,
//	}, middleware.Subdomain("example.com", accounts.BySlug, "www"))
//	http.ListenAndServe(addr, tenants.Handler(app))
//
// In app, db.WithContext(r.Context()) is the tenant's, and [From] has the account
// that the lookup returned. The context is [tenancy.With]'s and the request
// another than the one that came in, which stays without a tenant.
//
// # Sources
//
// A [Source] is a place where a request names its tenant. There is no default:
// which one can be believed is known to whoever has set up what is in front of
// the server.
//
//	Subdomain   acme.example.com              anybody can ask for any host
//	Domain      shop.acme.com                 anybody can ask for any host
//	Path        /t/acme/projects              anybody can send it
//	Header      X-Tenant: acme                anybody can send it
//	Cookie      tenant=acme                   anybody can send it
//	Claim       a session, a verified token   as good as its verification
//
// All but a verified claim say which tenant is asked for, and nothing about who
// asks. That is the business of [Config.Member]; [New] insists on it, or on
// [Config.AllowStrangers].
//
// Several sources of a chain must agree. A host behind a proxy counts when the
// proxy is declared in [Config.Proxies].
//
// # Answers
//
// A request that names no tenant is served by [Config.Public], or is 404. All
// others end with 404 for a tenant that does not exist, that the sender is no
// member of, or beside which another one is named, the same to the byte; with 403
// for one that is suspended, 400 for names that cannot be a tenant's, and 503
// where a lookup failed. All sources are read before one is looked up, and all are
// looked up in any case, so that the answer does not depend on which tenants there
// are; [Config.Nobody] makes Config.Member's work even as well. There is no answer that lets a request go on without its
// tenant, and none that takes another.
//
// # Members and guests
//
// A page in front of the login has a tenant, and nobody who could be a member of
// it. It belongs to a second chain of the same sources:
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
