package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/registry"
)

func TestAClaimBlocksNobodyAndResolvesToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	squat, err := w.AddDomain(ctx, evil.ID, "WWW.acme.org:443")
	require.NoError(t, err)
	assert.Equal(t, "www.acme.org", squat.Host)
	_, err = w.LookupDomain(ctx, "www.acme.org")
	require.ErrorIs(t, err, registry.ErrNotFound)

	claim, err := w.AddDomain(ctx, acme.ID, "www.acme.org.")
	require.NoError(t, err)
	assert.NotEqual(t, squat.Challenge, claim.Challenge)
	again, err := w.AddDomain(ctx, acme.ID, "www.acme.org")
	require.NoError(t, err)
	assert.Equal(t, claim.Challenge, again.Challenge, "a claim that is there stays")
	assert.Equal(t, claim.ID, again.ID)

	_, err = w.VerifyDomain(ctx, acme.ID, "www.acme.org", nil)
	require.ErrorIs(t, err, registry.ErrInvalid)
	_, err = w.VerifyDomain(ctx, acme.ID, "www.acme.org", func(context.Context, string, string) error { return registry.ErrUnverified })
	require.ErrorIs(t, err, registry.ErrUnverified)
	_, err = w.LookupDomain(ctx, "www.acme.org")
	require.ErrorIs(t, err, registry.ErrNotFound)

	verified, err := w.VerifyDomain(ctx, acme.ID, "www.acme.org", func(_ context.Context, host, challenge string) error {
		assert.Equal(t, "www.acme.org", host)
		assert.Equal(t, claim.Challenge, challenge)
		return nil
	})
	require.NoError(t, err)
	assert.False(t, verified.IsPrimary, "there is one already")
	found, err := w.LookupDomain(ctx, "www.acme.org")
	require.NoError(t, err, "nobody remembers that it was not there")
	assert.Equal(t, acme.ID, found.ID)
	_, err = w.VerifyDomain(ctx, evil.ID, "www.acme.org", proven)
	require.ErrorIs(t, err, registry.ErrTaken)
}

// So does one that came with the tenant.
func TestAClaimOfANewTenantResolvesToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	evil, err := w.Provision(ctx, registry.NewTenant{Slug: "evil", Owner: "u", Domain: "acme.org"})
	require.NoError(t, err)
	_, err = w.LookupDomain(ctx, "acme.org")
	require.ErrorIs(t, err, registry.ErrNotFound)
	var claim registry.Domain
	require.NoError(t, w.as(evil).Take(&claim).Error)
	assert.False(t, claim.IsVerified() || claim.IsPrimary)
	acme, err := w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u", Domain: "acme.org"})
	require.NoError(t, err)
	_, err = w.VerifyDomain(ctx, acme.ID, "acme.org", proven)
	require.NoError(t, err)
	_, err = w.VerifyDomain(ctx, evil.ID, "acme.org", proven)
	require.ErrorIs(t, err, registry.ErrTaken)
}

func TestTheApplicationsOwnDomainsCannotBeClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	for _, host := range []string{"example.com", "globex.example.com", "a.b.EXAMPLE.com.", "ｅxample.com:80"} {
		_, err := w.AddDomain(ctx, acme.ID, host)
		assert.ErrorIs(t, err, registry.ErrReserved, host)
	}
	_, err := w.AddDomain(ctx, acme.ID, "notexample.com")
	assert.NoError(t, err)
}

func TestExactlyOnePrimary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, err := w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u"})
	require.NoError(t, err)
	primary := func() (hosts []string) {
		require.NoError(t, w.as(acme).Model(&registry.Domain{}).Where("is_primary").Pluck("host", &hosts).Error)
		return hosts
	}
	for _, host := range []string{"a.org", "b.org", "c.org"} {
		_, err := w.AddDomain(ctx, acme.ID, host)
		require.NoError(t, err)
	}
	assert.Empty(t, primary())
	require.ErrorIs(t, w.SetPrimary(ctx, acme.ID, "b.org"), registry.ErrUnverified)
	errs := atOnce(2, func(i int) error {
		_, err := w.VerifyDomain(ctx, acme.ID, []string{"a.org", "b.org"}[i], proven)
		return err
	})
	require.NoError(t, errors.Join(errs...))
	require.Len(t, primary(), 1, "two that were verified at once")
	require.NoError(t, w.SetPrimary(ctx, acme.ID, "a.org"))
	assert.Equal(t, []string{"a.org"}, primary())
	errs = atOnce(6, func(i int) error { return w.SetPrimary(ctx, acme.ID, []string{"a.org", "b.org"}[i%2]) })
	require.NoError(t, errors.Join(errs...))
	require.Len(t, primary(), 1)
	require.NoError(t, w.SetPrimary(ctx, acme.ID, "a.org"))

	require.ErrorIs(t, w.RemoveDomain(ctx, acme.ID, "a.org"), registry.ErrPrimary)
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "b.org"))
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "a.org"), "the last of the verified")
	require.ErrorIs(t, w.RemoveDomain(ctx, acme.ID, "a.org"), registry.ErrNotFound)
	assert.Empty(t, primary())
	_, err = w.LookupDomain(ctx, "a.org")
	require.ErrorIs(t, err, registry.ErrNotFound)
}

func TestADomainThatWasGivenUpIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Hold: time.Hour})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	take := func(id registry.Tenant) error {
		if _, err := w.AddDomain(ctx, id.ID, "acme.org"); err != nil {
			return err
		}
		_, err := w.VerifyDomain(ctx, id.ID, "acme.org", proven)
		return err
	}
	require.NoError(t, take(acme))
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "acme.org"))
	require.ErrorIs(t, take(evil), registry.ErrTaken)
	require.NoError(t, take(acme))
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "acme.org"))
	w.clock.advance(61 * time.Minute)
	require.NoError(t, take(evil))
	require.ErrorIs(t, take(acme), registry.ErrTaken)
}

// A check takes its time: what it found must still be what is claimed.
func TestAClaimThatChangedWhileItWasCheckedIsNotVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	_, err := w.AddDomain(ctx, acme.ID, "acme.org")
	require.NoError(t, err)
	_, err = w.VerifyDomain(ctx, acme.ID, "acme.org", func(context.Context, string, string) error {
		if err := w.RemoveDomain(ctx, acme.ID, "acme.org"); err != nil {
			return err
		}
		_, err := w.AddDomain(ctx, acme.ID, "acme.org")
		return err
	})
	require.ErrorIs(t, err, registry.ErrUnverified)
	_, err = w.LookupDomain(ctx, "acme.org")
	require.ErrorIs(t, err, registry.ErrNotFound)
}

func TestOneOfManyGetsTheDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	const rivals, rounds = 6, 5
	tenants := make([]registry.Tenant, rivals)
	for i := range tenants {
		tenants[i] = w.provision(t, fmt.Sprintf("rival-%d", i))
	}
	for round := range rounds {
		host := fmt.Sprintf("contested-%d.org", round)
		for _, tenant := range tenants {
			_, err := w.AddDomain(ctx, tenant.ID, host)
			require.NoError(t, err)
		}
		winner := oneWins(t, registry.ErrTaken, atOnce(rivals, func(i int) error {
			_, err := w.VerifyDomain(ctx, tenants[i].ID, host, proven)
			return err
		}))
		found, err := w.LookupDomain(ctx, host)
		require.NoError(t, err)
		assert.Equal(t, tenants[winner].ID, found.ID)
	}
	oneWins(t, registry.ErrTaken, atOnce(rivals, func(i int) error {
		_, err := w.Provision(ctx, registry.NewTenant{Slug: "contested", Owner: "u"})
		return err
	}))
	oneWins(t, registry.ErrTaken, atOnce(rivals, func(i int) error {
		_, err := w.Rename(ctx, tenants[i].ID, "renamed", "")
		return err
	}))
}

// A name whose time is over goes to one of those who wait for it.
func TestOneOfManyGetsAnExpiredName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Hold: time.Hour})
	acme := w.provision(t, "acme")
	_, err := w.Rename(ctx, acme.ID, "elsewhere", "")
	require.NoError(t, err)
	w.clock.advance(2 * time.Hour)
	oneWins(t, registry.ErrTaken, atOnce(6, func(int) error {
		_, err := w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u"})
		return err
	}))
}

// oneWins returns which of the errors is nil; all others have to be lost.
func oneWins(t *testing.T, lost error, errs []error) int {
	t.Helper()
	winner := -1
	for i, err := range errs {
		if err != nil {
			assert.ErrorIs(t, err, lost)
			continue
		}
		assert.Equal(t, -1, winner, "two have won")
		winner = i
	}
	require.NotEqual(t, -1, winner, "nobody has won")
	return winner
}
