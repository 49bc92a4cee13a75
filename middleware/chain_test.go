package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
)

func TestSourcesAgree(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(),
		middleware.Subdomain(base, bySlug), middleware.Domain(byDomain, base), middleware.Header("X-Tenant", bySlug))
	tests := []struct {
		host, header string
		tenant       string
		err          error
		reason       string
	}{
		{"acme.example.com", "", "acme", nil, "one source"},
		{"example.com", "globex", "globex", nil, "another"},
		{"acme.example.com", "acme", "acme", nil, "two that agree"},
		{"shop.acme.com", "acme", "acme", nil, "two that agree by different keys"},
		{"acme.example.com", "globex", "", middleware.ErrDisagree, "two that disagree"},
		{"shop.acme.com", "globex", "", middleware.ErrDisagree, "two that disagree by different keys"},
		{"acme.example.com", "unknown", "", middleware.ErrDisagree, "a second one that is unknown"},
		{"unknown.example.com", "acme", "", middleware.ErrDisagree, "a first one that is unknown"},
		{"unknown.example.com", "unknown", "", middleware.ErrUnknown, "two that are unknown"},
		{"acme.example.com", "a/b", "", middleware.ErrMalformed, "a second one that is malformed"},
		{"a/b", "acme", "", middleware.ErrMalformed, "a first one that is malformed"},
		{"unknown.example.com", "a/b", "", middleware.ErrMalformed, "a malformed one beside an unknown one"},
		{"acme.example.com", "broken", "", middleware.ErrSource, "a second one that fails"},
		{"unknown.example.com", "broken", "", middleware.ErrSource, "one that fails beside an unknown one"},
		{"broken.example.com", "acme", "", middleware.ErrSource, "a first one that fails"},
		{"acme.example.com", "dormant", "", middleware.ErrDisagree, "a second one that is suspended"},
		{"example.com", "", "", middleware.ErrNone, "none"},
	}
	for _, tt := range tests {
		header := http.Header{}
		if tt.header != "" {
			header.Set("X-Tenant", tt.header)
		}
		tenant, _, err := resolve(t, chain, get(tt.host, header))
		assert.Equal(t, tt.tenant, tenant, tt.reason)
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
}

func TestMember(t *testing.T) {
	t.Parallel()
	errAway := errors.New("the members are away")
	config := open()
	config.AllowStrangers = false
	config.Member = func(r *http.Request, tenant *account) (bool, error) {
		scope, _ := tenancy.From(r.Context())
		if id, _ := scope.Tenant(); id != tenant.id.String() {
			return false, errors.New("the context is not the tenant's")
		}
		switch r.Header.Get("User") {
		case "away":
			return true, errAway
		case tenant.name:
			return true, nil
		default:
			return false, nil
		}
	}
	chain := middleware.New(config, middleware.Subdomain(base, bySlug))
	tests := []struct {
		host, user string
		err        error
		reason     string
	}{
		{"acme.example.com", "acme", nil, "a member"},
		{"acme.example.com", "globex", middleware.ErrNotMember, "another tenant's member"},
		{"acme.example.com", "", middleware.ErrNotMember, "nobody"},
		{"acme.example.com", "away", middleware.ErrSource, "no answer is no membership"},
		{"acme.example.com", "away", errAway, "the cause is kept"},
		{"dormant.example.com", "dormant", middleware.ErrSuspended, "a member learns that the tenant is suspended"},
		{"dormant.example.com", "acme", middleware.ErrNotMember, "others do not"},
	}
	for _, tt := range tests {
		_, _, err := resolve(t, chain, get(tt.host, http.Header{"User": {tt.user}}))
		assert.ErrorIs(t, err, tt.err, tt.reason)
	}
}

