package registry_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/registry"
)

// What cannot be a name, an address, a role or a user is refused before it reaches
// a mail or the database, wherever it is given.
func TestTextThatActsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	for _, text := range []string{"a\r\nBcc: eve@evil.example", "a\nb", "\u202egnp.exe", "\u200b", "\u3164", "a\x00b", "a\xffb"} {
		for field, run := range map[string]func() error{
			"name": func() error {
				_, err := w.Provision(ctx, registry.NewTenant{Slug: "x", Owner: "u", Name: text})
				return err
			},
			"owner": func() error {
				_, err := w.Provision(ctx, registry.NewTenant{Slug: "x", Owner: text})
				return err
			},
			"owner's role": func() error {
				_, err := w.Provision(ctx, registry.NewTenant{Slug: "x", Owner: "u", OwnerRole: text})
				return err
			},
			"new name": func() error {
				_, err := w.Rename(ctx, acme.ID, "", text)
				return err
			},
			"email": func() error {
				_, _, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: text + "@acme.org", Role: "r"})
				return err
			},
			"role": func() error {
				_, _, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "a@b.org", Role: text})
				return err
			},
			"permission": func() error { return w.SetRole(ctx, acme.ID, "owner-of-acme", "r", text) },
			"user": func() error {
				_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: text, Role: "r"})
				return err
			},
		} {
			assert.ErrorIs(t, run(), registry.ErrInvalid, "%s %q", field, text)
		}
		for field, run := range map[string]func() error{
			"membership": func() error {
				_, err := w.Membership(ctx, acme.ID, text)
				return err
			},
			"role of":  func() error { return w.SetRole(ctx, acme.ID, text, "r") },
			"remove":   func() error { return w.RemoveMember(ctx, acme.ID, text) },
			"transfer": func() error { return w.TransferOwnership(ctx, acme.ID, "owner-of-acme", text) },
			"inviter": func() error {
				_, _, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "a@b.org", Role: "r", By: text})
				return err
			},
		} {
			assert.ErrorIs(t, run(), registry.ErrNotMember, "%s %q", field, text)
		}
		assert.ErrorIs(t, w.TransferOwnership(ctx, acme.ID, text, "u"), registry.ErrOwner)
		tenants, err := w.TenantsOf(ctx, text)
		require.NoError(t, err)
		assert.Empty(t, tenants)
	}
}

// A hook after an operation is told of what came about, and of nothing else.
func TestHooksAfterRunForWhatCameAbout(t *testing.T) {
	t.Parallel()
	var after []registry.Op
	w := newWorld(t, registry.Config{After: []registry.Hook{func(_ context.Context, _ *gorm.DB, event registry.Event) error {
		after = append(after, event.Op)
		return nil
	}}})
	acme := w.provision(t, "acme")
	invite := func() string {
		_, token, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "a@b.org", Role: "r"})
		require.NoError(t, err)
		return token
	}
	token := invite()
	after = nil
	_, _, err := w.Accept(ctx, token, "owner-of-acme")
	require.ErrorIs(t, err, registry.ErrAlreadyMember)
	assert.Empty(t, after, "a member accepts")
	_, _, err = w.Accept(ctx, token, "bob")
	require.ErrorIs(t, err, registry.ErrInvitation, "the token is used up")
	assert.Empty(t, after)
	token = invite()
	after = nil
	_, _, err = w.Accept(ctx, token, "bob")
	require.NoError(t, err)
	_, err = w.AddDomain(ctx, acme.ID, "www.acme.org")
	require.NoError(t, err)
	assert.Equal(t, []registry.Op{registry.OpAccept, registry.OpAddDomain}, after)
	after = nil
	_, err = w.AddDomain(ctx, acme.ID, "www.acme.org")
	require.NoError(t, err)
	_, err = w.AddMember(ctx, acme.ID, registry.NewMember{UserID: "bob", Role: "r"})
	require.ErrorIs(t, err, registry.ErrAlreadyMember)
	assert.Empty(t, after, "it is so already")
}

// A listener's callback that panics ends Listen with an error, and not the process.
func TestListenSurvivesAPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{OnListen: func(error) { panic("told") }})
	err := w.Listen(ctx)
	var panicked *registry.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "told", panicked.Value)
	assert.False(t, w.IsListening())
}
