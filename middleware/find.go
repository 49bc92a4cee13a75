package middleware

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gorm-tenancy/tenancy"
)

// found is what the sources say together.
type found[T any] struct {
	ctx     *tenantContext[T] // with the tenant, but not the request's yet
	scope   tenancy.Scope
	two     bool // tenants were found
	named   int  // how many sources named a tenant
	strip   int  // of the path
	refusal *Error
}

// name is what a source reads in a request; the zero name is nothing.
type name struct {
	key     string
	unknown bool // without a look
}

// find reads all sources, and then asks all of them. What a request is told, and
// when, must not depend on which of its names is a tenant's.
func (c *Chain[T]) find(r *http.Request) found[T] {
	var buffer [4]name // as many sources as chains have, without an allocation
	names, refusal := c.read(r, buffer[:0])
	result := found[T]{refusal: refusal}
	if refusal != nil {
		return result
	}
	for i, name := range names {
		if name.key == "" && !name.unknown {
			continue
		}
		source := &c.sources[i]
		result.named++
		if source.prefix != "" {
			result.strip = len(source.prefix) + len(name.key)
		}
		result.refusal = worse(result.refusal, c.ask(r.Context(), source, name, &result))
	}
	switch worst := severity(result.refusal); {
	case result.named == 0:
		result.refusal = &Error{Err: ErrNone}
	case worst > isUnknown:
	case result.two, worst == isUnknown && result.ctx != nil:
		result.refusal = &Error{Err: ErrDisagree}
	}
	return result
}

// read appends what each source names.
func (c *Chain[T]) read(r *http.Request, names []name) ([]name, *Error) {
	var host string
	if c.host {
		var err error
		if host, err = hostOf(r, c.config.Proxies); err != nil {
			return nil, &Error{Source: "host", Err: ErrMalformed}
		}
	}
	var worst *Error
	for i := range c.sources {
		key, err := c.sources[i].key(r, host)
		refusal := c.refusal(&c.sources[i], err)
		if severity(refusal) > isUnknown {
			worst = worse(worst, refusal)
		}
		names = append(names, name{key, refusal != nil})
	}
	return names, worst
}

// ask looks a name up.
func (c *Chain[T]) ask(ctx context.Context, source *Source[T], name name, into *found[T]) *Error {
	if name.unknown {
		return &Error{Source: source.name, Err: ErrUnknown}
	}
	tenant, err := source.lookup(ctx, name.key)
	if err != nil {
		return c.refusal(source, err)
	}
	if err := into.add(tenant, &c.scopes); err != nil {
		return &Error{Source: source.name, Err: ErrSource, Cause: err}
	}
	return nil
}

// refusal returns what a source's error, or its lookup's, means for the request;
// nil for nil.
func (c *Chain[T]) refusal(source *Source[T], err error) *Error {
	if err == nil {
		return nil
	}
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case is(ErrMalformed):
		return &Error{Source: source.name, Err: ErrMalformed}
	case is(ErrUnknown), slices.ContainsFunc(c.config.Unknown, is):
		return &Error{Source: source.name, Err: ErrUnknown}
	default:
		return &Error{Source: source.name, Err: ErrSource, Cause: err}
	}
}

// How much one source's refusal weighs beside another's. That a tenant is unknown
// weighs least: any other answer is then the same for one that exists.
const (
	isNothing = iota
	isUnknown
	isFailure
	isMalformed
)

func severity(refusal *Error) int {
	switch {
	case refusal == nil:
		return isNothing
	case errors.Is(refusal.Err, ErrUnknown):
		return isUnknown
	case errors.Is(refusal.Err, ErrSource):
		return isFailure
	default:
		return isMalformed
	}
}

func worse(first, second *Error) *Error {
	if severity(second) > severity(first) {
		return second
	}
	return first
}

// add adds a tenant that a source has found.
func (f *found[T]) add(tenant T, scopes *scopes) error {
	ctx := &tenantContext[T]{tenant: tenant}
	ctx.scoped = scopes.of(idOf(&ctx.tenant))
	scope, _ := tenancy.From(ctx.scoped)
	id, ok := scope.Tenant()
	if !ok {
		return scope.Err()
	}
	if f.ctx == nil {
		f.ctx, f.scope = ctx, scope
		return nil
	}
	first, _ := f.scope.Tenant()
	f.two = f.two || first != id
	return nil
}

// narrow scopes a context that has a scope already, and returns why it cannot be.
func (f *found[T]) narrow(outer context.Context) *Error {
	f.ctx.scoped = tenancy.With(outer, f.scope)
	scope, _ := tenancy.From(f.ctx.scoped)
	switch err := scope.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, tenancy.ErrTenantMismatch):
		return &Error{Err: ErrDisagree}
	default:
		return &Error{Err: ErrSource, Cause: err}
	}
}

// request returns the request with a tenant's context.
func (f *found[T]) request(r *http.Request, ctx *tenantContext[T]) *http.Request {
	ctx.Context = r.Context()
	scoped := r.WithContext(ctx)
	if f.strip > 0 {
		scoped.URL = strip(r.URL, f.strip)
	}
	return scoped
}
