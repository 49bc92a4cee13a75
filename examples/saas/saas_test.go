package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "acme")
	w.signUp(t, "globex")
	acme, globex := w.token(t, "acme", "owner@acme.example"), w.token(t, "globex", "owner@globex.example")

	var secret Project
	require.Equal(t, 201, globex.call("POST", w.on("globex", "/api/projects"), map[string]string{"name": "Volcano"}, &secret))
	var task Task
	require.Equal(t, 201, globex.call("POST", w.on("globex", "/api/projects/"+secret.ID.String()+"/tasks"),
		map[string]string{"title": "Dig"}, &task))

	var seen []Project
	require.Equal(t, 200, acme.call("GET", w.on("acme", "/api/projects"), nil, &seen))
	require.Len(t, seen, 1)
	assert.Equal(t, "First steps", seen[0].Name)

	// A member of one tenant with ids of the other's, at both hosts.
	tests := []struct{ method, path, body string }{
		{"GET", "/api/projects/" + secret.ID.String(), ""},
		{"POST", "/api/projects/" + secret.ID.String() + "/tasks", `{"title":"Mine"}`},
		{"PATCH", "/api/tasks/" + task.ID.String(), `{"done":true}`},
		{"GET", "/api/projects/none", ""},
	}
	for _, tt := range tests {
		for _, slug := range []string{"acme", "globex"} {
			status, body := acme.send(tt.method, w.on(slug, tt.path), "application/json", tt.body)
			assert.Equal(t, 404, status, "%s %s at %s", tt.method, tt.path, slug)
			assert.JSONEq(t, `{"error":"Not Found"}`, body)
		}
	}
	for path, want := range map[string]int{"/api/projects": 404, "/members": 200, "/projects/" + secret.ID.String(): 200} {
		status, body := acme.get(w.on("globex", path))
		assert.Equal(t, want, status, path)
		assert.NotContains(t, body, "Volcano")
		assert.Equal(t, want == 200, strings.Contains(body, "Log in to The globex company"), path)
	}
	require.Equal(t, 200, globex.call("GET", w.on("globex", "/api/projects/"+secret.ID.String()), nil, &secret))
	require.Len(t, secret.Tasks, 1)
	assert.False(t, secret.Tasks[0].Done)
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	w.signUp(t, "globex")

	status, page := acme.get(w.on("globex", "/"))
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "Log in to The globex company", "the cookie is not sent to another host")
	status, page = acme.post(w.on("globex", "/login"), "email", "owner@acme.example", "password", password)
	assert.Equal(t, 401, status)
	noMember := page
	status, page = acme.post(w.on("globex", "/login"), "email", "owner@acme.example", "password", "wrong password")
	assert.Equal(t, 401, status)
	assert.Equal(t, noMember, page, "who is no member is told what a wrong password is told")

	// A cookie that somebody carries over, as no browser would.
	forged := w.browser(t)
	forged.Jar = nil
	cookies := acme.cookies(w.on("acme", "/"))
	require.Len(t, cookies, 1)
	forged.header.Set("Cookie", cookies[0].String())
	for _, path := range []string{"/", "/members", "/nowhere"} {
		_, page = forged.get(w.on("globex", path))
		assert.Contains(t, page, "Log in to The globex company", path)
		assert.NotContains(t, page, "First steps", path)
	}
	status, _ = forged.get(w.on("globex", "/api/projects"))
	assert.Equal(t, 404, status)
	status, _ = forged.get(w.on("acme", "/"))
	assert.Equal(t, 200, status, "where it belongs it is good")
	forged.header.Set("Host", "globex."+w.site.Host)
	status, _ = forged.get(w.on("acme", "/api/projects"))
	assert.Equal(t, 404, status, "the host is what the Host header says")
	forged.header.Del("Host")
	forged.header.Set("X-Forwarded-Host", "globex."+w.site.Host)
	status, page = forged.get(w.on("acme", "/members"))
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "owner@acme.example", "no proxy is declared")

	// Hosts that are no tenant's.
	for host, want := range map[string]int{
		"nobody." + w.site.Host:           404,
		"acme.globex." + w.site.Host:      404,
		"acme." + w.site.Host + ".evil":   400,
		"acme_." + w.site.Host:            400,
		"www." + w.site.Host:              200,
		w.site.Host:                       200,
		"evil" + w.site.Host:              404,
		"evil.example":                    404,
		"127.0.0.1":                       404,
		"[::1]":                           404,
		"ACME." + w.site.Host:             200,
		"x@acme." + w.site.Hostname():     400,
		"acme." + w.site.Hostname() + ".": 200,
	} {
		b := w.browser(t)
		b.header.Set("Host", host)
		status, page := b.get(w.on("", "/"))
		assert.Equal(t, want, status, host)
		assert.NotContains(t, page, "First steps", host)
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	tests := []struct {
		name, value string
		want        int
		reason      string
	}{
		{"Sec-Fetch-Site", "same-origin", 200, "its own page"},
		{"Sec-Fetch-Site", "same-site", 403, "another tenant's page, with the cookie that SameSite lets it send"},
		{"Sec-Fetch-Site", "cross-site", 403, "another site's"},
		{"Origin", "http://globex." + w.site.Host, 403, "another tenant's, in an older browser"},
		{"Origin", "null", 403, "a sandbox"},
	}
	for _, tt := range tests {
		acme.header = http.Header{tt.name: {tt.value}}
		status, _ := acme.post(w.on("acme", "/projects"), "name", "Planted")
		assert.Equal(t, tt.want, status, tt.reason)
	}
	acme.header = http.Header{}
	_, page := acme.get(w.on("acme", "/"))
	assert.Equal(t, 1, strings.Count(page, "Planted"))
	status, _ := acme.send("POST", w.on("acme", "/api/projects"), "text/plain", `{"name":"Planted"}`)
	assert.Equal(t, 422, status, "JSON in a form's clothes")
}

