package middleware

import (
	"net/http"
	"net/url"
	"strings"
)

// Path finds the tenant's slug or id in the path's segment after prefix, and strips
// both: with the prefix "/t/", /t/acme/projects is /projects of the tenant acme. The
// prefix alone names no tenant. The segment is as the value of [Header], and not
// percent-encoded.
//
// Any path with a dot segment or an empty segment is malformed. It does not matter
// whether a slash or a backslash ends the segment, a parameter follows it, or any of
// that is encoded. A router that cleans such a path later, or a browser that is
// redirected to it, would arrive at another tenant's path, or at another site's.
//
// Every client can send any path. Browsers do not keep one tenant's pages from
// another's scripts, because all have one origin. Path requires [Config.Member].
//
// Like [http.StripPrefix], it leaves links and redirects to the application, and
// http.ServeMux's own redirects lack the prefix. A router that chooses its route before
// its middleware runs, such as gin, has the prefix in the route.
//
// It panics if prefix does not begin and end with a slash or would have to be encoded,
// or lookup is nil.
func Path[T any](prefix string, lookup Lookup[T]) Source[T] {
	name := "path " + prefix
	if !isPrefix(prefix) {
		panic("middleware: " + name + ": give a prefix that begins and ends with a slash")
	}
	mustLookup(name, lookup)
	return Source[T]{
		name:   name,
		prefix: prefix,
		lookup: lookup,
		key: func(r *http.Request, _ string) (string, error) {
			if !isPlain(r.URL.Path) {
				return "", ErrMalformed
			}
			rest, ok := strings.CutPrefix(r.URL.Path, prefix)
			if !ok || rest == "" {
				return "", nil
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

// maxDecoding is how often readers behind this one may decode a path again.
const maxDecoding = 2

// isPlain reports whether nobody who cleans the path, or decodes it once more,
// arrives at another one: no segment is empty or of dots, but for the last one,
// which is empty after a slash.
func isPlain(path string) bool {
	for range maxDecoding {
		if !hasPlainSegments(path) {
			return false
		}
		again, err := url.PathUnescape(path)
		if err != nil || again == path {
			return true
		}
		path = again
	}
	return hasPlainSegments(path)
}

// hasPlainSegments takes a backslash for a slash, as browsers do, and a segment
// without its parameters, as some routers do.
func hasPlainSegments(path string) bool {
	path = strings.TrimPrefix(path, "/")
	start := 0
	for i := start; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' && path[i] != '\\' {
			continue
		}
		segment, _, _ := strings.Cut(path[start:i], ";")
		if isDots(segment) || segment == "" && start < len(path) {
			return false
		}
		start = i + 1
	}
	return true
}

// isDots reports whether a segment is one dot or two, without the spaces and control
// characters that browsers and some servers drop.
func isDots(segment string) bool {
	dots := 0
	for i := range len(segment) {
		switch c := segment[i]; {
		case c == '.':
			dots++
		case c > ' ' && c != 0x7f:
			return false
		}
	}
	return dots == 1 || dots == 2
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
