package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const maxSlug = 63 // a label of a domain's name (RFC 1035, 2.3.4)

// reservedSlugs are names that people trust to be the application's own,
// including those of RFC 2142.
var reservedSlugs = []string{
	"abuse", "account", "accounts", "admin", "administrator", "api", "app", "assets", "auth", "autoconfig",
	"autodiscover", "billing", "blog", "cdn", "dashboard", "dns", "docs", "ftp", "help", "hostmaster", "imap",
	"localhost", "login", "mail", "mx", "noc", "ns", "oauth", "pop", "postmaster", "public", "root", "security",
	"signin", "signup", "smtp", "sso", "static", "status", "support", "system", "webmaster", "wpad", "www",
}

// ReservedSlugs returns the slugs that no tenant may have in any application:
// "www", "admin", "postmaster" and the like.
func ReservedSlugs() []string { return slices.Clone(reservedSlugs) }

// NormalizeSlug returns the canonical spelling of a slug, which is a label of a
// domain's name: 1 to 63 characters of a-z, 0-9 and "-". A hyphen is neither
// first nor last, and not both third and fourth, which marks internationalised
// names. Capitals become lower case. A UUID is not a slug, because it could be
// mistaken for an id. Everything else is [ErrInvalidSlug].
func NormalizeSlug(slug string) (string, error) {
	if len(slug) > maxSlug {
		return "", fmt.Errorf("%w: longer than %d characters", ErrInvalidSlug, maxSlug)
	}
	slug = lowerASCII(slug)
	if !isLabel(slug) {
		return "", fmt.Errorf("%w: use letters a to z, digits, and hyphens between them", ErrInvalidSlug)
	}
	if len(slug) > 3 && slug[2] == '-' && slug[3] == '-' {
		return "", fmt.Errorf("%w: two hyphens after two characters mark an internationalised name", ErrInvalidSlug)
	}
	if len(slug) >= 32 {
		if _, err := uuid.Parse(slug); err == nil {
			return "", fmt.Errorf("%w: a UUID is an id", ErrInvalidSlug)
		}
	}
	return slug, nil
}

// isLabel reports whether s is a label of a domain's name in lower case (RFC
// 5891, 2.3.1: LDH).
func isLabel(s string) bool {
	if s == "" || len(s) > maxSlug || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// lowerASCII returns s with A to Z in lower case; other capitals, such as the
// Kelvin sign, stay and are refused.
func lowerASCII(s string) string {
	if i := strings.IndexFunc(s, isCapital); i < 0 {
		return s
	}
	lower := []byte(s)
	for i, c := range lower {
		if isCapital(rune(c)) {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

func isCapital(c rune) bool { return 'A' <= c && c <= 'Z' }

func (r *Registry) checkReserved(slug string) error {
	if slices.Contains(reservedSlugs, slug) || slices.Contains(r.config.Reserved, slug) {
		return ErrReserved
	}
	return nil
}
