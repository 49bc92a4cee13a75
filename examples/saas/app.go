package main

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// maxBody bounds what a request may send.
const maxBody = 64 << 10

// app is the service.
type app struct {
	site     *url.URL // the public site; tenants are at subdomains of its host
	db       *gorm.DB // of tenants: under a request's context it is one tenant's
	people   people
	tenants  *registry.Registry
	sessions signer
	pages    pages
}

func newApp(site *url.URL, d *data, key []byte) (*app, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	tenants, err := registry.New(d.tenants, registry.Config{
		Models: []any{&Project{}, &Task{}},
		After:  []registry.Hook{firstProject},
	})
	if err != nil {
		return nil, err
	}
	if err := tenancy.Installed(d.tenants); err != nil {
		return nil, err
	}
	return &app{
		site: site, db: d.tenants, people: people{d.people, bcrypt.DefaultCost}, tenants: tenants, sessions: signer{key}, pages: pages,
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

//go:embed static
var static embed.FS

// handler is the whole service. Who may see what is decided here: the public site
// has no tenant, guests have a tenant and no name, members have both.
func (a *app) handler() http.Handler {
	subdomain := middleware.Subdomain(a.site.Hostname(), a.tenants.LookupSlug, "www")
	session := middleware.Claim("session", claim, a.tenants.LookupID)
	config := middleware.Config[registry.Tenant]{
		Suspended: registry.Tenant.IsSuspended,
		Unknown:   []error{registry.ErrNotFound},
		Refuse:    a.refuse,
	}
	forGuests, forMembers := config, config
	forGuests.AllowStrangers = true
	forMembers.Member = a.isMember
	forMembers.Public = a.publicRoutes()
	guests := middleware.New(forGuests, subdomain).Handler(a.guestRoutes())
	members := middleware.New(forMembers, subdomain, session).Handler(a.memberRoutes())

	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(static))
	mux.Handle("/login", guests)
	mux.Handle("/join", guests)
	mux.Handle("/api/session", guests)
	mux.Handle("/", members)

	// Other tenants' hosts are the same site, so that SameSite keeps no cookie from
	// their pages' forms. This asks for the same origin.
	protected := http.NewCrossOriginProtection().Handler(a.withVisitor(mux))
	return a.withHeaders(http.MaxBytesHandler(protected, maxBody))
}

// withHeaders tells browsers what pages may do: nothing with scripts, and send
// their forms to this service only.
func (a *app) withHeaders(next http.Handler) http.Handler {
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' " +
		a.site.Scheme + "://*." + a.site.Host
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin") // invitations are in the address
		next.ServeHTTP(w, r)
	})
}

// claim returns the tenant that the session is for.
func claim(r *http.Request) (string, error) {
	v := visitorOf(r.Context())
	if v.session.tenant == uuid.Nil {
		return "", nil
	}
	return v.session.tenant.String(), nil
}

// isMember looks the visitor up among the tenant's members.
func (a *app) isMember(r *http.Request, tenant registry.Tenant) (bool, error) {
	v := visitorOf(r.Context())
	if v.session.tenant != tenant.ID {
		return false, nil
	}
	member, err := a.tenants.Membership(r.Context(), tenant.ID, v.session.person.String())
	if errors.Is(err, registry.ErrNotMember) {
		return false, nil
	}
	v.member = member
	return err == nil, err
}

// refuse answers what the chains refuse. Who has not logged in and wants to see a
// page is sent to the login; that a tenant's host has one is no secret.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, err *middleware.Error) {
	isAPI := strings.HasPrefix(r.URL.Path, "/api/")
	nobody := visitorOf(r.Context()).session == session{}
	switch {
	case errors.Is(err, middleware.ErrNotMember) && nobody && !isAPI && r.Method == http.MethodGet:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	case isAPI:
		writeJSON(w, err.Status(), apiError{http.StatusText(err.Status())})
	default:
		a.message(w, r, err.Status(), http.StatusText(err.Status()))
	}
}

// tenantURL returns the address of a tenant's page.
func (a *app) tenantURL(tenant registry.Tenant, path string, query url.Values) string {
	u := url.URL{Scheme: a.site.Scheme, Host: tenant.Slug + "." + a.site.Host, Path: path, RawQuery: query.Encode()}
	return u.String()
}
