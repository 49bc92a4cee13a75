package middleware

import (
	"errors"
	"net/http"
)

// These errors say why a request is refused. All that are 404 are answered alike, to
// the byte, so the answer does not tell which tenants exist. They come wrapped in an
// [*Error]: use [errors.Is]. A [Lookup] may return ErrUnknown, and a [Claim]
// ErrMalformed; any other error of theirs becomes an ErrSource.
var (
	// ErrNone: no source found the name of a tenant. The request goes to the public
	// site ([Config.Public]); without one it is 404.
	ErrNone = errors.New("middleware: the request names no tenant")

	// ErrMalformed: what a source found cannot be a tenant's name or host, or it was
	// found twice: 400.
	ErrMalformed = errors.New("middleware: the request's tenant is malformed")

	// ErrUnknown: there is no such tenant: 404.
	ErrUnknown = errors.New("middleware: unknown tenant")

	// ErrDisagree: two sources found different tenants, or the request's context had
	// another one before: 404. A separate status would tell whether the tenant exists.
	ErrDisagree = errors.New("middleware: the request names two tenants")

	// ErrNotMember: the sender of the request is not a member of the tenant: 404.
	ErrNotMember = errors.New("middleware: not a member of the tenant")

	// ErrSuspended: the tenant is closed for now: 403.
	ErrSuspended = errors.New("middleware: the tenant is suspended")

	// ErrSource: a lookup, a claim or the membership failed: 503.
	ErrSource = errors.New("middleware: the tenant could not be looked up")
)

// An Error says why and where a request was refused. It is a handler that writes the
// default answer of a [Chain], and holds no name of a tenant.
type Error struct {
	// Source is the source concerned, such as "header X-Tenant"; empty if there is
	// none.
	Source string
	// Err is one of this package's errors.
	Err error
	// Cause is what a lookup or the application returned. It is for the log and not for
	// the answer, because its text is not this package's. Nil unless Err is ErrSource.
	Cause error
}

// Error implements error. The text leaves out Cause.
func (e *Error) Error() string {
	if e.Source == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + " (" + e.Source + ")"
}

// Unwrap returns Err, and Cause if there is one.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

// Status returns the answer's status code; 503 if Err is not one of this package's.
func (e *Error) Status() int {
	switch {
	case errors.Is(e.Err, ErrMalformed):
		return http.StatusBadRequest
	case errors.Is(e.Err, ErrNone), errors.Is(e.Err, ErrUnknown),
		errors.Is(e.Err, ErrDisagree), errors.Is(e.Err, ErrNotMember):
		return http.StatusNotFound
	case errors.Is(e.Err, ErrSuspended):
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}

// ServeHTTP answers with the status and its text. The answer is marked as not to be
// stored: otherwise a cache may keep a 404 (RFC 9110, section 15.1), and give it to the
// next member who asks.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(e.Status()), e.Status())
}
