package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Membership returns a user's membership of a tenant in any state, or
// [ErrNotMember]. It is one uncached query: a removed member is out with the next
// request. If it is called only for tenants that exist, as package middleware
// does, answers for those take longer and so reveal that they exist.
func (r *Registry) Membership(ctx context.Context, tenant uuid.UUID, user string) (Member, error) {
	c := &change{tx: r.in(ctx, tenant)}
	var m Member
	return m, c.member(&m, user)
}

// member reads a member of the tenant. Text that cannot be a user's id finds no
// member; the database would refuse some of it.
func (c *change) member(m *Member, user string) error {
	if checkText("user", user, maxUser) != nil {
		return ErrNotMember
	}
	err := c.tx.Where("user_id = ?", user).Take(m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrNotMember
	}
	return err
}

// locking returns the change for one statement, whose rows stay until it ends.
func (c *change) locking() *change {
	return &change{r: c.r, ctx: c.ctx, tx: c.tx.Clauses(clause.Locking{Strength: lockShared})}
}

// TenantsOf returns the tenants that a user is a member of, without archived
// ones, ordered by their ids, for a page to choose from. The context must not be
// scoped to a tenant. Make sure that the asking person is this user.
func (r *Registry) TenantsOf(ctx context.Context, user string) ([]Tenant, error) {
	if err := unscoped(ctx, "tenants of a user"); err != nil {
		return nil, err
	}
	if checkText("user", user, maxUser) != nil {
		return nil, nil // as of any who is no member
	}
	var ids []uuid.UUID
	db := r.across(ctx, r.db, "tenants of a user")
	err := db.Model(&Member{}).Where("user_id = ?", user).Order("tenant_id").Pluck("tenant_id", &ids).Error
	if err != nil {
		return nil, err
	}
	var tenants []Tenant
	for ids := range slices.Chunk(ids, pageSize) {
		page, err := r.page(ctx, func(db *gorm.DB) *gorm.DB {
			return db.Where(clause.IN{Column: tenantKey, Values: values(ids)})
		})
		if err != nil {
			return nil, err
		}
		tenants = append(tenants, slices.DeleteFunc(page, func(t Tenant) bool { return t.State == Archived })...)
	}
	return tenants, nil
}

func values(ids []uuid.UUID) []any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}

// NewMember is what [Registry.AddMember] makes a membership from.
type NewMember struct {
	UserID      string   // required
	Role        string   // required
	Permissions []string // nil means none
}

// AddMember makes a user a member without asking them; see [Registry.Invite] for
// asking. The error is [ErrAlreadyMember] if the user is a member already.
func (r *Registry) AddMember(ctx context.Context, id uuid.UUID, n NewMember) (Member, error) {
	m, err := n.member()
	if err != nil {
		return Member{}, err
	}
	event := Event{Op: OpAddMember, User: n.UserID}
	_, err = r.run(ctx, operation{event: event, id: id, states: []State{Active}, locks: lockShared}, func(c *change) error {
		return c.join(&m)
	})
	if err != nil {
		return Member{}, err
	}
	return m, nil
}

func (n NewMember) member() (Member, error) {
	if err := checkText("user", n.UserID, maxUser); err != nil {
		return Member{}, err
	}
	permissions, err := checkRole(n.Role, n.Permissions)
	return Member{UserID: n.UserID, Role: n.Role, Permissions: permissions}, err
}

func checkRole(role string, permissions []string) ([]string, error) {
	const most = 256
	if len(permissions) > most {
		return nil, fmt.Errorf("%w: more than %d permissions", ErrInvalid, most)
	}
	for _, permission := range permissions {
		if err := checkText("permission", permission, maxRole); err != nil {
			return nil, err
		}
	}
	return append([]string{}, permissions...), checkText("role", role, maxRole)
}

// join adds a member. If two calls add the same user at once, the table's unique
// index decides.
func (c *change) join(m *Member) error {
	return only(c.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(m), ErrAlreadyMember)
}

// SetRole changes a member's role and permissions. The owner stays the owner.
func (r *Registry) SetRole(ctx context.Context, id uuid.UUID, user, role string, permissions ...string) error {
	permissions, err := checkRole(role, permissions)
	if err != nil {
		return err
	}
	if checkText("user", user, maxUser) != nil {
		return ErrNotMember
	}
	op := operation{event: Event{Op: OpSetRole, User: user}, id: id, states: []State{Active}, locks: lockShared}
	_, err = r.run(ctx, op, func(c *change) error {
		to := Member{Role: role, Permissions: permissions}
		found := c.tx.Model(&Member{}).Where("user_id = ?", user).Select("role", "permissions").Updates(&to)
		return only(found, ErrNotMember)
	})
	return err
}

// RemoveMember ends a membership. It also revokes pending invitations that the
// member made, and those to an address with which they once accepted one, so
// that no one comes back through a leftover invitation. The owner cannot be
// removed ([ErrOwner]). RemoveMember works in every state of the tenant.
func (r *Registry) RemoveMember(ctx context.Context, id uuid.UUID, user string) error {
	if checkText("user", user, maxUser) != nil {
		return ErrNotMember
	}
	op := operation{event: Event{Op: OpRemoveMember, User: user}, id: id, locks: lockShared}
	_, err := r.run(ctx, op, func(c *change) error {
		removed := c.tx.Where("user_id = ? AND NOT is_owner", user).Delete(&Member{})
		if removed.Error != nil {
			return removed.Error
		}
		if removed.RowsAffected == 0 {
			var m Member
			if err := c.member(&m, user); err != nil {
				return err
			}
			return ErrOwner
		}
		addresses := c.tx.Model(&Invitation{}).Select("lower(email)").Where("accepted_by = ?", user)
		return c.pending().Where("invited_by = ? OR lower(email) IN (?)", user, addresses).Update("revoked_at", r.now()).Error
	})
	return err
}

// TransferOwnership makes another member the owner. It requires the current
// owner's id, so that of two concurrent transfers one fails with [ErrOwner].
// Both users stay members with their roles.
func (r *Registry) TransferOwnership(ctx context.Context, id uuid.UUID, from, to string) error {
	if from == to {
		return fmt.Errorf("%w: the owner is the owner already", ErrInvalid)
	}
	if checkText("user", from, maxUser) != nil {
		return ErrOwner
	}
	if checkText("user", to, maxUser) != nil {
		return ErrNotMember
	}
	op := operation{event: Event{Op: OpTransfer, User: to}, id: id, states: []State{Active}, locks: lockShared}
	_, err := r.run(ctx, op, func(c *change) error {
		gave := c.tx.Model(&Member{}).Where("user_id = ? AND is_owner", from).Update("is_owner", false)
		if err := only(gave, ErrOwner); err != nil {
			return err
		}
		return only(c.tx.Model(&Member{}).Where("user_id = ?", to).Update("is_owner", true), ErrNotMember)
	})
	return err
}
