package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Suspend takes an active tenant out of use: lookups find it as suspended, so
// that the application can refuse it.
func (r *Registry) Suspend(ctx context.Context, id uuid.UUID) (Tenant, error) {
	return r.setState(ctx, id, OpSuspend, Suspended, Active)
}

// Resume brings a suspended or an archived tenant back into use.
func (r *Registry) Resume(ctx context.Context, id uuid.UUID) (Tenant, error) {
	return r.setState(ctx, id, OpResume, Active, Suspended, Archived)
}

// Archive hides a tenant from lookups. It keeps its rows, its slug and its
// domains. Only an archived tenant can be purged and deleted.
func (r *Registry) Archive(ctx context.Context, id uuid.UUID) (Tenant, error) {
	return r.setState(ctx, id, OpArchive, Archived, Active, Suspended)
}

// setState changes the state if it is one of some; otherwise the error is
// [ErrState].
func (r *Registry) setState(ctx context.Context, id uuid.UUID, op Op, to State, from ...State) (Tenant, error) {
	return r.run(ctx, operation{event: Event{Op: op}, id: id, states: from, locks: lockAlone}, func(c *change) error {
		c.tenant.State = to
		return c.save()
	})
}

// Rename changes a tenant's slug and name. Empty keeps the current one. The
// tenant's old slug stays reserved for it for [Config.Hold]: no other tenant can
// take it, and the tenant can return to it.
func (r *Registry) Rename(ctx context.Context, id uuid.UUID, slug, name string) (Tenant, error) {
	if slug != "" {
		normal, err := NormalizeSlug(slug)
		if err == nil {
			err = r.checkReserved(normal)
		}
		if err != nil {
			return Tenant{}, fmt.Errorf("registry: %s: %w", OpRename, err)
		}
		slug = normal
	}
	if name != "" {
		if err := checkText("name", name, maxName); err != nil {
			return Tenant{}, err
		}
	}
	op := operation{event: Event{Op: OpRename}, id: id, states: []State{Active, Suspended}, locks: lockAlone}
	if slug != "" {
		op.takes = []key{{kindSlug, slug}}
	}
	return r.run(ctx, op, func(c *change) error {
		if slug != "" && slug != c.tenant.Slug {
			if err := c.take(key{kindSlug, slug}); err != nil {
				return err
			}
			if err := c.giveUp(key{kindSlug, c.tenant.Slug}); err != nil {
				return err
			}
			c.tenant.Slug = slug
		}
		if name != "" {
			c.tenant.Name = name
		}
		return c.save()
	})
}

// Configure changes a tenant's settings: edit gets the current ones and returns
// the new ones. It runs while the tenant's row is locked, so that concurrent
// changes do not undo each other.
func (r *Registry) Configure(ctx context.Context, id uuid.UUID, edit func(Settings) (Settings, error)) (Tenant, error) {
	op := operation{event: Event{Op: OpConfigure}, id: id, states: []State{Active, Suspended}, locks: lockAlone}
	return r.run(ctx, op, func(c *change) (err error) {
		if c.tenant.Settings, err = edit(c.tenant.Settings); err != nil {
			return err
		}
		return c.save()
	})
}
