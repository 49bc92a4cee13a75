package registry_test

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/registry"
)

var (
	tenantCount = flag.Int("tenants", 3000, "how many tenants the memory test makes")
	cacheBytes  = flag.Int("cache", 256<<10, "how many bytes it lets the cache have")
	lookupCount = flag.Int("lookups", 6000, "how many lookups it makes")
)

const (
	sqlManyTenants = `INSERT INTO tenants (id, slug, name, state, settings, created_at, updated_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'tenant-' || i, 'Tenant ' || i, 'active', '{"plan":"free"}', now(), now()
FROM generate_series(1, ?) i`
	sqlManyNames = `INSERT INTO tenant_names (kind, name, tenant_id)
SELECT k.kind, 'tenant-' || i || k.suffix, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid
FROM generate_series(1, ?) i, (VALUES ('slug', ''), ('host', '.customers.org')) k(kind, suffix)`
)

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// However many tenants there are, and hosts that an attacker makes up, the cache
// takes no more than it may. It measures the heap, and so runs by itself; it
// looks at a million tenants with
//
//	go test -run TestTheCacheStaysWithinItsBound -tenants 1000000 -lookups 400000 -cache 33554432 -v
func TestTheCacheStaysWithinItsBound(t *testing.T) {
	if testing.Short() {
		*lookupCount = min(*lookupCount, 2400)
	}
	if p := flaggedPlace(); p.citus && p.rls {
		t.Skip("INSERT … SELECT goes by COPY on Citus, which row-level security refuses; the cache is the same elsewhere")
	}
	w := newWorld(t, registry.Config{})
	require.NoError(t, w.all().Exec(sqlManyTenants, *tenantCount).Error)
	require.NoError(t, w.all().Exec(sqlManyNames, *tenantCount).Error)
	cached := openWorld(t, w.dsn, registry.Config{CacheBytes: *cacheBytes, CacheTTL: 24 * time.Hour, BlindTTL: 24 * time.Hour})
	const workers = 4
	look := func(from, to int) {
		t.Helper()
		errs := atOnce(workers, func(worker int) error {
			for i := from + worker; i < to; i += workers {
				n := i%*tenantCount + 1
				if _, err := cached.LookupSlug(ctx, fmt.Sprintf("tenant-%d", n)); err != nil {
					return err
				}
				if _, err := cached.LookupDomain(ctx, fmt.Sprintf("tenant-%d.customers.org", n)); err != nil {
					return err
				}
				if _, err := cached.LookupDomain(ctx, fmt.Sprintf("attacker-%d.example.net", i)); !errors.Is(err, registry.ErrNotFound) {
					return fmt.Errorf("a made-up host: %w", err)
				}
			}
			return nil
		})
		require.NoError(t, errors.Join(errs...))
	}
	look(0, 100) // what GORM and the pool keep
	cached.Flush()
	before := heap()
	most := int64(0)
	for from := 0; from < *lookupCount/3; from += *lookupCount / 12 {
		look(from, from+*lookupCount/12)
		most = max(most, heap()-before)
	}
	tenants, absent := cached.CacheLen()
	t.Logf("%d tenants, %d lookups: the heap grew by %d bytes of %d; %d tenants and %d absent names in the cache",
		*tenantCount, *lookupCount, most, *cacheBytes, tenants, absent)
	// Some slack for what else lives on the heap.
	assert.LessOrEqual(t, most, int64(*cacheBytes)+96<<10)
	assert.Less(t, tenants, *tenantCount)
	assert.Positive(t, absent)

	// Made-up hosts push out no tenant.
	queries := cached.queries.Load()
	_, err := cached.LookupSlug(ctx, "tenant-1")
	require.NoError(t, err)
	for i := range 1000 {
		_, err := cached.LookupDomain(ctx, fmt.Sprintf("flood-%d.example.net", i))
		require.ErrorIs(t, err, registry.ErrNotFound)
	}
	flood := cached.queries.Load() - queries
	_, absent = cached.CacheLen()
	assert.LessOrEqual(t, absent*256, *cacheBytes/8, "absent names have an eighth")
	queries = cached.queries.Load()
	_, err = cached.LookupSlug(ctx, "tenant-1")
	require.NoError(t, err)
	assert.Zero(t, cached.queries.Load()-queries, "after %d queries of a flood", flood)
}
