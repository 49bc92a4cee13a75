package registry_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/registry"
)

func TestNormalizeHost(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, c := range []struct{ host, want, reason string }{
		{"acme.org", "acme.org", "as it is"},
		{"ACME.Org", "acme.org", "case"},
		{"acme.org.", "acme.org", "the root's dot"},
		{"acme.org:8443", "acme.org", "a port"},
		{"acme.org.:443", "acme.org", "both"},
		{"acme.org:", "acme.org", "an empty port"},
		{"a--b.acme.org", "a--b.acme.org", "hyphens that mark nothing"},
		{"r3---sn-x.acme.org", "r3---sn-x.acme.org", "hyphens as there are"},
		{"acme.localhost", "acme.localhost", "for development"},
		{"münchen.de", "xn--mnchen-3ya.de", "internationalised"},
		{"MÜNCHEN.de", "xn--mnchen-3ya.de", "in capitals"},
		{"mu\u0308nchen.de", "xn--mnchen-3ya.de", "decomposed"},
		{"XN--MNCHEN-3YA.DE", "xn--mnchen-3ya.de", "encoded"},
		{"straße.de", "xn--strae-oqa.de", "not transitional"},
		{"acme。org", "acme.org", "a full stop of another script"},
		{"ａｃｍｅ.org", "acme.org", "full width"},
		{"acme.org。", "acme.org", "such a stop at the end"},
		{"аcme.org", "xn--cme-5cd.org", "a Cyrillic а is another name"},
		{label + "." + label + "." + label + "." + strings.Repeat("a", 61), label + "." + label + "." + label + "." + strings.Repeat("a", 61), "the longest"},
	} {
		got, err := registry.NormalizeHost(c.host)
		require.NoError(t, err, c.reason)
		assert.Equal(t, c.want, got, c.reason)
	}
	for host, reason := range map[string]string{
		"":                   "empty",
		".":                  "the root",
		"acme":               "one label",
		"localhost:8080":     "one label",
		"acme..org":          "an empty label",
		".acme.org":          "an empty label",
		"acme.org..":         "two dots",
		"acme.org:80:80":     "two ports",
		"acme.org:http":      "a port that is no number",
		"acme.org:123456":    "a long port",
		"acme.org:-1":        "a negative port",
		"user@acme.org":      "user information",
		"acme.org/":          "a path",
		"acme.org?x":         "a query",
		"acme .org":          "a space",
		" acme.org":          "a space",
		"acme.org\x00":       "NUL",
		"acme.org\n":         "a line's end",
		"acme\u00ad.org\x7f": "DEL",
		"a_b.acme.org":       "an underscore",
		"*.acme.org":         "a wildcard",
		"-acme.org":          "a hyphen first",
		"acme-.org":          "a hyphen last",
		"192.0.2.1":          "an address",
		"192.0.2.256":        "like an address",
		"acme.1":             "a number last",
		"[2001:db8::1]":      "an address",
		"[2001:db8::1]:80":   "an address",
		"2001:db8::1":        "an address",
		"xn--acme-.org":      "encoded, with nothing to encode",
		"xn--a.org":          "not the code of anything",
		"xn--.org":           "an empty code",
		"xn--999999999.org":  "a code that overflows",
		"acme.org%00":        "a percent sign",
		"acme.org\\@evil":    "a backslash",
		"\xff.org":           "no UTF-8",
		"\u202eacme.org":     "a direction mark",
		"aא.org":             "letters of two directions",
		"acme。。org":          "an empty label",
		label + "a.org":      "a long label",
		label + "." + label + "." + label + "." + label: "a long name",
		strings.Repeat("a.", 1<<20) + "org":             "a very long name",
	} {
		got, err := registry.NormalizeHost(host)
		assert.ErrorIs(t, err, registry.ErrInvalidHost, "%s: %q", reason, got)
	}
}

func TestNormalizeSlug(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string]string{"acme": "acme", "ACME": "acme", "a": "a", "9": "9", "a-b": "a-b", "a--b": "a--b"} {
		got, err := registry.NormalizeSlug(slug)
		require.NoError(t, err, slug)
		assert.Equal(t, want, got)
	}
	for slug, reason := range map[string]string{
		"": "empty", "a b": "a space", "a.b": "a dot", "-a": "a hyphen first", "a-": "a hyphen last", "a_b": "an underscore",
		"äcme": "a letter of another alphabet", "аcme": "one that looks like it", "acme\n": "a line's end", "\u212aelvin": "the Kelvin sign",
		"xn--acme": "an encoded name", "ab--c": "like one", strings.Repeat("a", 64): "long",
		"018f4e9c-7e1c-7c3a-9b0a-000000000001": "an id", "018f4e9c7e1c7c3a9b0a000000000001": "an id", "a/b": "a path", "..": "dots", "a%2e": "an escape",
	} {
		_, err := registry.NormalizeSlug(slug)
		assert.ErrorIs(t, err, registry.ErrInvalidSlug, reason)
	}
}

// A name has one spelling, which holds nothing but labels, and is no address.
func FuzzNormalizeHost(f *testing.F) {
	for _, seed := range []string{
		"acme.org", "ACME.org.:80", "münchen.de", "xn--mnchen-3ya.de", "[::1]:80", "1.2.3.4", "a。b", "xn--a.xn--b", "faß.de", "a\u200db.org",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		got, err := registry.NormalizeHost(host)
		if err != nil {
			return
		}
		again, err := registry.NormalizeHost(got)
		require.NoError(t, err, "%q of %q", got, host)
		require.Equal(t, got, again)
		require.LessOrEqual(t, len(got), 253)
		require.Empty(t, strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-."))
		require.Contains(t, got, ".")
		_, err = netip.ParseAddr(got)
		require.Error(t, err)
		upper, err := registry.NormalizeHost(strings.ToUpper(got) + ".:1")
		require.NoError(t, err)
		require.Equal(t, got, upper)
	})
}
