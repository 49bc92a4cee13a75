package registry_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestProvisionMakesAllOfATenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	settings, err := registry.NewSettings(map[string]any{"theme": "dark"})
	require.NoError(t, err)
	acme, err := w.Provision(ctx, registry.NewTenant{
		Slug: "ACME", Name: "Acme Ltd", Owner: "u1", Settings: settings,
		Domain: "Acme.Example.com:8443", DomainVerified: true,
	})
	require.NoError(t, err)
	assert.Equal(t, "acme", acme.Slug)
	assert.Equal(t, registry.Active, acme.State)

	for name, lookup := range map[string]func() (registry.Tenant, error){
		"domain": func() (registry.Tenant, error) { return w.LookupDomain(ctx, "ACME.example.com.") },
		"slug":   func() (registry.Tenant, error) { return w.LookupSlug(ctx, "Acme") },
		"id":     func() (registry.Tenant, error) { return w.LookupID(ctx, acme.ID.String()) },
		"get":    func() (registry.Tenant, error) { return w.Get(ctx, acme.ID) },
	} {
		found, err := lookup()
		require.NoError(t, err, name)
		assert.Equal(t, acme.ID, found.ID, name)
		assert.Equal(t, "Acme Ltd", found.Name, name)
		assert.JSONEq(t, `{"theme":"dark"}`, found.Settings.String(), name)
	}
	m, err := w.Membership(ctx, acme.ID, "u1")
	require.NoError(t, err)
	assert.True(t, m.IsOwner)
	var domains []registry.Domain
	require.NoError(t, w.as(acme).Find(&domains).Error)
	require.Len(t, domains, 1)
	assert.True(t, domains[0].IsPrimary && domains[0].IsVerified())
}

func TestProvisionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("the hook says no")
	var fail bool
	w := newWorld(t, registry.Config{After: []registry.Hook{
		func(_ context.Context, tx *gorm.DB, e registry.Event) error {
			if e.Op != registry.OpProvision {
				return nil
			}
			if err := tx.Create(&Project{Title: "Welcome"}).Error; err != nil {
				return err
			}
			if fail {
				return broken
			}
			return nil
		},
	}})
	acme := w.provision(t, "acme")
	var projects []Project
	require.NoError(t, w.as(acme).Find(&projects).Error)
	assert.Len(t, projects, 1)

	fail = true
	_, err := w.LookupSlug(ctx, "globex")
	require.ErrorIs(t, err, registry.ErrNotFound)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "globex", Owner: "u", Domain: "globex.example.com", DomainVerified: true})
	require.ErrorIs(t, err, broken)
	fail = false
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "initech", Owner: "u", Domain: "acme.example.com", DomainVerified: true})
	require.ErrorIs(t, err, registry.ErrTaken, "the second of its names is another's")
	for _, model := range []any{&registry.Tenant{}, &registry.Domain{}, &registry.Member{}, &Project{}} {
		var n int64
		require.NoError(t, w.all().Model(model).Count(&n).Error)
		assert.EqualValues(t, 1, n, "%T", model)
	}
	w.provision(t, "globex") // its names are free, and nobody remembers that it was not there
	_, err = w.LookupSlug(ctx, "globex")
	require.NoError(t, err)
	w.provision(t, "initech")
}

func TestProvisionRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Reserved: []string{"intern"}})
	acme := w.provision(t, "acme")
	for reason, c := range map[string]struct {
		n    registry.NewTenant
		want error
	}{
		"no slug":                      {registry.NewTenant{Owner: "u"}, registry.ErrInvalidSlug},
		"no owner":                     {registry.NewTenant{Slug: "x"}, registry.ErrInvalid},
		"a slug that is taken":         {registry.NewTenant{Slug: "acme", Owner: "u"}, registry.ErrTaken},
		"in other letters":             {registry.NewTenant{Slug: "AcMe", Owner: "u"}, registry.ErrTaken},
		"a reserved one":               {registry.NewTenant{Slug: "www", Owner: "u"}, registry.ErrReserved},
		"one that the application has": {registry.NewTenant{Slug: "intern", Owner: "u"}, registry.ErrReserved},
		"a domain below the base":      {registry.NewTenant{Slug: "x", Owner: "u", Domain: "x.example.com"}, registry.ErrReserved},
		"another table's row":          {registry.NewTenant{Slug: "x", Owner: "u", Account: &Firm{}}, registry.ErrInvalid},
		"a tenant's id":                {registry.NewTenant{Slug: "x", Owner: "u", ID: acme.ID}, registry.ErrTaken},
		"a nil row":                    {registry.NewTenant{Slug: "x", Owner: "u", Account: (*registry.Tenant)(nil)}, registry.ErrInvalid},
		"no domain":                    {registry.NewTenant{Slug: "x", Owner: "u", Domain: "x..com"}, registry.ErrInvalidHost},
	} {
		_, err := w.Provision(ctx, c.n)
		assert.ErrorIs(t, err, c.want, reason)
		if c.n.Slug != "x" && c.n.Owner != "" {
			assert.ErrorIs(t, w.CheckSlug(ctx, c.n.Slug), c.want, reason)
		}
	}
	assert.NoError(t, w.CheckSlug(ctx, "Free"))
	assert.ErrorIs(t, w.CheckSlug(tenancy.With(ctx, acme), "free"), tenancy.ErrTenantMismatch)
	_, err := w.Provision(tenancy.With(ctx, acme), registry.NewTenant{Slug: "x", Owner: "u"})
	assert.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	var n int64
	require.NoError(t, w.all().Model(&registry.Tenant{}).Count(&n).Error)
	assert.EqualValues(t, 1, n)
}

func TestStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	look := func() (registry.State, error) {
		bySlug, err := w.LookupSlug(ctx, "acme")
		byDomain, errDomain := w.LookupDomain(ctx, "acme.example.com")
		byID, errID := w.LookupID(ctx, acme.ID.String())
		assert.Equal(t, bySlug, byDomain)
		assert.Equal(t, bySlug, byID)
		assert.Equal(t, err, errDomain)
		assert.Equal(t, err, errID)
		return bySlug.State, err
	}
	do := func(op func(context.Context, uuid.UUID) (registry.Tenant, error), want registry.State) {
		t.Helper()
		tenant, err := op(ctx, acme.ID)
		require.NoError(t, err)
		assert.Equal(t, want, tenant.State)
		state, err := look()
		if want == registry.Archived {
			assert.ErrorIs(t, err, registry.ErrNotFound)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want, state, "a lookup after it sees it")
	}
	_, err := look()
	require.NoError(t, err)
	do(w.Suspend, registry.Suspended)
	_, err = w.Suspend(ctx, acme.ID)
	require.ErrorIs(t, err, registry.ErrState)
	_, _, err = w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "a@b.c", Role: "r"})
	require.ErrorIs(t, err, registry.ErrState)
	do(w.Archive, registry.Archived)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u"})
	require.ErrorIs(t, err, registry.ErrTaken, "an archived tenant keeps its names")
	do(w.Resume, registry.Active)
	_, err = w.Suspend(ctx, uuid.New())
	require.ErrorIs(t, err, registry.ErrNotFound)
}

func TestRenameHoldsTheOldSlug(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Hold: time.Hour})
	acme, globex := w.provision(t, "acme"), w.provision(t, "globex")
	_, err := w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	renamed, err := w.Rename(ctx, acme.ID, "Acme-2", "")
	require.NoError(t, err)
	assert.Equal(t, "acme-2", renamed.Slug)
	assert.Equal(t, "acme", renamed.Name)
	_, err = w.LookupSlug(ctx, "acme")
	require.ErrorIs(t, err, registry.ErrNotFound)
	found, err := w.LookupSlug(ctx, "acme-2")
	require.NoError(t, err)
	assert.Equal(t, acme.ID, found.ID)

	_, err = w.Rename(ctx, globex.ID, "acme", "")
	require.ErrorIs(t, err, registry.ErrTaken)
	_, err = w.Rename(ctx, acme.ID, "acme", "")
	require.NoError(t, err, "its own comes back to it")
	_, err = w.Rename(ctx, acme.ID, "acme-3", "")
	require.NoError(t, err)
	w.clock.advance(59 * time.Minute)
	_, err = w.Rename(ctx, globex.ID, "acme", "")
	require.ErrorIs(t, err, registry.ErrTaken)
	w.clock.advance(2 * time.Minute)
	_, err = w.Rename(ctx, globex.ID, "acme", "")
	require.NoError(t, err)
	_, err = w.Rename(ctx, acme.ID, "acme", "")
	require.ErrorIs(t, err, registry.ErrTaken)
	found, err = w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.Equal(t, globex.ID, found.ID)
}

func TestConfigureEditsWhatIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	const editors = 8
	errs := atOnce(editors, func(int) error {
		_, err := w.Configure(ctx, acme.ID, func(s registry.Settings) (registry.Settings, error) {
			var counter struct{ N int }
			if err := s.Decode(&counter); err != nil {
				return s, err
			}
			counter.N++
			return registry.NewSettings(counter)
		})
		return err
	})
	require.NoError(t, errors.Join(errs...))
	found, err := w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.JSONEq(t, `{"N":8}`, found.Settings.String())
}

