package middleware_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	gopath "path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/middleware"
)

type keyCase struct {
	key    string
	tenant string
	err    error
	reason string
}

// keys are what a header or a cookie may hold.
var keys = []keyCase{
	{"acme", "acme", nil, "a tenant"},
	{"globex", "globex", nil, "another"},
	{"ACME", "", middleware.ErrUnknown, "capitals, which are the lookup's affair"},
	{"acme.", "", middleware.ErrMalformed, "a dot behind"},
	{".acme", "", middleware.ErrUnknown, "a dot before"},
	{"unknown", "", middleware.ErrUnknown, "an unknown tenant"},
	{"0192aaaa-0000-7000-8000-000000000001", "", middleware.ErrUnknown, "an id, which this lookup does not know"},
	{strings.Repeat("a", 253), "", middleware.ErrUnknown, "a long name"},
	{strings.Repeat("a", 254), "", middleware.ErrMalformed, "a longer one"},
	{"", "", middleware.ErrMalformed, "empty"},
	{".", "", middleware.ErrMalformed, "a directory"},
	{"..", "", middleware.ErrMalformed, "a parent directory"},
	{"../acme", "", middleware.ErrMalformed, "beside a parent directory"},
	{"acme/globex", "", middleware.ErrMalformed, "a path"},
	{`acme\globex`, "", middleware.ErrMalformed, "a path with a backslash"},
	{"acme,globex", "", middleware.ErrMalformed, "a list"},
	{"acme globex", "", middleware.ErrMalformed, "two words"},
	{" acme", "", middleware.ErrMalformed, "a space before"},
	{"acme\t", "", middleware.ErrMalformed, "a tab behind"},
	{"acme\x00", "", middleware.ErrMalformed, "NUL behind"},
	{"\x00", "", middleware.ErrMalformed, "NUL"},
	{"acm%65", "", middleware.ErrMalformed, "an encoded letter"},
	{"аcme", "", middleware.ErrMalformed, "a Cyrillic letter"},
	{"acme\u200b", "", middleware.ErrMalformed, "a space without width"},
	{"*", "", middleware.ErrMalformed, "a wildcard"},
	{"acme' OR '1'='1", "", middleware.ErrMalformed, "SQL"},
	{"acme@globex", "", middleware.ErrMalformed, "userinfo"},
	{"broken", "", middleware.ErrSource, "a lookup that fails"},
	{"nil", "", middleware.ErrSource, "a lookup that returns nothing"},
	{"dormant", "", middleware.ErrSuspended, "a suspended tenant"},
}

