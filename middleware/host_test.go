package middleware_test

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/middleware"
)

const base = "example.com"

type hostCase struct {
	host   string
	tenant string
	err    error
	reason string
}

// oddHosts name no tenant of a subdomain and none of a domain.
var oddHosts = []hostCase{
	{"", "", middleware.ErrMalformed, "empty"},
	{".", "", middleware.ErrMalformed, "the root"},
	{" acme.example.com", "", middleware.ErrMalformed, "a space before"},
	{"acme.example.com ", "", middleware.ErrMalformed, "a space behind"},
	{"acme .example.com", "", middleware.ErrMalformed, "a space inside"},
	{"acme.example.com\x00", "", middleware.ErrMalformed, "NUL behind"},
	{"acme\x00.example.com", "", middleware.ErrMalformed, "NUL inside"},
	{"acme.example.com\n", "", middleware.ErrMalformed, "a line's end"},
	{"acme.example.com..", "", middleware.ErrMalformed, "two dots behind"},
	{".acme.example.com", "", middleware.ErrMalformed, "a dot before"},
	{"acme..example.com", "", middleware.ErrMalformed, "two dots inside"},
	{"acme.example.com:", "", middleware.ErrMalformed, "an empty port"},
	{"acme.example.com:http", "", middleware.ErrMalformed, "a port by name"},
	{"acme.example.com:-1", "", middleware.ErrMalformed, "a negative port"},
	{"acme.example.com:123456", "", middleware.ErrMalformed, "a long port"},
	{"acme.example.com:65536", "", middleware.ErrMalformed, "a port that is none"},
	{"acme.example.com.:", "", middleware.ErrMalformed, "an empty port behind a dot"},
	{"127.0.0.1:", "", middleware.ErrMalformed, "an empty port of an address"},
	{"[::1]:", "", middleware.ErrMalformed, "an empty port of an IPv6 address"},
	{"acme.example.com:80:80", "", middleware.ErrMalformed, "two ports"},
	{"acme.example.com:80@evil.com", "", middleware.ErrMalformed, "userinfo"},
	{"evil.com@acme.example.com", "", middleware.ErrMalformed, "userinfo"},
	{"acme.example.com/", "", middleware.ErrMalformed, "a path"},
	{"acme.example.com/globex.example.com", "", middleware.ErrMalformed, "a host for a path"},
	{"evil.com/.example.com", "", middleware.ErrMalformed, "the base in a path"},
	{"evil.com#.example.com", "", middleware.ErrMalformed, "the base in a fragment"},
	{"evil.com?.example.com", "", middleware.ErrMalformed, "the base in a query"},
	{`acme\.example.com`, "", middleware.ErrMalformed, "a backslash"},
	{"http://acme.example.com", "", middleware.ErrMalformed, "a URL"},
	{"acme.example.com,globex.example.com", "", middleware.ErrMalformed, "two hosts"},
	{"acme%2eexample.com", "", middleware.ErrMalformed, "an encoded dot"},
	{"%61cme.example.com", "", middleware.ErrMalformed, "an encoded letter"},
	{"acme。example.com", "", middleware.ErrMalformed, "an ideographic full stop"},
	{"аcme.example.com", "", middleware.ErrMalformed, "a Cyrillic letter"},
	{"bücher.example", "", middleware.ErrMalformed, "letters beyond ASCII"},
	{"ACME.EXAMPLE.COM\u212a", "", middleware.ErrMalformed, "the Kelvin sign"},
	{"-acme.example.com", "", middleware.ErrMalformed, "a hyphen before"},
	{"acme-.example.com", "", middleware.ErrMalformed, "a hyphen behind"},
	{"acme_.example.com", "", middleware.ErrMalformed, "an underscore"},
	{"*.example.com", "", middleware.ErrMalformed, "a wildcard"},
	{"..example.com", "", middleware.ErrMalformed, "a parent directory"},
	{strings.Repeat("a", 64) + ".example.com", "", middleware.ErrMalformed, "a label of 64 characters"},
	{strings.Repeat("a.", 127) + "example.com", "", middleware.ErrMalformed, "a name of more than 253 characters"},
	{strings.Repeat("a", 1<<16), "", middleware.ErrMalformed, "a very long name"},
	{"[::1", "", middleware.ErrMalformed, "half an IPv6 address"},
	{"::1", "", middleware.ErrMalformed, "a bare IPv6 address"},
	{"[acme.example.com]", "", middleware.ErrMalformed, "a name in brackets"},
	{"[::1]acme.example.com", "", middleware.ErrMalformed, "an IPv6 address and a name"},
	{"[127.0.0.1]", "", middleware.ErrMalformed, "an IPv4 address in brackets"},
	{"acme.127.0.0.1", "", middleware.ErrMalformed, "a name that ends like an address"},
	{"127.1", "", middleware.ErrMalformed, "a short IPv4 address"},
	{"2130706433", "", middleware.ErrMalformed, "an IPv4 address in one number"},
	{"127.0.0.1.", "", middleware.ErrMalformed, "an IPv4 address with a dot"},
	{"127.0.0.1", "", middleware.ErrNone, "an IPv4 address"},
	{"127.0.0.1:8080", "", middleware.ErrNone, "an IPv4 address with a port"},
	{"[::1]", "", middleware.ErrNone, "an IPv6 address"},
	{"[::1]:8080", "", middleware.ErrNone, "an IPv6 address with a port"},
	{"[fe80::1%25eth0]:80", "", middleware.ErrNone, "an IPv6 address with a zone"},
}

