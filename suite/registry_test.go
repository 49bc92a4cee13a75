package suite

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// Ticket is a model of an application that has a registry of its tenants.
type Ticket struct {
	tenancy.Model
	Title string
}

// A tenant's life, with the same outcome on both databases.
func TestRegistryFromProvisionToDelete(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: append(registry.Models(nil), &Ticket{})})))
			_, err := tenancy.AutoMigrate(db, append(registry.Models(nil), &Ticket{})...)
			require.NoError(t, err)
			reg, err := registry.New(db, registry.Config{Models: []any{&Ticket{}}, BlindTTL: time.Hour, CacheTTL: time.Hour})
			require.NoError(t, err)
			live(t, db, reg)
		})
	}
}

func live(t *testing.T, db *gorm.DB, reg *registry.Registry) {
	t.Helper()
	ctx := context.Background()
	settings, err := registry.NewSettings(map[string]int{"seats": 5})
	require.NoError(t, err)
	acme, err := reg.Provision(ctx, registry.NewTenant{
		Slug: "acme", Owner: "ann", Settings: settings, Domain: "acme.test.example", DomainVerified: true,
	})
	require.NoError(t, err)
	globex, err := reg.Provision(ctx, registry.NewTenant{Slug: "globex", Owner: "bob"})
	require.NoError(t, err)
	_, err = reg.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "eve"})
	require.ErrorIs(t, err, registry.ErrTaken)

	_, err = reg.AddDomain(ctx, globex.ID, "acme.test.example")
	require.NoError(t, err)
	proven := func(context.Context, string, string) error { return nil }
	_, err = reg.VerifyDomain(ctx, globex.ID, "acme.test.example", proven)
	require.ErrorIs(t, err, registry.ErrTaken)
	found, err := reg.LookupDomain(ctx, "ACME.test.example:80")
	require.NoError(t, err)
	assert.Equal(t, acme.ID, found.ID)
	assert.JSONEq(t, `{"seats":5}`, found.Settings.String())

	_, token, err := reg.Invite(ctx, acme.ID, registry.NewInvitation{Email: "carol@acme.example", Role: "editor", By: "ann"})
	require.NoError(t, err)
	_, m, err := reg.Accept(ctx, token, "carol")
	require.NoError(t, err)
	assert.Equal(t, "editor", m.Role)
	_, _, err = reg.Accept(ctx, token, "dave")
	require.ErrorIs(t, err, registry.ErrInvitation)
	require.NoError(t, reg.TransferOwnership(ctx, acme.ID, "ann", "carol"))
	require.ErrorIs(t, reg.RemoveMember(ctx, acme.ID, "carol"), registry.ErrOwner)
	require.NoError(t, reg.RemoveMember(ctx, acme.ID, "ann"))

	for _, tenant := range []uuid.UUID{acme.ID, globex.ID} {
		require.NoError(t, db.WithContext(tenancy.With(ctx, tenant)).Create(&Ticket{Title: "t"}).Error)
	}
	var rows []struct {
		TenantID uuid.UUID
		Tickets  int
	}
	require.NoError(t, reg.Report(ctx, registry.Query{Model: &Ticket{}, Select: []string{"count(*) AS tickets"}}, &rows))
	assert.Len(t, rows, 2)

	_, err = reg.Archive(ctx, acme.ID)
	require.NoError(t, err)
	_, err = reg.LookupSlug(ctx, "acme")
	require.ErrorIs(t, err, registry.ErrNotFound)
	require.ErrorIs(t, reg.Delete(ctx, acme.ID), registry.ErrNotEmpty)
	counted, err := reg.CountRows(ctx, acme.ID)
	require.NoError(t, err)
	require.NoError(t, reg.Purge(ctx, acme.ID, counted))
	require.NoError(t, reg.Delete(ctx, acme.ID))
	_, err = reg.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "eve"})
	require.ErrorIs(t, err, registry.ErrTaken, "it is held")

	visited := 0
	_, err = reg.ForEach(ctx, registry.Sweep{Parallel: 1}, func(ctx context.Context, tenant registry.Tenant) error {
		visited++
		return db.WithContext(ctx).Take(&Ticket{}).Error
	})
	require.NoError(t, err)
	assert.Equal(t, 1, visited)
	if db.Name() == "sqlite" {
		require.ErrorIs(t, reg.Listen(ctx), registry.ErrNoNotifications)
	}
}

// A table that no model tells of is found on SQLite, too.
func TestRegistryDeleteAsksTheCatalogue(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	_, err := tenancy.AutoMigrate(db, append(registry.Models(nil), &Ticket{})...)
	require.NoError(t, err)
	reg, err := registry.New(db, registry.Config{})
	require.NoError(t, err)
	ctx := context.Background()
	acme, err := reg.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "ann"})
	require.NoError(t, err)
	require.NoError(t, db.WithContext(tenancy.With(ctx, acme)).Create(&Ticket{Title: "t"}).Error)
	_, err = reg.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.ErrorIs(t, reg.Delete(ctx, acme.ID), registry.ErrNotEmpty)
}
