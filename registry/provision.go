package registry

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"
)

// NewTenant is what [Registry.Provision] makes a tenant from.
type NewTenant struct {
	// ID is the tenant's id. Zero means a new UUIDv7. That of a deleted tenant is
	// [ErrRetired].
	ID uuid.UUID
	// Slug is the tenant's short name; see [NormalizeSlug]. It is required.
	Slug string
	// Name is the tenant's name for people. Empty means the slug.
	Name string
	// Settings are the tenant's settings. Zero means none.
	Settings Settings

	// Owner is the user id of the owner, who becomes a member. It is required.
	Owner string
	// OwnerRole is the owner's role. Empty means "owner".
	OwnerRole string

	// Domain is the tenant's first domain. Empty means none.
	Domain string
	// DomainVerified says that the domain is known to be the tenant's, as one
	// below [Config.Bases] is, which the application itself gives. Never set it
	// for a domain that the person who signs up has typed: false makes it a
	// claim.
	DomainVerified bool

	// Account is the row to be made, with the columns that the registry does not
	// know. Nil means the zero value of [Config.Account].
	Account Account
}

// Provision makes an active tenant with its slug, its domain and its owner's
// membership, and runs the hooks, all in one transaction. A slug, a domain or an id
// that another tenant has is [ErrTaken], a reserved slug is [ErrReserved], and the
// id of a deleted tenant is [ErrRetired]. The context must not be scoped to a
// tenant.
func (r *Registry) Provision(ctx context.Context, n NewTenant) (Tenant, error) {
	tenant, domain, err := r.prepare(&n)
	if err != nil {
		return Tenant{}, fmt.Errorf("registry: %s: %w", OpProvision, err)
	}
	if err := unscoped(ctx, "provision"); err != nil {
		return Tenant{}, err
	}
	event := Event{Op: OpProvision, Tenant: tenant, User: n.Owner}
	takes := []key{{kindSlug, tenant.Slug}}
	if domain != nil {
		event.Host = domain.Host
		if domain.IsVerified() {
			takes = append(takes, key{kindHost, domain.Host})
		}
	}
	return r.run(ctx, operation{event: event, id: tenant.ID, takes: takes}, func(c *change) error {
		c.account, c.tenant = n.Account, tenant
		c.account.SetRegistryTenant(tenant)
		if err := c.checkNew(); err != nil {
			return err
		}
		if err := c.tx.Omit(clause.Associations).Create(c.account).Error; err != nil {
			return err
		}
		if err := c.checkRetired(); err != nil {
			return err
		}
		if err := c.take(key{kindSlug, tenant.Slug}); err != nil {
			return err
		}
		if domain != nil {
			if err := c.addFirst(domain); err != nil {
				return err
			}
		}
		return c.tx.Create(&Member{UserID: n.Owner, Role: n.OwnerRole, Permissions: []string{}, IsOwner: true}).Error
	})
}

// checkNew refuses the id of a tenant that exists.
func (c *change) checkNew() error {
	_, err := c.r.load(c.tx)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err == nil:
		return fmt.Errorf("%w: a tenant has the id %s", ErrTaken, c.tenant.ID)
	}
	return err
}

// CheckSlug returns the error that [Registry.Provision] would return for the slug:
// [ErrInvalidSlug], [ErrReserved] or [ErrTaken]; nil if the slug is currently free.
// A sign-up that checks the slug before the person's account gives the same answer
// to people with and without an account. The context must not be scoped to a
// tenant.
func (r *Registry) CheckSlug(ctx context.Context, slug string) error {
	slug, err := NormalizeSlug(slug)
	if err == nil {
		err = r.checkReserved(slug)
	}
	if err != nil {
		return err
	}
	if err := unscoped(ctx, "check slug"); err != nil {
		return err
	}
	var held int64
	err = r.across(ctx, r.db, "whether a slug is taken").Model(&claim{}).
		Where("kind = ? AND name = ? AND (held_until IS NULL OR held_until > ?)", kindSlug, slug, r.now()).Count(&held).Error
	if err == nil && held > 0 {
		err = ErrTaken
	}
	return err
}

// Enroll adds a tenant whose row is older than the registry: it registers the row's
// slug and gives the tenant an owner, unless it has them. The row's slug must be in
// its canonical spelling ([ErrInvalidSlug]); one that another tenant has is
// [ErrTaken]. [Registry.ForEach] and lookups by id find such tenants even before.
func (r *Registry) Enroll(ctx context.Context, id uuid.UUID, owner string) (Tenant, error) {
	if err := checkText("owner", owner, maxUser); err != nil {
		return Tenant{}, err
	}
	found, err := r.Get(ctx, id)
	if err != nil {
		return Tenant{}, fmt.Errorf("registry: %s: %w", OpEnroll, err)
	}
	op := operation{event: Event{Op: OpEnroll, User: owner}, id: id, locks: lockAlone, takes: []key{{kindSlug, found.Slug}}}
	return r.run(ctx, op, func(c *change) error {
		if slug, err := NormalizeSlug(c.tenant.Slug); err != nil || slug != c.tenant.Slug {
			return ErrInvalidSlug
		}
		if err := c.checkRetired(); err != nil {
			return err
		}
		if err := c.take(key{kindSlug, c.tenant.Slug}); err != nil {
			return err
		}
		var owners int64
		if err := c.tx.Model(&Member{}).Where("is_owner").Count(&owners).Error; err != nil || owners > 0 {
			return err
		}
		return c.join(&Member{UserID: owner, Role: ownerRole, Permissions: []string{}, IsOwner: true})
	})
}

const ownerRole = "owner"

// prepare checks the fields and fills in the missing ones.
func (r *Registry) prepare(n *NewTenant) (tenant Tenant, domain *Domain, err error) {
	if n.ID == uuid.Nil {
		if n.ID, err = uuid.NewV7(); err != nil {
			return tenant, nil, err
		}
	}
	if n.Slug, err = NormalizeSlug(n.Slug); err != nil {
		return tenant, nil, err
	}
	if err = r.checkReserved(n.Slug); err != nil {
		return tenant, nil, err
	}
	if n.Name == "" {
		n.Name = n.Slug
	}
	if n.OwnerRole == "" {
		n.OwnerRole = ownerRole
	}
	if n.Account == nil {
		n.Account = r.newAccount()
	}
	if typ := reflect.TypeOf(n.Account); typ != reflect.PointerTo(r.account) || reflect.ValueOf(n.Account).IsNil() {
		return tenant, nil, fmt.Errorf("%w: NewTenant.Account is no %s as Config.Account is", ErrInvalid, reflect.PointerTo(r.account))
	}
	for _, check := range []error{
		checkText("name", n.Name, maxName), checkText("owner", n.Owner, maxUser), checkText("role", n.OwnerRole, maxRole),
	} {
		if check != nil {
			return tenant, nil, check
		}
	}
	if n.Domain != "" {
		domain, err = r.newDomain(n.Domain, n.DomainVerified)
	}
	now := r.now()
	return Tenant{
		ID: n.ID, Slug: n.Slug, Name: n.Name, State: Active, Settings: n.Settings, CreatedAt: now, UpdatedAt: now,
	}, domain, err
}

// addFirst adds the domain of a new tenant.
func (c *change) addFirst(d *Domain) error {
	if d.IsVerified() {
		d.IsPrimary = true
		if err := c.take(key{kindHost, d.Host}); err != nil {
			return err
		}
	}
	return c.tx.Create(d).Error
}
