package main

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// The limits of what one visitor can take from the others.
const (
	maxBody     = 64 << 10         // bytes of a request's body
	maxHeader   = 16 << 10         // bytes of its header
	maxTime     = 10 * time.Second // for an answer, waiting for a connection included
	pageSize    = 50               // rows on a page
	maxAttempts = 30               // passwords a minute from one address
	maxVisitors = 10_000           // addresses that are counted apart
)

// The connections to the database. Lookups of hosts that nobody has wait for each
// other, and not members for them.
const (
	tenantConns = 8
	lookupConns = 4
	peopleConns = 4
)

var errTooMany = errors.New("too many attempts; try again in a minute")

// newServer returns a server that lets nobody hold a connection for long.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 2 * maxTime, IdleTimeout: time.Minute,
	}
}

// attempts counts who tries passwords, by the address that connects: behind a proxy,
// count by what it says of its client. It is safe for concurrent use.
type attempts struct {
	limit int
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

// allow reports whether the request may try a password.
func (a *attempts) allow(r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); now.Sub(a.since) > time.Minute {
		a.since, a.count = now, map[string]int{}
	}
	who := clientOf(r.RemoteAddr)
	if _, known := a.count[who]; !known && len(a.count) >= maxVisitors {
		who = "" // all others together
	}
	a.count[who]++
	return a.count[who] <= a.limit
}

// clientOf returns an address, or the network of one on IPv6, where a client has many.
func clientOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Unmap().Is4() {
		return host
	}
	network, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return network.String()
}

// limited refuses who tries too many passwords.
func (a *app) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || a.attempts.allow(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "60")
		a.answer(w, r, http.StatusTooManyRequests, errTooMany.Error())
	})
}
