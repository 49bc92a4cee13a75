package middleware

import (
	"errors"
	"net/http"
	"net/netip"
	"reflect"
	"slices"

	"github.com/gorm-tenancy/tenancy"
)

// Config configures a [Chain]. [New] refuses the zero value: decide whether strangers
// are let in.
type Config[T any] struct {
	// Member reports whether the sender of the request belongs to the tenant. The
	// request's context is already scoped to the tenant. False is answered like an
	// unknown tenant, an error with 503. It must be safe for concurrent use. Nil is
	// refused, unless AllowStrangers is set.
	Member func(r *http.Request, tenant T) (bool, error)

	// Nobody is a tenant without members, with an id that was made for this purpose. If
	// a request's names find no tenant, or two, Member is called with Nobody; its error
	// counts, but not its result. So strangers cannot learn which tenants exist from
	// the time that Member takes, or from its 503. New panics if it is not a tenant, or
	// if there is no Member. The zero value means that Member is called only for
	// existing tenants.
	Nobody T

	// AllowStrangers lets everybody who names a tenant reach the tenant's rows, as far
	// as the handlers go. It is for pages before the login, and for chains whose only
	// source is a [Claim] that cannot be forged. It excludes Member.
	AllowStrangers bool

	// Suspended reports whether the tenant is closed for now. It is called after
	// Member, so strangers do not learn the result. Nil means that no tenant is
	// suspended.
	Suspended func(tenant T) bool

	// Unknown are the errors by which a [Lookup] says that there is no such tenant,
	// such as gorm.ErrRecordNotFound, tested with [errors.Is]. Empty means ErrUnknown
	// alone; any other error is answered with 503.
	Unknown []error

	// Proxies are the addresses from which X-Forwarded-Host counts instead of Host.
	// Name only proxies that overwrite that header in each request: one that passes on
	// what its client sent lets the client choose. A middleware that rewrites the
	// request's RemoteAddr must come after the chain. Write IPv4 as IPv4: New panics if
	// a prefix is mapped to IPv6 (::ffff:10.0.0.0/104), or invalid. Empty means that
	// the header is ignored.
	Proxies []netip.Prefix

	// Public serves requests that name no tenant, whatever their host. Their context
	// has no tenant. Nil means 404.
	Public http.Handler

	// Refuse answers a refused request, and may log the reason. The error can also
	// answer itself, see [Error.ServeHTTP]. Answer all errors of one status alike. Nil
	// means the error's own answer.
	Refuse func(w http.ResponseWriter, r *http.Request, err *Error)
}

// A Chain finds the tenant of a request in its sources. It is safe for concurrent
// use.
type Chain[T any] struct {
	config  Config[T]
	sources []Source[T]
	host    bool // whether a source wants it
	vary    []string
	scopes  scopes
	nobody  *tenantContext[T] // nil if there is none
}

// New returns a chain of the sources. There is no default source. All of them look at
// each request, in their order, and those that find a tenant must agree. A request that
// names two tenants is refused, and so is one that names an unknown tenant and a known
// one.
//
// Each source is read before any name is looked up. All names are looked up, whatever
// the others have found. So neither the answer nor the work tells which of the names is
// a tenant's.
//
// New panics if there is no source, one is the zero Source, the Config does not decide
// about strangers, or it names proxies by prefixes that match nothing.
func New[T any](config Config[T], sources ...Source[T]) *Chain[T] {
	if len(sources) == 0 {
		panic("middleware: New: name at least one source")
	}
	if (config.Member == nil) != config.AllowStrangers {
		panic("middleware: New: set one of Config.Member and Config.AllowStrangers")
	}
	config.Proxies = slices.Clone(config.Proxies)
	config.Unknown = slices.Clone(config.Unknown)
	c := &Chain[T]{config: config, sources: slices.Clone(sources)}
	for i, prefix := range config.Proxies {
		config.Proxies[i] = mustPrefix(prefix)
	}
	for _, source := range sources {
		if source.key == nil {
			panic("middleware: New: a source is the zero Source")
		}
		c.host = c.host || source.host
		c.addVary(source.vary)
	}
	if c.host && len(config.Proxies) > 0 {
		c.addVary(headerForwardedHost)
	}
	c.nobody = c.mustNobody()
	return c
}

