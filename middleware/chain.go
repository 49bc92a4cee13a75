package middleware

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"github.com/gorm-tenancy/tenancy"
)

// Config configures a [Chain]. The zero value is refused by [New]: it takes a
// decision whether strangers are let in.
type Config[T any] struct {
	// Member reports whether whoever sent the request belongs to the tenant. The
	// request's context is scoped to the tenant already. False is answered like
	// an unknown tenant, an error with 503. It must be safe for concurrent use.
	// Nil is refused, unless AllowStrangers says so.
	Member func(r *http.Request, tenant T) (bool, error)

	// AllowStrangers lets everybody who names a tenant reach the tenant's rows,
	// as far as the handlers go: for what is in front of the login, and where a
	// [Claim] that cannot be forged is the only source. It excludes Member.
	AllowStrangers bool

	// Suspended reports whether the tenant is closed for now. It is asked after
	// Member, so that strangers do not learn it. Nil means that none is.
	Suspended func(tenant T) bool

	// Unknown are the errors by which a [Lookup] says that there is no such
	// tenant, such as gorm.ErrRecordNotFound, tested with [errors.Is]. Empty
	// means ErrUnknown alone; any other error is answered with 503.
	Unknown []error

	// Proxies are the addresses from which X-Forwarded-Host counts in place of
	// Host. Name only proxies that overwrite that header in each request: one
	// that passes on what its client sent lets the client choose. What rewrites
	// the request's RemoteAddr must come after the chain. Empty means that the
	// header is not looked at.
	Proxies []netip.Prefix

	// Public serves requests that name no tenant, whatever their host; the chain
	// gives their context none. Nil means 404.
	Public http.Handler

	// Refuse answers a request that is refused, and may log why; the error
	// answers by itself as well, see [Error.ServeHTTP]. Answer all errors of one
	// status alike. Nil means the error's own answer.
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
}

// New returns a chain of the sources, of which there is no default. All of them
// look at each request, in their order. Those that find a tenant must agree: a
// request that names two is refused, and one that names an unknown tenant beside
// a known one as well.
//
// It panics when there is no source, one is the zero Source, or the Config does
// not decide about strangers.
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
		if !prefix.IsValid() {
			panic("middleware: New: Config.Proxies holds an invalid prefix")
		}
		config.Proxies[i] = prefix.Masked()
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
	return c
}

func (c *Chain[T]) addVary(header string) {
	if header != "" && !slices.Contains(c.vary, header) {
		c.vary = append(c.vary, header)
	}
}

// Handler is the middleware for net/http: next serves the requests of tenants,
// each with a context that [tenancy.With] has scoped. A request that is refused
// ends here, and one that names no tenant at [Config.Public].
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
	// Resolve returns the request as the tenant's handlers are to see it, or why
	// it is refused.
	Resolve(answer http.Header, r *http.Request) (*http.Request, error)
	// Refuse answers a request for which Resolve returned an error.
	Refuse(w http.ResponseWriter, r *http.Request, err error)
}

var _ Resolver = (*Chain[any])(nil)

// Resolve returns a copy of the request with the tenant's context, and with the
// path that [Path] leaves; r stays as it is. It writes Vary to the answer's
// header. Its errors are of type *[Error].
//
// It is for adapters. Where an error is not nil, the request must end.
func (c *Chain[T]) Resolve(answer http.Header, r *http.Request) (*http.Request, error) {
	if len(c.vary) > 0 {
		if vary := answer["Vary"]; len(vary) > 0 {
			answer["Vary"] = append(vary, c.vary...)
		} else {
			answer["Vary"] = c.vary[:len(c.vary):len(c.vary)] // a later append copies
		}
	}
	found, err := c.find(r)
	if err != nil {
		return nil, err
	}
	ctx := found.ctx
	ctx.Context = r.Context()
	if _, outer := tenancy.From(ctx.Context); outer {
		ctx.scoped = tenancy.With(ctx.Context, found.scope)
		if scope, _ := tenancy.From(ctx); errors.Is(scope.Err(), tenancy.ErrTenantMismatch) {
			return nil, &Error{Err: ErrDisagree}
		} else if scope.Err() != nil {
			return nil, &Error{Err: ErrSource, Cause: scope.Err()}
		}
	}
	scoped := r.WithContext(ctx)
	if found.strip > 0 {
		scoped.URL = strip(r.URL, found.strip)
	}
	if err := c.admit(scoped, ctx.tenant); err != nil {
		return nil, err
	}
	return scoped, nil
}

// admit asks who may enter, and whether the door is open.
func (c *Chain[T]) admit(r *http.Request, tenant T) error {
	if c.config.Member != nil {
		member, err := c.config.Member(r, tenant)
		if err != nil {
			return &Error{Source: "member", Err: ErrSource, Cause: err}
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

// Refuse answers a request for which Resolve returned an error, as the Config
// says. It is for adapters.
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

// found is what the sources agree on.
type found[T any] struct {
	ctx   *tenantContext[T] // with the tenant, but not the request's yet
	scope tenancy.Scope
	strip int // of the path
	named int // how many sources named a tenant
	known int // how many of them found it
}

// find asks all sources.
func (c *Chain[T]) find(r *http.Request) (found[T], error) {
	var result found[T]
	var host string
	if c.host {
		var err error
		if host, err = hostOf(r, c.config.Proxies); err != nil {
			return result, &Error{Source: "host", Err: ErrMalformed}
		}
	}
	unknown := ""
	for i := range c.sources {
		source := &c.sources[i]
		key, err := source.key(r, host)
		if err == nil && key == "" {
			continue
		}
		var tenant T
		if err == nil {
			tenant, err = source.lookup(r.Context(), key)
		}
		result.named++
		switch {
		case errors.Is(err, ErrMalformed):
			return result, &Error{Source: source.name, Err: ErrMalformed}
		case c.isUnknown(err):
			unknown = source.name
			continue
		case err != nil:
			return result, &Error{Source: source.name, Err: ErrSource, Cause: err}
		}
		scope, err := result.add(tenant, &c.scopes)
		if err != nil {
			return result, &Error{Source: source.name, Err: err, Cause: scope.Err()}
		}
		if source.prefix != "" {
			result.strip = len(source.prefix) + len(key)
		}
	}
	switch {
	case result.named == 0:
		return result, &Error{Err: ErrNone}
	case result.known == 0:
		return result, &Error{Source: unknown, Err: ErrUnknown}
	case result.known < result.named:
		return result, &Error{Source: unknown, Err: ErrDisagree}
	}
	return result, nil
}

// add returns the tenant's scope, and why it cannot be the one of the request.
func (f *found[T]) add(tenant T, scopes *scopes) (tenancy.Scope, error) {
	ctx := &tenantContext[T]{tenant: tenant}
	ctx.scoped = scopes.of(idOf(&ctx.tenant))
	scope, _ := tenancy.From(ctx.scoped)
	id, ok := scope.Tenant()
	if !ok {
		return scope, ErrSource
	}
	if f.known++; f.known == 1 {
		f.ctx, f.scope = ctx, scope
		return scope, nil
	}
	if first, _ := f.scope.Tenant(); first != id {
		return scope, ErrDisagree
	}
	return scope, nil
}

func (c *Chain[T]) isUnknown(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, ErrUnknown) ||
		slices.ContainsFunc(c.config.Unknown, func(unknown error) bool { return errors.Is(err, unknown) })
}
