package suite

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// Franchise is an application's model of its tenants that cannot read one of its rows.
type Franchise struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Slug     string
	State    string
	BrokenBy string
}

// AfterFind implements GORM's hook.
func (s *Franchise) AfterFind(*gorm.DB) error {
	if s.BrokenBy == "hook" {
		panic("the row cannot be read")
	}
	return nil
}

// RegistryTenant implements registry.Account.
func (s *Franchise) RegistryTenant() registry.Tenant {
	if s.BrokenBy == "mapping" {
		empty := []int{}
		empty[len(s.BrokenBy)]++ // a runtime error
	}
	return registry.Tenant{ID: s.ID, Slug: s.Slug, Name: s.Slug, State: registry.State(s.State)}
}

// SetRegistryTenant implements registry.Account.
func (s *Franchise) SetRegistryTenant(t registry.Tenant) {
	s.ID, s.Slug, s.State = t.ID, t.Slug, string(t.State)
}

// A tenant whose row makes the application panic is an error of that tenant's
// lookups, and the process and the other tenants go on.
func TestRegistryLookupSurvivesARowThatPanics(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			reg := newRegistry(t, db, registry.Config{Account: &Franchise{}, BlindTTL: time.Hour, CacheTTL: time.Hour, MaxLookups: 1})
			tenants := map[string]registry.Tenant{}
			for _, slug := range []string{"fine", "hook", "mapping"} {
				var err error
				tenants[slug], err = reg.Provision(ctxRegistry, registry.NewTenant{
					Slug: slug, Owner: "ann", Domain: slug + ".shop.example", DomainVerified: true,
				})
				require.NoError(t, err)
			}
			broken := db.WithContext(tenancy.Bypass(ctxRegistry, "test")).Exec("UPDATE franchises SET broken_by = slug WHERE slug <> 'fine'")
			require.NoError(t, broken.Error)
			for _, slug := range []string{"hook", "mapping"} {
				for reason, lookup := range map[string]func() (registry.Tenant, error){
					"slug":   func() (registry.Tenant, error) { return reg.LookupSlug(ctxRegistry, slug) },
					"domain": func() (registry.Tenant, error) { return reg.LookupDomain(ctxRegistry, slug+".shop.example") },
					"id":     func() (registry.Tenant, error) { return reg.LookupID(ctxRegistry, tenants[slug].ID.String()) },
				} {
					_, err := lookup()
					var panicked *registry.PanicError
					require.ErrorAs(t, err, &panicked, "%s by %s", slug, reason)
					assert.NotErrorIs(t, err, registry.ErrNotFound)
					assert.Contains(t, string(panicked.Stack), "registry_panic_test.go")
				}
			}
			found, err := reg.LookupSlug(ctxRegistry, "fine")
			require.NoError(t, err)
			assert.Equal(t, tenants["fine"].ID, found.ID)

			_, err = reg.ForEach(ctxRegistry, registry.Sweep{}, func(context.Context, registry.Tenant) error { return nil })
			var panicked *registry.PanicError
			require.ErrorAs(t, err, &panicked, "a row that is read by the sweep")
		})
	}
}

// A visit that panics is the failure of its tenant, and the others are visited.
func TestRegistrySweepSurvivesAPanic(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := newRegistry(t, open(t), registry.Config{})
			for _, slug := range []string{"panics", "exits", "fails", "fine", "well"} {
				_, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: slug, Owner: "ann"})
				require.NoError(t, err)
			}
			broken := errors.New("broken")
			visit := func(_ context.Context, tenant registry.Tenant) error {
				switch tenant.Slug {
				case "panics":
					panic(broken)
				case "exits":
					runtime.Goexit()
				case "fails":
					return broken
				}
				return nil
			}
			swept, err := reg.ForEach(ctxRegistry, registry.Sweep{Parallel: 2, Progress: func(registry.Progress) {}}, visit)
			var panicked *registry.PanicError
			require.ErrorAs(t, err, &panicked)
			require.ErrorIs(t, err, broken)
			assert.Equal(t, 2, swept.Visited)
			assert.Len(t, swept.Failed, 3)

			var visits atomic.Int64
			_, err = reg.ForEach(ctxRegistry, registry.Sweep{Parallel: 1, Progress: func(registry.Progress) { panic("progress") }},
				func(context.Context, registry.Tenant) error { visits.Add(1); return nil })
			require.ErrorAs(t, err, &panicked)
			assert.Equal(t, "progress", panicked.Value)
			assert.Less(t, visits.Load(), int64(5), "no more tenants are visited")
		})
	}
}

// Thousands of callers that give up leave nothing behind.
func TestRegistryLookupsEndWithTheirCallers(t *testing.T) {
	db := openPostgres(t)
	reg := newRegistry(t, db, registry.Config{})
	pool, err := db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	held, err := pool.Conn(ctxRegistry)
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	const callers = 2000
	errs := make(chan error, callers)
	for range callers {
		host := uuid.NewString() + ".example.org"
		go func() {
			ctx, cancel := context.WithTimeout(ctxRegistry, 50*time.Millisecond)
			defer cancel()
			_, err := reg.LookupDomain(ctx, host)
			errs <- err
		}()
	}
	for range callers {
		err := <-errs
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, registry.ErrNotFound)
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+20 }, 2*time.Second, 10*time.Millisecond)
	require.NoError(t, held.Close())
	_, err = reg.LookupDomain(ctxRegistry, "nobody.example.org")
	require.ErrorIs(t, err, registry.ErrNotFound)
}
