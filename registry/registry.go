package registry

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Config configures a [Registry]. The zero value is the safest one.
type Config struct {
	// Account is the application's own model of its tenants, as a pointer to its
	// zero value. Nil means *[Tenant].
	Account Account

	// Models are the application's models that hold tenants' rows: what is
	// purged, and must be empty before a tenant is deleted. Nil means that there
	// are none; a table that has the tenant column, and rows of the tenant, and
	// is not listed, keeps it from being deleted all the same.
	Models []any

	// Bases are the domains of the application itself, "example.com". No tenant
	// may claim them, or a domain below. Empty means none.
	Bases []string

	// Reserved are slugs that no tenant may have, beside [ReservedSlugs]. Empty
	// means none.
	Reserved []string

	// Hold is for how long a slug or a domain that was given up cannot be taken
	// by another tenant. Zero means 30 days; a negative one, not at all: then
	// whoever takes it gets the requests that were meant for the tenant before.
	Hold time.Duration

	// InvitationTTL is how long an invitation can be accepted. Zero means 7 days.
	InvitationTTL time.Duration

	// Before and After run around every operation that changes something, in
	// their order. Empty means none.
	Before, After []Hook

	// CacheBytes bounds the memory of the cache of lookups. Zero means 32 MiB; a
	// negative one, that nothing is cached.
	CacheBytes int

	// CacheTTL is how long a lookup's answer is kept while notifications of
	// changes arrive; see [Registry.Listen]. Zero means a minute.
	CacheTTL time.Duration

	// BlindTTL is how long an answer is kept while they do not arrive: without
	// Listen, on SQLite, and while the listener connects anew. Zero means 500 ms;
	// a negative one, not at all.
	BlindTTL time.Duration

	// Heartbeat is how often [Registry.Listen] makes sure that notifications
	// arrive. Zero means 10 seconds.
	Heartbeat time.Duration

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Registry keeps tenants, their domains and their members. It is made by [New]
// and safe for concurrent use.
//
// Every method takes a context. One that is scoped to a tenant reaches that
// tenant only: what concerns another, or all of them, is
// tenancy.ErrTenantMismatch there. Use a context without a scope, or, on
// purpose, one of tenancy.Bypass.
type Registry struct {
	db     *gorm.DB
	config Config
}

// New returns a registry on a handle that uses the tenancy plugin, and a
// primary: a replica may answer a lookup with what was. It sends nothing. An
// error names the field that cannot be.
func New(db *gorm.DB, config Config) (*Registry, error) {
	return &Registry{db: db, config: config}, nil
}

// LookupDomain returns the tenant of a verified domain, as a request's Host has
// it: in any case, with a port or a trailing dot, internationalised. Tenants that
// are archived, claims, and what cannot be a domain are [ErrNotFound]. Any other
// error says that it could not be found out.
func (r *Registry) LookupDomain(ctx context.Context, host string) (Tenant, error) {
	return Tenant{}, ErrNotFound
}

// LookupSlug returns the tenant that has a slug, in any case. Its errors are
// those of [Registry.LookupDomain].
func (r *Registry) LookupSlug(ctx context.Context, slug string) (Tenant, error) {
	return Tenant{}, ErrNotFound
}

// LookupID returns the tenant that has an id: a UUID of 36 characters. Its errors
// are those of [Registry.LookupDomain].
func (r *Registry) LookupID(ctx context.Context, id string) (Tenant, error) {
	return Tenant{}, ErrNotFound
}

// Membership returns a user's membership of a tenant, or [ErrNotMember]. It is
// not cached: who was removed is out with the next request.
func (r *Registry) Membership(ctx context.Context, tenant uuid.UUID, user string) (Member, error) {
	return Member{}, ErrNotMember
}
