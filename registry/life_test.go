package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/rls"
)

// TestLifeElsewhere compares what a registry does on distributed tables, below
// row-level security, and with both, with what it does on plain ones.
func TestLifeElsewhere(t *testing.T) {
	t.Parallel()
	plain := life(t, place{})
	for _, elsewhere := range draw.One(t, []struct {
		name  string
		place place
	}{
		{"Citus", place{citus: true}},
		{"row-level security", place{rls: true}},
		{"Citus and row-level security together", place{citus: true, rls: true}},
	}) {
		t.Run(elsewhere.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, plain, life(t, elsewhere.place))
		})
	}
}

// A diary is what came of each thing that was done.
type diary struct {
	t     *testing.T
	slugs map[uuid.UUID]string // as the tenants were first called
	lines []string
}

func (d *diary) write(what string, err error, found ...any) {
	d.t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) { // without what wraps it
		err = cause
	}
	for i, value := range found {
		if tenant, ok := value.(registry.Tenant); ok {
			found[i] = fmt.Sprint(d.slugs[tenant.ID], " ", tenant.Slug, " ", tenant.State, " ", tenant.Settings)
		}
	}
	d.lines = append(d.lines, fmt.Sprint(what, ": ", err, " ", found))
}

// life is that of two tenants from the first day to the last, and of a third that
// takes a name that one of them has given up.
func life(t *testing.T, p place) []string {
	t.Helper()
	d := &diary{t: t, slugs: map[uuid.UUID]string{}}
	w := newWorldOn(t, p, registry.Config{Hold: time.Hour, After: []registry.Hook{
		func(_ context.Context, tx *gorm.DB, event registry.Event) error {
			if event.Op != registry.OpProvision {
				return nil
			}
			return tx.Create(&Project{Title: event.Tenant.Slug, Tasks: []Task{{Title: "first"}}, Labels: []Label{{Text: "new"}}}).Error
		},
	}})
	if p.rls {
		_, err := rls.Check(t.Context(), w.db, rls.Policies{SpanRole: spanOf(t, w.dsn)}, append(registry.Models(nil), appModels...)...)
		require.NoError(t, err)
	}
	other, _ := listening(t, w, registry.Config{})
	acme, globex := w.provision(t, "acme"), w.provision(t, "globex")
	d.slugs[acme.ID], d.slugs[globex.ID] = "A", "G"
	d.names(w, acme, globex)
	d.members(w, acme, globex)
	d.states(w, other, acme)
	d.across(w)
	d.sees(w, acme, globex)
	d.end(w, acme, globex)
	return d.lines
}

func (d *diary) names(w *world, acme, globex registry.Tenant) {
	_, err := w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "evil"})
	d.write("a slug that is taken", err)
	tenant, err := w.Rename(ctx, acme.ID, "acme-two", "Acme")
	d.write("rename", err, tenant)
	_, err = w.Rename(ctx, globex.ID, "acme", "")
	d.write("take what is held", err)
	w.clock.advance(2 * time.Hour)
	tenant, err = w.Rename(ctx, globex.ID, "acme", "")
	d.write("take what was held", err, tenant)
	for _, at := range []registry.Tenant{acme, globex} {
		claim, err := w.AddDomain(ctx, at.ID, "www.shop.org")
		d.write("claim", err, claim.Host, claim.IsVerified())
	}
	for _, at := range []registry.Tenant{acme, globex} {
		domain, err := w.VerifyDomain(ctx, at.ID, "www.shop.org", proven)
		d.write("verify", err, domain.Host, domain.IsPrimary)
	}
	d.write("primary", w.SetPrimary(ctx, acme.ID, "www.shop.org"))
	d.write("remove the primary one", w.RemoveDomain(ctx, acme.ID, "www.shop.org"))
	d.write("remove", w.RemoveDomain(ctx, acme.ID, "acme.example.com"))
	w.clock.advance(2 * time.Hour)
	domain, err := w.AddDomain(ctx, globex.ID, "www.shop.org")
	d.write("claim again", err, domain.Host)
	_, err = w.VerifyDomain(ctx, globex.ID, "www.shop.org", proven)
	d.write("verify what is another's", err)
}

