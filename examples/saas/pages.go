package main

import (
	"bytes"
	"embed"
	"html/template"
	"log"
	"net/http"

	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

//go:embed templates
var templates embed.FS

// pages are the templates by their names, each with the layout.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	parsed := pages{}
	for _, name := range []string{"home", "signup", "login", "join", "projects", "project", "members", "message", "find", "api", "enter"} {
		page, err := template.ParseFS(templates, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, err
		}
		parsed[name] = page
	}
	return parsed, nil
}

// view is what a template shows.
type view struct {
	Site    string          // where the public site is
	Tenant  registry.Tenant // the zero Tenant on the public site
	Member  registry.Member // the zero Member for guests
	Email   string          // of the member
	CanEdit bool
	Error   string            // what to mend; empty for nothing
	Form    map[string]string // what was sent, to be mended
	Data    any
}

// render writes a page. It is complete before the first byte goes out.
func (a *app) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Site = a.site.String()
	v.Tenant, _ = middleware.From[registry.Tenant](r.Context())
	visitor := visitorOf(r.Context())
	v.Member, v.Email = visitor.member, visitor.email
	v.CanEdit = mayEdit(r.Context()) == nil
	var page bytes.Buffer
	if err := a.pages[name].ExecuteTemplate(&page, "layout", v); err != nil {
		log.Printf("saas: page %s: %v", name, err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the browser may have gone
}

func (a *app) message(w http.ResponseWriter, r *http.Request, status int, text string) {
	a.render(w, r, status, "message", view{Data: text})
}

// page is a handler whose errors become pages.
func (a *app) page(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			a.fail(w, r, err)
		}
	}
}

func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := statusOf(err)
	if status >= http.StatusInternalServerError {
		log.Printf("saas: %s %s: %v", r.Method, r.URL.Path, err)
	}
	a.answer(w, r, status, text)
}

// again shows a form once more, with what was wrong, or else fails.
func (a *app) again(w http.ResponseWriter, r *http.Request, name string, err error, data any, fields ...string) {
	status, text := statusOf(err)
	if status >= http.StatusInternalServerError || status == http.StatusNotFound {
		a.fail(w, r, err)
		return
	}
	form := map[string]string{}
	for _, field := range fields {
		form[field] = r.PostFormValue(field)
	}
	a.render(w, r, status, name, view{Error: text, Form: form, Data: data})
}
