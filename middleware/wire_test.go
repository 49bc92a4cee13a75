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
		{"GET http://x:y@globex.example.com/ HTTP/1.1|Host: acme.example.com", 400, "", "absolute form with userinfo"},
		{"GET http://globex.example.com:/ HTTP/1.1|Host: acme.example.com", 400, "", "absolute form with an empty port"},
		{"GET / HTTP/1.1|Host: acme.example.com:", 400, "", "an empty port"},
		{"GET / HTTP/1.1|Host: acme.example.com:65536", 400, "", "a port that is none"},
		{"GET http://acme.example.com@evil.com/ HTTP/1.1|Host: acme.example.com", 400, "", "a tenant's host for userinfo"},
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

// What net/http makes of the host's two places in HTTP/2.
func TestWire2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(middleware.New(open(), middleware.Subdomain(base, bySlug)).Handler(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenant, _ := middleware.From[*account](r.Context())
			_, _ = fmt.Fprint(w, r.Proto, tenant.name)
		})))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	tests := []struct {
		fields []string
		answer string // its status and its body; empty if the stream or the connection is refused
		reason string
	}{
		{[]string{":authority", "acme.example.com"}, "200 HTTP/2.0acme", "a request"},
		{[]string{":authority", "Acme.Example.com:8443"}, "200 HTTP/2.0acme", "capitals and a port"},
		{[]string{"host", "acme.example.com"}, "200 HTTP/2.0acme", "a host alone (RFC 9113, section 8.3.1)"},
		{[]string{":authority", "acme.example.com", "host", "Acme.example.com:80"}, "200 HTTP/2.0acme", "a host that agrees"},
		{[]string{":authority", "acme.example.com", "host", "globex.example.com"}, "400 ", "a host that differs"},
		{[]string{":authority", "example.com", "host", "globex.example.com"}, "400 ", "a host that differs from one that is nobody's"},
		{[]string{":authority", "globex.example.com", "host", "example.com"}, "400 ", "a host that is nobody's"},
		{[]string{":authority", "acme.example.com", "host", "a b"}, "400 ", "a host that is malformed"},
		{[]string{":authority", "acme.example.com", "host", ""}, "400 ", "a host that is empty"},
		{[]string{"host", "acme.example.com", "host", "globex.example.com"}, "400 ", "two hosts"},
		{[]string{"host", "acme.example.com", "host", "acme.example.com"}, "400 ", "a host twice"},
		{[]string{":authority", "acme.example.com", "host", "acme.example.com", "host", "globex.example.com"}, "400 ", "two hosts beside the authority"},
		{[]string{":authority", "acme.example.com:"}, "400 ", "an empty port"},
		{[]string{":authority", "x@acme.example.com"}, "", "userinfo"},
		{[]string{":authority", "acme.example.com@evil.com"}, "", "a tenant's host for userinfo"},
		{[]string{":authority", "acme.example.com, globex.example.com"}, "400 ", "a list of hosts"},
		{[]string{":authority", "acme.example.com", ":authority", "globex.example.com"}, "", "two authorities"},
		{[]string{"host", "acme.example.com", ":authority", "globex.example.com"}, "", "an authority behind a field"},
		{nil, "400 ", "neither"},
	}
	for _, tt := range tests {
		answer := send2(t, server.Listener.Addr().String(), append([]string{":method", "GET", ":scheme", "http", ":path", "/"}, tt.fields...))
		if tt.answer == "" || strings.HasPrefix(tt.answer, "200") {
			assert.Equal(t, tt.answer, answer, tt.reason)
			continue
		}
		assert.True(t, strings.HasPrefix(answer, tt.answer), "%s: %s", tt.reason, answer)
		assert.NotContains(t, answer, "HTTP/2.0", tt.reason)
	}
}

// send2 writes a request's fields as they are, in HTTP/2, and returns the answer's
// status and body.
func send2(t *testing.T, address string, fields []string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	const data, headers, reset, settings, goAway = 0, 1, 3, 4, 7
	frame := func(kind, flags, stream byte, payload string) string {
		return string([]byte{0, byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, stream}) + payload
	}
	var block strings.Builder // literal fields without indexing (RFC 7541, section 6.2.2)
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&block, "\x00%c%s%c%s", len(fields[i]), fields[i], len(fields[i+1]), fields[i+1])
	}
	const endStream, endHeaders = 1, 4
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame(settings, 0, 0, "")+
		frame(headers, endStream|endHeaders, 1, block.String()))
	require.NoError(t, err)
	statuses := map[byte]string{0x88: "200 ", 0x8c: "400 ", 0x8d: "404 "} // of the static table (RFC 7541, appendix A)
	answer := ""
	for {
		var head [9]byte
		_, err := io.ReadFull(conn, head[:])
		require.NoError(t, err)
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		_, err = io.ReadFull(conn, payload)
		require.NoError(t, err)
		switch head[3] {
		case headers:
			require.Contains(t, statuses, payload[0])
			answer = statuses[payload[0]]
		case data:
			answer += string(payload)
		case reset, goAway:
			return answer
		}
		if head[3] <= headers && head[4]&endStream != 0 {
			return answer
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
