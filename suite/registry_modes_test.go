package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// registryModes are mixtures of modes of an application with a registry. The zero
// value, the first, is what the others are compared with.
func registryModes() map[string]tenancy.Config {
	own := func(mode tenancy.Mode) (list []tenancy.TableMode) {
		for _, model := range registry.Models(nil) {
			list = append(list, tenancy.TableMode{Table: model, Mode: mode})
		}
		return list
	}
	app := func(mode tenancy.Mode) []tenancy.TableMode {
		return []tenancy.TableMode{{Table: &Ticket{}, Mode: mode}}
	}
	configs := map[string]tenancy.Config{
		"all observed":                  {Mode: tenancy.Observe},
		"reads observed":                {Mode: tenancy.ObserveReads},
		"own enforced":                  {Mode: tenancy.Observe, Modes: own(tenancy.Enforce)},
		"own observed":                  {Mode: tenancy.Enforce, Modes: own(tenancy.Observe)},
		"own observed, reads of others": {Mode: tenancy.ObserveReads, Modes: own(tenancy.Observe)},
		"own reads observed":            {Mode: tenancy.Observe, Modes: own(tenancy.ObserveReads)},
		"application's observed":        {Mode: tenancy.Enforce, Modes: app(tenancy.Observe)},
		"application's enforced":        {Mode: tenancy.Observe, Modes: app(tenancy.Enforce)},
	}
	for _, model := range registry.Models(nil) { // and each of its tables in turn
		configs[fmt.Sprintf("only %T observed", model)] = tenancy.Config{Modes: []tenancy.TableMode{{Table: model, Mode: tenancy.Observe}}}
		configs[fmt.Sprintf("only %T enforced", model)] = tenancy.Config{
			Mode: tenancy.Observe, Modes: []tenancy.TableMode{{Table: model, Mode: tenancy.Enforce}},
		}
	}
	for name, c := range configs {
		c.Models = append(registry.Models(nil), &Ticket{})
		c.OnFinding = func(context.Context, tenancy.Finding) {}
		configs[name] = c
	}
	return configs
}

// Each operation of a registry does to a tenant what it does where everything is
// enforced, and nothing to another.
func TestRegistryIsEnforcedWhateverTheModes(t *testing.T) {
	t.Parallel()
	handles := map[string]func(testing.TB) func() *gorm.DB{
		"sqlite": func(t testing.TB) func() *gorm.DB {
			dsn := "file:" + uuid.NewString() + "?mode=memory&cache=shared&_pragma=busy_timeout(5000)"
			return func() *gorm.DB { return openSQLiteAt(t, dsn) }
		},
		"postgres": func(t testing.TB) func() *gorm.DB {
			dsn := tenancytest.Postgres(t).OwnerDSN
			return func() *gorm.DB {
				db, err := gorm.Open(postgres.Open(dsn), quiet())
				require.NoError(t, err)
				closeAtEnd(t, db)
				return db
			}
		},
	}
	for name, open := range handles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enforced := newRegistryWorld(t, open(t), tenancy.Config{Models: append(registry.Models(nil), &Ticket{})}).life(t)
			for which, config := range registryModes() {
				t.Run(which, func(t *testing.T) {
					t.Parallel()
					assert.Equal(t, enforced, newRegistryWorld(t, open(t), config).life(t))
				})
			}
		})
	}
}

// registryWorld is a database with two tenants, and a registry on a handle under test.
type registryWorld struct {
	*registry.Registry
	db         *gorm.DB // that the registry is on
	owner      *gorm.DB // that enforces
	a, b       registry.Tenant
	invitation registry.Invitation // of b
	lines      []string
}

