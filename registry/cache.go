package registry

import (
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// kindID is the kind of name that an id is; there are no claims of it.
const kindID kind = "id"

// key is what a lookup is for.
type key struct {
	kind kind
	name string
}

// What an entry takes besides its texts, as measured; a test checks it.
const (
	bytesOfRecord = 640
	bytesOfName   = 224
	bytesOfAbsent = 256
	maxNames      = 32 // of one tenant in the cache; more are looked up again
)

// cache keeps the answers of lookups: tenants with the names that led to them,
// and names that led to none. Each kind has its own bound, so that made-up
// hosts push out each other and no tenant.
//
// An epoch ends with each invalidation. Answers read in an earlier epoch are
// not kept: they may be older than the change.
type cache struct {
	mu      sync.Mutex
	epoch   uint64
	max     [2]int // bytes of tenants, of absent names
	used    [2]int
	tenants *simplelru.LRU[uuid.UUID, *record]
	names   map[key]uuid.UUID
	absent  *simplelru.LRU[key, time.Time] // since when
}

const (
	ofTenants = iota
	ofAbsent
)

type record struct {
	tenant Tenant
	since  time.Time
	keys   []key
	bytes  int
}

// newCache returns a cache of so many bytes; an eighth is for absent names.
func newCache(bytes int) *cache {
	bytes = max(bytes, 0)
	c := &cache{names: map[key]uuid.UUID{}, max: [2]int{bytes - bytes/8, bytes / 8}}
	const unbounded = 1 << 40 // in number: the bytes are counted here
	c.tenants, _ = simplelru.NewLRU(unbounded, func(_ uuid.UUID, r *record) {
		c.used[ofTenants] -= r.bytes
		for _, k := range r.keys {
			delete(c.names, k)
		}
	})
	c.absent, _ = simplelru.NewLRU(unbounded, func(k key, _ time.Time) {
		c.used[ofAbsent] -= bytesOfAbsent + len(k.name)
	})
	return c
}

// get returns what the cache has for a name: a tenant, the fact that there is
// none (found and no tenant), or nothing. Answers read at or before the given
// time are too old.
func (c *cache) get(k key, after time.Time) (tenant Tenant, exists, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.names[k]; ok {
		r, _ := c.tenants.Get(id)
		if r != nil && r.since.After(after) {
			return r.tenant, true, true
		}
		c.tenants.Remove(id)
		return Tenant{}, false, false
	}
	if since, ok := c.absent.Get(k); ok {
		if since.After(after) {
			return Tenant{}, false, true
		}
		c.absent.Remove(k)
	}
	return Tenant{}, false, false
}

func (c *cache) current() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// put keeps an answer that was read in an epoch, at a time; nil for none.
func (c *cache) put(epoch uint64, k key, tenant *Tenant, at time.Time) {
	k.name = strings.Clone(k.name) // not the request's buffer
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if tenant == nil {
		if c.absent.Contains(k) {
			c.absent.Remove(k)
		}
		c.used[ofAbsent] += bytesOfAbsent + len(k.name)
		c.absent.Add(k, at)
		c.trim()
		return
	}
	r, ok := c.tenants.Get(tenant.ID)
	if !ok || r.tenant != *tenant || len(r.keys) >= maxNames {
		c.tenants.Remove(tenant.ID)
		r = &record{tenant: *tenant, since: at}
		r.bytes = bytesOfRecord + len(tenant.Slug) + len(tenant.Name) + len(tenant.State) + len(tenant.Settings.text)
		c.used[ofTenants] += r.bytes
		c.tenants.Add(tenant.ID, r)
	}
	// The record keeps its age: names that were read earlier refer to it.
	if _, has := c.names[k]; !has {
		r.keys = append(r.keys, k)
		r.bytes += bytesOfName + len(k.name)
		c.used[ofTenants] += bytesOfName + len(k.name)
		c.names[k] = tenant.ID
	}
	c.trim()
}

func (c *cache) trim() {
	for c.used[ofTenants] > c.max[ofTenants] {
		c.tenants.RemoveOldest()
	}
	for c.used[ofAbsent] > c.max[ofAbsent] {
		c.absent.RemoveOldest()
	}
}

// forget drops a tenant and names.
func (c *cache) forget(tenant uuid.UUID, keys ...key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.tenants.Remove(tenant)
	c.absent.Remove(key{kindID, tenant.String()})
	for _, k := range keys {
		if id, ok := c.names[k]; ok {
			c.tenants.Remove(id)
		}
		c.absent.Remove(k)
	}
}

// flush drops everything.
func (c *cache) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.tenants.Purge()
	c.absent.Purge()
}