func (d *diary) members(w *world, acme, globex registry.Tenant) {
	for _, at := range []registry.Tenant{acme, globex} {
		m, err := w.AddMember(ctx, at.ID, registry.NewMember{UserID: "ann", Role: "editor", Permissions: []string{"publish"}})
		d.write("add", err, m.Role)
	}
	_, err := w.AddMember(ctx, acme.ID, registry.NewMember{UserID: "ann", Role: "editor"})
	d.write("add again", err)
	d.write("role", w.SetRole(ctx, acme.ID, "ann", "reader"))
	_, token, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "bob@acme.org", Role: "editor", By: "ann"})
	d.write("invite", err)
	tenant, invitation, err := w.FindInvitation(ctx, token)
	d.write("find", err, tenant, invitation.Email)
	for range 2 {
		tenant, m, err := w.Accept(ctx, token, "bob")
		d.write("accept", err, tenant, m.Role)
	}
	spare, _, err := w.Invite(ctx, acme.ID, registry.NewInvitation{Email: "eve@acme.org", Role: "editor", By: "bob"})
	d.write("invite", err)
	d.write("revoke another's", w.Revoke(ctx, globex.ID, spare.ID))
	d.write("revoke", w.Revoke(ctx, acme.ID, spare.ID))
	d.write("transfer", w.TransferOwnership(ctx, acme.ID, "owner-of-acme", "bob"))
	d.write("remove the owner", w.RemoveMember(ctx, acme.ID, "bob"))
	d.write("remove", w.RemoveMember(ctx, acme.ID, "owner-of-acme"))
	for _, at := range []registry.Tenant{acme, globex} {
		m, err := w.Membership(ctx, at.ID, "ann")
		d.write("membership", err, m.Role, m.Permissions)
	}
	tenants, err := w.TenantsOf(ctx, "ann")
	d.write("tenants of", err, len(tenants))
}

// states also looks whether another process hears of them.
func (d *diary) states(w, other *world, acme registry.Tenant) {
	for _, change := range []func(context.Context, uuid.UUID) (registry.Tenant, error){w.Suspend, w.Resume, w.Resume} {
		tenant, err := change(ctx, acme.ID)
		d.write("state", err, tenant)
		if err != nil {
			continue
		}
		assert.Eventually(d.t, func() bool {
			found, err := other.LookupDomain(ctx, "www.shop.org")
			return err == nil && found.State == tenant.State
		}, soon, often)
	}
	tenant, err := w.Configure(ctx, acme.ID, func(registry.Settings) (registry.Settings, error) {
		return registry.NewSettings(map[string]string{"colour": "red"})
	})
	d.write("configure", err, tenant)
	tenant, err = w.LookupSlug(ctx, "acme-two")
	d.write("by slug", err, tenant)
	tenant, err = w.LookupID(ctx, acme.ID.String())
	d.write("by id", err, tenant)
	_, err = w.LookupDomain(ctx, "nobody.example.com")
	d.write("by no domain", err)
}

func (d *diary) across(w *world) {
	swept, err := w.ForEach(ctx, registry.Sweep{}, func(ctx context.Context, tenant registry.Tenant) error {
		return w.db.WithContext(ctx).Create(&Label{Text: "swept"}).Error
	})
	d.write("for each", err, swept.Visited)
	var rows []struct {
		TenantID uuid.UUID
		Labels   int
	}
	err = w.Report(ctx, registry.Query{Model: &Label{}, Select: []string{"count(*) AS labels"}}, &rows)
	for _, row := range rows {
		d.write("report", err, d.slugs[row.TenantID], row.Labels)
	}
}

// sees counts what a tenant has of the registry's tables, and what it can change
// of another's.
func (d *diary) sees(w *world, acme, globex registry.Tenant) {
	for _, model := range []any{&registry.Tenant{}, &registry.Domain{}, &registry.Member{}, &registry.Invitation{}} {
		for _, at := range []registry.Tenant{acme, globex} {
			var n int64
			err := w.as(at).Model(model).Count(&n).Error
			d.write(fmt.Sprintf("%T of %s", model, d.slugs[at.ID]), err, n)
		}
	}
	var names []string
	for _, at := range []registry.Tenant{acme, globex} {
		err := w.as(at).Table("tenant_names").Order("name").Pluck("name", &names).Error
		d.write("names of "+d.slugs[at.ID], err, names)
	}
	taken := w.as(globex).Table("tenant_names").Where("name = ?", "www.shop.org").Updates(map[string]any{"held_until": nil})
	d.write("another's name", taken.Error, taken.RowsAffected)
	err := w.as(globex).Table("tenant_names").Create(map[string]any{"kind": "slug", "name": "acme-two"}).Error
	require.Error(d.t, err, "the key is global")
	_, err = w.Suspend(tenancy.With(ctx, globex), acme.ID)
	d.write("suspend another", err)
}

func (d *diary) end(w *world, acme, globex registry.Tenant) {
	d.write("delete", w.Delete(ctx, acme.ID))
	tenant, err := w.Archive(ctx, acme.ID)
	d.write("archive", err, tenant)
	d.write("delete", w.Delete(ctx, acme.ID))
	counted, err := w.CountRows(ctx, acme.ID)
	d.write("count", err, counted)
	d.write("purge", w.Purge(ctx, acme.ID, counted))
	d.write("delete", w.Delete(ctx, acme.ID))
	_, err = w.Get(ctx, acme.ID)
	d.write("get", err)
	tenant, err = w.Get(ctx, globex.ID)
	d.write("get the other", err, tenant)
	w.clock.advance(2 * time.Hour)
	third, err := w.Provision(ctx, registry.NewTenant{Slug: "acme-two", Owner: "zoe", Domain: "www.shop.org", DomainVerified: true})
	d.slugs[third.ID] = "third"
	d.write("the third", err, third)
	tenant, err = w.LookupDomain(ctx, "www.shop.org")
	d.write("by its domain", err, tenant)
}