func newRegistryWorld(t *testing.T, open func() *gorm.DB, config tenancy.Config) *registryWorld {
	t.Helper()
	w := &registryWorld{owner: open(), db: open()}
	require.NoError(t, w.owner.Use(tenancy.New(tenancy.Config{})))
	_, err := tenancy.AutoMigrate(w.owner, append(registry.Models(nil), &Ticket{})...)
	require.NoError(t, err)
	require.NoError(t, w.db.Use(tenancy.New(config)))
	made, err := registry.New(w.owner, registry.Config{Models: []any{&Ticket{}}})
	require.NoError(t, err)
	ctx := context.Background()
	for slug, at := range map[string]*registry.Tenant{"acme": &w.a, "globex": &w.b} {
		*at, err = made.Provision(ctx, registry.NewTenant{
			Slug: slug, Owner: "owner-of-" + slug, Domain: slug + ".shop.example", DomainVerified: true,
		})
		require.NoError(t, err)
		for _, user := range []string{"dora", "only-in-" + slug} {
			_, err := made.AddMember(ctx, at.ID, registry.NewMember{UserID: user, Role: "of-" + slug})
			require.NoError(t, err)
		}
		for range 2 {
			ticket := &Ticket{Title: slug}
			require.NoError(t, w.owner.WithContext(tenancy.With(ctx, *at)).Create(ticket).Error)
		}
	}
	w.invitation, _, err = made.Invite(ctx, w.b.ID, registry.NewInvitation{Email: "eve@globex.example", Role: "r", By: "dora"})
	require.NoError(t, err)
	require.NoError(t, w.owner.WithContext(tenancy.With(ctx, w.b)).Create(&Ticket{Title: "globex"}).Error)
	w.Registry, err = registry.New(w.db, registry.Config{
		Models: []any{&Ticket{}}, BlindTTL: -1,
		After: []registry.Hook{func(_ context.Context, tx *gorm.DB, event registry.Event) error {
			if event.Op == registry.OpPurge || event.Op == registry.OpDelete {
				return nil
			}
			return tx.Model(&Ticket{}).Where("title <> ''").UpdateColumn("title", event.Tenant.Slug).Error
		}},
	})
	require.NoError(t, err)
	return w
}

// write notes what came of something.
func (w *registryWorld) write(what string, err error, found ...any) {
	for cause := err; cause != nil; cause = errors.Unwrap(cause) { // without what wraps it
		err = cause
	}
	for i, value := range found {
		switch v := value.(type) {
		case registry.Tenant:
			found[i] = fmt.Sprint(v.ID == w.a.ID, v.Slug, v.Name, v.State, v.Settings)
		case registry.Member:
			found[i] = fmt.Sprint(v.TenantID == w.a.ID, v.UserID, v.Role, v.IsOwner)
		}
	}
	w.lines = append(w.lines, fmt.Sprint(what, ": ", err, " ", found))
}

// rows are all rows of a tenant, as the database has them.
func (w *registryWorld) rows(t *testing.T, id uuid.UUID) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	db := w.owner.WithContext(tenancy.Bypass(context.Background(), "the test looks at everything"))
	for table, column := range map[string]string{
		"tenants": "id", "tenant_domains": "tenant_id", "tenant_members": "tenant_id",
		"tenant_invitations": "tenant_id", "tenant_names": "tenant_id", "tickets": "tenant_id",
	} {
		var rows []map[string]any
		require.NoError(t, db.Raw("SELECT * FROM "+table+" WHERE "+column+" = ? ORDER BY 1, 2", id).Scan(&rows).Error)
		require.NotEmpty(t, rows, table)
		all[table] = rows
	}
	return all
}

// life runs all operations on tenant a, and sees what they are for b.
func (w *registryWorld) life(t *testing.T) []string {
	t.Helper()
	before := w.rows(t, w.b.ID)
	w.members(t)
	w.domains(t)
	w.invitations(t)
	w.states(t)
	w.sweeps(t)
	assert.Equal(t, before, w.rows(t, w.b.ID), "the other tenant's rows")
	w.end(t)
	assert.Equal(t, before, w.rows(t, w.b.ID), "the other tenant's rows, after the first one's end")
	return w.lines
}

