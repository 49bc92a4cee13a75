package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// NewInvitation is what [Registry.Invite] makes an invitation from.
type NewInvitation struct {
	Email       string   // where the token is sent: one address without a name; required
	Role        string   // of the member to be; required
	Permissions []string // of the member to be; nil means none

	// By is the user id of the inviting member. Removing the member revokes the
	// invitation. Empty means the application itself. The application decides
	// whether the member may invite to such a role.
	By string

	// TTL is how long it can be accepted. Zero means [Config.InvitationTTL].
	TTL time.Duration
}

// Invite makes an invitation and returns it with its token. The token is shown only
// this once: the table holds its hash. Anyone who has the token can accept, once;
// send it to the invited person only.
func (r *Registry) Invite(ctx context.Context, id uuid.UUID, n NewInvitation) (Invitation, string, error) {
	invitation, err := r.newInvitation(n)
	if err != nil {
		return Invitation{}, "", err
	}
	token := newToken(id)
	invitation.TokenHash = hashToken(token)
	op := operation{event: Event{Op: OpInvite, User: n.By}, id: id, states: []State{Active}, locks: lockShared}
	_, err = r.run(ctx, op, func(c *change) error {
		if n.By != "" { // who must not be removed meanwhile
			if err := c.locking().member(&Member{}, n.By); err != nil {
				return err
			}
		}
		return c.tx.Create(&invitation).Error
	})
	if err != nil {
		return Invitation{}, "", err
	}
	return invitation, token, nil
}

func (r *Registry) newInvitation(n NewInvitation) (Invitation, error) {
	permissions, err := checkRole(n.Role, n.Permissions)
	if err != nil {
		return Invitation{}, err
	}
	email, err := checkEmail(n.Email)
	if err != nil {
		return Invitation{}, err
	}
	if n.TTL < 0 {
		return Invitation{}, fmt.Errorf("%w: the time to live is negative", ErrInvalid)
	}
	if n.TTL == 0 {
		n.TTL = r.config.InvitationTTL
	}
	return Invitation{
		Email: email, Role: n.Role, Permissions: permissions, InvitedBy: n.By,
		ExpiresAt: r.now().Add(n.TTL),
	}, nil
}

// FindInvitation returns the tenant and the invitation of a token, to be shown to
// its holder, while it can be accepted; otherwise the error is [ErrInvitation]. If
// it matters to you, compare the invitation's email with the user's. The context
// may have no scope or the tenant's; under another tenant's the error is
// [tenancy.ErrTenantMismatch].
func (r *Registry) FindInvitation(ctx context.Context, token string) (Tenant, Invitation, error) {
	id, ok := tokenTenant(token)
	if !ok {
		return Tenant{}, Invitation{}, ErrInvitation
	}
	c := &change{r: r, tx: r.in(ctx, id)}
	var invitation Invitation
	if err := c.invitation(&invitation, token); err != nil {
		return Tenant{}, Invitation{}, err
	}
	tenant, err := r.Get(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && !tenant.IsActive() {
		err = ErrInvitation
	}
	if err != nil {
		return Tenant{}, Invitation{}, err
	}
	return tenant, invitation, nil
}

// Accept makes a user a member and uses the token up. The error is [ErrInvitation]
// if the token is not valid or its tenant is not active. A user who is a member
// already also uses the token up; the error is then [ErrAlreadyMember]. The context
// may have no scope or the tenant's.
func (r *Registry) Accept(ctx context.Context, token, user string) (Tenant, Member, error) {
	if err := checkText("user", user, maxUser); err != nil {
		return Tenant{}, Member{}, err
	}
	id, ok := tokenTenant(token)
	if !ok {
		return Tenant{}, Member{}, ErrInvitation
	}
	var m Member
	op := operation{event: Event{Op: OpAccept, User: user}, id: id, states: []State{Active}, locks: lockShared}
	tenant, err := r.run(ctx, op, func(c *change) error {
		// RemoveMember locks the member before their invitations, so this does as
		// well.
		err := c.locking().member(&Member{}, user)
		if err != nil && !errors.Is(err, ErrNotMember) {
			return err
		}
		var invitation Invitation
		if err := c.invitation(&invitation, token); err != nil {
			return err
		}
		used := c.pending().Where("id = ?", invitation.ID).
			Updates(map[string]any{"accepted_at": r.now(), "accepted_by": user})
		if err := only(used, ErrInvitation); err != nil {
			return err
		}
		m = Member{UserID: user, Role: invitation.Role, Permissions: invitation.Permissions}
		err = c.join(&m)
		if errors.Is(err, ErrAlreadyMember) {
			c.result, c.same, err = err, true, nil
		}
		return err
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrState) {
		err = ErrInvitation // whose tenant it was is nobody's business
	}
	if err != nil {
		return Tenant{}, Member{}, err
	}
	return tenant, m, nil
}

// Revoke revokes an invitation while it is pending; otherwise the error is
// [ErrInvitation]. It works in every state of the tenant.
func (r *Registry) Revoke(ctx context.Context, id, invitation uuid.UUID) error {
	op := operation{event: Event{Op: OpRevoke}, id: id, locks: lockShared}
	_, err := r.run(ctx, op, func(c *change) error {
		return only(c.pending().Where("id = ?", invitation).Update("revoked_at", r.now()), ErrInvitation)
	})
	return err
}

// invitation reads the pending invitation of a token.
func (c *change) invitation(i *Invitation, token string) error {
	err := c.pending().Where("token_hash = ?", hashToken(token)).Take(i).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrInvitation
	}
	return err
}

// pending selects invitations that can still be accepted or revoked. An update by
// it meets a row only once: a second one waits for the first, and then finds the
// row no longer pending.
func (c *change) pending() *gorm.DB {
	return c.tx.Model(&Invitation{}).
		Where("accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?", c.r.now())
}

// A token is the tenant's id and 32 random bytes. The id leads to the tenant's rows
// without reading other tenants'; the hash covers both.
const secretLength = 32

var tokens = base64.RawURLEncoding.Strict()

func newToken(id uuid.UUID) string {
	raw := make([]byte, len(id)+secretLength)
	copy(raw, id[:])
	_, _ = rand.Read(raw[len(id):]) // never fails: it ends the program instead
	return tokens.EncodeToString(raw)
}

// tokenTenant returns the tenant of a token; false for other text.
func tokenTenant(token string) (id uuid.UUID, ok bool) {
	if len(token) != tokens.EncodedLen(len(id)+secretLength) {
		return uuid.Nil, false
	}
	raw, err := tokens.DecodeString(token)
	if err != nil {
		return uuid.Nil, false
	}
	copy(id[:], raw)
	return id, id != uuid.Nil
}

// hashToken returns the hash that the table holds. A token has 256 random bits, so
// a slow hash would add nothing.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
