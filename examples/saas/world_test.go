package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

const password = "correct horse battery"

// world is the service on a database of its own.
type world struct {
	*app
	data   *data
	server *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	data, err := openData(t.Context(), "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, data.close()) })
	server := httptest.NewUnstartedServer(nil)
	site, err := siteURL("", server.Listener.Addr())
	require.NoError(t, err)
	a, err := newApp(site, data)
	require.NoError(t, err)
	a.people.cost = bcrypt.MinCost
	a.attempts.limit = 1000
	server.Config = newServer(a.handler())
	server.Start()
	t.Cleanup(server.Close)
	return &world{app: a, data: data, server: server}
}

// on returns the URL of a path at a tenant's host, or at the public site's.
func (w *world) on(slug, path string) string {
	host := w.site.Host
	if slug != "" {
		host = slug + "." + host
	}
	return w.site.Scheme + "://" + host + path
}

// browser keeps cookies as browsers do, a jar for each host.
type browser struct {
	t *testing.T
	http.Client
	header http.Header
}

func (w *world) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	address := w.server.Listener.Addr().String()
	return &browser{t: t, header: http.Header{}, Client: http.Client{
		Jar:     jar,
		Timeout: time.Minute,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address) // whatever the host is
			},
		},
	}}
}

// send returns the status and the body of the page at which redirects end.
func (b *browser) send(method, target, contentType, body string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	require.NoError(b.t, err)
	for name, values := range b.header {
		r.Header[name] = values
	}
	if host := b.header.Get("Host"); host != "" {
		r.Host = host
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := b.Do(r)
	require.NoError(b.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return answer.StatusCode, string(text)
}

func (b *browser) get(target string) (int, string) {
	b.t.Helper()
	return b.send(http.MethodGet, target, "", "")
}

func (b *browser) post(target string, fields ...string) (int, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, target, "application/x-www-form-urlencoded", form.Encode())
}

// call sends JSON and reads it.
func (b *browser) call(method, target string, body, answer any) int {
	b.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(b.t, err)
	}
	status, got := b.send(method, target, "application/json", string(text))
	if answer != nil && status < 300 {
		require.NoError(b.t, json.NewDecoder(bytes.NewReader([]byte(got))).Decode(answer), got)
	}
	return status
}

func (b *browser) cookies(target string) []*http.Cookie {
	b.t.Helper()
	parsed, err := url.Parse(target)
	require.NoError(b.t, err)
	return b.Jar.Cookies(parsed)
}

// signUp makes a tenant and logs its owner in.
func (w *world) signUp(t *testing.T, slug string) *browser {
	t.Helper()
	b := w.browser(t)
	email := "owner@" + slug + ".example"
	status, page := b.post(w.on("", "/signup"), "slug", slug, "name", "The "+slug+" company", "email", email, "password", password)
	require.Equal(t, http.StatusOK, status, page)
	_, ticket, _ := strings.Cut(page, `name="ticket" value="`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	status, page = b.post(w.on(slug, "/enter"), "ticket", ticket)
	require.Equal(t, http.StatusOK, status, page)
	require.Contains(t, page, "First steps", "whoever signs up is in")
	require.Contains(t, page, email)
	return b
}

// token logs a member in as a program does.
func (w *world) token(t *testing.T, slug, email string) *browser {
	t.Helper()
	b, answer := w.browser(t), map[string]string{}
	b.Jar = nil
	status := b.call(http.MethodPost, w.on(slug, "/api/session"), map[string]string{"email": email, "password": password}, &answer)
	require.Equal(t, http.StatusCreated, status)
	b.header.Set("Authorization", "Bearer "+answer["token"])
	return b
}
