package middleware_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
)

// Account is the tenants' own model.
type Account struct {
	ID     int64 `tenancy:"tenant"`
	Name   string
	Closed bool
}

// accounts are the tenants of these examples.
var accounts = accountStore{"acme": {ID: 1, Name: "Acme"}, "globex": {ID: 2, Name: "Globex"}}

type accountStore map[string]*Account

func (s accountStore) BySlug(_ context.Context, slug string) (*Account, error) {
	if account, ok := s[slug]; ok {
		return account, nil
	}
	return nil, middleware.ErrUnknown
}

// isMember stands for a look at who is logged in.
func isMember(r *http.Request, account *Account) (bool, error) {
	return r.Header.Get("User") == "ann" && account.Name == "Acme", nil
}

var app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	account, _ := middleware.From[*Account](r.Context())
	scope, _ := tenancy.From(r.Context())
	id, _ := scope.Tenant()
	_, _ = fmt.Fprintf(w, "%s, tenant %s", account.Name, id)
})

var site = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "the public site") })

func visit(handler http.Handler, url, user string) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, url, nil)
	r.Header.Set("User", user)
	handler.ServeHTTP(w, r)
	fmt.Printf("%d %q\n", w.Code, w.Body)
}

func Example() {
	tenants := middleware.New(middleware.Config[*Account]{
		Member: isMember,
		Public: site,
	}, middleware.Subdomain("example.com", accounts.BySlug, "www"))
	handler := tenants.Handler(app)

	visit(handler, "http://acme.example.com/", "ann")
	visit(handler, "http://globex.example.com/", "ann")
	visit(handler, "http://nobody.example.com/", "ann")
	visit(handler, "http://www.example.com/", "ann")
	// Output:
	// 200 "Acme, tenant 1"
	// 404 "Not Found\n"
	// 404 "Not Found\n"
	// 200 "the public site"
}

func Example_guests() {
	sources := []middleware.Source[*Account]{middleware.Subdomain("example.com", accounts.BySlug)}
	members := middleware.New(middleware.Config[*Account]{Member: isMember}, sources...)
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, _ := middleware.From[*Account](r.Context())
		_, _ = fmt.Fprint(w, "log in to ", account.Name)
	})

	mux := http.NewServeMux()
	guests := middleware.New(middleware.Config[*Account]{AllowStrangers: true}, sources...)
	mux.Handle("/login", guests.Handler(login))
	mux.Handle("/", members.Handler(app))

	visit(mux, "http://globex.example.com/login", "")
	visit(mux, "http://globex.example.com/", "")
	visit(mux, "http://example.com/", "")
	// Output:
	// 200 "log in to Globex"
	// 404 "Not Found\n"
	// 404 "Not Found\n"
}

// A session that is one tenant's is worth nothing at another's host.
func ExampleClaim() {
	tenantOf := func(r *http.Request) (string, error) {
		return r.Header.Get("User"), nil // stands for a session that was verified
	}
	tenants := middleware.New(middleware.Config[*Account]{AllowStrangers: true},
		middleware.Subdomain("example.com", accounts.BySlug),
		middleware.Claim("session", tenantOf, accounts.BySlug))
	handler := tenants.Handler(app)

	visit(handler, "http://acme.example.com/", "acme")
	visit(handler, "http://globex.example.com/", "acme")
	// Output:
	// 200 "Acme, tenant 1"
	// 404 "Not Found\n"
}

func ExampleConfig() {
	tenants := middleware.New(middleware.Config[*Account]{
		AllowStrangers: true,
		Suspended:      func(a *Account) bool { return a.Closed },
		Proxies:        []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Refuse: func(w http.ResponseWriter, r *http.Request, err *middleware.Error) {
			fmt.Println("log:", err)
			err.ServeHTTP(w, r)
		},
	}, middleware.Subdomain("example.com", accounts.BySlug))

	visit(tenants.Handler(app), "http://a_b.example.com/", "")
	// Output:
	// log: middleware: the request's tenant is malformed (host)
	// 400 "Bad Request\n"
}
