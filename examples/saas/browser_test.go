package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tab is a tab of a browser without windows.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab starts a browser with a profile of its own, which is removed at the end.
func newTab(t *testing.T) *tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(900, 700),
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser, which may not have started
		end()
		stop()
	})
	require.NoError(t, chromedp.Do(ctx), `this test needs Chromium or Chrome: "make chromium" installs it`)
	return &tab{t, ctx}
}

// stranger opens a tab that shares neither cookies nor storage.
func (b *tab) stranger() *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(end)
	require.NoError(b.t, chromedp.Do(ctx))
	return &tab{b.t, ctx}
}

// see runs an action and returns its result.
func see[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	require.NoError(b.t, err)
	return result
}

// goTo runs steps of which the last leads to another page, waits for it, and
// returns what it says.
func (b *tab) goTo(steps ...chromedp.Action[chromedp.Void]) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, steps...)
	require.NoError(b.t, err)
	return see(b, chromedp.Text(chromedp.CSS("body")))
}

func (b *tab) open(url string) string {
	b.t.Helper()
	return b.goTo(chromedp.Navigate(url))
}

func (b *tab) click(selector string) string {
	b.t.Helper()
	return b.goTo(chromedp.Click(chromedp.CSS(selector)))
}

// fill fills in a form and sends it.
func (b *tab) fill(form string, fields ...string) string {
	b.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		see(b, chromedp.SetValue(chromedp.CSS(form+` [name="`+fields[i]+`"]`), fields[i+1]))
	}
	return b.click(form + " button")
}

func (b *tab) location() string {
	b.t.Helper()
	return see(b, chromedp.Location())
}

// picture saves the page as an image where SAAS_SCREENSHOTS names a directory.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("SAAS_SCREENSHOTS")
	if dir == "" {
		return
	}
	image := see(b, chromedp.FullScreenshot(100))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), image, 0o600))
}

func (w *world) signUpIn(b *tab, slug, name string) {
	b.t.Helper()
	email := "owner@" + slug + ".example"
	b.open(w.on("", "/"))
	b.picture("home")
	b.click(`a[href="/signup"]`)
	b.picture("signup")
	page := b.fill(`form[action="/signup"]`, "name", name, "slug", slug, "email", email, "password", password)
	require.Contains(b.t, page, "Welcome to "+name)
	b.picture("welcome")
	page = b.click(`form[action="/enter"] button`)
	require.Contains(b.t, page, "First steps", "nobody is asked for the password again")
	require.Contains(b.t, page, email)
	require.Equal(b.t, w.on(slug, "/"), b.location())
}

// One browser with two tenants, as somebody has who works for both; then one that
// belongs to neither.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser; the run without -short has it")
	}
	t.Parallel()
	w := newWorld(t)
	b := newTab(t)

	w.signUpIn(b, "acme", "Acme")
	page := b.fill(`form[action="/projects"]`, "name", "Anvils")
	assert.Contains(t, page, "No tasks yet.")
	project := b.location()
	b.fill(`form[action$="/tasks"]`, "title", "Forge <b>one</b>")
	page = b.fill(`form[action$="/tasks"]`, "title", "Drop it")
	assert.Contains(t, page, "Forge <b>one</b>", "text is text")
	page = b.click("#tasks li:first-child button")
	assert.Contains(t, page, "Reopen")
	assert.Contains(t, page, "owner@acme.example", "who is logged in is shown")
	b.picture("project")

	w.signUpIn(b, "globex", "Globex")
	b.fill(`form[action="/projects"]`, "name", "Volcano")

	page = b.open(w.on("globex", "/"))
	assert.Contains(t, page, "Volcano")
	assert.NotContains(t, page, "Anvils")
	page = b.open(w.on("acme", "/"))
	assert.Contains(t, page, "Anvils")
	assert.NotContains(t, page, "Volcano")
	b.picture("projects")
	b.open(project)
	assert.Contains(t, b.fill(`form[action$="/elsewhere"]`, "slug", "globex"), "Not Found", "acme's project at globex")
	assert.Equal(t, "http://globex."+w.site.Host+project[len(w.on("acme", "")):], b.location())
	b.picture("notfound")

	b.open(w.on("globex", "/"))
	assert.Empty(t, see(b, chromedp.Evaluate[string]("document.cookie")), "scripts do not see the session")

	// globex's page sends acme a form. The hosts are the same site, so the browser
	// sends acme's cookie along.
	page = b.goTo(chromedp.Evaluate[chromedp.Void](`{
		const form = document.createElement("form");
		form.method = "post";
		form.action = "` + w.on("acme", "/projects") + `";
		form.innerHTML = "<input name=name value=Planted>";
		document.body.append(form);
		form.submit();
	}`))
	assert.Contains(t, page, "cross-origin request")
	assert.NotContains(t, b.open(w.on("acme", "/")), "Planted")

	b.open(w.on("acme", "/members"))
	page = b.fill(`form[action="/members"]`, "email", "ed@acme.example", "role", roleEditor)
	assert.Contains(t, page, "Send this address")
	b.picture("members")
	link := see(b, chromedp.AttributeValue(chromedp.CSS("#invitation"), "href"))
	w.strangerIn(b.stranger(), link.Value)
}

// strangerIn is somebody from globex who is at first nobody in acme, and then
// somebody who is invited.
func (w *world) strangerIn(b *tab, link string) {
	t := b.t
	t.Helper()
	assert.Contains(t, b.open(w.on("", "/api")), "JSON API")
	b.picture("api")
	b.open(w.on("", "/"))
	b.click(`nav a[href="/login"]`)
	b.picture("find")
	assert.Contains(t, b.fill(`form[action="/login"]`, "slug", "acme"), "Log in to Acme")
	b.picture("login")
	assert.Contains(t, b.open(w.on("acme", "/")), "Log in to Acme")
	page := b.fill(`form[action="/login"]`, "email", "owner@globex.example", "password", password)
	assert.Contains(t, page, "do not match")
	b.picture("refused")
	assert.Contains(t, b.open(w.on("acme", "/members")), "Log in to Acme")
	assert.Contains(t, b.open(w.on("nobody", "/")), "Not Found")

	assert.Contains(t, b.open(link), "Join Acme")
	b.picture("join")
	page = b.fill(`form[action="/join"]`, "password", password)
	assert.Contains(t, page, "Anvils")
	assert.Contains(t, b.open(link), "this invitation is not valid")
	assert.Contains(t, b.open(w.on("globex", "/")), "Log in to Globex")
}
