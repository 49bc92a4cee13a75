package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// A registry on a handle that observes everything keeps two tenants apart; see the
// module suite for each operation under each mixture of modes.
func TestAnObservingHandlesRegistryIsEnforced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, globex := w.provision(t, "acme"), w.provision(t, "globex")
	w.fill(t, acme)
	w.fill(t, globex)
	_, err := w.AddMember(ctx, globex.ID, registry.NewMember{UserID: "bob", Role: "r"})
	require.NoError(t, err)
	before := everything(t, w, globex.ID)

	db, err := gorm.Open(w.place.open(t, w.dsn), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Mode: tenancy.Observe, OnFinding: func(context.Context, tenancy.Finding) {},
	})))
	observing, err := registry.New(db, registry.Config{Models: appModels})
	require.NoError(t, err)
	_, err = observing.Membership(ctx, acme.ID, "bob")
	require.ErrorIs(t, err, registry.ErrNotMember)
	require.ErrorIs(t, observing.SetRole(ctx, acme.ID, "bob", "x"), registry.ErrNotMember)
	require.ErrorIs(t, observing.RemoveMember(ctx, acme.ID, "bob"), registry.ErrNotMember)
	_, err = observing.Archive(ctx, acme.ID)
	require.NoError(t, err)
	counted, err := observing.CountRows(ctx, acme.ID)
	require.NoError(t, err)
	assert.Contains(t, counted, registry.TableCount{Table: "tasks", Rows: 3})
	require.NoError(t, observing.Purge(ctx, acme.ID, counted))
	require.NoError(t, observing.Delete(ctx, acme.ID))
	assert.Equal(t, before, everything(t, w, globex.ID))
}

// An id that a tenant had is not given again, and rows that are left under it, in
// whatever spelling and type, keep the tenant.
func TestWhatIsLeftOfATenant(t *testing.T) {
	t.Parallel()
	p := flaggedPlace()
	if p.citus || p.rls {
		t.Skip("a table that the application's role makes is the same on all")
	}
	database := p.prepare(t, append(registry.Models(nil), appModels...))
	w := openWorldOn(t, p, database.OwnerDSN, registry.Config{})
	require.NoError(t, w.all().Exec("CREATE DOMAIN tenant_key AS uuid").Error)
	for i, c := range []struct{ kind, value string }{{"tenant_key", "'<id>'"}, {"text", "upper('<id>')"}, {"text", "' <id> '"}} {
		acme := w.provision(t, fmt.Sprint("acme-", i))
		value := strings.ReplaceAll(c.value, "<id>", acme.ID.String())
		require.NoError(t, w.all().Exec("CREATE TABLE forgotten AS SELECT CAST("+value+" AS "+c.kind+") AS tenant_id").Error)
		_, err := w.Archive(ctx, acme.ID)
		require.NoError(t, err)
		require.ErrorIs(t, w.Delete(ctx, acme.ID), registry.ErrNotEmpty, "%v", c)
		require.NoError(t, w.all().Exec("DROP TABLE forgotten").Error)
		require.NoError(t, w.Delete(ctx, acme.ID))
		w.clock.advance(365 * 24 * time.Hour)
		_, err = w.Provision(ctx, registry.NewTenant{Slug: "next", Owner: "eve", ID: acme.ID})
		require.ErrorIs(t, err, registry.ErrRetired)
	}
}