func (w *registryWorld) members(*testing.T) {
	ctx := context.Background()
	for _, user := range []string{"only-in-globex", "dora", "only-in-acme", "owner-of-globex"} {
		m, err := w.Membership(ctx, w.a.ID, user)
		w.write("membership of "+user, err, m)
		w.write("role of "+user, w.SetRole(ctx, w.a.ID, user, "changed"))
		w.write("owner to "+user, w.TransferOwnership(ctx, w.a.ID, "owner-of-globex", user))
	}
	w.write("transfer", w.TransferOwnership(ctx, w.a.ID, "owner-of-acme", "dora"))
	for _, user := range []string{"only-in-globex", "only-in-acme", "dora"} {
		w.write("remove "+user, w.RemoveMember(ctx, w.a.ID, user))
	}
	m, err := w.AddMember(ctx, w.a.ID, registry.NewMember{UserID: "only-in-globex", Role: "r"})
	w.write("add", err, m)
	_, err = w.AddMember(ctx, w.a.ID, registry.NewMember{UserID: "only-in-globex", Role: "r"})
	w.write("add again", err)
	tenants, err := w.TenantsOf(ctx, "dora")
	w.write("tenants of", err, len(tenants))
}

func (w *registryWorld) domains(*testing.T) {
	ctx := context.Background()
	proven := func(context.Context, string, string) error { return nil }
	_, err := w.VerifyDomain(ctx, w.a.ID, "globex.shop.example", proven)
	w.write("verify what another claims", err)
	w.write("make what is another's primary", w.SetPrimary(ctx, w.a.ID, "globex.shop.example"))
	w.write("remove what is another's", w.RemoveDomain(ctx, w.a.ID, "globex.shop.example"))
	for _, host := range []string{"globex.shop.example", "new.example"} {
		claim, err := w.AddDomain(ctx, w.a.ID, host)
		w.write("claim", err, claim.TenantID == w.a.ID)
		verified, err := w.VerifyDomain(ctx, w.a.ID, host, proven)
		w.write("verify", err, verified.Host, verified.IsPrimary)
	}
	w.write("primary", w.SetPrimary(ctx, w.a.ID, "new.example"))
	w.write("remove", w.RemoveDomain(ctx, w.a.ID, "acme.shop.example"))
	for _, host := range []string{"new.example", "globex.shop.example", "acme.shop.example"} {
		found, err := w.LookupDomain(ctx, host)
		w.write("lookup "+host, err, found)
	}
}

func (w *registryWorld) invitations(*testing.T) {
	ctx := context.Background()
	w.write("revoke another's", w.Revoke(ctx, w.a.ID, w.invitation.ID))
	_, _, err := w.Invite(ctx, w.a.ID, registry.NewInvitation{Email: "x@y.example", Role: "r", By: "only-in-acme"})
	w.write("invite by one who is no member", err)
	made, token, err := w.Invite(ctx, w.a.ID, registry.NewInvitation{Email: "x@y.example", Role: "r", By: "dora"})
	w.write("invite", err, made.TenantID == w.a.ID)
	tenant, found, err := w.FindInvitation(ctx, token)
	w.write("find", err, tenant, found.Email)
	tenant, m, err := w.Accept(ctx, token, "xaver")
	w.write("accept", err, tenant, m)
	_, _, err = w.Accept(ctx, token, "yves")
	w.write("accept again", err)
	made, _, err = w.Invite(ctx, w.a.ID, registry.NewInvitation{Email: "x@y.example", Role: "r"})
	w.write("invite", err)
	w.write("revoke", w.Revoke(ctx, w.a.ID, made.ID))
}

