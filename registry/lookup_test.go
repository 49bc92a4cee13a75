package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
	"github.com/gorm-tenancy/tenancy/registry"
)

// It counts allocations, and so runs by itself.
func TestLookupsThatAreCachedSendNothing(t *testing.T) {
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	acme := w.provision(t, "acme")
	settings, err := registry.NewSettings(map[string]string{"theme": strings.Repeat("x", 1000)})
	require.NoError(t, err)
	_, err = w.Configure(ctx, acme.ID, func(registry.Settings) (registry.Settings, error) { return settings, nil })
	require.NoError(t, err)
	_, err = w.AddDomain(ctx, acme.ID, "münchen.de")
	require.NoError(t, err)
	_, err = w.VerifyDomain(ctx, acme.ID, "münchen.de", proven)
	require.NoError(t, err)
	id := acme.ID.String()
	lookups := map[string]func() error{
		"domain":               func() error { _, err := w.LookupDomain(ctx, "acme.example.com"); return err },
		"domain with a port":   func() error { _, err := w.LookupDomain(ctx, "acme.example.com:8443"); return err },
		"domain in capitals":   func() error { _, err := w.LookupDomain(ctx, "Acme.Example.com."); return err },
		"domain, encoded":      func() error { _, err := w.LookupDomain(ctx, "xn--mnchen-3ya.de:443"); return err },
		"encoded, that is not": func() error { _, err := w.LookupDomain(ctx, "xn--strae-oqa.de"); return isNotFound(err) },
		"slug":                 func() error { _, err := w.LookupSlug(ctx, "acme"); return err },
		"id":                   func() error { _, err := w.LookupID(ctx, id); return err },
		"domain that is not":   func() error { _, err := w.LookupDomain(ctx, "nobody.example.com"); return isNotFound(err) },
		"slug that is not":     func() error { _, err := w.LookupSlug(ctx, "nobody"); return isNotFound(err) },
		"id that is not":       func() error { _, err := w.LookupID(ctx, uuid.NewString()[:35]+"0"); return isNotFound(err) },
	}
	for name, lookup := range lookups {
		require.NoError(t, lookup(), name)
	}
	delete(lookups, "id that is not")
	before := w.queries.Load()
	for name, lookup := range lookups {
		allocs := testing.AllocsPerRun(100, func() {
			if err := lookup(); err != nil {
				panic(err)
			}
		})
		assert.LessOrEqual(t, allocs, budget(2), name)
		t.Logf("%s: %v allocations", name, allocs)
	}
	assert.Zero(t, w.queries.Load()-before)
}

// A request's tenant costs what any value in its context does: the context, and the
// request that refers to it.
func TestRequestsCost(t *testing.T) {
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	acme := w.provision(t, "acme")
	chain := middleware.New(middleware.Config[registry.Tenant]{
		AllowStrangers: true,
		Suspended:      func(tenant registry.Tenant) bool { return tenant.IsSuspended() },
	}, middleware.Subdomain("example.com", w.LookupSlug))
	r := httptest.NewRequest(http.MethodGet, "http://acme.example.com:8080/", nil)
	answer := http.Header{}
	resolve := func() {
		scoped, err := chain.Resolve(answer, r)
		if err != nil {
			panic(err)
		}
		if _, ok := tenancy.From(scoped.Context()); !ok {
			panic("no scope")
		}
		clear(answer)
	}
	resolve()
	before := w.queries.Load()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, resolve), budget(2))
	assert.Zero(t, w.queries.Load()-before)
	scoped, err := chain.Resolve(answer, r)
	require.NoError(t, err)
	tenant, _ := middleware.From[registry.Tenant](scoped.Context())
	assert.Equal(t, acme.ID, tenant.ID)
}

func isNotFound(err error) error {
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("not ErrNotFound: %w", err)
}

func TestWhatCannotBeAnIDIsNotLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	id := acme.ID.String()
	before := w.queries.Load()
	for reason, text := range map[string]string{
		"empty": "", "zero": uuid.Nil.String(), "no hyphens": strings.ReplaceAll(id, "-", ""), "a URN": "urn:uuid:" + id,
		"braces": "{" + id + "}", "a space": id + " ", "short": id[:35], "NUL": id[:35] + "\x00", "a slug": "acme", "long": strings.Repeat(id, 1000),
	} {
		_, err := w.LookupID(ctx, text)
		assert.ErrorIs(t, err, registry.ErrNotFound, reason)
	}
	for _, host := range []string{"", "acme", "[::1]", "127.0.0.1:80", "a b.org", strings.Repeat("a.", 1<<20)} {
		_, err := w.LookupDomain(ctx, host)
		assert.ErrorIs(t, err, registry.ErrNotFound)
		_, err = w.LookupSlug(ctx, host+".")
		assert.ErrorIs(t, err, registry.ErrNotFound)
	}
	assert.Zero(t, w.queries.Load()-before, "nothing of it reaches the database")
	found, err := w.LookupID(ctx, strings.ToUpper(id))
	require.NoError(t, err)
	assert.Equal(t, acme.ID, found.ID)
}