func TestHeader(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Header("x-tenant", bySlug))
	for _, tt := range keys {
		tenant, _, err := resolve(t, chain, get("x", http.Header{"X-Tenant": {tt.key}}))
		assert.Equal(t, tt.tenant, tenant, tt.reason)
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
	tests := []struct {
		header http.Header
		err    error
		reason string
	}{
		{http.Header{}, middleware.ErrNone, "no header"},
		{http.Header{"X-Tenants": {"acme"}, "Tenant": {"acme"}, "X_tenant": {"acme"}}, middleware.ErrNone, "others"},
		{http.Header{"X-Tenant": {"acme", "globex"}}, middleware.ErrMalformed, "two that differ"},
		{http.Header{"X-Tenant": {"acme", "acme"}}, middleware.ErrMalformed, "two that agree"},
		{http.Header{"X-Tenant": {"", "acme"}}, middleware.ErrMalformed, "an empty one before"},
	}
	for _, tt := range tests {
		_, _, err := resolve(t, chain, get("acme.example.com", tt.header))
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Cookie("tenant", bySlug))
	tests := []struct {
		cookies []string
		tenant  string
		err     error
		reason  string
	}{
		{nil, "", middleware.ErrNone, "no cookie"},
		{[]string{"tenant=acme"}, "acme", nil, "a tenant"},
		{[]string{`tenant="acme"`}, "acme", nil, "in quotes"},
		{[]string{"a=b; tenant=globex; c=d"}, "globex", nil, "among others"},
		{[]string{"a=b", "tenant=globex"}, "globex", nil, "in a second header"},
		{[]string{"Tenant=acme; tenants=acme; xtenant=acme"}, "", middleware.ErrNone, "others"},
		{[]string{"a=tenant=acme"}, "", middleware.ErrNone, "in another's value"},
		{[]string{"a={\"b\":1}; tenant=acme; c=1,2"}, "acme", nil, "beside JSON and a list"},
		{[]string{`a="x; y"; tenant=acme`}, "acme", nil, "behind quotes that are closed"},
		{[]string{`a="x; tenant=acme; y"`}, "", middleware.ErrMalformed, "within another's quotes"},
		{[]string{`a="; tenant=acme`}, "", middleware.ErrMalformed, "behind a quote that is open"},
		{[]string{`tenant="acme`}, "", middleware.ErrMalformed, "an open quote, for which net/http drops it"},
		{[]string{`tenant=acme"`}, "", middleware.ErrMalformed, "a quote behind"},
		{[]string{`tenant="`}, "", middleware.ErrMalformed, "a quote alone"},
		{[]string{`tenant=""`}, "", middleware.ErrMalformed, "empty quotes"},
		{[]string{`tenant="acme; a=b"`}, "", middleware.ErrMalformed, "quotes around two"},
		{[]string{`tenant=ac\me`}, "", middleware.ErrMalformed, "a backslash, for which net/http drops it"},
		{[]string{"tenant=ac me"}, "", middleware.ErrMalformed, "a space"},
		{[]string{"tenant=ac,me"}, "", middleware.ErrMalformed, "a comma"},
		{[]string{"tenant= acme"}, "", middleware.ErrMalformed, "a space before"},
		{[]string{"tenant =acme"}, "", middleware.ErrMalformed, "a space behind the name, which net/http passes over"},
		{[]string{"tenant\t=acme"}, "", middleware.ErrMalformed, "a tab behind the name"},
		{[]string{"\x00tenant=acme"}, "", middleware.ErrMalformed, "a control character before the name"},
		{[]string{`"tenant"=acme`}, "", middleware.ErrMalformed, "the name in quotes"},
		{[]string{"tenant"}, "", middleware.ErrMalformed, "the name alone"},
		{[]string{"a=b, tenant=acme"}, "", middleware.ErrMalformed, "behind a comma"},
		{[]string{"a=b, tenant=globex; tenant=acme"}, "", middleware.ErrMalformed, "behind a comma, and again"},
		{[]string{"tenant=acme, tenant=globex"}, "", middleware.ErrMalformed, "two headers that were joined by a comma"},
		{[]string{`tenant=acme; tenant=ac\me`}, "", middleware.ErrMalformed, "two, of which net/http drops the second"},
		{[]string{`tenant=ac\me; tenant=acme`}, "", middleware.ErrMalformed, "two, of which net/http drops the first"},
		{[]string{"tenant=acme; tenant"}, "", middleware.ErrMalformed, "two, one without a value"},
		{[]string{"tenant=acme; tenant="}, "", middleware.ErrMalformed, "two, one empty"},
		{[]string{"tenant=acme", `a=b; tenant="globex`}, "", middleware.ErrMalformed, "two headers, the second with an open quote"},
		{[]string{"tenant=acme; tenant=globex"}, "", middleware.ErrMalformed, "two that differ"},
		{[]string{"tenant=acme", "tenant=acme"}, "", middleware.ErrMalformed, "two that agree"},
		{[]string{"tenant="}, "", middleware.ErrMalformed, "empty"},
		{[]string{"tenant=../acme"}, "", middleware.ErrMalformed, "a path"},
		{[]string{"tenant=unknown"}, "", middleware.ErrUnknown, "an unknown tenant"},
		{[]string{"tenant=dormant"}, "", middleware.ErrSuspended, "a suspended tenant"},
		{[]string{"tenant=broken"}, "", middleware.ErrSource, "a lookup that fails"},
	}
	for _, tt := range tests {
		tenant, _, err := resolve(t, chain, get("x", http.Header{"Cookie": tt.cookies}))
		assert.Equal(t, tt.tenant, tenant, tt.reason)
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	errExpired := errors.New("the session store is away")
	chain := middleware.New(open(), middleware.Claim("session", func(r *http.Request) (string, error) {
		switch token := r.Header.Get("Authorization"); token {
		case "forged":
			return "acme", middleware.ErrMalformed
		case "outage":
			return "acme", errExpired
		default:
			return token, nil
		}
	}, bySlug))
	tests := []struct {
		token  string
		tenant string
		err    error
		reason string
	}{
		{"", "", middleware.ErrNone, "no token"},
		{"acme", "acme", nil, "a tenant"},
		{"ACME", "", middleware.ErrUnknown, "an unknown tenant"},
		{"forged", "", middleware.ErrMalformed, "a token that is refused, whatever came with it"},
		{"outage", "", middleware.ErrSource, "a store that fails"},
		{"outage", "", errExpired, "the cause is kept"},
	}
	for _, tt := range tests {
		tenant, _, err := resolve(t, chain, get("globex.example.com", http.Header{"Authorization": {tt.token}}))
		assert.Equal(t, tt.tenant, tenant, tt.reason)
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Path("/t/", bySlug))
	tests := []struct {
		target string
		tenant string
		path   string // as the handler sees it
		err    error
		reason string
	}{
		{"/t/acme/projects", "acme", "/projects", nil, "a tenant"},
		{"/t/globex/", "globex", "/", nil, "its root"},
		{"/t/acme", "acme", "/", nil, "its root without a slash"},
		{"/t/acme/a%2Fb?x=/t/globex", "acme", "/a%2Fb", nil, "an encoded slash behind"},
		{"/t/acme/t/globex/x", "acme", "/t/globex/x", nil, "another tenant behind"},
		{"/t/acme/x/", "acme", "/x/", nil, "a slash at the end"},
		{"/t/acme/x;y=1/z", "acme", "/x;y=1/z", nil, "a parameter behind"},
		{"/t/acme/a%5Cb", "acme", "/a%5Cb", nil, "a backslash between names"},
		{"/t/acme/100%25", "acme", "/100%25", nil, "an encoded per cent sign"},
		{"/t/acme/...", "acme", "/...", nil, "three dots"},
		{"/t/acme/%20/x", "acme", "/%20/x", nil, "a space"},
		{"/t/acme/..%00/t/globex", "", "", middleware.ErrMalformed, "dots before a null byte"},
		{"/t/acme/..%20/t/globex", "", "", middleware.ErrMalformed, "dots before a space"},
		{"/t/acme/%09../t/globex", "", "", middleware.ErrMalformed, "dots after a tab"},
		{"/t/acme/.%0d%0a./t/globex", "", "", middleware.ErrMalformed, "dots around a line's end"},
		{"/t/acme/%2e%2500;x/t/globex", "", "", middleware.ErrMalformed, "a dot before a null byte that is encoded twice"},
		{"/t/acme/.well-known/x", "acme", "/.well-known/x", nil, "a dot before a name"},
		{"/", "", "", middleware.ErrNone, "the root"},
		{"/t", "", "", middleware.ErrNone, "less than the prefix"},
		{"/t/", "", "", middleware.ErrNone, "the prefix alone"},
		{"/tt/acme/x", "", "", middleware.ErrNone, "another prefix"},
		{"/T/acme/x", "", "", middleware.ErrNone, "the prefix in capitals"},
		{"*", "", "", middleware.ErrNone, "a target in asterisk form"},
		{"//t/acme/x", "", "", middleware.ErrMalformed, "two slashes before"},
		{"/x/../t/acme/", "", "", middleware.ErrMalformed, "the prefix once somebody cleans it"},
		{"/x//y", "", "", middleware.ErrMalformed, "an empty segment elsewhere"},
		{"/t//acme/x", "", "", middleware.ErrMalformed, "two slashes inside"},
		{"/t/acme//globex", "", "", middleware.ErrMalformed, "an empty segment"},
		{"/t/acme//t/globex/notes", "", "", middleware.ErrMalformed, "an empty segment before another tenant"},
		{"/t/acme//evil.example/x", "", "", middleware.ErrMalformed, "an empty segment before another site"},
		{"/t/acme//", "", "", middleware.ErrMalformed, "an empty segment at the end"},
		{"/t/acme/x//", "", "", middleware.ErrMalformed, "an empty segment at a longer path's end"},
		{"/t/acme///x", "", "", middleware.ErrMalformed, "two empty segments"},
		{"/t/acme/%2fevil.example/x", "", "", middleware.ErrMalformed, "an empty segment by an encoded slash"},
		{"/t/acme/x%2f%2Fy", "", "", middleware.ErrMalformed, "an empty segment by two"},
		{"/t/acme%2f/x", "", "", middleware.ErrMalformed, "an empty segment behind the tenant by an encoded slash"},
		{`/t/acme/\evil.example/x`, "", "", middleware.ErrMalformed, "an empty segment by a backslash, which browsers take for a slash"},
		{"/t/acme/%5cevil.example/x", "", "", middleware.ErrMalformed, "an encoded backslash"},
		{`/t/acme\/x`, "", "", middleware.ErrMalformed, "a backslash behind the tenant"},
		{`/t/acme/..\globex`, "", "", middleware.ErrMalformed, "a dot segment by a backslash"},
		{"/t/acme/x%5c..%5c..%5cglobex", "", "", middleware.ErrMalformed, "dot segments by encoded backslashes"},
		{"/t/acme/..;/globex", "", "", middleware.ErrMalformed, "a dot segment with a parameter"},
		{"/t/acme/.;x=y/globex", "", "", middleware.ErrMalformed, "a dot segment of one dot with a parameter"},
		{"/t/acme/;x/globex", "", "", middleware.ErrMalformed, "an empty segment with a parameter"},
		{"/t/acme/%2e%2e%3b/globex", "", "", middleware.ErrMalformed, "a dot segment with a parameter, encoded"},
		{"/t/acme/%252e%252e/globex", "", "", middleware.ErrMalformed, "a dot segment encoded twice"},
		{"/t/acme/%25252e%25252e/globex", "", "", middleware.ErrMalformed, "a dot segment encoded three times"},
		{"/t/acme/%252fevil.example", "", "", middleware.ErrMalformed, "an empty segment encoded twice"},
		{"/t/acme./x", "", "", middleware.ErrMalformed, "a dot behind the tenant"},
		{"/t/.../x", "", "", middleware.ErrMalformed, "three dots for a tenant"},
		{"/t/../acme/x", "", "", middleware.ErrMalformed, "a dot segment for a tenant"},
		{"/t/acme/../globex/x", "", "", middleware.ErrMalformed, "a dot segment"},
		{"/t/acme/./x", "", "", middleware.ErrMalformed, "a dot segment of one dot"},
		{"/t/acme/..", "", "", middleware.ErrMalformed, "a dot segment at the end"},
		{"/t/acme/%2e%2e/globex", "", "", middleware.ErrMalformed, "an encoded dot segment"},
		{"/t/acme/.%2E/globex", "", "", middleware.ErrMalformed, "half of one"},
		{"/t/acme/..%2fglobex", "", "", middleware.ErrMalformed, "a dot segment by an encoded slash"},
		{"/t/acme%2fglobex/x", "", "", middleware.ErrMalformed, "an encoded slash for the end"},
		{"/t/acme%2Fx", "", "", middleware.ErrMalformed, "an encoded slash for the end, in capitals"},
		{"/t%2facme/x", "", "", middleware.ErrMalformed, "an encoded slash in the prefix"},
		{"/%74/acme/x", "", "", middleware.ErrMalformed, "an encoded prefix"},
		{"/t/%61cme/x", "", "", middleware.ErrMalformed, "an encoded letter"},
		{"/t/acme%00/x", "", "", middleware.ErrMalformed, "NUL"},
		{"/t/acme%20/x", "", "", middleware.ErrMalformed, "a space"},
		{"/t/acme%252fglobex/x", "", "", middleware.ErrMalformed, "encoded twice"},
		{"/t/acme;globex/x", "", "", middleware.ErrMalformed, "a parameter"},
		{"/t/acme@globex/x", "", "", middleware.ErrMalformed, "userinfo"},
		{"/t/%D0%B0cme/x", "", "", middleware.ErrMalformed, "a Cyrillic letter"},
		{"/t/" + strings.Repeat("a", 300), "", "", middleware.ErrMalformed, "a long name"},
		{"/t/ACME/x", "", "", middleware.ErrUnknown, "capitals"},
		{"/t/dormant/x", "", "", middleware.ErrSuspended, "a suspended tenant"},
		{"http://evil.com/t/acme/x", "acme", "/x", nil, "a target in absolute form"},
		{"a:/t/acme/x", "acme", "/x", nil, "a target in absolute form without an authority"},
	}
	for _, tt := range tests {
		target, err := url.ParseRequestURI(tt.target)
		require.NoError(t, err, tt.target)
		r := get("x", nil)
		r.URL = target
		before := *target
		tenant, scoped, err := resolve(t, chain, r)
		assert.Equal(t, tt.tenant, tenant, "%s: %.80s", tt.reason, tt.target)
		assert.ErrorIs(t, err, tt.err, "%s: %.80s", tt.reason, tt.target)
		assert.Equal(t, before, *r.URL, "the request that came in keeps its path")
		if scoped != nil {
			assert.Equal(t, tt.path, scoped.URL.EscapedPath(), tt.reason)
			assert.Equal(t, target.RawQuery, scoped.URL.RawQuery, tt.reason)
		}
	}
}

// A path that names a tenant must mean the same to who reads it decoded and to who
// reads it as it was sent.
func TestPathAtTheRoot(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Path("/", bySlug))
	for target, want := range map[string]string{"/acme/x": "acme", "/globex": "globex", "/": "", "/%2facme/x": "", "//acme/x": ""} {
		r := httptest.NewRequest(http.MethodGet, "http://x"+target, nil)
		tenant, _, _ := resolve(t, chain, r)
		assert.Equal(t, want, tenant, target)
	}
}