var invitationLink = regexp.MustCompile(`id="invitation" href="([^"]+)"`)

// invite returns the address of an invitation.
func (w *world) invite(t *testing.T, owner *browser, slug, email, role string) string {
	t.Helper()
	status, page := owner.post(w.on(slug, "/members"), "email", email, "role", role)
	require.Equal(t, 200, status, page)
	match := invitationLink.FindStringSubmatch(page)
	require.NotNil(t, match, page)
	return strings.ReplaceAll(match[1], "&amp;", "&")
}

func tokenOf(t *testing.T, link string) string {
	t.Helper()
	parsed, err := url.Parse(link)
	require.NoError(t, err)
	return parsed.Query().Get("token")
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	w.signUp(t, "globex")
	link := w.invite(t, acme, "acme", "Ed@acme.example", roleEditor)
	token := tokenOf(t, link)

	status, page := w.browser(t).get(link)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "ed@acme.example")
	for _, other := range []string{
		w.on("globex", "/join?token="+url.QueryEscape(token)), w.on("acme", "/join?token=x"), w.on("acme", "/join"),
	} {
		status, page = w.browser(t).get(other)
		assert.Equal(t, 404, status, other)
		assert.NotContains(t, page, "ed@acme.example")
	}
	status, _ = w.browser(t).post(w.on("globex", "/join"), "token", token, "password", password)
	assert.Equal(t, 404, status, "at another tenant's host it is none")
	status, _ = w.browser(t).post(w.on("acme", "/join"), "token", token, "password", "short")
	assert.Equal(t, 422, status)

	editor := w.browser(t)
	status, page = editor.post(w.on("acme", "/join"), "token", token, "password", password)
	require.Equal(t, 200, status, page)
	require.Contains(t, page, "First steps")
	status, _ = w.browser(t).post(w.on("acme", "/join"), "token", token, "password", password)
	assert.Equal(t, 404, status, "it is used up")

	status, _ = editor.post(w.on("acme", "/projects"), "name", "Anvils")
	assert.Equal(t, 200, status, "an editor changes projects")
	status, _ = editor.post(w.on("acme", "/members"), "email", "x@acme.example", "role", roleEditor)
	assert.Equal(t, 403, status, "and no members")

	viewer := w.browser(t)
	viewing := w.invite(t, acme, "acme", "vi@acme.example", roleViewer)
	status, _ = viewer.post(w.on("acme", "/join"), "token", tokenOf(t, viewing), "password", password)
	require.Equal(t, 200, status)
	status, page = viewer.get(w.on("acme", "/"))
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "Anvils")
	assert.NotContains(t, page, "New project")
	status, _ = viewer.post(w.on("acme", "/projects"), "name", "More")
	assert.Equal(t, 403, status, "a viewer looks at them")

	// Who is removed is out with the next request, whatever the session says.
	_, page = acme.get(w.on("acme", "/members"))
	remove := regexp.MustCompile(`/members/[^/]+/remove`).FindString(page)
	require.NotEmpty(t, remove)
	status, _ = acme.post(w.on("acme", remove))
	assert.Equal(t, 200, status)
	_, page = editor.get(w.on("acme", "/"))
	assert.Contains(t, page, "Log in to The acme company")
	status, _ = editor.get(w.on("acme", "/api/projects"))
	assert.Equal(t, 404, status)
}

