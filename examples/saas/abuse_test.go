package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// Who signs up in vain, or joins in vain, leaves nothing behind that keeps the holder of
// the address out.
func TestNoAccountWithoutMembership(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	const address = "holder@example.org"
	for slug, name := range map[string]string{"acme": "Taken", "www": "Reserved", "a.b": "Malformed", "other": strings.Repeat("x", 201)} {
		status, _ := w.browser(t).post(w.on("", "/signup"), "slug", slug, "name", name, "email", address, "password", "of somebody else")
		assert.Equal(t, 422, status, slug)
	}
	for slug, want := range map[string]int{"acme": 422, "www": 422, "a.b": 422, "free": 401} {
		status, _ := w.browser(t).post(w.on("", "/signup"), "slug", slug, "name", "A", "email", "owner@acme.example", "password", "of somebody else")
		assert.Equal(t, want, status, "%s, for an address that has an account", slug)
	}
	link := w.invite(t, acme, "acme", address, roleViewer)
	tenant, _, err := w.tenants.FindInvitation(t.Context(), tokenOf(t, link))
	require.NoError(t, err)
	_, err = w.tenants.Suspend(t.Context(), tenant.ID)
	require.NoError(t, err)
	status, _ := w.browser(t).post(w.on("acme", "/join"), "token", tokenOf(t, link), "password", "of somebody else")
	assert.Equal(t, 403, status)
	err = w.people.enter(t.Context(), address, "of somebody else", func(Person) error { return errTooMany })
	require.ErrorIs(t, err, errTooMany, "whatever fails")
	var people int64
	require.NoError(t, w.people.db.Model(&Person{}).Where("email = ?", address).Count(&people).Error)
	assert.Zero(t, people)
	status, page := w.browser(t).post(w.on("", "/signup"), "slug", "holder", "name", "Holder", "email", address, "password", password)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "Continue as "+address)
}

// A session counts at its tenant's host, and at no other, be it nobody's.
func TestSessionCountsAtItsHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	w.signUp(t, "globex")
	token := acme.cookies(w.on("acme", "/"))[0].Value
	for _, sent := range []http.Header{{"Cookie": {"session=" + token}}, {"Authorization": {"Bearer " + token}}} {
		for _, host := range []string{
			w.site.Host, "www." + w.site.Host, "globex." + w.site.Host, "nobody." + w.site.Host, "evil.example", "127.0.0.1", "acme.evil.example",
		} {
			for _, path := range []string{"/", "/members", "/api/projects", "/projects"} {
				b := w.browser(t)
				b.header = sent.Clone()
				b.header.Set("Host", host)
				_, page := b.get(w.on("", path))
				for _, theirs := range []string{"First steps", "owner@acme.example", "Log out"} {
					assert.NotContains(t, page, theirs, "%s%s", host, path)
				}
			}
		}
		b := w.browser(t)
		b.header = sent.Clone()
		_, page := b.get(w.on("acme", "/"))
		assert.Contains(t, page, "First steps", "where it belongs it is good")
	}
}

// A session ends with the logout, and with the membership: nothing brings it back.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	program := w.token(t, "acme", "owner@acme.example")
	require.Equal(t, 200, program.call("GET", w.on("acme", "/api/projects"), nil, nil))
	require.Equal(t, 204, program.call("DELETE", w.on("acme", "/api/session"), nil, nil))
	assert.Equal(t, 404, program.call("GET", w.on("acme", "/api/projects"), nil, nil), "a token after the logout")
	status, _ := acme.get(w.on("acme", "/"))
	assert.Equal(t, 200, status, "another session goes on")

	old := w.browser(t)
	old.Jar = nil
	old.header.Set("Cookie", acme.cookies(w.on("acme", "/"))[0].String())
	_, page := old.get(w.on("acme", "/"))
	require.Contains(t, page, "First steps")
	status, _ = acme.post(w.on("acme", "/logout"))
	require.Equal(t, 200, status)
	_, page = old.get(w.on("acme", "/"))
	assert.NotContains(t, page, "First steps", "a cookie after the logout")

	acme.post(w.on("acme", "/login"), "email", "owner@acme.example", "password", password)
	first := w.invite(t, acme, "acme", "ed@acme.example", roleEditor)
	ed := w.browser(t)
	ed.post(w.on("acme", "/join"), "token", tokenOf(t, first), "password", password)
	old.header.Set("Cookie", ed.cookies(w.on("acme", "/"))[0].String())
	_, page = old.get(w.on("acme", "/"))
	require.Contains(t, page, "First steps")
	tenant, err := w.tenants.LookupSlug(t.Context(), "acme")
	require.NoError(t, err)
	person, _, err := w.people.find(t.Context(), "ed@acme.example")
	require.NoError(t, err)
	require.NoError(t, w.tenants.RemoveMember(t.Context(), tenant.ID, person.ID.String()))
	again := w.invite(t, acme, "acme", "ed@acme.example", roleEditor)
	status, _ = w.browser(t).post(w.on("acme", "/join"), "token", tokenOf(t, again), "password", password)
	require.Equal(t, 200, status)
	_, page = old.get(w.on("acme", "/"))
	assert.NotContains(t, page, "First steps", "an old cookie after a new invitation")
}

