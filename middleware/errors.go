package middleware

import (
	"errors"
	"net/http"
)

// Why a request is refused. All that are 404 are answered alike, to the byte, so
// that nobody learns from the answer which tenants there are. They come wrapped in an [*Error]: test for them with
// [errors.Is]. A [Lookup] may return ErrUnknown, and a [Claim] ErrMalformed, to
// say what they mean; any other error of theirs becomes an ErrSource.
var (
	// ErrNone: no source found a tenant named. It is the public site's request,
	// where there is one ([Config.Public]), and 404 where there is none.
	ErrNone = errors.New("middleware: the request names no tenant")

	// ErrMalformed: what a source found cannot be a tenant's name or host, or it
	// was found twice: 400.
	ErrMalformed = errors.New("middleware: the request's tenant is malformed")

	// ErrUnknown: there is no such tenant: 404.
	ErrUnknown = errors.New("middleware: unknown tenant")

	// ErrDisagree: two sources found different tenants, or the request's context
	// had another one before: 404. With a status of its own, a request that names
	// a tenant twice would tell whether there is one.
	ErrDisagree = errors.New("middleware: the request names two tenants")

	// ErrNotMember: whoever sent the request is none of the tenant's: 404.
	ErrNotMember = errors.New("middleware: not a member of the tenant")

	// ErrSuspended: the tenant is closed for now: 403.
	ErrSuspended = errors.New("middleware: the tenant is suspended")

	// ErrSource: a lookup, a claim or the membership could not be had: 503.
	ErrSource = errors.New("middleware: the tenant could not be looked up")
)

// An Error is why and where a request was refused. It is a handler that writes
// the answer which a [Chain] gives by default, and holds no name of a tenant.
type Error struct {
	// Source is the source concerned, such as "header X-Tenant"; empty where
	// there is none.
	Source string
	// Err is one of this package's errors.
	Err error
	// Cause is what a lookup or the application returned, for the log and not for
	// the answer: its text is not this package's. Nil for all but ErrSource.
	Cause error
}

// Error implements error. The text leaves out Cause.
func (e *Error) Error() string {
	if e.Source == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + " (" + e.Source + ")"
}

// Unwrap returns Err, and Cause where there is one.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

// Status is the answer's status code; 503 for an Err that is none of this
// package's.
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

// ServeHTTP answers with the status and its text. The answer is not to be
// stored: a cache may keep a 404 on its own account (RFC 9110, section 15.1),
// and would then have it for the member who asks next.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(e.Status()), e.Status())
}
