package main

import (
	"context"
	"sync"
	"time"

	"github.com/gorm-tenancy/tenancy/registry"
)

const (
	maxKnown   = 10_000      // slugs that are remembered
	maxWaiting = time.Second // for a lookup of a name that nobody has had yet
)

// lookups finds tenants by their slugs. A name that was no tenant's so far waits for the
// others of its kind, so that they never take all of the registry's connections from
// the tenants that there are. It is safe for concurrent use.
type lookups struct {
	tenants *registry.Registry
	slots   chan struct{} // of names that are not known
	mu      sync.Mutex
	known   map[string]bool
}

func newLookups(tenants *registry.Registry) *lookups {
	return &lookups{tenants: tenants, slots: make(chan struct{}, lookupConns/2), known: map[string]bool{}}
}

// bySlug is a middleware.Lookup.
func (l *lookups) bySlug(ctx context.Context, slug string) (registry.Tenant, error) {
	if l.knows(slug) {
		return l.tenants.LookupSlug(ctx, slug)
	}
	wait, cancel := context.WithTimeout(ctx, maxWaiting)
	defer cancel()
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-wait.Done():
		return registry.Tenant{}, wait.Err()
	}
	tenant, err := l.tenants.LookupSlug(ctx, slug)
	if err == nil {
		l.remember(slug)
	}
	return tenant, err
}

func (l *lookups) knows(slug string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[slug]
}

func (l *lookups) remember(slug string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= maxKnown {
		clear(l.known)
	}
	l.known[slug] = true
}