// What comes twice counts as nothing: readers do not agree on which of the two it is.
func TestSessionSentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.signUp(t, "acme").cookies(w.on("acme", "/"))[0].Value
	for what, c := range map[string]struct {
		sent http.Header
		good bool
	}{
		"a cookie":             {http.Header{"Cookie": {"session=" + token}}, true},
		"a cookie twice":       {http.Header{"Cookie": {"session=" + token + "; session=" + token}}, false},
		"and somebody else's":  {http.Header{"Cookie": {"session=" + token + "; session=x"}}, false},
		"behind somebody's":    {http.Header{"Cookie": {"session=x; session=" + token}}, false},
		"a header":             {http.Header{"Authorization": {"Bearer " + token}}, true},
		"a header twice":       {http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}}, false},
		"a cookie beside it":   {http.Header{"Authorization": {"Bearer " + token}, "Cookie": {"session=x"}}, true},
		"another header first": {http.Header{"Authorization": {"Bearer x"}, "Cookie": {"session=" + token}}, false},
	} {
		b := w.browser(t)
		b.Jar = nil
		b.header = c.sent
		_, page := b.get(w.on("acme", "/"))
		assert.Equal(t, c.good, strings.Contains(page, "First steps"), what)
	}
}

// A ticket is good once, for a minute, from the tenant's own page.
func TestTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signUp(t, "acme")
	w.signUp(t, "globex")
	tenant, err := w.tenants.LookupSlug(t.Context(), "acme")
	require.NoError(t, err)
	person, _, err := w.people.find(t.Context(), "owner@acme.example")
	require.NoError(t, err)
	member, err := w.tenants.Membership(t.Context(), tenant.ID, person.ID.String())
	require.NoError(t, err)
	ctx := tenancy.With(t.Context(), tenant)
	ticket, err := w.begin(ctx, member, "ticket@acme.example", true)
	require.NoError(t, err)

	for _, method := range []string{http.MethodHead, http.MethodGet} {
		status, page := owner.send(method, w.on("acme", "/enter?ticket="+ticket), "", "")
		assert.Equal(t, 200, status)
		assert.Equal(t, method == http.MethodGet, strings.Contains(page, "Continue as ticket@acme.example"))
	}
	_, page := owner.get(w.on("acme", "/"))
	assert.Contains(t, page, "owner@acme.example", "a link makes nobody somebody else")
	for _, site := range []string{"same-site", "cross-site"} {
		b := w.browser(t)
		b.header.Set("Sec-Fetch-Site", site)
		status, _ := b.post(w.on("acme", "/enter"), "ticket", ticket)
		assert.Equal(t, 403, status, "a form of another origin")
	}
	b := w.browser(t)
	b.header.Set("Authorization", "Bearer "+ticket)
	status, _ := b.get(w.on("acme", "/api/projects"))
	assert.Equal(t, 404, status, "a ticket is no session")
	status, _ = w.browser(t).post(w.on("globex", "/enter"), "ticket", ticket)
	assert.Equal(t, 404, status, "at another tenant's host it is none")
	status, page = w.browser(t).post(w.on("acme", "/enter"), "ticket", ticket)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "ticket@acme.example")
	status, _ = w.browser(t).post(w.on("acme", "/enter"), "ticket", ticket)
	assert.Equal(t, 404, status, "a second time")

	ticket, err = w.begin(ctx, member, "x", true)
	require.NoError(t, err)
	require.NoError(t, w.db.WithContext(ctx).Model(&Session{}).Where("is_ticket").Update("expires_at", time.Now()).Error)
	status, _ = w.browser(t).post(w.on("acme", "/enter"), "ticket", ticket)
	assert.Equal(t, 404, status, "after its minute")
}

