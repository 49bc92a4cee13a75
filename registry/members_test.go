package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

func (w *world) invite(t testing.TB, tenant registry.Tenant, by string) string {
	t.Helper()
	_, token, err := w.Invite(ctx, tenant.ID, registry.NewInvitation{Email: "bob@acme.org", Role: "editor", Permissions: []string{"publish"}, By: by})
	require.NoError(t, err)
	return token
}

func (w *world) owners(t testing.TB, tenant registry.Tenant) (users []string) {
	t.Helper()
	require.NoError(t, w.as(tenant).Model(&registry.Member{}).Where("is_owner").Pluck("user_id", &users).Error)
	return users
}

func TestInviteAndAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	token := w.invite(t, acme, "owner-of-acme")
	tenant, invitation, err := w.FindInvitation(ctx, token)
	require.NoError(t, err)
	assert.Equal(t, acme.ID, tenant.ID)
	assert.Equal(t, "bob@acme.org", invitation.Email)
	tenant, m, err := w.Accept(ctx, token, "bob")
	require.NoError(t, err)
	assert.Equal(t, acme.ID, tenant.ID)
	assert.Equal(t, "editor", m.Role)
	assert.False(t, m.IsOwner)
	before := w.queries.Load()
	m, err = w.Membership(ctx, acme.ID, "bob")
	require.NoError(t, err)
	assert.EqualValues(t, 1, w.queries.Load()-before)
	assert.True(t, m.Can("publish"))
	assert.False(t, m.Can("delete"))
	_, _, err = w.Accept(ctx, token, "carol")
	require.ErrorIs(t, err, registry.ErrInvitation, "once")
	_, _, err = w.FindInvitation(ctx, token)
	require.ErrorIs(t, err, registry.ErrInvitation)

	tenants, err := w.TenantsOf(ctx, "bob")
	require.NoError(t, err)
	require.Len(t, tenants, 1)
	assert.Equal(t, acme.ID, tenants[0].ID)
	_, err = w.TenantsOf(tenancy.With(ctx, acme), "bob")
	require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
}

func TestATokenIsNotValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{InvitationTTL: time.Hour})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	token := w.invite(t, acme, "")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	otherTenant := append(append([]byte{}, evil.ID[:]...), raw[16:]...)
	flipped := append([]byte{}, raw...)
	flipped[47] ^= 1
	zero := append(make([]byte, 16), raw[16:]...)
	// The table holds nothing that could be sent back.
	var stored registry.Invitation
	require.NoError(t, w.as(acme).Take(&stored).Error)
	require.Len(t, stored.TokenHash, 32)
	replayed := append(append([]byte{}, acme.ID[:]...), stored.TokenHash...)
	for reason, bad := range map[string]string{
		"empty":                     "",
		"cut":                       token[:len(token)-1],
		"longer":                    token + "A",
		"its secret for another":    base64.RawURLEncoding.EncodeToString(otherTenant),
		"one bit":                   base64.RawURLEncoding.EncodeToString(flipped),
		"no tenant":                 base64.RawURLEncoding.EncodeToString(zero),
		"other letters":             strings.ToLower(token),
		"a line's end in it":        token[:62] + "\r\n",
		"the hash that is stored":   base64.RawURLEncoding.EncodeToString(replayed),
		"another alphabet's length": strings.Repeat("+", 64),
		"long":                      strings.Repeat("A", 1<<20),
	} {
		_, _, err := w.Accept(ctx, bad, "mallory")
		assert.ErrorIs(t, err, registry.ErrInvitation, reason)
		_, _, err = w.FindInvitation(ctx, bad)
		assert.ErrorIs(t, err, registry.ErrInvitation, reason)
	}
	for _, tenant := range []registry.Tenant{acme, evil} {
		_, err := w.Membership(ctx, tenant.ID, "mallory")
		assert.ErrorIs(t, err, registry.ErrNotMember)
	}
	_, _, err = w.Accept(tenancy.With(ctx, evil), token, "mallory")
	assert.ErrorIs(t, err, tenancy.ErrTenantMismatch, "on another tenant's pages")

	// The table holds nothing that could be sent back.

	_, err = w.Suspend(ctx, acme.ID)
	require.NoError(t, err)
	_, _, err = w.Accept(ctx, token, "bob")
	require.ErrorIs(t, err, registry.ErrInvitation, "a suspended tenant")
	_, _, err = w.FindInvitation(ctx, token)
	require.ErrorIs(t, err, registry.ErrInvitation)
	_, err = w.Resume(ctx, acme.ID)
	require.NoError(t, err)

	w.clock.advance(61 * time.Minute)
	_, _, err = w.Accept(ctx, token, "bob")
	require.ErrorIs(t, err, registry.ErrInvitation, "expired")
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	invitation, token, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "x@y.z", Role: "r"})
	require.NoError(t, err)
	require.ErrorIs(t, w.Revoke(ctx, evil.ID, invitation.ID), registry.ErrInvitation)
	require.NoError(t, w.Revoke(ctx, acme.ID, invitation.ID))
	require.ErrorIs(t, w.Revoke(ctx, acme.ID, invitation.ID), registry.ErrInvitation)
	_, _, err = w.Accept(ctx, token, "bob")
	require.ErrorIs(t, err, registry.ErrInvitation)
}

func TestATokenIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	for range 5 {
		token := w.invite(t, acme, "")
		winner := oneWins(t, registry.ErrInvitation, atOnce(6, func(i int) error {
			_, _, err := w.Accept(ctx, token, fmt.Sprintf("bob-%s-%d", token[40:], i))
			return err
		}))
		_, err := w.Membership(ctx, acme.ID, fmt.Sprintf("bob-%s-%d", token[40:], winner))
		require.NoError(t, err)
	}
	var members int64
	require.NoError(t, w.as(acme).Model(&registry.Member{}).Count(&members).Error)
	assert.EqualValues(t, 6, members, "the owner and five")

	// One user, several invitations at once: one membership.
	tokens := []string{w.invite(t, acme, ""), w.invite(t, acme, ""), w.invite(t, acme, "")}
	oneWins(t, registry.ErrAlreadyMember, atOnce(len(tokens), func(i int) error {
		_, _, err := w.Accept(ctx, tokens[i], "carol")
		return err
	}))
}

// Who is removed does not come back by a token that was left over.
func TestAMemberUsesUpAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	_, _, err := w.Accept(ctx, w.invite(t, acme, ""), "bob")
	require.NoError(t, err)
	spare := w.invite(t, acme, "")
	_, _, err = w.Accept(ctx, spare, "bob")
	require.ErrorIs(t, err, registry.ErrAlreadyMember)
	_, _, err = w.Accept(ctx, spare, "dave")
	require.ErrorIs(t, err, registry.ErrInvitation, "it is used up for everybody")
	own, unused := w.invite(t, acme, "bob"), w.invite(t, acme, "")
	_, shouted, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "Bob@ACME.org", Role: "editor"})
	require.NoError(t, err)
	_, other, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "carol@acme.org", Role: "editor"})
	require.NoError(t, err)
	require.NoError(t, w.RemoveMember(ctx, acme.ID, "bob"))
	for reason, token := range map[string]string{
		"the second one": spare, "one that bob made": own, "to bob's address": unused, "to bob's address in capitals": shouted,
	} {
		_, _, err = w.Accept(ctx, token, "bob")
		assert.ErrorIs(t, err, registry.ErrInvitation, reason)
	}
	_, _, err = w.Accept(ctx, other, "carol")
	assert.NoError(t, err, "somebody else's")
	_, _, err = w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "b@c.d", Role: "r", By: "bob"})
	assert.ErrorIs(t, err, registry.ErrNotMember)
	_, _, err = w.Accept(ctx, w.invite(t, acme, ""), "bob")
	assert.NoError(t, err, "asked again")
}

// A member who is removed invites meanwhile: no invitation of theirs stays open.
func TestWhoIsRemovedLeavesNoInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	for round := range 8 {
		user := fmt.Sprintf("mole-%d", round)
		_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: user, Role: "admin"})
		require.NoError(t, err)
		var token string
		errs := atOnce(2, func(i int) error {
			if i == 0 {
				return w.RemoveMember(ctx, acme.ID, user)
			}
			_, made, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "alt@evil.org", Role: "admin", By: user})
			token = made
			return err
		})
		require.NoError(t, errs[0])
		if errs[1] != nil {
			require.ErrorIs(t, errs[1], registry.ErrNotMember)
			continue
		}
		_, _, err = w.Accept(ctx, token, user+"-alt")
		require.ErrorIs(t, err, registry.ErrInvitation)
	}
}