func TestPublicAndRefuse(t *testing.T) {
	t.Parallel()
	config := open()
	config.Public = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, ok := tenancy.From(r.Context())
		_, _ = fmt.Fprint(w, "public ", ok)
	})
	config.Refuse = func(w http.ResponseWriter, r *http.Request, err *middleware.Error) {
		if errors.Is(err, middleware.ErrSuspended) {
			http.Error(w, "pay your bill", http.StatusPaymentRequired)
			return
		}
		err.ServeHTTP(w, r)
	}
	handler := middleware.New(config, middleware.Subdomain(base, bySlug)).Handler(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenant, _ := middleware.From[*account](r.Context())
			_, _ = fmt.Fprint(w, "tenant ", tenant.name)
		}))
	tests := []struct {
		host   string
		status int
		body   string
	}{
		{"example.com", 200, "public false"},
		{"127.0.0.1:80", 200, "public false"},
		{"acme.example.com", 200, "tenant acme"},
		{"dormant.example.com", 402, "pay your bill\n"},
		{"unknown.example.com", 404, "Not Found\n"},
		{"a b", 400, "Bad Request\n"},
		{"broken.example.com", 503, "Service Unavailable\n"},
		{"nil.example.com", 503, "Service Unavailable\n"},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, get(tt.host, nil))
		assert.Equal(t, tt.status, w.Code, tt.host)
		assert.Equal(t, tt.body, w.Body.String(), tt.host)
	}
}

func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Header("X-Tenant", bySlug))
	for key, want := range map[string]string{
		"broken":  "middleware: the tenant could not be looked up (header X-Tenant)",
		"unknown": "middleware: unknown tenant (header X-Tenant)",
		"dormant": "middleware: the tenant is suspended",
		"a/b":     "middleware: the request's tenant is malformed (header X-Tenant)",
	} {
		_, _, err := resolve(t, chain, get("x", http.Header{"X-Tenant": {key}}))
		assert.EqualError(t, err, want)
	}
	_, _, err := resolve(t, chain, get("x", http.Header{"X-Tenant": {"broken"}}))
	assert.ErrorIs(t, err, errOutage, "for the log")
	assert.Equal(t, http.StatusServiceUnavailable, (&middleware.Error{Err: errors.New("another")}).Status())

	w := httptest.NewRecorder()
	chain.Refuse(w, get("x", nil), errors.New("what an adapter made of it"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.NotContains(t, w.Body.String(), "adapter")
}

// A chain inside another one, or after something that has set a tenant.
func TestNested(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Subdomain(base, bySlug))
	tests := []struct {
		outer  func(context.Context) context.Context
		err    error
		reason string
	}{
		{func(ctx context.Context) context.Context { return tenancy.With(ctx, acme) }, nil, "the same tenant"},
		{func(ctx context.Context) context.Context { return tenancy.With(ctx, globex) }, middleware.ErrDisagree, "another"},
		{func(ctx context.Context) context.Context { return tenancy.WithSet(ctx, globex, acme) }, nil, "a set that has it"},
		{func(ctx context.Context) context.Context { return tenancy.WithSet(ctx, globex) }, middleware.ErrDisagree, "a set that has it not"},
		{func(ctx context.Context) context.Context { return tenancy.Bypass(ctx, "a test") }, nil, "a bypass"},
		{func(ctx context.Context) context.Context { return tenancy.Bypass(ctx, "") }, middleware.ErrSource, "a scope that is none"},
	}
	for _, tt := range tests {
		r := get("acme.example.com", nil)
		scoped, err := chain.Resolve(http.Header{}, r.WithContext(tt.outer(r.Context())))
		require.ErrorIs(t, err, tt.err, tt.reason)
		if err == nil {
			scope, _ := tenancy.From(scoped.Context())
			id, _ := scope.Tenant()
			assert.Equal(t, acme.id.String(), id, tt.reason)
			assert.False(t, scope.IsBypass(), tt.reason)
		}
	}
}

func TestFromOtherTypes(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Subdomain(base, bySlug))
	_, scoped, err := resolve(t, chain, get("acme.example.com", nil))
	require.NoError(t, err)
	_, ok := middleware.From[account](scoped.Context())
	assert.False(t, ok)
	_, ok = middleware.From[any](scoped.Context())
	assert.False(t, ok)
	_, ok = middleware.From[*account](t.Context())
	assert.False(t, ok)

	ctx, cancel := context.WithCancel(scoped.Context())
	cancel()
	tenant, ok := middleware.From[*account](ctx)
	assert.True(t, ok)
	assert.Same(t, acme, tenant)
}

// marked is a tenant by its key's tag.
type marked struct {
	ID   uuid.UUID `tenancy:"tenant" gorm:"primaryKey"`
	Name string
}

