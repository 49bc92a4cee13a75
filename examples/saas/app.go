package main

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// app is the service.
type app struct {
	site     *url.URL // the public site; tenants are at subdomains of its host
	db       *gorm.DB // of tenants: under a request's context it is one tenant's
	people   people
	tenants  *registry.Registry
	pages    pages
	attempts *attempts
	demo     []demo // companies to try; none with a database of one's own
}

func newApp(site *url.URL, d *data) (*app, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	tenants, err := registry.New(d.lookups, registry.Config{
		Models: []any{&Project{}, &Task{}, &Session{}},
		After:  []registry.Hook{firstProject},
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(tenancy.Installed(d.tenants), tenancy.Installed(d.lookups)); err != nil {
		return nil, err
	}
	return &app{
		site: site, db: d.tenants, people: newPeople(d.people), tenants: tenants, pages: pages,
		attempts: &attempts{limit: maxAttempts},
	}, nil
}

// firstProject gives a new tenant a project, in the transaction that makes the
// tenant.
func firstProject(_ context.Context, tx *gorm.DB, event registry.Event) error {
	if event.Op != registry.OpProvision {
		return nil
	}
	return tx.Create(&Project{Name: "First steps", Tasks: []Task{{Title: "Invite a colleague"}}}).Error
}

//go:embed static/style.css
var style []byte

// handler is the whole service. Who may see what is decided here: the public site
// has no tenant, guests have a tenant and no name, members have both. The host says
// which tenant, and nothing else does.
func (a *app) handler() http.Handler {
	subdomain := middleware.Subdomain(a.site.Hostname(), newLookups(a.tenants).bySlug, "www")
	config := middleware.Config[registry.Tenant]{
		Suspended: registry.Tenant.IsSuspended,
		Unknown:   []error{registry.ErrNotFound},
		Public:    a.publicRoutes(),
		Refuse:    a.refuse,
	}
	forGuests, forMembers := config, config
	forGuests.AllowStrangers = true
	forMembers.Member = a.isMember
	forMembers.Nobody = registry.Tenant{ID: uuid.New()}
	guests := a.limited(middleware.New(forGuests, subdomain).Handler(a.guestRoutes()))
	members := middleware.New(forMembers, subdomain).Handler(a.memberRoutes())

	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style) // the browser may have gone
	})
	for _, path := range []string{"/login", "/join", "/enter", "/signup", "POST /api/session"} {
		mux.Handle(path, guests)
	}
	mux.Handle("/", members)

	// Other tenants' hosts are the same site, so that SameSite keeps no cookie from
	// their pages' forms. This asks for the same origin.
	protected := http.NewCrossOriginProtection().Handler(a.withVisitor(mux))
	return a.withLimits(http.MaxBytesHandler(protected, maxBody))
}

// withLimits tells browsers what pages may do: nothing with scripts, and send their
// forms to this service only. It ends what takes too long.
func (a *app) withLimits(next http.Handler) http.Handler {
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' " +
		a.site.String() + " " + a.site.Scheme + "://*." + a.site.Host
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin") // invitations are in the address
		ctx, cancel := context.WithTimeout(r.Context(), maxTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// isMember looks the visitor's session up among the tenant's.
func (a *app) isMember(r *http.Request, _ registry.Tenant) (bool, error) {
	v := visitorOf(r.Context())
	found, err := a.find(r.Context(), v.token, false)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	v.member, v.email = found.Member, found.Email
	return err == nil, err
}

// refuse answers what the chains refuse. Who has not logged in and wants to see a
// page is sent to the login; that a tenant's host has one is no secret.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, err *middleware.Error) {
	looks := r.Method == http.MethodGet || r.Method == http.MethodHead
	if errors.Is(err, middleware.ErrNotMember) && looks && !isAPI(r) {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	a.answer(w, r, err.Status(), http.StatusText(err.Status()))
}

// answer writes a page, or JSON for a program.
func (a *app) answer(w http.ResponseWriter, r *http.Request, status int, text string) {
	if isAPI(r) {
		writeJSON(w, status, apiError{text})
		return
	}
	a.message(w, r, status, text)
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// tenantURL returns the address of a tenant's page.
func (a *app) tenantURL(tenant registry.Tenant, path string, query url.Values) string {
	u := url.URL{Scheme: a.site.Scheme, Host: tenant.Slug + "." + a.site.Host, Path: path, RawQuery: query.Encode()}
	return u.String()
}