// Whatever is sent, it is the sender who has to mend it.
func TestOddInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	odd := []string{
		strings.Repeat("x", 201), strings.Repeat("ä", 201), strings.Repeat("x", 60_000), "", " ", "\x00", "a\x00b", "\xff", "a\r\nb", "\u200b", "\u202eb",
		strings.Repeat("a", 300) + "@example.com", "\"a\\\r\nb\"@example.com", "-", "../x", "%00", "'; --",
	}
	for _, text := range odd {
		label := fmt.Sprintf("%.20q", text)
		for _, fields := range [][]string{
			{"/signup", "name", text, "slug", "other", "email", "a@b.example", "password", "short"},
			{"/signup", "name", "A", "slug", text, "email", "a@b.example", "password", "short"},
			{"/signup", "name", "A", "slug", "other", "email", text, "password", "short"},
			{"/signup", "name", "A", "slug", "www", "email", "a@b.example", "password", text},
			{"/login", "slug", text + "."},
		} {
			status, _ := w.browser(t).post(w.on("", fields[0]), fields[1:]...)
			assert.Contains(t, []int{401, 422}, status, "%s %s", fields[0], label)
		}
		for _, fields := range [][]string{
			{"/login", "email", text, "password", text}, {"/join", "token", text, "password", text},
			{"/members", "email", text, "role", "editor"}, {"/members", "email", "x@y.example", "role", text},
			{"/projects/" + url.PathEscape(text) + "/tasks", "title", "x"}, {"/tasks/x", "done", text},
			{"/members/" + url.PathEscape(text) + "/remove"},
		} {
			status, _ := acme.post(w.on("acme", fields[0]), fields[1:]...)
			assert.True(t, 400 <= status && status < 500, "%s %s: %d", fields[0], label, status)
		}
		for _, path := range []string{"/?after=", "/members?after=", "/api/projects?after=", "/join?token=", "/enter?ticket=", "/nowhere/"} {
			status, _ := acme.get(w.on("acme", path+url.QueryEscape(text)))
			assert.Less(t, status, 500, "%s %s", path, label)
		}
	}
	for _, name := range odd[:11] {
		status, _ := acme.post(w.on("acme", "/projects"), "name", name)
		assert.Equal(t, 422, status, "%.20q", name)
	}
	status, _ := acme.post(w.on("acme", "/projects"), "name", strings.Repeat("x", maxBody))
	assert.Contains(t, []int{413, 422}, status, "more than a request may send")
	status, _ = w.browser(t).post(w.on("", "/signup"), "slug", "long", "name", strings.Repeat("x", 200), "email", "l@b.example", "password", password)
	assert.Equal(t, 200, status, "as long as it may be")
}

// A list has pages, each of so many rows.
func TestPagesHaveBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	tenant, err := w.tenants.LookupSlug(t.Context(), "acme")
	require.NoError(t, err)
	db := w.db.WithContext(tenancy.With(t.Context(), tenant))
	projects := make([]Project, 2*pageSize)
	for i := range projects {
		projects[i].Name = fmt.Sprint("Project number ", i)
	}
	require.NoError(t, db.Create(&projects).Error)
	tasks := make([]Task, pageSize+1)
	for i := range tasks {
		tasks[i] = Task{ProjectID: projects[0].ID, Title: fmt.Sprint("Task number ", i)}
	}
	require.NoError(t, db.Create(&tasks).Error)

	seen, path := 0, "/"
	for path != "" {
		_, page := acme.get(w.on("acme", path))
		rows := strings.Count(page, "/projects/")
		assert.LessOrEqual(t, rows, pageSize)
		seen += rows
		_, next, _ := strings.Cut(page, `rel="next" href="`)
		path, _, _ = strings.Cut(next, `"`)
		if path != "" {
			path = "/" + path
		}
	}
	assert.Equal(t, 2*pageSize+1, seen)
	_, page := acme.get(w.on("acme", "/projects/"+projects[0].ID.String()))
	assert.Equal(t, pageSize, strings.Count(page, "Task number")/2, "with its label each")
	assert.Contains(t, page, `rel="next"`)

	program := w.token(t, "acme", "owner@acme.example")
	var list []Project
	require.Equal(t, 200, program.call("GET", w.on("acme", "/api/projects"), nil, &list))
	assert.Len(t, list, pageSize)
	require.Equal(t, 200, program.call("GET", w.on("acme", "/api/projects?after="+list[pageSize-1].ID.String()), nil, &list))
	assert.Len(t, list, pageSize)
}