// mustNobody returns the context of Config.Nobody.
func (c *Chain[T]) mustNobody() *tenantContext[T] {
	if reflect.ValueOf(&c.config.Nobody).Elem().IsZero() {
		return nil
	}
	if c.config.Member == nil {
		panic("middleware: New: Config.Nobody is for Config.Member")
	}
	ctx := &tenantContext[T]{tenant: c.config.Nobody}
	ctx.scoped = c.scopes.of(idOf(&ctx.tenant))
	if scope, _ := tenancy.From(ctx.scoped); scope.Err() != nil {
		panic("middleware: New: Config.Nobody is no tenant: give it an id")
	}
	return ctx
}

func (c *Chain[T]) addVary(header string) {
	if header != "" && !slices.Contains(c.vary, header) {
		c.vary = append(c.vary, header)
	}
}

// Handler is the middleware for net/http. next serves the requests of tenants, each
// with a context that [tenancy.With] has scoped. A refused request ends here. A request
// that names no tenant goes to Config.Public.
func (c *Chain[T]) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scoped, err := c.Resolve(w.Header(), r)
		if err != nil {
			c.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, scoped)
	})
}

// Resolver is what an adapter for another framework needs of a [Chain].
type Resolver interface {
	// Resolve returns the request that the tenant's handlers get, or the reason why it
	// is refused.
	Resolve(answer http.Header, r *http.Request) (*http.Request, error)
	// Refuse answers a request for which Resolve returned an error.
	Refuse(w http.ResponseWriter, r *http.Request, err error)
}

var _ Resolver = (*Chain[any])(nil)

// Resolve returns a copy of the request with the tenant's context, and with the path
// that [Path] leaves. It does not change r. It writes Vary to the answer's header. Its
// errors are of type *[Error].
//
// It is for adapters. If the error is not nil, the request must end.
func (c *Chain[T]) Resolve(answer http.Header, r *http.Request) (*http.Request, error) {
	if len(c.vary) > 0 {
		if vary := answer["Vary"]; len(vary) > 0 {
			answer["Vary"] = append(vary, c.vary...)
		} else {
			answer["Vary"] = c.vary[:len(c.vary):len(c.vary)] // a later append copies
		}
	}
	outer, nested := tenancy.From(r.Context())
	if nested && outer.Err() != nil {
		return nil, &Error{Err: ErrSource, Cause: outer.Err()}
	}
	found := c.find(r)
	if found.refusal == nil && nested {
		found.refusal = found.narrow(r.Context())
	}
	if found.refusal != nil {
		return nil, c.hide(r, found)
	}
	scoped := found.request(r, found.ctx)
	if err := c.admit(scoped, found.ctx.tenant); err != nil {
		return nil, err
	}
	return scoped, nil
}

// hide returns why a request is refused, after the work of admitting one.
func (c *Chain[T]) hide(r *http.Request, found found[T]) error {
	if c.nobody == nil || found.named == 0 || found.refusal.Status() != http.StatusNotFound {
		return found.refusal
	}
	nobody := *c.nobody
	if _, err := c.config.Member(found.request(r, &nobody), nobody.tenant); err != nil {
		return memberError(err)
	}
	return found.refusal
}

// admit asks who may enter, and whether the door is open.
func (c *Chain[T]) admit(r *http.Request, tenant T) error {
	if c.config.Member != nil {
		member, err := c.config.Member(r, tenant)
		if err != nil {
			return memberError(err)
		}
		if !member {
			return &Error{Err: ErrNotMember}
		}
	}
	if c.config.Suspended != nil && c.config.Suspended(tenant) {
		return &Error{Err: ErrSuspended}
	}
	return nil
}

func memberError(err error) *Error { return &Error{Source: "member", Err: ErrSource, Cause: err} }

// Refuse answers a request for which Resolve returned an error, as the Config says. It
// is for adapters.
func (c *Chain[T]) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *Error
	if !errors.As(err, &refusal) {
		refusal = &Error{Err: ErrSource, Cause: err}
	}
	switch {
	case c.config.Public != nil && errors.Is(refusal.Err, ErrNone):
		c.config.Public.ServeHTTP(w, r)
	case c.config.Refuse != nil:
		c.config.Refuse(w, r, refusal)
	default:
		refusal.ServeHTTP(w, r)
	}
}