func TestHooksRunAroundInTheTransaction(t *testing.T) {
	t.Parallel()
	var seen []string
	record := func(when string) registry.Hook {
		return func(ctx context.Context, tx *gorm.DB, e registry.Event) error {
			scope, _ := tenancy.From(ctx)
			id, _ := scope.Tenant()
			if id != e.Tenant.ID.String() {
				return errors.New("the scope is another tenant's")
			}
			seen = append(seen, when+" "+string(e.Op)+" "+string(e.Tenant.State))
			return nil
		}
	}
	w := newWorld(t, registry.Config{Before: []registry.Hook{record("before")}, After: []registry.Hook{record("after")}})
	acme := w.provision(t, "acme")
	_, err := w.Suspend(ctx, acme.ID)
	require.NoError(t, err)
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.NoError(t, w.Delete(ctx, acme.ID))
	assert.Equal(t, []string{
		"before provision active", "after provision active",
		"before suspend active", "after suspend suspended",
		"before archive suspended", "after archive archived",
		"before delete archived", "after delete archived",
	}, seen)
}

const sqlKeys = `SELECT c.relname || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX \S+ ON \S+ USING (btree )?', '\1')
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname LIKE 'tenant%' ORDER BY 1`

// In the database the keys of tenants' rows begin with the tenant, and those of
// names do not.
func TestKeysOfTheRegistrysTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	var keys []string
	require.NoError(t, w.all().Raw(sqlKeys).Scan(&keys).Error)
	assert.Equal(t, []string{
		"tenant_domains: UNIQUE (tenant_id, host)",
		"tenant_domains: UNIQUE (tenant_id, id)",
		"tenant_domains: UNIQUE (tenant_id, is_primary) WHERE is_primary",
		"tenant_invitations: UNIQUE (tenant_id, id)",
		"tenant_invitations: UNIQUE (tenant_id, token_hash)",
		"tenant_members: UNIQUE (tenant_id, id)",
		"tenant_members: UNIQUE (tenant_id, is_owner) WHERE is_owner",
		"tenant_members: UNIQUE (tenant_id, user_id)",
		"tenant_members: hash (user_id)",
		"tenant_names: UNIQUE (kind, name)",
		"tenant_names: UNIQUE (tenant_id, kind, name)",
		"tenants: (state)",
		"tenants: UNIQUE (id)",
	}, keys)
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	db := open(t, tenancytest.Postgres(t).OwnerDSN, new(atomic.Int64))
	for _, wantsChanges := range []bool{true, false} {
		done, err := tenancy.AutoMigrate(db, registry.Models(nil)...)
		require.NoError(t, err)
		assert.Empty(t, done.Pending)
		assert.Equal(t, wantsChanges, len(done.Done) > 0)
	}
}

// A handle that only says that it has the plugin has no registry.
func TestNewRefusesAHandleThatScopesNothing(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Postgres(t).DSN
	working := open(t, dsn, new(atomic.Int64))
	remove := func(from func(db *gorm.DB) interface{ Remove(string) error }) func() *gorm.DB {
		return func() *gorm.DB {
			db := open(t, dsn, new(atomic.Int64))
			require.NoError(t, from(db).Remove("tenancy:begin"))
			return db
		}
	}
	bare := func() *gorm.DB {
		db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		t.Cleanup(func() {
			pool, err := db.DB()
			require.NoError(t, err)
			require.NoError(t, pool.Close())
		})
		return db
	}
	type remover = interface{ Remove(string) error }
	for reason, handle := range map[string]func() *gorm.DB{
		"no handle": func() *gorm.DB { return nil },
		"no plugin": bare,
		"a plugin of another handle": func() *gorm.DB {
			db := bare()
			db.Plugins["tenancy"] = working.Plugins["tenancy"]
			return db
		},
		"a plugin that was not used": func() *gorm.DB {
			db := bare()
			db.Plugins["tenancy"] = tenancy.New(tenancy.Config{})
			return db
		},
		"a plugin whose Use failed": func() *gorm.DB {
			db := bare()
			require.Error(t, db.Use(tenancy.New(tenancy.Config{Mode: 9})))
			return db
		},
		"queries without it": remove(func(db *gorm.DB) remover { return db.Callback().Query() }),
		"creates without it": remove(func(db *gorm.DB) remover { return db.Callback().Create() }),
		"updates without it": remove(func(db *gorm.DB) remover { return db.Callback().Update() }),
		"deletes without it": remove(func(db *gorm.DB) remover { return db.Callback().Delete() }),
		"queries past it": func() *gorm.DB {
			db := open(t, dsn, new(atomic.Int64))
			require.NoError(t, db.Callback().Query().Remove("tenancy:begin"))
			require.NoError(t, db.Callback().Query().Replace("gorm:query", callbacks.Query))
			for name := range db.ClauseBuilders {
				delete(db.ClauseBuilders, name)
			}
			return db
		},
	} {
		_, err := registry.New(handle(), registry.Config{})
		assert.ErrorIs(t, err, registry.ErrInvalid, reason)
	}
	_, err := registry.New(working, registry.Config{})
	require.NoError(t, err)
}