// What is not there is not listed, and looking is not reading.
func TestSurface(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "acme")
	for _, slug := range []string{"", "acme"} {
		for _, path := range []string{"/static/", "/static", "/static/style.css/", "/static/../static/", "/templates/", "/static/none.css"} {
			status, page := w.browser(t).get(w.on(slug, path))
			assert.NotContains(t, page, "<pre>", path)
			assert.True(t, status == 404 || strings.Contains(page, "Log in to"), "%s: %d", path, status)
		}
		status, _ := w.browser(t).get(w.on(slug, "/static/style.css"))
		assert.Equal(t, 200, status)
	}
	for _, path := range []string{"/", "/members", "/projects/x"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			b := w.browser(t)
			b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			status, page := b.send(method, w.on("acme", path), "", "")
			assert.Equal(t, 303, status, "%s %s", method, path)
			assert.NotContains(t, page, "First steps")
			status, _ = b.send(method, w.on("nobody", path), "", "")
			assert.Equal(t, 404, status, "%s %s", method, path)
		}
	}
}

// Who guesses passwords is told to wait; who has logged in does not notice.
func TestAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	w.attempts.limit = 3
	w.attempts.since = time.Time{}
	statuses := []int{}
	for range 5 {
		status, _ := w.browser(t).post(w.on("acme", "/login"), "email", "owner@acme.example", "password", "guess guess")
		statuses = append(statuses, status)
	}
	assert.Equal(t, []int{401, 401, 401, 429, 429}, statuses)
	status := w.browser(t).call("POST", w.on("acme", "/api/session"), map[string]string{"email": "owner@acme.example", "password": password}, nil)
	assert.Equal(t, 429, status)
	status, _ = acme.get(w.on("acme", "/"))
	assert.Equal(t, 200, status)

	counted := &attempts{limit: 1}
	for i := range 2 * maxVisitors {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)
		counted.allow(r)
	}
	assert.LessOrEqual(t, len(counted.count), maxVisitors+1)
	assert.Equal(t, clientOf("[2001:db8::1]:1"), clientOf("[2001:db8::ffff]:2"), "one network")
}

// A flood of requests for hosts that nobody has does not keep a member out. The test runs
// by itself: the flood takes the processors from other tests.
func TestMembersAreServedInAFlood(t *testing.T) {
	w := newWorld(t)
	acme := w.signUp(t, "acme")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var flood sync.WaitGroup
	var sent atomic.Int64
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 1,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, w.server.Listener.Addr().String())
		},
	}}
	for i := range 700 {
		flood.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				host := fmt.Sprintf("made-up-%d-%d", i, n)
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.on(host, "/"), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if answer, err := client.Do(r); err == nil {
					_ = answer.Body.Close()
					sent.Add(1)
				}
			}
		})
	}
	require.Eventually(t, func() bool { return sent.Load() > 100 }, 30*time.Second, 10*time.Millisecond)
	var slowest time.Duration
	for range 5 {
		begin := time.Now()
		status, page := acme.get(w.on("acme", "/"))
		assert.Equal(t, 200, status)
		assert.Contains(t, page, "First steps")
		slowest = max(slowest, time.Since(begin))
	}
	stop()
	flood.Wait()
	t.Logf("%d requests for nobody; a member waited %v at the most", sent.Load(), slowest)
	assert.Less(t, slowest, maxTime)
	pool, err := w.data.lookups.DB()
	require.NoError(t, err)
	assert.Equal(t, lookupConns, pool.Stats().MaxOpenConnections)
	assert.LessOrEqual(t, pool.Stats().OpenConnections, lookupConns)
}
