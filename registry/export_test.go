package registry

// Flush drops what is cached.
func (r *Registry) Flush() { r.cache.flush() }

// CacheLen returns how many tenants and absent names are cached.
func (r *Registry) CacheLen() (tenants, absent int) {
	r.cache.mu.Lock()
	defer r.cache.mu.Unlock()
	return r.cache.tenants.Len(), r.cache.absent.Len()
}
