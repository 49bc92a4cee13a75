//go:build cgo

package sqlguard

import (
	"container/list"
	"hash/maphash"
	"sync"
)

const (
	defaultEntries = 2048
	bytesPerEntry  = 8 << 10
	cacheShards    = 16
	planOverhead   = 512 // of an entry besides its texts, about
)

// cache keeps rewritten texts. When there are too many, or they take too many
// bytes, the least recently used go first.
type cache struct {
	seed   maphash.Seed
	shards []shard
}

type shard struct {
	mu           sync.Mutex
	entries      map[shape]*list.Element
	order        list.List // of *entry, the most recently used first
	bytes        int
	maxEntries   int
	maxBytes     int
	hits, misses uint64
}

type entry struct {
	key  shape
	plan *plan
	size int
}

func newCache(entries int) *cache {
	n := cacheShards
	if entries < 8*cacheShards {
		n = 1 // small ones hold exactly what they say
	}
	c := &cache{seed: maphash.MakeSeed(), shards: make([]shard, n)}
	for i := range c.shards {
		c.shards[i].maxEntries = entries / n
		c.shards[i].maxBytes = entries / n * bytesPerEntry
		c.shards[i].entries = map[shape]*list.Element{}
	}
	return c
}

func (c *cache) shard(key *shape) *shard {
	if len(c.shards) == 1 {
		return &c.shards[0]
	}
	return &c.shards[maphash.String(c.seed, key.sql)%uint64(len(c.shards))]
}

func (c *cache) get(key shape) (*plan, bool) {
	s := c.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	element, ok := s.entries[key]
	if !ok {
		s.misses++
		return nil, false
	}
	s.hits++
	s.order.MoveToFront(element)
	return element.Value.(*entry).plan, true
}

// put keeps a plan, unless it alone would take an eighth of the cache.
func (c *cache) put(key shape, p *plan) {
	s := c.shard(&key)
	size := len(key.sql) + len(p.sql) + planOverhead
	if s.maxEntries <= 0 || size > s.maxBytes/8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, ok := s.entries[key]; ok {
		e := element.Value.(*entry)
		s.bytes += size - e.size
		e.plan, e.size = p, size
		s.order.MoveToFront(element)
	} else {
		s.entries[key] = s.order.PushFront(&entry{key: key, plan: p, size: size})
		s.bytes += size
	}
	for s.bytes > s.maxBytes || len(s.entries) > s.maxEntries {
		last := s.order.Back()
		e := last.Value.(*entry)
		s.order.Remove(last)
		delete(s.entries, e.key)
		s.bytes -= e.size
	}
}

func (c *cache) stats() (total Stats) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		total.Hits += s.hits
		total.Misses += s.misses
		total.Size += len(s.entries)
		total.Bytes += s.bytes
		s.mu.Unlock()
	}
	return total
}
