package main

import (
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), options{check: true}, &out))
	assert.Regexp(t, `^Open http://localhost:\d+\n`, out.String())
	assert.Contains(t, out.String(), "dropped when the program ends")
	assert.Contains(t, out.String(), `ann@acme.example with the password "`+demoPassword)
	dsn := tenancytest.Postgres(t).OwnerDSN
	for range 2 { // the second time on what the first has left
		out.Reset()
		require.NoError(t, run(t.Context(), options{check: true, dsn: dsn}, &out))
	}
	assert.Contains(t, out.String(), "is kept")
	assert.NotContains(t, out.String(), demoPassword)
	assert.ErrorContains(t, run(t.Context(), options{listen: "localhost:0", url: "localhost:8080"}, &out), "-url")
}

// Where tenants could have no subdomains, the program says so before it starts.
func TestSiteURL(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	for text, want := range map[string]string{
		"http://localhost:8080":        "http://localhost:8080",
		"https://Example.COM/":         "https://example.com",
		"https://app.example.com:8443": "https://app.example.com:8443",
		"https://xn--bcher-kva.de":     "https://xn--bcher-kva.de",
	} {
		site, err := siteURL(text, listener.Addr())
		require.NoError(t, err, text)
		assert.Equal(t, want, site.String())
	}
	for _, text := range []string{
		"localhost:8080", "example.com", "ftp://example.com", "http://", "http://:80", "http://127.0.0.1:8080", "http://[::1]:8080",
		"http://127.1", "http://2130706433", "https://bücher.de", "https://b%C3%BCcher.de", "https://example.com:", "https://example.com:http",
		"https://example.com:65536", "https://example.com.", "https://-a.com", "https://a_b.com", "https://a..com", "https://*.com",
		"https://user@example.com", "https://example.com/app", "https://example.com?x=y", "https://example.com#x", "https://a b.com",
	} {
		_, err := siteURL(text, listener.Addr())
		assert.ErrorContains(t, err, "-url", text)
	}
}
