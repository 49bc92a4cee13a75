package middleware

import (
	"net/http"
	"net/url"
	"strings"
)

// Path finds the tenant's slug or id in the path's segment after prefix, and
// strips both: with the prefix "/t/", /t/acme/projects is /projects of the tenant
// acme. The prefix alone names no tenant. The segment is as the value of [Header], and not percent-encoded. A path
// under the prefix that holds a dot segment, encoded or not, is malformed: who
// cleans it later would arrive at another tenant's path.
//
// Every client can send any path, and browsers keep nothing of one tenant's pages
// from another's scripts, for all have one origin. It needs [Config.Member].
//
// Like [http.StripPrefix], it leaves links and redirects to the application, and
// http.ServeMux's own redirects without the prefix. Routers that choose their
// route before their middleware runs, such as gin, have the prefix in it.
//
// It panics when prefix does not begin and end with a slash or would have to be
// encoded, or lookup is nil.
func Path[T any](prefix string, lookup Lookup[T]) Source[T] {
	name := "path " + prefix
	if !isPrefix(prefix) {
		panic("middleware: " + name + ": want a prefix that begins and ends with a slash")
	}
	mustLookup(name, lookup)
	return Source[T]{
		name:   name,
		prefix: prefix,
		lookup: lookup,
		key: func(r *http.Request, _ string) (string, error) {
			rest, ok := strings.CutPrefix(r.URL.Path, prefix)
			if !ok || rest == "" {
				return "", nil
			}
			if hasDotSegment(r.URL.Path) {
				return "", ErrMalformed
			}
			key, _, _ := strings.Cut(rest, "/")
			// An encoded slash ends the decoded segment, not the sent one.
			if r.URL.RawPath != "" && !isUnder(r.URL.RawPath, prefix+key) {
				return "", ErrMalformed
			}
			return checkKey(key)
		},
	}
}

func isPrefix(prefix string) bool {
	if prefix == "/" {
		return true
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(prefix, "/"), "/"), "/") {
		if _, err := checkKey(segment); err != nil {
			return false
		}
	}
	return strings.HasPrefix(prefix, "/") && strings.HasSuffix(prefix, "/")
}

// isUnder reports whether path is parent or beneath it.
func isUnder(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '/')
}

func hasDotSegment(path string) bool {
	if !strings.Contains(path, "/.") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// strip returns the URL without its first n bytes of path, which need no encoding.
func strip(u *url.URL, n int) *url.URL {
	stripped := *u
	stripped.Path = rooted(u.Path[n:])
	if u.RawPath != "" {
		stripped.RawPath = rooted(u.RawPath[n:])
	}
	return &stripped
}

func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