func TestManyWhoAskAtOnceAskTheDatabaseOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	w.provision(t, "acme")
	before := w.queries.Load()
	errs := atOnce(50, func(i int) error {
		_, err := w.LookupSlug(ctx, "acme")
		return err
	})
	require.NoError(t, errors.Join(errs...))
	assert.LessOrEqual(t, w.queries.Load()-before, int64(2), "one for the name and one for the tenant")
}

// Who gives up waiting takes nobody along.
func TestALookupOutlivesTheRequestThatBeganIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	w.provision(t, "acme")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := w.LookupSlug(gone, "acme")
	if err != nil {
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, registry.ErrNotFound)
	}
	_, err = w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
}

// A database that does not answer is no tenant that is not there.
func TestAnErrorIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	w.provision(t, "acme")
	var down atomic.Bool
	broken := errors.New("the database is down")
	db, err := gorm.Open(w.place.open(t, w.dsn), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{OnBypass: func(context.Context, tenancy.BypassUse) error {
		if down.Load() {
			return broken
		}
		return nil
	}})))
	reg, err := registry.New(db, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	require.NoError(t, err)
	down.Store(true)
	for range 2 {
		_, err = reg.LookupSlug(ctx, "acme")
		require.ErrorIs(t, err, broken)
		require.NotErrorIs(t, err, registry.ErrNotFound)
	}
	down.Store(false)
	_, err = reg.LookupSlug(ctx, "acme")
	require.NoError(t, err, "the error was not kept")
}

// Who waits for longer than they may gets their context's error.
func TestALookupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	w.provision(t, "acme")
	pool, err := w.db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	held, err := pool.Conn(ctx)
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = w.LookupSlug(short, "acme")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, held.Close())
	_, err = w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
}

// A lookup that read before a change and comes back after it is not kept, and who
// asks after the change does not wait for it.
func TestAnAnswerThatAChangeOvertookIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{BlindTTL: time.Hour, CacheTTL: time.Hour})
	acme := w.provision(t, "acme")
	var hold atomic.Bool
	holds, release := make(chan struct{}), make(chan struct{})
	require.NoError(t, w.db.Callback().Query().After("gorm:query").Register("test:hold", func(db *gorm.DB) {
		if db.Statement.Table == "tenants" && hold.CompareAndSwap(true, false) {
			close(holds)
			<-release
		}
	}))
	hold.Store(true)
	slow := make(chan error, 1)
	go func() {
		_, err := w.LookupSlug(ctx, "acme")
		slow <- err
	}()
	<-holds
	_, err := w.Suspend(ctx, acme.ID)
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	found, err := w.LookupSlug(short, "acme")
	require.NoError(t, err, "it waits for nobody")
	assert.True(t, found.IsSuspended())
	w.Flush() // so that the slow one finds its place empty
	close(release)
	require.NoError(t, <-slow)
	found, err = w.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.True(t, found.IsSuspended(), "what was read before the change is not kept")
}

func TestWithoutNotificationsAnAnswerIsShortLived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	other := openWorld(t, w.dsn, registry.Config{})
	_, err := other.LookupDomain(ctx, "acme.example.com")
	require.NoError(t, err)
	_, err = other.LookupSlug(ctx, "late")
	require.ErrorIs(t, err, registry.ErrNotFound)
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "acme.example.com"))
	w.provision(t, "late")
	other.clock.advance(501 * time.Millisecond)
	_, err = other.LookupDomain(ctx, "acme.example.com")
	require.ErrorIs(t, err, registry.ErrNotFound)
	_, err = other.LookupSlug(ctx, "late")
	require.NoError(t, err)
}

func TestNothingIsKeptWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for reason, config := range map[string]registry.Config{"no time": {BlindTTL: -1}, "no memory": {CacheBytes: -1, BlindTTL: time.Hour}} {
		w := newWorld(t, config)
		w.provision(t, "acme")
		for range 2 {
			before := w.queries.Load()
			_, err := w.LookupSlug(ctx, "acme")
			require.NoError(t, err)
			assert.EqualValues(t, 2, w.queries.Load()-before, reason)
		}
	}
}