// A member is removed while accepting one of their own invitations once more:
// neither of the two waits for the other.
func TestRemoveAndAcceptDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	// Between the member and their invitations the other one has time for everything.
	require.NoError(t, w.db.Callback().Delete().After("gorm:delete").Register("test:pause", func(*gorm.DB) {
		time.Sleep(50 * time.Millisecond)
	}))
	for range 10 {
		_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: "bob", Role: "admin"})
		require.NoError(t, err)
		token := w.invite(t, acme, "bob")
		errs := atOnce(2, func(i int) error {
			if i == 0 {
				return w.RemoveMember(ctx, acme.ID, "bob")
			}
			_, _, err := w.Accept(ctx, token, "bob")
			return err
		})
		require.NoError(t, errs[0])
		require.True(t, errors.Is(errs[1], registry.ErrInvitation) || errors.Is(errs[1], registry.ErrAlreadyMember), "%v", errs[1])
		_, err = w.Membership(ctx, acme.ID, "bob")
		require.ErrorIs(t, err, registry.ErrNotMember)
	}
}

func TestTheOwnerStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	require.ErrorIs(t, w.RemoveMember(ctx, acme.ID, "owner-of-acme"), registry.ErrOwner)
	require.ErrorIs(t, w.RemoveMember(ctx, acme.ID, "nobody"), registry.ErrNotMember)
	require.ErrorIs(t, w.TransferOwnership(ctx, acme.ID, "owner-of-acme", "nobody"), registry.ErrNotMember)
	require.Equal(t, []string{"owner-of-acme"}, w.owners(t, acme), "nothing of it is done")
	for _, user := range []string{"bob", "carol"} {
		_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: user, Role: "editor"})
		require.NoError(t, err)
	}
	_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: "bob", Role: "admin"})
	require.ErrorIs(t, err, registry.ErrAlreadyMember)
	require.NoError(t, w.SetRole(ctx, acme.ID, "bob", "admin", "publish"))
	require.ErrorIs(t, w.SetRole(ctx, acme.ID, "nobody", "admin"), registry.ErrNotMember)
	bob, err := w.Membership(ctx, acme.ID, "bob")
	require.NoError(t, err)
	assert.Equal(t, "admin", bob.Role)
	assert.Equal(t, []string{"publish"}, bob.Permissions)
	require.ErrorIs(t, w.TransferOwnership(ctx, acme.ID, "bob", "carol"), registry.ErrOwner)
	require.NoError(t, w.TransferOwnership(ctx, acme.ID, "owner-of-acme", "bob"))
	require.Equal(t, []string{"bob"}, w.owners(t, acme))
	require.NoError(t, w.RemoveMember(ctx, acme.ID, "owner-of-acme"))

	// The database itself holds it: a second owner cannot be written.
	err = w.as(acme).Create(&registry.Member{UserID: "mallory", Role: "r", Permissions: []string{}, IsOwner: true}).Error
	require.Error(t, err)
}

func TestOwnershipUnderRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	owner := "owner-of-acme"
	for round := range 10 {
		heirs := []string{fmt.Sprintf("a-%d", round), fmt.Sprintf("b-%d", round)}
		for _, user := range heirs {
			_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: user, Role: "editor"})
			require.NoError(t, err)
		}
		// Two transfers, the heir that is removed meanwhile, and the owner, too.
		errs := atOnce(5, func(i int) error {
			switch i {
			case 0, 1:
				return w.TransferOwnership(ctx, acme.ID, owner, heirs[i])
			case 2, 3:
				return w.RemoveMember(ctx, acme.ID, heirs[0])
			default:
				return w.RemoveMember(ctx, acme.ID, owner)
			}
		})
		for _, err := range errs {
			if err != nil && !errors.Is(err, registry.ErrOwner) && !errors.Is(err, registry.ErrNotMember) {
				require.NoError(t, err)
			}
		}
		owners := w.owners(t, acme)
		require.Len(t, owners, 1)
		owner = owners[0]
		_, err := w.Membership(ctx, acme.ID, owner)
		require.NoError(t, err)
	}
}

func TestMembersAreATenantsRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	_, err := w.Membership(ctx, evil.ID, "owner-of-acme")
	require.ErrorIs(t, err, registry.ErrNotMember)
	_, err = w.Membership(tenancy.With(ctx, evil), acme.ID, "owner-of-acme")
	require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	_, err = w.Membership(ctx, uuid.Nil, "owner-of-acme")
	require.ErrorIs(t, err, tenancy.ErrInvalidTenant)
	_, err = w.Membership(ctx, acme.ID, "")
	require.ErrorIs(t, err, registry.ErrNotMember)
}
