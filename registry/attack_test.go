package registry_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// What a tenant's handle sees of the registry's tables is that tenant's, by
// models and by names.
func TestATenantSeesItsOwnRowsOfTheRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	w.invite(t, acme, "")
	_, err := w.AddDomain(ctx, acme.ID, "acme.org")
	require.NoError(t, err)

	db := w.as(evil)
	for _, table := range []string{"tenants", "tenant_domains", "tenant_members", "tenant_invitations", "tenant_names"} {
		key := "tenant_id"
		if table == "tenants" {
			key = "id"
		}
		var ids []uuid.UUID
		require.NoError(t, db.Table(table).Pluck(key, &ids).Error, table)
		for _, id := range ids {
			assert.Equal(t, evil.ID, id, table)
		}
		var n int64
		require.NoError(t, db.Table(table).Where(key+" = ?", acme.ID).Count(&n).Error)
		assert.Zero(t, n, table)
		require.ErrorIs(t, db.Exec("DELETE FROM "+table).Error, tenancy.ErrUnscopedSQL)
		require.ErrorIs(t, w.db.WithContext(ctx).Table(table).Find(&[]map[string]any{}).Error, tenancy.ErrNoTenant)
	}
	for _, model := range []any{&registry.Tenant{}, &registry.Domain{}, &registry.Member{}, &registry.Invitation{}} {
		found := db.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(model).Update("updated_at", w.clock.Now())
		require.NoError(t, found.Error)
		assert.LessOrEqual(t, found.RowsAffected, int64(1), "%T", model)
	}
	names := map[string]any{"kind": "host", "name": "acme.example.com", "tenant_id": evil.ID}
	require.Error(t, db.Table("tenant_names").Create(names).Error, "the key is global")
	moved := db.Table("tenant_names").Where("name = ?", "acme.example.com").Updates(map[string]any{"tenant_id": evil.ID})
	assert.True(t, moved.Error != nil || moved.RowsAffected == 0)
	upsert := clause.OnConflict{
		Columns:   []clause.Column{{Name: "kind"}, {Name: "name"}},
		DoUpdates: clause.Assignments(map[string]any{"held_until": nil}),
	}
	names = map[string]any{"kind": "host", "name": "acme.example.com", "held_until": w.clock.Now()}
	err = db.Table("tenant_names").Clauses(upsert).Create(names).Error
	if w.place.rls { // the database says it first
		require.ErrorContains(t, err, "42501")
	} else {
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict)
	}
	found, err := w.LookupDomain(ctx, "acme.example.com")
	require.NoError(t, err)
	assert.Equal(t, acme.ID, found.ID)
}

// In a tenant's scope the registry knows no other tenant, cached or not.
func TestTheRegistryKeepsToTheScopeOfItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme, evil := w.provision(t, "acme"), w.provision(t, "evil")
	inside := tenancy.With(ctx, evil)
	for range 2 { // the second time from the cache
		for _, lookup := range []func(context.Context) (registry.Tenant, error){
			func(ctx context.Context) (registry.Tenant, error) { return w.LookupDomain(ctx, "acme.example.com") },
			func(ctx context.Context) (registry.Tenant, error) { return w.LookupSlug(ctx, "acme") },
			func(ctx context.Context) (registry.Tenant, error) { return w.LookupID(ctx, acme.ID.String()) },
		} {
			found, err := lookup(inside)
			assert.ErrorIs(t, err, registry.ErrNotFound)
			assert.Equal(t, registry.Tenant{}, found)
			found, err = lookup(tenancy.WithSet(ctx, acme, evil))
			assert.NoError(t, err)
			assert.Equal(t, acme.ID, found.ID)
			_, err = lookup(tenancy.Bypass(ctx, "a switcher"))
			assert.NoError(t, err)
			_, err = lookup(tenancy.With(inside, acme)) // a scope that is none
			assert.ErrorIs(t, err, tenancy.ErrTenantMismatch)
		}
	}
	for op, do := range map[string]func() error{
		"get":     func() error { _, err := w.Get(inside, acme.ID); return err },
		"suspend": func() error { _, err := w.Suspend(inside, acme.ID); return err },
		"resume":  func() error { _, err := w.Resume(inside, acme.ID); return err },
		"archive": func() error { _, err := w.Archive(inside, acme.ID); return err },
		"rename":  func() error { _, err := w.Rename(inside, acme.ID, "x", ""); return err },
		"configure": func() error {
			_, err := w.Configure(inside, acme.ID, func(s registry.Settings) (registry.Settings, error) { return s, nil })
			return err
		},
		"enroll":        func() error { _, err := w.Enroll(inside, acme.ID, "mallory"); return err },
		"count":         func() error { _, err := w.CountRows(inside, acme.ID); return err },
		"purge":         func() error { return w.Purge(inside, acme.ID, nil) },
		"delete":        func() error { return w.Delete(inside, acme.ID) },
		"add domain":    func() error { _, err := w.AddDomain(inside, acme.ID, "a.org"); return err },
		"verify":        func() error { _, err := w.VerifyDomain(inside, acme.ID, "acme.example.com", proven); return err },
		"primary":       func() error { return w.SetPrimary(inside, acme.ID, "acme.example.com") },
		"remove domain": func() error { return w.RemoveDomain(inside, acme.ID, "acme.example.com") },
		"invite": func() error {
			_, _, err := w.Invite(inside, acme.ID, registry.NewInvitation{Email: "a@b.c", Role: "r"})
			return err
		},
		"revoke": func() error { return w.Revoke(inside, acme.ID, uuid.New()) },
		"add member": func() error {
			_, err := w.AddMember(inside, acme.ID, registry.NewMember{UserID: "m", Role: "r"})
			return err
		},
		"role":          func() error { return w.SetRole(inside, acme.ID, "owner-of-acme", "r") },
		"remove member": func() error { return w.RemoveMember(inside, acme.ID, "owner-of-acme") },
		"transfer":      func() error { return w.TransferOwnership(inside, acme.ID, "owner-of-acme", "x") },
		"membership":    func() error { _, err := w.Membership(inside, acme.ID, "owner-of-acme"); return err },
		"forget":        func() error { return w.Forget(inside, acme.ID) },
		"provision": func() error {
			_, err := w.Provision(inside, registry.NewTenant{Slug: "mine", Owner: "mallory"})
			return err
		},
		"tenants of": func() error { _, err := w.TenantsOf(inside, "owner-of-acme"); return err },
		"for each": func() error {
			_, err := w.ForEach(inside, registry.Sweep{}, func(context.Context, registry.Tenant) error { return nil })
			return err
		},
		"report": func() error {
			return w.Report(inside, registry.Query{Model: &registry.Member{}, Select: []string{"count(*) AS n"}}, &[]struct {
				TenantID uuid.UUID
				N        int
			}{})
		},
	} {
		err := do()
		assert.ErrorIs(t, err, tenancy.ErrTenantMismatch, op)
		if err != nil {
			assert.NotContains(t, err.Error(), acme.ID.String(), op)
			assert.NotContains(t, err.Error(), evil.ID.String(), op)
		}
	}
}

