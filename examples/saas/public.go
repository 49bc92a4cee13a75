package main

import (
	"context"
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

// publicRoutes are the site's own, which has no tenant.
func (a *app) publicRoutes() http.Handler {
	mux := http.NewServeMux()
	show := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { a.render(w, r, http.StatusOK, name, view{}) }
	}
	mux.HandleFunc("GET /{$}", a.page(a.home))
	mux.HandleFunc("GET /signup", show("signup"))
	mux.HandleFunc("POST /signup", a.signUp)
	mux.HandleFunc("GET /login", show("find"))
	mux.HandleFunc("POST /login", a.findLogin)
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, r *http.Request) {
		a.render(w, r, http.StatusOK, "api", view{Data: a.tenantURL(registry.Tenant{Slug: "acme"}, "", nil)})
	})
	mux.HandleFunc("GET /elsewhere", a.page(a.elsewhere))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, http.StatusNotFound, http.StatusText(http.StatusNotFound))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		host = strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(host), "."), "www.")
		if host != a.site.Hostname() { // a host that is nobody's
			a.answer(w, r, http.StatusNotFound, http.StatusText(http.StatusNotFound))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// findLogin goes to where a company logs in, whether there is such a company or not.
func (a *app) findLogin(w http.ResponseWriter, r *http.Request) {
	slug, err := registry.NormalizeSlug(r.PostFormValue("slug"))
	if err != nil {
		a.again(w, r, "find", err, nil, "slug")
		return
	}
	http.Redirect(w, r, a.tenantURL(registry.Tenant{Slug: slug}, "/login", nil), http.StatusSeeOther)
}

// elsewhere goes to a project's address at another tenant, which shows what this
// example is for: there is no such project there.
func (a *app) elsewhere(w http.ResponseWriter, r *http.Request) error {
	slug, err := registry.NormalizeSlug(r.URL.Query().Get("slug"))
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.URL.Query().Get("project"))
	if err != nil {
		return gorm.ErrRecordNotFound
	}
	return seeOther(w, r, a.tenantURL(registry.Tenant{Slug: slug}, "/projects/"+id.String(), nil), nil)
}

func (a *app) home(w http.ResponseWriter, r *http.Request) error {
	posts, err := a.posts(tenancy.Bypass(r.Context(), "the blog on the public site"))
	if err != nil {
		return err
	}
	a.render(w, r, http.StatusOK, "home", view{Data: map[string]any{"Posts": posts, "Demo": a.demo}})
	return nil
}

// signUp makes a tenant and its owner, who is let in where the tenant is. When there
// can be no such tenant, there is no new account either.
func (a *app) signUp(w http.ResponseWriter, r *http.Request) {
	var to string
	name, err := cleanText(r.PostFormValue("name"))
	if err == nil { // before the account: the answer tells nobody whether there is one
		err = a.tenants.CheckSlug(r.Context(), r.PostFormValue("slug"))
	}
	if err == nil {
		err = a.people.enter(r.Context(), r.PostFormValue("email"), r.PostFormValue("password"), func(person Person) (err error) {
			to, err = a.provision(r.Context(), r.PostFormValue("slug"), name, person)
			return err
		})
	}
	if err != nil {
		a.again(w, r, "signup", err, nil, "slug", "name", "email")
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// provision makes a tenant and returns where its owner is let in.
func (a *app) provision(ctx context.Context, slug, name string, owner Person) (string, error) {
	tenant, err := a.tenants.Provision(ctx, registry.NewTenant{Slug: slug, Name: name, Owner: owner.ID.String()})
	if err != nil {
		return "", err
	}
	member, err := a.tenants.Membership(ctx, tenant.ID, owner.ID.String())
	if err != nil {
		return "", err
	}
	ticket, err := a.begin(tenancy.With(ctx, tenant), member, owner.Email, true)
	return a.tenantURL(tenant, "/enter", url.Values{"ticket": {ticket}}), err
}

// guestRoutes are what a tenant's host shows to who has not logged in.
func (a *app) guestRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		a.render(w, r, http.StatusOK, "login", view{})
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		member, email, err := a.logIn(r, r.PostFormValue("email"), r.PostFormValue("password"))
		if err == nil {
			err = a.welcome(w, r, member, email)
		}
		if err != nil {
			a.again(w, r, "login", err, nil, "email")
		}
	})
	mux.HandleFunc("GET /enter", a.page(a.greet))
	mux.HandleFunc("POST /enter", a.page(a.enter))
	mux.HandleFunc("GET /join", a.page(a.invitation))
	mux.HandleFunc("POST /join", a.page(a.join))
	mux.HandleFunc("POST /api/session", api(a.apiLogIn))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, http.StatusNotFound, http.StatusText(http.StatusNotFound))
	})
	return mux
}

// logIn returns the member of the request's tenant whose password it is. Who has an
// account and is no member is told what somebody without an account is told.
func (a *app) logIn(r *http.Request, email, password string) (registry.Member, string, error) {
	tenant, _ := middleware.From[registry.Tenant](r.Context())
	person, err := a.people.logIn(r.Context(), email, password)
	if err != nil {
		return registry.Member{}, "", err
	}
	member, err := a.tenants.Membership(r.Context(), tenant.ID, person.ID.String())
	return member, person.Email, notMember(err)
}

func (a *app) invitation(w http.ResponseWriter, r *http.Request) error {
	invitation, err := a.findInvitation(r, r.FormValue("token"))
	if err != nil {
		return err
	}
	a.render(w, r, http.StatusOK, "join", view{Data: invitation, Form: map[string]string{"token": r.FormValue("token")}})
	return nil
}

// findInvitation looks in the tenant of the request's host, where another tenant's
// invitation is none.
func (a *app) findInvitation(r *http.Request, token string) (registry.Invitation, error) {
	_, invitation, err := a.tenants.FindInvitation(r.Context(), token)
	if errors.Is(err, tenancy.ErrTenantMismatch) {
		err = registry.ErrInvitation
	}
	return invitation, err
}

// join makes whoever has an invitation a member.
func (a *app) join(w http.ResponseWriter, r *http.Request) error {
	token := r.PostFormValue("token")
	invitation, err := a.findInvitation(r, token)
	if err != nil {
		return err
	}
	var member registry.Member
	err = a.people.enter(r.Context(), invitation.Email, r.PostFormValue("password"), func(person Person) (err error) {
		_, member, err = a.tenants.Accept(r.Context(), token, person.ID.String())
		return err
	})
	if err != nil {
		a.again(w, r, "join", err, invitation, "token")
		return nil
	}
	return a.welcome(w, r, member, invitation.Email)
}

// personID reads an id of the members' page.
func personID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return "", registry.ErrNotMember
	}
	return id.String(), nil
}