func (w *registryWorld) states(*testing.T) {
	ctx := context.Background()
	tenant, err := w.Rename(ctx, w.a.ID, "globex", "")
	w.write("take another's slug", err, tenant)
	tenant, err = w.Rename(ctx, w.a.ID, "acme-two", "Acme")
	w.write("rename", err, tenant)
	tenant, err = w.Configure(ctx, w.a.ID, func(registry.Settings) (registry.Settings, error) {
		return registry.NewSettings(map[string]int{"seats": 2})
	})
	w.write("configure", err, tenant)
	tenant, err = w.Suspend(ctx, w.a.ID)
	w.write("suspend", err, tenant)
	tenant, err = w.Resume(ctx, w.a.ID)
	w.write("resume", err, tenant)
	tenant, err = w.Enroll(ctx, w.a.ID, "zoe")
	w.write("enroll", err, tenant)
	for _, slug := range []string{"acme", "acme-two", "globex"} {
		found, err := w.LookupSlug(ctx, slug)
		w.write("lookup "+slug, err, found)
	}
	found, err := w.LookupID(ctx, w.a.ID.String())
	w.write("lookup", err, found)
	found, err = w.LookupID(tenancy.With(ctx, w.a), w.b.ID.String())
	w.write("lookup of another", err, found)
	w.write("forget", w.Forget(ctx, w.a.ID))
	_, err = w.Suspend(tenancy.With(ctx, w.a), w.b.ID)
	w.write("suspend another", err)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "third", Owner: "t", ID: w.b.ID})
	w.write("provision what is there", nil, err != nil)
}

func (w *registryWorld) sweeps(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	var seen []string
	swept, err := w.ForEach(ctx, registry.Sweep{Parallel: 1}, func(ctx context.Context, tenant registry.Tenant) error {
		var tickets int64
		db := w.db.WithContext(ctx).Model(&Ticket{})
		if err := db.Count(&tickets).Error; err != nil {
			return err
		}
		seen = append(seen, fmt.Sprint(tenant.Slug, " ", tickets))
		return w.db.WithContext(ctx).Model(&Ticket{}).Where("title <> ''").UpdateColumn("title", tenant.Slug).Error
	})
	slices.Sort(seen)
	w.write("for each", err, swept.Visited, seen)
	var report []struct {
		TenantID uuid.UUID
		Tickets  int
	}
	w.write("report", w.Report(ctx, registry.Query{Model: &Ticket{}, Select: []string{"count(*) AS tickets"}}, &report), len(report))
	for _, row := range report {
		assert.Equal(t, map[uuid.UUID]int{w.a.ID: 2, w.b.ID: 3}[row.TenantID], row.Tickets)
	}
	var titles []string
	require.NoError(t, w.owner.WithContext(tenancy.With(ctx, w.a)).Model(&Ticket{}).Pluck("title", &titles).Error)
	w.write("titles", nil, titles)
}

func (w *registryWorld) end(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	counted, err := w.CountRows(ctx, w.a.ID)
	w.write("count", err, counted)
	w.write("purge an active one", w.Purge(ctx, w.a.ID, counted))
	tenant, err := w.Archive(ctx, w.a.ID)
	w.write("archive", err, tenant)
	w.write("delete one with rows", w.Delete(ctx, w.a.ID))
	w.write("purge", w.Purge(ctx, w.a.ID, counted))
	counted, err = w.CountRows(ctx, w.a.ID)
	w.write("count", err, counted)
	w.write("delete", w.Delete(ctx, w.a.ID))
	_, err = w.Get(ctx, w.a.ID)
	w.write("get", err)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "third", Owner: "t", ID: w.a.ID})
	w.write("provision with its id", err)
	for table, rows := range map[string]string{
		"tickets": "tenant_id", "tenant_members": "tenant_id", "tenant_domains": "tenant_id", "tenant_invitations": "tenant_id", "tenants": "id",
	} {
		var left int64
		db := w.owner.WithContext(tenancy.Bypass(ctx, "the test looks at everything"))
		require.NoError(t, db.Raw("SELECT count(*) FROM "+table+" WHERE "+rows+" = ?", w.a.ID).Scan(&left).Error)
		assert.Zero(t, left, table)
	}
}
