package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/middleware"
)

// What net/http makes of a request's bytes before the chain sees it.
func TestWire(t *testing.T) {
	t.Parallel()
	sources := []middleware.Source[*account]{middleware.Subdomain(base, bySlug), middleware.Header("X-Tenant", bySlug)}
	server := httptest.NewServer(middleware.New(open(), sources...).Handler(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenant, _ := middleware.From[*account](r.Context())
			_, _ = fmt.Fprint(w, tenant.name)
		})))
	t.Cleanup(server.Close)
	tests := []struct {
		request string
		status  int
		body    string
		reason  string
	}{
		{"GET / HTTP/1.1|Host: acme.example.com", 200, "acme", "a request"},
		{"GET / HTTP/1.1|HOST:acme.example.com", 200, "acme", "another spelling of the header"},
		{"GET / HTTP/1.1|Host: acme.example.com|Host: globex.example.com", 400, "", "two hosts"},
		{"GET / HTTP/1.1|Host: acme.example.com|Host: acme.example.com", 400, "", "a host twice"},
		{"GET / HTTP/1.1", 400, "", "no host"},
		{"GET / HTTP/1.1|Host:", 400, "", "an empty host"},
		{"GET / HTTP/1.0", 400, "", "no host in HTTP/1.0"},
		{"GET / HTTP/1.1|Host: acme.example.com, globex.example.com", 400, "", "a list of hosts"},
		{"GET / HTTP/1.1|Host: x@acme.example.com", 400, "", "userinfo"},
		{"GET / HTTP/1.1|Host : acme.example.com", 400, "", "a space before the colon"},
		{"GET / HTTP/1.1|X: y| Host: acme.example.com|Host: example.com", 404, "", "a folded line"},
		{"GET http://globex.example.com/ HTTP/1.1|Host: acme.example.com", 200, "globex", "absolute form: the target counts (RFC 9112, section 3.2.2)"},
		{"GET http://x:y@globex.example.com/ HTTP/1.1|Host: acme.example.com", 200, "globex", "absolute form with userinfo"},
		{"GET http://acme.example.com@evil.com/ HTTP/1.1|Host: acme.example.com", 404, "", "a tenant's host for userinfo"},
		{"GET http:///x HTTP/1.1|Host: acme.example.com", 200, "acme", "absolute form without a host"},
		{"GET //globex.example.com/ HTTP/1.1|Host: acme.example.com", 200, "acme", "a path that begins like a host"},
		{"GET / HTTP/1.1|Host: acme.example.com|X-Forwarded-Host: globex.example.com", 200, "acme", "a forwarded host, and no proxy"},
		{"GET / HTTP/1.1|Host: example.com|X-Tenant: acme", 200, "acme", "a header"},
		{"GET / HTTP/1.1|Host: example.com|X-Tenant: acme|x-tenant: globex", 400, "", "a header twice"},
		{"GET / HTTP/1.1|Host: example.com|X-Tenant: acme|X-Tenant:", 400, "", "a header and an empty one"},
		{"GET / HTTP/1.1|Host: example.com|X_Tenant: acme", 404, "", "an underscore for the hyphen"},
		{"GET / HTTP/1.1|Host: globex.example.com|X-Tenant: acme", 404, "", "a header that disagrees"},
	}
	for _, tt := range tests {
		answer, body := send(t, server.Listener.Addr().String(), tt.request)
		assert.Equal(t, tt.status, answer.StatusCode, tt.reason)
		if tt.body != "" {
			assert.Equal(t, tt.body, body, tt.reason)
		}
		for _, name := range []string{"acme", "globex"} {
			assert.True(t, tt.body == name || !strings.Contains(body, name), "%s: %s", tt.reason, body)
		}
	}
}

// send writes a request as it is, with bars for the ends of lines.
func send(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, strings.ReplaceAll(request, "|", "\r\n")+"\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer, string(body)
}