// The handle that reads across tenants is in no hook.
func TestAHookGetsNoHandleAcrossTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{Before: []registry.Hook{
		func(hookCtx context.Context, tx *gorm.DB, e registry.Event) error {
			for _, ctx := range []context.Context{hookCtx, tx.Statement.Context} {
				scope, ok := tenancy.From(ctx)
				if id, single := scope.Tenant(); !ok || !single || id != e.Tenant.ID.String() {
					return errors.New("it is not the tenant's")
				}
			}
			var others int64
			if err := tx.Model(&registry.Tenant{}).Where("id <> ?", e.Tenant.ID).Count(&others).Error; err != nil || others > 0 {
				return errors.New("it sees others")
			}
			return nil
		},
	}})
	w.provision(t, "acme")
	globex := w.provision(t, "globex")
	_, err := w.Rename(ctx, globex.ID, "globex-2", "") // which looks at names of all tenants
	require.NoError(t, err)
	require.NoError(t, w.RemoveDomain(ctx, globex.ID, "globex.example.com"))
}

// No error of the registry quotes what was given.
func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	const secret = "quux-secret"
	for op, do := range map[string]func() error{
		"provision": func() error {
			_, err := w.Provision(ctx, registry.NewTenant{Slug: secret + "!", Owner: "u"})
			return err
		},
		"domain": func() error { _, err := w.AddDomain(ctx, acme.ID, secret+"..org"); return err },
		"accept": func() error { _, _, err := w.Accept(ctx, secret, "u"); return err },
		"lookup": func() error { _, err := w.LookupSlug(ctx, secret); return err },
		"member": func() error { return w.RemoveMember(ctx, acme.ID, secret) },
		"rename": func() error { _, err := w.Rename(ctx, acme.ID, secret+".x", ""); return err },
	} {
		err := do()
		require.Error(t, err, op)
		assert.NotContains(t, err.Error(), secret, op)
		assert.True(t, strings.HasPrefix(err.Error(), "registry: "), "%s: %v", op, err)
		assert.NotContains(t, strings.TrimPrefix(err.Error(), "registry: "), "registry: registry", op)
	}
}

// Every exported method takes a context first, so that a scope can hold.
func TestEveryMethodTakesAContext(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[*registry.Registry]()
	for i := range typ.NumMethod() {
		method := typ.Method(i)
		if method.Name == "IsListening" || method.Name == "Flush" || method.Name == "CacheLen" {
			continue
		}
		require.Greater(t, method.Type.NumIn(), 1, method.Name)
		assert.Equal(t, reflect.TypeFor[context.Context](), method.Type.In(1), method.Name)
		for j := range method.Type.NumOut() {
			assert.NotEqual(t, reflect.TypeFor[*gorm.DB](), method.Type.Out(j), fmt.Sprint(method.Name, " hands out a handle"))
		}
	}
}