// Somebody in two tenants has a session for each.
func TestMemberOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "acme")
	globex := w.signUp(t, "globex")
	link := w.invite(t, globex, "globex", "owner@acme.example", roleViewer)
	both := w.browser(t)
	status, _ := both.post(w.on("globex", "/join"), "token", tokenOf(t, link), "password", "another password")
	require.Equal(t, 401, status, "the account has a password already")
	status, _ = both.post(w.on("globex", "/join"), "token", tokenOf(t, link), "password", password)
	require.Equal(t, 200, status)
	session := w.token(t, "acme", "owner@acme.example")
	status, _ = session.get(w.on("globex", "/api/projects"))
	assert.Equal(t, 404, status, "the session is acme's")
	status, _ = session.get(w.on("acme", "/api/projects"))
	assert.Equal(t, 200, status)
}

func TestSuspended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	tenant, err := w.tenants.LookupSlug(t.Context(), "acme")
	require.NoError(t, err)
	_, err = w.tenants.Suspend(t.Context(), tenant.ID)
	require.NoError(t, err)
	status, _ := acme.get(w.on("acme", "/"))
	assert.Equal(t, 403, status)
	status, _ = w.browser(t).get(w.on("acme", "/login"))
	assert.Equal(t, 403, status)
	_, err = w.tenants.Resume(t.Context(), tenant.ID)
	require.NoError(t, err)
	status, _ = acme.get(w.on("acme", "/"))
	assert.Equal(t, 200, status)
}

func TestSignUpRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "acme")
	tests := []struct {
		slug, email, password string
		want                  int
		reason                string
	}{
		{"acme", "a@b.example", password, 422, "an address that is taken"},
		{"ACME", "a@b.example", password, 422, "the same in capitals"},
		{"www", "a@b.example", password, 422, "the service's own"},
		{"a.b", "a@b.example", password, 422, "two labels"},
		{"", "a@b.example", password, 422, "none"},
		{"other", "owner@acme.example", "not the password", 401, "an account with another password"},
		{"other", "not an address", password, 422, "no e-mail address"},
		{"other", "c@b.example", "short", 422, "a short password"},
		{"other", "c@b.example", strings.Repeat("x", 73), 422, "more than bcrypt reads"},
	}
	for _, tt := range tests {
		status, _ := w.browser(t).post(w.on("", "/signup"), "name", "A company", "slug", tt.slug, "email", tt.email, "password", tt.password)
		assert.Equal(t, tt.want, status, tt.reason)
	}
	status, _ := w.browser(t).post(w.on("acme", "/signup"), "slug", "other", "email", "a@b.example", "password", password)
	assert.Equal(t, 404, status, "tenants' hosts have no sign-up")
	status, page := w.browser(t).post(w.on("", "/login"), "slug", "Acme")
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "Log in to The acme company", "the public site knows where to log in")
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]string{
		"http":  `session=x; Path=/; Max-Age=9; HttpOnly; SameSite=Lax`,
		"https": `__Host-session=x; Path=/; Max-Age=9; HttpOnly; Secure; SameSite=Lax`,
	} {
		a := &app{site: &url.URL{Scheme: scheme, Host: "example.com"}}
		assert.Equal(t, want, a.cookie("x", 9).String())
	}
}

// The handle that tenants use knows nothing of accounts.
func TestAccountsAreOutOfReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "acme")
	tenant, err := w.tenants.LookupSlug(t.Context(), "acme")
	require.NoError(t, err)
	db := w.db.WithContext(tenancy.With(t.Context(), tenant))
	assert.ErrorIs(t, db.Find(&[]Person{}).Error, tenancy.ErrUndeclared)
	assert.ErrorIs(t, db.Create(&Post{Title: "Spam"}).Error, tenancy.ErrSharedReadOnly)
	assert.Error(t, w.db.Find(&[]Project{}).Error, "no tenant, no rows")
}
