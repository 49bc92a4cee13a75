package registry_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/gorm-tenancy/tenancy/registry"
)

// nameserver answers questions for TXT records, and fails for broken.org.
func nameserver(t *testing.T, records map[string][]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buffer[:n]) != nil || len(query.Questions) != 1 {
				continue
			}
			name := query.Questions[0].Name
			reply := dnsmessage.Message{
				Header:    dnsmessage.Header{ID: query.ID, Response: true, Authoritative: true},
				Questions: query.Questions,
			}
			texts, ok := records[name.String()]
			switch {
			case name.String() == "_tenancy-challenge.broken.org.":
				reply.RCode = dnsmessage.RCodeServerFailure
			case !ok:
				reply.RCode = dnsmessage.RCodeNameError
			}
			for _, text := range texts {
				reply.Answers = append(reply.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 1},
					Body:   &dnsmessage.TXTResource{TXT: []string{text}},
				})
			}
			packed, err := reply.Pack()
			if err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestCheckDNSLooksForTheChallenge(t *testing.T) {
	t.Parallel()
	check := registry.CheckDNS(nameserver(t, map[string][]string{
		"_tenancy-challenge.acme.org.":          {"v=spf1 -all", "secret"},
		"_tenancy-challenge.other.org.":         {"another", "secret and more"},
		"_tenancy-challenge.xn--mnchen-3ya.de.": {"secret"},
		"acme.com.":                             {"secret"},
	}))
	require.NoError(t, check(ctx, "acme.org", "secret"))
	require.NoError(t, check(ctx, "xn--mnchen-3ya.de", "secret"))
	for host, reason := range map[string]string{
		"other.org": "another challenge", "acme.com": "the record of another name", "nobody.org": "no record",
	} {
		assert.ErrorIs(t, check(ctx, host, "secret"), registry.ErrUnverified, reason)
	}
	err := check(ctx, "broken.org", "secret")
	require.Error(t, err)
	assert.NotErrorIs(t, err, registry.ErrUnverified, "a server that fails has not said no")
}
