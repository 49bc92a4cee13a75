package main

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// memberRoutes are what a tenant's members see at its host.
func (a *app) memberRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.page(a.showProjects))
	mux.HandleFunc("POST /projects", a.page(func(w http.ResponseWriter, r *http.Request) error {
		project, err := a.addProject(r.Context(), r.PostFormValue("name"))
		return seeOther(w, r, "/projects/"+project.ID.String(), err)
	}))
	mux.HandleFunc("GET /projects/{id}", a.page(a.showProject))
	mux.HandleFunc("POST /projects/{id}/tasks", a.page(func(w http.ResponseWriter, r *http.Request) error {
		task, err := a.addTask(r.Context(), r.PathValue("id"), r.PostFormValue("title"))
		return seeOther(w, r, "/projects/"+task.ProjectID.String(), err)
	}))
	mux.HandleFunc("POST /tasks/{id}", a.page(func(w http.ResponseWriter, r *http.Request) error {
		task, err := a.setDone(r.Context(), r.PathValue("id"), r.PostFormValue("done") == "true")
		return seeOther(w, r, "/projects/"+task.ProjectID.String(), err)
	}))
	mux.HandleFunc("GET /members", a.page(func(w http.ResponseWriter, r *http.Request) error {
		return a.showMembers(w, r, "")
	}))
	mux.HandleFunc("POST /members", a.page(a.invite))
	mux.HandleFunc("POST /members/{person}/remove", a.page(a.remove))
	mux.HandleFunc("POST /logout", a.page(func(w http.ResponseWriter, r *http.Request) error {
		err := a.end(r.Context(), visitorOf(r.Context()).token)
		http.SetCookie(w, a.cookie("", -1))
		return seeOther(w, r, "/login", err)
	}))
	a.apiRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.message(w, r, http.StatusNotFound, http.StatusText(http.StatusNotFound))
	})
	return mux
}

// seeOther goes on to a page after a form, so that reloading sends nothing twice.
func seeOther(w http.ResponseWriter, r *http.Request, path string, err error) error {
	if err == nil {
		http.Redirect(w, r, path, http.StatusSeeOther)
	}
	return err
}

// projectRow is a project with the number of its tasks.
type projectRow struct {
	Project
	Count int
}

func (a *app) showProjects(w http.ResponseWriter, r *http.Request) error {
	projects, err := a.projects(r.Context(), r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	counts, err := a.taskCounts(r.Context(), projects.Rows)
	if err != nil {
		return err
	}
	posts, err := a.posts(r.Context())
	if err != nil {
		return err
	}
	rows := make([]projectRow, len(projects.Rows))
	for i, p := range projects.Rows {
		rows[i] = projectRow{p, counts[p.ID]}
	}
	a.render(w, r, http.StatusOK, "projects", view{Data: map[string]any{"Projects": rows, "Next": projects.Next, "Posts": posts}})
	return nil
}

func (a *app) showProject(w http.ResponseWriter, r *http.Request) error {
	project, next, err := a.tasks(r.Context(), r.PathValue("id"), r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	other := "" // a company of the example that is not this one
	tenant, _ := middleware.From[registry.Tenant](r.Context())
	for _, d := range a.demo {
		if d.Slug != tenant.Slug {
			other = d.Slug
		}
	}
	a.render(w, r, http.StatusOK, "project", view{Data: map[string]any{"Project": project, "Next": next, "Other": other}})
	return nil
}

// memberRow is a member with the address, which the account has.
type memberRow struct {
	registry.Member
	Email string
}

// showMembers lists members and invitations, and the address of a new one.
func (a *app) showMembers(w http.ResponseWriter, r *http.Request, invitation string) error {
	db := a.db.WithContext(r.Context())
	members, err := read(db, r.URL.Query().Get("after"), func(m registry.Member) uuid.UUID { return m.ID })
	if err != nil {
		return err
	}
	var pending []registry.Invitation
	err = db.Where("accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", time.Now()).
		Order("id DESC").Limit(pageSize).Find(&pending).Error
	if err != nil {
		return err
	}
	ids := make([]string, len(members.Rows))
	for i, m := range members.Rows {
		ids[i] = m.UserID
	}
	emails, err := a.people.emails(r.Context(), ids)
	if err != nil {
		return err
	}
	rows := make([]memberRow, len(members.Rows))
	for i, m := range members.Rows {
		rows[i] = memberRow{Member: m, Email: emails[m.UserID]}
	}
	a.render(w, r, http.StatusOK, "members", view{Data: map[string]any{
		"Members": rows, "Next": members.Next, "Pending": pending, "Invitation": invitation,
	}})
	return nil
}

// invite shows the invitation's address this once: a service in earnest mails it.
func (a *app) invite(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	role := r.PostFormValue("role")
	if role != roleEditor && role != roleViewer {
		return inputError("choose a role")
	}
	email, err := cleanEmail(r.PostFormValue("email"))
	if err != nil {
		return err
	}
	tenant, _ := middleware.From[registry.Tenant](r.Context())
	_, token, err := a.tenants.Invite(r.Context(), tenant.ID, registry.NewInvitation{
		Email: email, Role: role, By: visitorOf(r.Context()).member.UserID,
	})
	if err != nil {
		return err
	}
	return a.showMembers(w, r, a.tenantURL(tenant, "/join", url.Values{"token": {token}}))
}

func (a *app) remove(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	person, err := personID(r.PathValue("person"))
	if err != nil {
		return err
	}
	tenant, _ := middleware.From[registry.Tenant](r.Context())
	return seeOther(w, r, "/members", a.tenants.RemoveMember(r.Context(), tenant.ID, person))
}

// notMember makes the answer to somebody else's member that to a wrong password.
func notMember(err error) error {
	if errors.Is(err, registry.ErrNotMember) {
		return errLogin
	}
	return err
}
