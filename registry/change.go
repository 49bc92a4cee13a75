package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// change is an operation on one tenant while it runs.
type change struct {
	r       *Registry
	ctx     context.Context // scoped to the tenant
	tx      *gorm.DB        // scoped to the tenant
	account Account
	tenant  Tenant
	touched []key // names whose lookups have another answer now
	result  error // comes back although the change is committed
	same    bool  // what was asked for is so already, or did not come about
}

// operation describes the requirements of an operation.
type operation struct {
	event  Event
	id     uuid.UUID
	states []State // that allow it; none: all of them
	takes  []key   // the names that it may make the tenant's
	locks  string  // the tenant's row: lockShared, lockAlone
}

// How an operation locks the tenant's row: shared with operations that change other
// rows of the tenant, or exclusively.
const (
	lockShared = clause.LockingStrengthShare
	lockAlone  = clause.LockingStrengthUpdate
)

// run carries out an operation with its hooks in one transaction.
func (r *Registry) run(ctx context.Context, op operation, do func(c *change) error) (Tenant, error) {
	c := &change{r: r, ctx: scoped(ctx, op.id)}
	err := r.free(c.ctx, op.takes)
	if err == nil {
		err = r.db.WithContext(c.ctx).Transaction(func(tx *gorm.DB) error {
			c.tx = tx
			if op.event.Op != OpProvision {
				if err := c.lock(op); err != nil {
					return err
				}
			}
			return c.around(op.event, do)
		})
	}
	// A failed commit may have succeeded on the server.
	r.cache.forget(op.id, c.touched...)
	if err == nil {
		err = c.result
	}
	if err != nil {
		return Tenant{}, fmt.Errorf("registry: %s: %w", op.event.Op, err)
	}
	return c.tenant, nil
}

// lock reads and locks the tenant's row.
func (c *change) lock(op operation) error {
	account, err := c.r.load(c.tx.Clauses(clause.Locking{Strength: op.locks}))
	if err != nil {
		return err
	}
	c.account, c.tenant = account, account.RegistryTenant()
	if len(op.states) > 0 && !slices.Contains(op.states, c.tenant.State) {
		return ErrState
	}
	return nil
}

// around runs the hooks before, the operation, and the hooks after.
func (c *change) around(event Event, do func(c *change) error) error {
	if event.Op != OpProvision {
		event.Tenant = c.tenant
	}
	if err := c.hooks(c.r.config.Before, event); err != nil {
		return err
	}
	if err := do(c); err != nil {
		return err
	}
	event.Tenant = c.tenant
	if !c.same {
		if err := c.hooks(c.r.config.After, event); err != nil {
			return err
		}
	}
	return c.notify()
}

func (c *change) hooks(hooks []Hook, event Event) error {
	for _, hook := range hooks {
		if err := hook(c.ctx, c.tx.WithContext(c.ctx), event); err != nil {
			return err
		}
	}
	return nil
}

// save writes what has changed of the tenant.
func (c *change) save() error {
	c.tenant.UpdatedAt = c.r.now()
	c.account.SetRegistryTenant(c.tenant)
	result := c.tx.Select("*").Omit(clause.Associations).Updates(c.account)
	if result.Error == nil && result.RowsAffected != 1 {
		return ErrNotFound
	}
	return result.Error
}

// free deletes those of the names that are no longer held. It does not run in the
// operation's transaction, and nothing is lost if that fails: such a name belongs
// to no tenant. On a Citus cluster where row-level security has a role for each
// scope, a transaction has a connection to a worker for each role. There, work
// across tenants would wait for the tenant's own work in the same transaction for
// ever.
func (r *Registry) free(ctx context.Context, names []key) error {
	for _, k := range names {
		across := r.across(ctx, r.db, "a name whose time is over")
		err := across.Where("kind = ? AND name = ? AND held_until <= ?", k.kind, k.name, r.now()).Delete(&claim{}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// take gives the tenant a name, one of operation.takes. If two tenants want it at
// once, the table's key decides.
func (c *change) take(k key) error {
	c.touched = append(c.touched, k)
	own := c.tx.Model(&claim{}).Where("kind = ? AND name = ?", k.kind, k.name).Update("held_until", nil)
	if own.Error != nil || own.RowsAffected == 1 {
		return own.Error
	}
	made := c.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&claim{Kind: k.kind, Name: k.name})
	if made.Error != nil && !errors.Is(made.Error, tenancy.ErrCrossTenantConflict) {
		return made.Error
	}
	if made.RowsAffected != 1 {
		return ErrTaken
	}
	return nil
}

// giveUp releases a name, which no other tenant can take for a while.
func (c *change) giveUp(k key) error {
	c.touched = append(c.touched, k)
	mine := c.tx.Model(&claim{}).Where("kind = ? AND name = ?", k.kind, k.name)
	if c.r.config.Hold < 0 {
		return mine.Delete(&claim{}).Error
	}
	return mine.Update("held_until", c.r.now().Add(c.r.config.Hold)).Error
}

// only returns an error unless a statement has met exactly one row.
func only(result *gorm.DB, none error) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return none
	}
	return result.Error
}