func FuzzHeader(f *testing.F) {
	for _, tt := range keys {
		f.Add(tt.key)
	}
	chain := middleware.New(open(), middleware.Header("X-Tenant", bySlug))
	f.Fuzz(func(t *testing.T, value string) {
		tenant, _, err := resolve(t, chain, get("x", http.Header{"X-Tenant": {value}}))
		known := value == "acme" || value == "globex"
		if known != (err == nil) || known && tenant != value {
			t.Errorf("%q is %q: %v", value, tenant, err)
		}
	})
}

func FuzzCookie(f *testing.F) {
	for _, tt := range keys {
		f.Add("tenant=" + tt.key)
		f.Add("a=b; tenant=" + tt.key + "; tenant=acme")
		f.Add("a=\"b, tenant=" + tt.key + "; c\"=d;tenant =\"globex\"")
	}
	chain := middleware.New(open(), middleware.Cookie("tenant", bySlug))
	names := regexp.MustCompile(`(?:\A|;)[ \t]*tenant=("?)(acme|globex)("?)[ \t]*(?:\z|;)`)
	again := regexp.MustCompile(`(?:\A|[;,])[\x00- "\x7f]*tenant[\x00- "\x7f]*(?:\z|[;,=])`)
	f.Fuzz(func(t *testing.T, value string) {
		tenant, _, err := resolve(t, chain, get("x", http.Header{"Cookie": {value}}))
		match := names.FindStringSubmatch(value)
		if err == nil && (match == nil || match[2] != tenant || match[1] != match[3] || len(again.FindAllString(value, -1)) > 1) {
			t.Errorf("%q is %q", value, tenant)
		}
		if errors.Is(err, middleware.ErrNone) && again.MatchString(value) {
			t.Errorf("%q is nobody's", value)
		}
	})
}