func TestSubdomain(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Subdomain(base, bySlug, "www", "acme-status"))
	tests := append([]hostCase{
		{"acme.example.com", "acme", nil, "a tenant"},
		{"globex.example.com", "globex", nil, "another"},
		{"acme.example.com:8080", "acme", nil, "a port"},
		{"ACME.Example.COM", "acme", nil, "capitals"},
		{"acme.example.com.", "acme", nil, "fully qualified"},
		{"Acme.Example.com.:443", "acme", nil, "all of them"},
		{"example.com", "", middleware.ErrNone, "the base"},
		{"EXAMPLE.com.:80", "", middleware.ErrNone, "the base in another spelling"},
		{"www.example.com", "", middleware.ErrNone, "a reserved name"},
		{"WWW.example.com.", "", middleware.ErrNone, "a reserved name in another spelling"},
		{"unknown.example.com", "", middleware.ErrUnknown, "an unknown tenant"},
		{"xn--cme-7cd.example.com", "", middleware.ErrUnknown, "a name that looks like acme"},
		{"www.acme.example.com", "", middleware.ErrUnknown, "beneath a tenant"},
		{"acme.www.example.com", "", middleware.ErrUnknown, "beneath a reserved name"},
		{"globex.acme.example.com", "", middleware.ErrUnknown, "a tenant beneath a tenant"},
		{"acmeexample.com", "", middleware.ErrNone, "the base as another domain's end"},
		{"acme-example.com", "", middleware.ErrNone, "the base behind a hyphen"},
		{"example.com.evil.com", "", middleware.ErrNone, "the base as another domain's begin"},
		{"acme.example.com.evil.com", "", middleware.ErrNone, "a tenant's host as another domain's begin"},
		{"acme.example.co", "", middleware.ErrNone, "the base cut short"},
		{"acme.com", "", middleware.ErrNone, "elsewhere"},
		{"acme", "", middleware.ErrNone, "the slug alone"},
		{"localhost", "", middleware.ErrNone, "this machine"},
		{"dormant.example.com", "", middleware.ErrSuspended, "a suspended tenant"},
		{"broken.example.com", "", middleware.ErrSource, "a lookup that fails"},
		{"nil.example.com", "", middleware.ErrSource, "a lookup that returns nothing"},
	}, oddHosts...)
	runHosts(t, chain, tests)
}