// Whatever tenancy.With takes, a lookup may return.
func TestTenantTypes(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	assertTenant(t, "acme", "acme")
	assertTenant(t, int64(7), "7")
	assertTenant(t, id, id.String())
	assertTenant(t, &id, id.String())
	assertTenant(t, marked{ID: id}, id.String())
	assertTenant(t, &marked{ID: id}, id.String())
	assertTenant(t, acme, acme.id.String())
	assertTenant(t, *acme, acme.id.String())
	assertTenant[any](t, id, id.String())
	assertTenant[tenancy.Tenanter](t, acme, acme.id.String())
	assertTenant(t, "", "")
	assertTenant(t, 0, "")
	assertTenant(t, uuid.Nil, "")
	assertTenant(t, 1.5, "")
	assertTenant(t, marked{}, "")
	assertTenant[*marked](t, nil, "")
	assertTenant[*account](t, nil, "")
	assertTenant[tenancy.Tenanter](t, nil, "")
	assertTenant[any](t, nil, "")
}

func assertTenant[T any](t *testing.T, tenant T, want string) {
	t.Helper()
	chain := middleware.New(middleware.Config[T]{AllowStrangers: true},
		middleware.Header("X-Tenant", func(context.Context, string) (T, error) { return tenant, nil }))
	for range 2 { // the second time from what is kept
		scoped, err := chain.Resolve(http.Header{}, get("x", http.Header{"X-Tenant": {"acme"}}))
		if want == "" {
			assert.ErrorIs(t, err, middleware.ErrSource, "%T", tenant)
			assert.ErrorIs(t, err, tenancy.ErrInvalidTenant, "%T", tenant)
			continue
		}
		require.NoError(t, err, "%T", tenant)
		scope, _ := tenancy.From(scoped.Context())
		got, _ := scope.Tenant()
		assert.Equal(t, want, got, "%T", tenant)
		from, ok := middleware.From[T](scoped.Context())
		assert.True(t, ok)
		assert.Equal(t, tenant, from)
	}
}

// A tenant whose value changes under the same pointer is what it is now.
func TestScopesFollowTheValue(t *testing.T) {
	t.Parallel()
	id := "acme"
	chain := middleware.New(middleware.Config[*string]{AllowStrangers: true},
		middleware.Header("X-Tenant", func(context.Context, string) (*string, error) { return &id, nil }))
	for _, id = range []string{"acme", "globex", "acme"} {
		scoped, err := chain.Resolve(http.Header{}, get("x", http.Header{"X-Tenant": {"x"}}))
		require.NoError(t, err)
		scope, _ := tenancy.From(scoped.Context())
		got, _ := scope.Tenant()
		assert.Equal(t, id, got)
	}
}