func FuzzClaim(f *testing.F) {
	for _, tt := range keys {
		f.Add(tt.key)
	}
	chain := middleware.New(open(), middleware.Claim("token", func(r *http.Request) (string, error) {
		return r.Header.Get("Authorization"), nil
	}, bySlug))
	f.Fuzz(func(t *testing.T, value string) {
		tenant, _, err := resolve(t, chain, get("x", http.Header{"Authorization": {value}}))
		known := value == "acme" || value == "globex"
		if known != (err == nil) || known && tenant != value {
			t.Errorf("%q is %q: %v", value, tenant, err)
		}
	})
}

// readings are a path as others may read it.
func readings(path string) []string {
	slashes := strings.ReplaceAll(path, `\`, "/")
	return []string{path, slashes, regexp.MustCompile(`;[^/]*`).ReplaceAllString(slashes, "")}
}

// cleaned is what http.ServeMux redirects to.
func cleaned(path string) string { return gopath.Clean("/" + path) }

func FuzzPath(f *testing.F) {
	for _, target := range []string{
		"/t/acme/x", "/t/acme/../globex/x", "/t/acme%2fglobex", "/t/%61cme/", "/t//acme", "/t/globex/%2e%2e/acme",
		"http://evil.com/t/acme", "//t/acme", "/t/acme/a%2fb?c#d", "a:/t/acme",
		"/t/acme//t/globex", "/t/acme/%5cevil.example", "/t/acme/..;x/globex", "/t/acme/%252e%252e/globex", `/t/acme/x\..\y`,
	} {
		f.Add(target)
	}
	chain := middleware.New(open(), middleware.Path("/t/", bySlug))
	// As it was sent, in a target of either form, which may lack the authority.
	sent := regexp.MustCompile(`\A(?:[A-Za-z][A-Za-z0-9+.-]*:(?://[^/]*)?)?/t/(acme|globex)(?:\z|[/?])`)
	f.Fuzz(func(t *testing.T, target string) {
		parsed, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := get("x", nil)
		r.URL = parsed
		tenant, scoped, err := resolve(t, chain, r)
		if err != nil {
			return
		}
		if match := sent.FindStringSubmatch(target); match == nil || match[1] != tenant {
			t.Errorf("%q is %q", target, tenant)
		}
		path := scoped.URL.Path
		if "/t/"+tenant+path != parsed.Path && "/t/"+tenant != parsed.Path {
			t.Errorf("%q is %q of %q", target, path, tenant)
		}
		for range 3 { // as it is, and decoded again
			for _, read := range readings(path) {
				if clean := cleaned(read); clean != read && clean+"/" != read {
					t.Errorf("%q is %q of %q, and then %q", target, read, tenant, clean)
				}
			}
			if path, err = url.PathUnescape(path); err != nil {
				break
			}
		}
	})
}

// No request for one tenant arrives at another, and none at another site, by a
// redirect of what comes after the chain.
func TestPathIsNotRedirectedElsewhere(t *testing.T) {
	t.Parallel()
	app := http.NewServeMux()
	app.HandleFunc("GET /t/{tenant}/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	app.HandleFunc("POST /", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	app.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/", http.StatusFound)
	})
	handler := middleware.New(open(), middleware.Path("/t/", bySlug)).Handler(app)
	for _, target := range []string{
		"/t/acme//t/globex/notes", "/t/acme//evil.example/x", "/t/acme/%2fevil.example/x", "/t/acme/%5cevil.example/x",
		"/t/acme/../globex/notes", "/t/acme/%2e%2e/globex/notes", "/t/acme/x/..//t/globex/notes", "/t/acme/;/t/globex/notes",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(method, "http://x"+target, strings.NewReader("text=secret")))
			assert.Equal(t, http.StatusBadRequest, w.Code, "%s %s", method, target)
			assert.Empty(t, w.Header().Get("Location"), "%s %s", method, target)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://x/t/acme/evil.example", nil))
	assert.Equal(t, "/evil.example/", w.Header().Get("Location"))
}