func TestDomain(t *testing.T) {
	t.Parallel()
	chain := middleware.New(open(), middleware.Domain(byDomain, base))
	tests := append([]hostCase{
		{"shop.acme.com", "acme", nil, "a tenant's domain"},
		{"globex.io", "globex", nil, "another's"},
		{"Shop.ACME.com.:443", "acme", nil, "another spelling"},
		{"XN--BCHER-KVA.example", "acme", nil, "an internationalised name in ASCII"},
		{"example.com", "", middleware.ErrNone, "the service's own"},
		{"acme.example.com", "", middleware.ErrNone, "beneath the service's own"},
		{"a.b.example.com:80", "", middleware.ErrNone, "deep beneath the service's own"},
		{"acme.com", "", middleware.ErrUnknown, "the parent of a tenant's domain"},
		{"www.shop.acme.com", "", middleware.ErrUnknown, "beneath a tenant's domain"},
		{"shop.acme.com.evil.com", "", middleware.ErrUnknown, "a tenant's domain as another's begin"},
		{"evilshop.acme.com", "", middleware.ErrUnknown, "a tenant's domain as another's end"},
		{"evilexample.com", "", middleware.ErrUnknown, "the service's own as another's end"},
		{"acme", "", middleware.ErrUnknown, "a single name"},
	}, oddHosts...)
	runHosts(t, chain, tests)
}

