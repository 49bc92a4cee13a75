package registry_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// fill writes rows of all kinds for a tenant: 1 project, 3 tasks, 2 labels, 2 links.
func (w *world) fill(t testing.TB, tenant registry.Tenant) {
	t.Helper()
	db := w.as(tenant)
	p := Project{Title: "p", Labels: []Label{{Text: "a"}, {Text: "b"}}}
	require.NoError(t, db.Create(&p).Error)
	parent := Task{ProjectID: p.ID, Title: "parent"}
	require.NoError(t, db.Create(&parent).Error)
	require.NoError(t, db.Create(&Task{ProjectID: p.ID, ParentID: &parent.ID, Title: "child"}).Error)
	gone := Task{ProjectID: p.ID, Title: "gone"}
	require.NoError(t, db.Create(&gone).Error)
	require.NoError(t, db.Delete(&gone).Error)
}

// everything counts the rows of all tables for a tenant, as the database has them.
func everything(t testing.TB, w *world, id uuid.UUID) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, table := range []string{
		"projects", "tasks", "labels", "project_labels", "tenant_domains", "tenant_members", "tenant_invitations", "tenant_names",
	} {
		var n int64
		require.NoError(t, w.all().Raw("SELECT count(*) FROM "+table+" WHERE tenant_id = ?", id).Scan(&n).Error)
		counts[table] = n
	}
	return counts
}

func TestPurgeDeletesOneTenantsRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, globex := w.provision(t, "acme"), w.provision(t, "globex")
	w.fill(t, acme)
	w.fill(t, globex)
	before := everything(t, w, globex.ID)

	counted, err := w.CountRows(ctx, acme.ID)
	require.NoError(t, err)
	assert.ElementsMatch(t, []registry.TableCount{
		{Table: "project_labels", Rows: 2}, {Table: "tasks", Rows: 3}, {Table: "projects", Rows: 1}, {Table: "labels", Rows: 2},
	}, counted)
	require.ErrorIs(t, w.Purge(ctx, acme.ID, counted), registry.ErrState, "an active tenant")
	require.ErrorIs(t, w.Delete(ctx, acme.ID), registry.ErrState)
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.ErrorIs(t, w.Delete(ctx, acme.ID), registry.ErrNotEmpty)
	require.ErrorIs(t, w.Purge(ctx, acme.ID, nil), registry.ErrChanged, "nothing was counted")

	require.NoError(t, w.as(acme).Create(&Label{Text: "late"}).Error)
	require.ErrorIs(t, w.Purge(ctx, acme.ID, counted), registry.ErrChanged)
	assert.EqualValues(t, 3, everything(t, w, acme.ID)["tasks"], "nothing of it is done")

	counted, err = w.CountRows(ctx, acme.ID)
	require.NoError(t, err)
	require.NoError(t, w.Purge(ctx, acme.ID, counted))
	require.NoError(t, w.Delete(ctx, acme.ID))
	after := everything(t, w, acme.ID)
	held := after["tenant_names"]
	delete(after, "tenant_names")
	for table, n := range after {
		assert.Zero(t, n, table)
	}
	assert.EqualValues(t, 3, held, "its slug, its domain and its id")
	assert.Equal(t, before, everything(t, w, globex.ID))
	_, err = w.Get(ctx, acme.ID)
	require.ErrorIs(t, err, registry.ErrNotFound)
	_, err = w.LookupDomain(ctx, "acme.example.com")
	require.ErrorIs(t, err, registry.ErrNotFound)

	_, err = w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "evil"})
	require.ErrorIs(t, err, registry.ErrTaken, "its names are held")
	w.clock.advance(31 * 24 * time.Hour)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "evil"})
	require.NoError(t, err)
	found, err := w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.NotEqual(t, acme.ID, found.ID)
}

// A table that nobody listed keeps its tenant from being deleted.
func TestDeleteFindsRowsOfTablesThatAreNotListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Models: []any{&Task{}}})
	acme := w.provision(t, "acme")
	require.NoError(t, w.as(acme).Create(&Label{Text: "forgotten"}).Error)
	_, err := w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	err = w.Delete(ctx, acme.ID)
	require.ErrorIs(t, err, registry.ErrNotEmpty)
	assert.Contains(t, err.Error(), "labels")
	_, err = w.Get(ctx, acme.ID)
	require.NoError(t, err)
	m, err := w.Membership(ctx, acme.ID, "owner-of-acme")
	require.NoError(t, err)
	assert.True(t, m.IsOwner, "nothing of it is done")
}

// Firm is an application's own table of tenants, with names of its own.
type Firm struct {
	Key       uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Subdomain string
	Title     string
	Status    int
	Options   registry.Settings `gorm:"type:jsonb"`
	Since     time.Time
	Changed   time.Time
	Plan      string
}

