package middleware

import (
	"net/http"
	"net/netip"
	"strings"
)

// headerForwardedHost is what proxies put the host in that their client asked for.
const headerForwardedHost = "X-Forwarded-Host"

// hostOf returns the host that a request is for, in canonical spelling: "" for an
// IP address. [Config.Proxies] says from whom a forwarded host counts. Userinfo
// before a target's host is an error (RFC 9110, section 4.2.4).
func hostOf(r *http.Request, proxies []netip.Prefix) (string, error) {
	if r.URL.User != nil {
		return "", ErrMalformed
	}
	if len(proxies) > 0 && isFrom(r.RemoteAddr, proxies) {
		switch forwarded := r.Header[headerForwardedHost]; len(forwarded) {
		case 0: // a proxy may also leave Host as it was
		case 1:
			return canonicalHost(forwarded[0])
		default:
			return "", ErrMalformed
		}
	}
	host, err := canonicalHost(r.Host)
	if err != nil {
		return "", err
	}
	// HTTP/2 has a place of its own for the host, and net/http leaves the field
	// there. It must not name another one (RFC 9113, section 8.3.1).
	switch fields := r.Header["Host"]; len(fields) {
	case 0:
		return host, nil
	case 1:
		if field, err := canonicalHost(fields[0]); err == nil && field == host {
			return host, nil
		}
	}
	return "", ErrMalformed
}

// mustPrefix returns a proxy's prefix without its host's bits. It panics where the
// prefix is invalid, or IPv4 that is mapped to IPv6, which no peer's address is.
func mustPrefix(prefix netip.Prefix) netip.Prefix {
	switch {
	case !prefix.IsValid():
		panic("middleware: New: Config.Proxies holds an invalid prefix")
	case prefix.Addr().Is4In6() || prefix.Bits() > 0 && mapped.Overlaps(prefix):
		panic("middleware: New: Config.Proxies holds " + prefix.String() + ", which matches no address: write IPv4 as such, like 10.0.0.0/8")
	}
	return prefix.Masked()
}

// mapped is where IPv6 has IPv4.
var mapped = netip.MustParsePrefix("::ffff:0:0/96")

// isFrom reports whether an address of net/http's form is in one of the prefixes.
func isFrom(address string, prefixes []netip.Prefix) bool {
	peer, err := netip.ParseAddrPort(address)
	if err != nil {
		return false // a Unix socket, or a server that is not net/http's
	}
	addr := peer.Addr().Unmap().WithZone("")
	for _, prefix := range prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// canonicalHost returns a Host header's domain in lower case, without its port and
// the dot of a fully qualified name; "" for an IP address. Whatever is not a
// domain of letters, digits and hyphens (RFC 1123, section 2.1) is malformed:
// browsers send other names in their ASCII form (RFC 5891), and so do proxies.
func canonicalHost(host string) (string, error) {
	host, ok := cutPort(host)
	if !ok || host == "" || len(host) > maxKey+1 {
		return "", ErrMalformed
	}
	if isIP(host) {
		return "", nil
	}
	host = strings.TrimSuffix(host, ".")
	if !isDomain(host) {
		return "", ErrMalformed
	}
	return strings.ToLower(host), nil
}

// maxPort is the greatest port.
const maxPort = 1<<16 - 1

// cutPort removes a port of digits.
func cutPort(host string) (string, bool) {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") {
		return host, true
	}
	port := host[colon+1:]
	if port == "" || len(port) > 5 {
		return "", false
	}
	number := 0
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return "", false
		}
		number = 10*number + int(port[i]-'0')
	}
	return host[:colon], number <= maxPort
}

func isIP(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6()
	}
	if c := host[len(host)-1]; c < '0' || c > '9' {
		return false // saves ParseAddr's error, which is allocated
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is4()
}

// isDomain reports whether name is made of labels of at most 63 letters, digits
// and inner hyphens. The last one is not a number, which a URL's parser would
// take for part of an IP address.
func isDomain(name string) bool {
	if name == "" || len(name) > maxKey {
		return false
	}
	start, numeric := 0, true
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			c := name[i]
			if !isAlphanumeric(c) && c != '-' {
				return false
			}
			numeric = numeric && '0' <= c && c <= '9'
			continue
		}
		label := name[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if i == len(name) {
			return !numeric
		}
		start, numeric = i+1, true
	}
	return false
}

// beneath returns what stands before base in host, without the dot: "" for base
// itself. It is false for a host elsewhere, as evilexample.com is for example.com.
func beneath(host, base string) (string, bool) {
	rest, ok := strings.CutSuffix(host, base)
	if !ok || rest == "" {
		return "", ok
	}
	if rest, ok = strings.CutSuffix(rest, "."); !ok {
		return "", false
	}
	return rest, true
}

// mustDomain panics where a programmer's domain is not in canonical spelling.
func mustDomain(source, name string) {
	if host, err := canonicalHost(name); err != nil || host != name || host == "" {
		panic("middleware: " + source + ": give a domain in lower case, without scheme and port, IDN in ASCII form")
	}
}
