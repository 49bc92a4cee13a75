package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// publicRoutes are the site's own, which has no tenant.
func (a *app) publicRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.page(a.home))
	mux.HandleFunc("GET /signup", a.page(func(w http.ResponseWriter, r *http.Request) error {
		a.render(w, r, http.StatusOK, "signup", view{})
		return nil
	}))
	mux.HandleFunc("POST /signup", a.signUp)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.message(w, r, http.StatusNotFound, http.StatusText(http.StatusNotFound))
	})
	return mux
}

func (a *app) home(w http.ResponseWriter, r *http.Request) error {
	posts, err := a.posts(tenancy.Bypass(r.Context(), "the blog on the public site"))
	if err != nil {
		return err
	}
	a.render(w, r, http.StatusOK, "home", view{Data: posts})
	return nil
}

// signUp makes a tenant and its owner, who then logs in where the tenant is.
func (a *app) signUp(w http.ResponseWriter, r *http.Request) {
	person, err := a.people.enter(r.Context(), r.PostFormValue("email"), r.PostFormValue("password"))
	if err != nil {
		a.again(w, r, "signup", err, nil, "slug", "name", "email")
		return
	}
	tenant, err := a.tenants.Provision(r.Context(), registry.NewTenant{
		Slug: r.PostFormValue("slug"), Name: r.PostFormValue("name"), Owner: person.ID.String(),
	})
	if err != nil {
		a.again(w, r, "signup", err, nil, "slug", "name", "email")
		return
	}
	to := a.tenantURL(tenant, "/login", url.Values{"email": {person.Email}})
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// guestRoutes are what a tenant's host shows to who has not logged in.
func (a *app) guestRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		a.render(w, r, http.StatusOK, "login", view{Form: map[string]string{"email": r.URL.Query().Get("email")}})
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := a.logIn(w, r, r.PostFormValue("email"), r.PostFormValue("password")); err != nil {
			a.again(w, r, "login", err, nil, "email")
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /join", a.page(a.invitation))
	mux.HandleFunc("POST /join", a.page(a.join))
	mux.HandleFunc("POST /api/session", api(a.apiLogIn))
	return mux
}

// logIn logs a member in. Who has an account and is no member is told what
// somebody without an account is told.
func (a *app) logIn(w http.ResponseWriter, r *http.Request, email, password string) (string, error) {
	tenant, _ := middleware.From[registry.Tenant](r.Context())
	person, err := a.people.logIn(r.Context(), email, password)
	if err != nil {
		return "", err
	}
	if _, err := a.tenants.Membership(r.Context(), tenant.ID, person.ID.String()); err != nil {
		return "", notMember(err)
	}
	return a.begin(w, person.ID, tenant.ID), nil
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
	person, err := a.people.enter(r.Context(), invitation.Email, r.PostFormValue("password"))
	if err != nil {
		a.again(w, r, "join", err, invitation, "token")
		return nil
	}
	tenant, _, err := a.tenants.Accept(r.Context(), token, person.ID.String())
	if err != nil {
		return err
	}
	a.begin(w, person.ID, tenant.ID)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// personID reads an id of the members' page.
func personID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return "", registry.ErrNotMember
	}
	return id.String(), nil
}