func TestMistakesOfTheProgrammer(t *testing.T) {
	t.Parallel()
	claim := func(*http.Request) (string, error) { return "", nil }
	header := middleware.Header("X-Tenant", bySlug)
	var none middleware.Lookup[*account]
	noMember := func(*http.Request, *account) (bool, error) { return false, nil }
	tests := map[string]func(){
		"no source":               func() { middleware.New(open()) },
		"the zero source":         func() { middleware.New(open(), header, middleware.Source[*account]{}) },
		"no word about strangers": func() { middleware.New(middleware.Config[*account]{}, header) },
		"two words about strangers": func() {
			middleware.New(middleware.Config[*account]{
				AllowStrangers: true,
				Member:         func(*http.Request, *account) (bool, error) { return true, nil },
			}, header)
		},
		"an invalid proxy": func() {
			middleware.New(middleware.Config[*account]{AllowStrangers: true, Proxies: make([]netip.Prefix, 1)}, header)
		},
		"a proxy's address mapped to IPv6": func() {
			proxies := []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}
			middleware.New(middleware.Config[*account]{AllowStrangers: true, Proxies: proxies}, header)
		},
		"a part of the mapped addresses": func() {
			proxies := []netip.Prefix{loopback, netip.MustParsePrefix("::ffff:0:0/90")}
			middleware.New(middleware.Config[*account]{AllowStrangers: true, Proxies: proxies}, header)
		},
		"nobody beside strangers": func() {
			middleware.New(middleware.Config[*account]{AllowStrangers: true, Nobody: nobody}, header)
		},
		"nobody without an id": func() {
			middleware.New(middleware.Config[*account]{Member: noMember, Nobody: &account{}}, header)
		},
		"no base":                 func() { middleware.Subdomain("", bySlug) },
		"a base with a port":      func() { middleware.Subdomain("localhost:8080", bySlug) },
		"a base with a dot":       func() { middleware.Subdomain(".example.com", bySlug) },
		"a base in capitals":      func() { middleware.Subdomain("Example.com", bySlug) },
		"a base that is a URL":    func() { middleware.Subdomain("https://example.com", bySlug) },
		"a base that is an IP":    func() { middleware.Subdomain("127.0.0.1", bySlug) },
		"a base beyond ASCII":     func() { middleware.Subdomain("bücher.example", bySlug) },
		"a reserved name of none": func() { middleware.Subdomain(base, bySlug, "") },
		"a reserved domain":       func() { middleware.Subdomain(base, bySlug, "WWW") },
		"a domain with a port":    func() { middleware.Domain(byDomain, "example.com:80") },
		"an empty domain":         func() { middleware.Domain(byDomain, "") },
		"no header":               func() { middleware.Header("", bySlug) },
		"a header of two words":   func() { middleware.Header("X Tenant", bySlug) },
		"the Host header":         func() { middleware.Header("host", bySlug) },
		"no cookie":               func() { middleware.Cookie("", bySlug) },
		"a cookie and its value":  func() { middleware.Cookie("tenant=acme", bySlug) },
		"no prefix":               func() { middleware.Path("", bySlug) },
		"a prefix without slash":  func() { middleware.Path("/t", bySlug) },
		"a relative prefix":       func() { middleware.Path("t/", bySlug) },
		"a prefix of slashes":     func() { middleware.Path("//", bySlug) },
		"a prefix with dots":      func() { middleware.Path("/../", bySlug) },
		"an encoded prefix":       func() { middleware.Path("/%74/", bySlug) },
		"no claim":                func() { middleware.Claim("session", nil, bySlug) },
		"a claim without a name":  func() { middleware.Claim("", claim, bySlug) },
		"Subdomain's lookup":      func() { middleware.Subdomain(base, none) },
		"Domain's lookup":         func() { middleware.Domain(none) },
		"Header's lookup":         func() { middleware.Header("X-Tenant", none) },
		"Cookie's lookup":         func() { middleware.Cookie("tenant", none) },
		"Path's lookup":           func() { middleware.Path("/t/", none) },
		"Claim's lookup":          func() { middleware.Claim("session", claim, none) },
	}
	for reason, mistake := range tests {
		assert.Panics(t, mistake, reason)
	}
}

// The lists of a chain are its own.
func TestListsAreCopied(t *testing.T) {
	t.Parallel()
	config, reserved := open(), []string{"acme"}
	config.Proxies = []netip.Prefix{loopback}
	sources := []middleware.Source[*account]{middleware.Subdomain(base, bySlug, reserved...)}
	chain := middleware.New(config, sources...)
	reserved[0] = "x"
	config.Proxies[0] = netip.MustParsePrefix("0.0.0.0/0")
	config.Unknown[0] = errOutage
	sources[0] = middleware.Header("X-Tenant", bySlug)

	r := get("acme.example.com", http.Header{"X-Forwarded-Host": {"globex.example.com"}, "X-Tenant": {"globex"}})
	_, _, err := resolve(t, chain, r)
	assert.ErrorIs(t, err, middleware.ErrNone)
	_, _, err = resolve(t, chain, get("unknown.example.com", nil))
	assert.ErrorIs(t, err, middleware.ErrUnknown)
}

func TestVary(t *testing.T) {
	t.Parallel()
	handler := middleware.New(open(), middleware.Header("X-Tenant", bySlug), middleware.Header("X-Org", bySlug),
		middleware.Cookie("tenant", bySlug)).
		Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", r.URL.Path)
			_, _ = io.WriteString(w, "ok")
		}))
	answers := map[string]*httptest.ResponseRecorder{"/a": httptest.NewRecorder(), "/b": httptest.NewRecorder()}
	for path, w := range answers {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Tenant", "acme")
		handler.ServeHTTP(w, r)
	}
	for path, w := range answers { // what one request adds is not another's
		assert.Equal(t, []string{"X-Tenant", "X-Org", "Cookie", path}, w.Header()["Vary"])
	}
}
