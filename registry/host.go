package registry

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxHost = 253  // characters of a domain's name (RFC 1035, 2.3.4, without the root's dot)
	maxText = 1024 // bytes of a host that are looked at: an internationalised one may be longer than its ASCII
)

// hosts turns internationalised names into ASCII as UTS #46 does for a lookup,
// without the transitional mappings, which browsers no longer have.
var hosts = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.StrictDomainName(true),
	idna.VerifyDNSLength(true), idna.Transitional(false),
)

// NormalizeHost returns the canonical spelling of a domain's name: ASCII (xn--…
// if it is internationalised), lower case, without a port and without the root's
// dot. It needs at least two labels, and the last one begins with a letter, so
// that it cannot be an address. Everything else is [ErrInvalidHost].
//
// Names that look alike are not the same: "аpple.example", with a Cyrillic а, is
// "xn--pple-43d.example".
func NormalizeHost(host string) (string, error) {
	host, err := bareHost(host)
	if err != nil {
		return "", err
	}
	return spellHost(host)
}

// spellHost returns the canonical spelling of a bare name.
func spellHost(host string) (string, error) {
	if !isASCII(host) || hasPunycode(host) {
		ascii, err := toASCII(host)
		if err != nil {
			return "", err
		}
		host = ascii
	}
	return host, checkHost(host)
}

// bareHost returns a host's name in lower case, without the port and the root's
// dot.
func bareHost(host string) (string, error) {
	if len(host) > maxText {
		return "", fmt.Errorf("%w: longer than %d characters", ErrInvalidHost, maxHost)
	}
	host, ok := withoutPort(host)
	if !ok {
		return "", fmt.Errorf("%w: the port is malformed", ErrInvalidHost)
	}
	return lowerASCII(strings.TrimSuffix(host, ".")), nil
}

// checkHost checks a name in its canonical spelling.
func checkHost(host string) error {
	if len(host) > maxHost {
		return fmt.Errorf("%w: longer than %d characters", ErrInvalidHost, maxHost)
	}
	labels, rest := 0, host
	for more := true; more; labels++ {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if !isLabel(label) {
			return fmt.Errorf("%w: a part of it is empty, too long, or holds a character that no domain has", ErrInvalidHost)
		}
		if !more && (label[0] < 'a' || labels == 0) {
			return fmt.Errorf("%w: an address or a single name is no domain", ErrInvalidHost)
		}
	}
	return nil
}

// withoutPort cuts off a port, which may be empty (RFC 3986, 3.2.3).
func withoutPort(host string) (string, bool) {
	name, port, found := strings.Cut(host, ":")
	if !found {
		return host, true
	}
	if len(port) > 5 {
		return "", false
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return "", false
		}
	}
	return name, true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hasPunycode reports whether a label of a lower-case name is encoded.
func hasPunycode(host string) bool {
	return strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--")
}

// toASCII encodes a name. A name that is encoded already must be the encoding of
// its own letters: otherwise one name would have two spellings.
func toASCII(host string) (string, error) {
	ascii, err := hosts.ToASCII(host)
	if err != nil || !isASCII(ascii) {
		return "", fmt.Errorf("%w: it cannot be an internationalised name", ErrInvalidHost)
	}
	letters, err := hosts.ToUnicode(ascii)
	if err != nil {
		return "", fmt.Errorf("%w: it cannot be an internationalised name", ErrInvalidHost)
	}
	for label := range strings.SplitSeq(letters, ".") {
		if strings.HasPrefix(label, "xn--") {
			return "", fmt.Errorf("%w: a part of it is encoded and holds nothing to encode", ErrInvalidHost)
		}
	}
	again, err := hosts.ToASCII(letters)
	if err != nil || again != ascii {
		return "", fmt.Errorf("%w: it is encoded in a way that is not the usual one", ErrInvalidHost)
	}
	return strings.TrimSuffix(ascii, "."), nil
}

// checkBases refuses the application's own domains.
func (r *Registry) checkBases(host string) error {
	for _, base := range r.config.Bases {
		if host == base || strings.HasSuffix(host, "."+base) {
			return ErrReserved
		}
	}
	return nil
}