var states = []registry.State{registry.Active, registry.Suspended, registry.Archived}

func (f *Firm) RegistryTenant() registry.Tenant {
	return registry.Tenant{
		ID: f.Key, Slug: f.Subdomain, Name: f.Title, State: states[f.Status], Settings: f.Options,
		CreatedAt: f.Since, UpdatedAt: f.Changed,
	}
}

func (f *Firm) SetRegistryTenant(t registry.Tenant) {
	f.Key, f.Subdomain, f.Title, f.Options, f.Since, f.Changed = t.ID, t.Slug, t.Name, t.Settings, t.CreatedAt, t.UpdatedAt
	for i, state := range states {
		if state == t.State {
			f.Status = i
		}
	}
}

func TestAnApplicationsOwnTableOfTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Account: &Firm{}})
	acme, err := w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u", Account: &Firm{Plan: "gold"}})
	require.NoError(t, err)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "globex", Owner: "u"})
	require.NoError(t, err)
	_, err = w.Suspend(ctx, acme.ID)
	require.NoError(t, err)
	_, err = w.Rename(ctx, acme.ID, "acme-2", "Acme Two")
	require.NoError(t, err)
	found, err := w.LookupSlug(ctx, "acme-2")
	require.NoError(t, err)
	assert.True(t, found.IsSuspended())
	var firm Firm
	require.NoError(t, w.as(acme).Take(&firm).Error)
	assert.Equal(t, "gold", firm.Plan, "what the registry does not know stays")
	assert.Equal(t, "Acme Two", firm.Title)
	tenants, err := w.TenantsOf(ctx, "u")
	require.NoError(t, err)
	assert.Len(t, tenants, 2)
	swept, err := w.ForEach(ctx, registry.Sweep{}, func(context.Context, registry.Tenant) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, 1, swept.Visited, "the suspended one is left out")
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.NoError(t, w.Delete(ctx, acme.ID))
	_, err = w.Get(ctx, acme.ID)
	require.ErrorIs(t, err, registry.ErrNotFound)
}

// Tenants that were there before the registry get their slugs and owners.
func TestEnrollTakesUpATenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Account: &Firm{}})
	firms := map[string]Firm{}
	for _, slug := range []string{"old", "twin", "Odd Name"} {
		firm := Firm{Key: uuid.New(), Subdomain: slug, Title: slug}
		require.NoError(t, w.as(firm.RegistryTenant()).Create(&firm).Error)
		firms[slug] = firm
	}
	_, err := w.LookupSlug(ctx, "old")
	require.ErrorIs(t, err, registry.ErrNotFound)
	for range 2 { // the second time changes nothing
		_, err = w.Enroll(ctx, firms["old"].Key, "ann")
		require.NoError(t, err)
	}
	found, err := w.LookupSlug(ctx, "old")
	require.NoError(t, err)
	assert.Equal(t, firms["old"].Key, found.ID)
	m, err := w.Membership(ctx, found.ID, "ann")
	require.NoError(t, err)
	assert.True(t, m.IsOwner)

	_, err = w.Provision(ctx, registry.NewTenant{Slug: "twin", Owner: "eve"})
	require.NoError(t, err)
	_, err = w.Enroll(ctx, firms["twin"].Key, "ann")
	require.ErrorIs(t, err, registry.ErrTaken)
	_, err = w.Enroll(ctx, firms["Odd Name"].Key, "ann")
	require.ErrorIs(t, err, registry.ErrInvalidSlug)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := open(t, tenancytest.Postgres(t).DSN, new(atomic.Int64))
	type Plain struct {
		ID   uint
		Text string
	}
	type Shared struct {
		_  struct{} `tenancy:"shared"`
		ID uint
	}
	for reason, config := range map[string]registry.Config{
		"a base that is no domain":  {Bases: []string{"localhost"}},
		"a slug that is none":       {Reserved: []string{"a b"}},
		"a negative time":           {InvitationTTL: -1},
		"a model without a tenant":  {Models: []any{&Plain{}}},
		"a model that is shared":    {Models: []any{&Shared{}}},
		"an account without a root": {Account: &notRoot{}},
	} {
		_, err := registry.New(db, config)
		assert.Error(t, err, reason)
	}
	tx := db.Begin()
	_, err := registry.New(tx, registry.Config{})
	assert.ErrorIs(t, err, registry.ErrInvalid)
	require.NoError(t, tx.Rollback().Error)
}

type notRoot struct {
	tenancy.Model
	Firm Firm `gorm:"-"`
}

func (n *notRoot) RegistryTenant() registry.Tenant   { return n.Firm.RegistryTenant() }
func (n *notRoot) SetRegistryTenant(registry.Tenant) {}