func runHosts(t *testing.T, chain *middleware.Chain[*account], tests []hostCase) {
	t.Helper()
	for _, tt := range tests {
		for _, header := range []http.Header{
			{},
			{"X-Forwarded-Host": {"globex.example.com"}, "X-Forwarded-Server": {"globex.io"}},
			{"Forwarded": {"host=globex.example.com"}, "X-Original-Host": {"globex.io"}, "X-Host": {"globex.io"}},
		} {
			tenant, _, err := resolve(t, chain, get(tt.host, header))
			assert.Equal(t, tt.tenant, tenant, "%s: %.80q", tt.reason, tt.host)
			assert.ErrorIs(t, err, tt.err, "%s: %.80q", tt.reason, tt.host)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	config := open()
	config.Proxies = []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("fd00::/8"), loopback}
	chain := middleware.New(config, middleware.Subdomain(base, bySlug))
	const direct, proxied = "acme.example.com", "globex.example.com"
	tests := []struct {
		peer      string
		forwarded []string
		tenant    string
		err       error
		reason    string
	}{
		{"10.9.9.9:1", []string{proxied}, "globex", nil, "a proxy"},
		{"[fd00::1]:1", []string{proxied}, "globex", nil, "a proxy on IPv6"},
		{"[::ffff:10.9.9.9]:1", []string{proxied}, "globex", nil, "a proxy on IPv4 in IPv6"},
		{"[fd00::1%eth0]:1", []string{proxied}, "globex", nil, "a proxy with a zone"},
		{"127.0.0.1:1", []string{"GLOBEX.example.com:8443"}, "globex", nil, "another spelling"},
		{"10.9.9.9:1", nil, "acme", nil, "a proxy that keeps Host"},
		{"10.9.9.9:1", []string{"example.com"}, "", middleware.ErrNone, "a proxy for the base"},
		{"10.9.9.9:1", []string{proxied, proxied}, "", middleware.ErrMalformed, "two headers"},
		{"10.9.9.9:1", []string{direct, proxied}, "", middleware.ErrMalformed, "two headers that differ"},
		{"10.9.9.9:1", []string{"acme.example.com, globex.example.com"}, "", middleware.ErrMalformed, "a list"},
		{"10.9.9.9:1", []string{""}, "", middleware.ErrMalformed, "an empty header"},
		{"10.9.9.9:1", []string{"evil.com@globex.example.com"}, "", middleware.ErrMalformed, "userinfo"},
		{"192.0.2.1:1", []string{proxied}, "acme", nil, "not a proxy"},
		{"192.0.2.1:1", []string{proxied, proxied}, "acme", nil, "not a proxy, with two headers"},
		{"[::1]:1", []string{proxied}, "acme", nil, "this machine, which was not declared on IPv6"},
		{"[::10.9.9.9]:1", []string{proxied}, "acme", nil, "an address that holds a proxy's"},
		{"11.0.0.1:1", []string{proxied}, "acme", nil, "beside a proxy's network"},
		{"10.9.9.9", []string{proxied}, "acme", nil, "an address that something else wrote"},
		{"", []string{proxied}, "acme", nil, "no address"},
		{"@", []string{proxied}, "acme", nil, "a Unix socket"},
	}
	for _, tt := range tests {
		r := get(direct, http.Header{"X-Forwarded-Host": tt.forwarded})
		if tt.forwarded == nil {
			r.Header = http.Header{}
		}
		r.RemoteAddr = tt.peer
		tenant, _, err := resolve(t, chain, r)
		assert.Equal(t, tt.tenant, tenant, tt.reason)
		assert.ErrorIs(t, err, tt.err, tt.reason)

		r.Host = "not a host"
		tenant, _, _ = resolve(t, chain, r)
		assert.True(t, tenant == "" || tt.tenant == "globex", "%s: a malformed host", tt.reason)
	}
	header := http.Header{"Vary": {"Accept"}}
	_, err := chain.Resolve(header, get(direct, nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"Accept", "X-Forwarded-Host"}, header["Vary"])
}

// hostOfTenant are the spellings of a tenant's host, by another way than the one
// under test.
func hostOfTenant(host string) *regexp.Regexp {
	return regexp.MustCompile(`(?i-s)\A` + regexp.QuoteMeta(host) + `\.?(:([0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?\z`)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func FuzzSubdomain(f *testing.F) {
	for _, tt := range oddHosts {
		f.Add(tt.host)
	}
	for _, host := range []string{"acme.example.com", "GLOBEX.example.com.:1", "www.example.com", "a.b.example.com"} {
		f.Add(host)
	}
	chain := middleware.New(open(), middleware.Subdomain(base, bySlug))
	want := map[string]*regexp.Regexp{"acme": hostOfTenant("acme." + base), "globex": hostOfTenant("globex." + base)}
	f.Fuzz(func(t *testing.T, host string) {
		tenant, _, err := resolve(t, chain, get(host, nil))
		for name, spelling := range want {
			if is := isASCII(host) && spelling.MatchString(host); is != (tenant == name) {
				t.Errorf("%q is %q: %v", host, tenant, err)
			}
		}
	})
}

func FuzzDomain(f *testing.F) {
	for _, tt := range oddHosts {
		f.Add(tt.host)
	}
	for _, host := range []string{"shop.acme.com", "GLOBEX.io.:1", "xn--bcher-kva.example", "a.example.com"} {
		f.Add(host)
	}
	chain := middleware.New(open(), middleware.Domain(byDomain, base))
	want := map[string][]*regexp.Regexp{
		"acme":   {hostOfTenant("shop.acme.com"), hostOfTenant("xn--bcher-kva.example")},
		"globex": {hostOfTenant("globex.io")},
	}
	f.Fuzz(func(t *testing.T, host string) {
		tenant, _, err := resolve(t, chain, get(host, nil))
		for name, spellings := range want {
			is := false
			for _, spelling := range spellings {
				is = is || isASCII(host) && spelling.MatchString(host)
			}
			if is != (tenant == name) {
				t.Errorf("%q is %q: %v", host, tenant, err)
			}
		}
	})
}

func FuzzForwardedHost(f *testing.F) {
	f.Add("10.0.0.1:1", "globex.example.com", "acme.example.com")
	f.Add("192.0.2.1:1", "globex.example.com", "acme.example.com")
	f.Add("10.0.0.1", "globex.example.com,", "acme.example.com")
	config := open()
	config.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	chain := middleware.New(config, middleware.Subdomain(base, bySlug))
	spelling, proxy := hostOfTenant("globex."+base), regexp.MustCompile(`\A(10\.|\[::ffff:(10\.|0?a))`)
	f.Fuzz(func(t *testing.T, peer, forwarded, host string) {
		r := get(host, http.Header{"X-Forwarded-Host": {forwarded}})
		r.RemoteAddr = peer
		tenant, _, _ := resolve(t, chain, r)
		if tenant == "globex" && !spelling.MatchString(host) && !proxy.MatchString(strings.ToLower(peer)) {
			t.Errorf("%q chose %q in place of %q", peer, forwarded, host)
		}
	})
}
