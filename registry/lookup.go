package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// LookupDomain returns the tenant of a verified domain. The host may be spelled
// as in a request: in any case, with a port or a trailing dot, internationalised.
// The error is [ErrNotFound] for archived tenants, for claims, and for text that
// cannot be a domain. Any other error means that the lookup failed. See
// [Registry.Listen] for how old the answer may be.
func (r *Registry) LookupDomain(ctx context.Context, host string) (Tenant, error) {
	host, err := bareHost(host)
	if err != nil {
		return Tenant{}, ErrNotFound
	}
	// The cache has only canonical names, so a hit needs no decoding, which is
	// slow.
	if hasPunycode(host) {
		if tenant, exists, known := r.cached(key{kindHost, host}); known {
			return answer(ctx, tenant, exists)
		}
	}
	if host, err = spellHost(host); err != nil {
		return Tenant{}, ErrNotFound
	}
	return r.lookup(ctx, key{kindHost, host})
}

// LookupSlug returns the tenant with a slug, which may be in upper or lower case.
// Its errors are those of [Registry.LookupDomain].
func (r *Registry) LookupSlug(ctx context.Context, slug string) (Tenant, error) {
	slug, err := NormalizeSlug(slug)
	if err != nil {
		return Tenant{}, ErrNotFound
	}
	return r.lookup(ctx, key{kindSlug, slug})
}

// LookupID returns the tenant with an id: a UUID of 36 characters. Its errors are
// those of [Registry.LookupDomain].
func (r *Registry) LookupID(ctx context.Context, id string) (Tenant, error) {
	const length = 36 // of the one form with hyphens and nothing around it
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != length || parsed == uuid.Nil {
		return Tenant{}, ErrNotFound
	}
	return r.lookup(ctx, key{kindID, lowerASCII(id)})
}

// Get returns the current row of a tenant in any state, without using the cache.
// The error is [ErrNotFound] if there is no such tenant.
func (r *Registry) Get(ctx context.Context, id uuid.UUID) (Tenant, error) {
	account, err := r.load(r.in(ctx, id))
	if err != nil {
		return Tenant{}, err
	}
	return account.RegistryTenant(), nil
}

func (r *Registry) lookup(ctx context.Context, k key) (Tenant, error) {
	tenant, exists, known := r.cached(k)
	if !known {
		found, err := r.fly(ctx, k)
		if err != nil {
			return Tenant{}, err
		}
		if exists = found != nil; exists {
			tenant = *found
		}
	}
	return answer(ctx, tenant, exists)
}

// cached returns the cache's answer for a name if it is recent enough.
func (r *Registry) cached(k key) (tenant Tenant, exists, known bool) {
	return r.cache.get(k, r.config.Now().Add(-r.ttl()))
}

// answer turns what a lookup found into the answer for its context.
func answer(ctx context.Context, tenant Tenant, exists bool) (Tenant, error) {
	// An archived tenant is cached as such, so that its id is enough to forget it
	// when it comes back.
	if !exists || !tenant.IsActive() && !tenant.IsSuspended() {
		return Tenant{}, ErrNotFound
	}
	return tenant, reaches(ctx, &tenant)
}

// reaches lets a context see the tenants of its scope only.
func reaches(ctx context.Context, tenant *Tenant) error {
	scope, ok := tenancy.From(ctx)
	switch {
	case !ok || scope.IsBypass():
		return nil
	case scope.Err() != nil:
		*tenant = Tenant{}
		return scope.Err()
	}
	own := tenant.ID.String()
	for _, id := range scope.Tenants() {
		if id == own {
			return nil
		}
	}
	*tenant = Tenant{}
	return ErrNotFound
}

// ttl is how old an answer may be.
func (r *Registry) ttl() time.Duration {
	if r.hears.Load() {
		return r.config.CacheTTL
	}
	return min(r.config.BlindTTL, r.config.CacheTTL)
}

// fly reads a tenant once for all requests that ask for it at the same time; nil
// if there is none.
func (r *Registry) fly(ctx context.Context, k key) (*Tenant, error) {
	epoch := r.cache.current()
	tenant, err := r.flights.read(ctx, destination{k, epoch}, func(ctx context.Context) (*Tenant, error) {
		if tenant, exists, known := r.cached(k); known && exists { // read while it waited for its turn
			return &tenant, nil
		} else if known {
			return nil, nil
		}
		at := r.config.Now()
		tenant, err := r.read(ctx, k)
		if err == nil {
			r.cache.put(epoch, k, tenant, at)
		}
		return tenant, err
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("registry: lookup: %w", err)
	}
	return tenant, err
}

// read reads a tenant without the cache; nil if there is none.
func (r *Registry) read(ctx context.Context, k key) (*Tenant, error) {
	db := r.across(ctx, r.db, "lookup")
	var id uuid.UUID
	if k.kind == kindID {
		id, _ = uuid.Parse(k.name)
	} else {
		var found []claim
		err := db.Where(`kind = ? AND name = ? AND held_until IS NULL`, k.kind, k.name).Limit(1).Find(&found).Error
		if err != nil || len(found) == 0 {
			return nil, err
		}
		id = found[0].TenantID
	}
	account, err := r.load(db.WithContext(tenancy.With(db.Statement.Context, id)))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tenant := account.RegistryTenant()
	if tenant.ID != id {
		return nil, fmt.Errorf("%w: RegistryTenant of %T does not return the row's id", ErrInvalid, account)
	}
	return &tenant, nil
}

// load reads the tenant that a handle is scoped to.
func (r *Registry) load(tx *gorm.DB) (Account, error) {
	account := r.newAccount()
	err := tx.Take(account).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, ErrNotFound
	}
	return account, err
}
