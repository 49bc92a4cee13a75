package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
)

// An Adapter builds a server of a web framework for [RunAdapter]. Each request,
// whatever its method and path, passes the adapter under test with the chain and
// then reaches next, with the request that the framework's handlers see. Around
// the adapter stands a middleware of the framework that calls after with the
// framework's request when the adapter has returned or panicked.
type Adapter func(chain *middleware.Chain[string], next http.Handler, after func(*http.Request)) http.Handler

// RunAdapter checks that a web framework's adapter gives each request its own
// tenant and no other, and leaves none behind where a framework uses its objects
// again: two tenants at the same time, a thousand requests each, refused ones
// among them, against a database of [Postgres]. With -short it is a hundred.
func RunAdapter(t *testing.T, adapter Adapter) {
	t.Helper()
	t.Run("concurrent", func(t *testing.T) {
		t.Parallel()
		newAdapterTest(t, adapter).concurrent(t)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		newAdapterTest(t, adapter).refused(t)
	})
	t.Run("panic", func(t *testing.T) {
		t.Parallel()
		newAdapterTest(t, adapter).panics(t)
	})
	t.Run("outlived", func(t *testing.T) {
		t.Parallel()
		newAdapterTest(t, adapter).outlived(t)
	})
}

// adapterNote is the tenants' row of the adapters' tests.
type adapterNote struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Body string
}

// adapterTest is a server with an adapter, and what was seen in it.
type adapterTest struct {
	server   http.Handler
	db       *gorm.DB     // of concurrent alone
	next     http.Handler // set before the first request
	reached  atomic.Int64 // how often next was
	returned atomic.Int64 // how often the adapter has
	left     atomic.Int64 // how often it left a tenant behind
}

const adapterHeader = "X-Tenant"

// The names that the lookup of the adapters' tests knows, besides any other, which
// is a tenant.
const (
	adapterUnknown   = "unknown"
	adapterSuspended = "suspended"
	adapterStranger  = "stranger"
	adapterBroken    = "broken"
)

func newAdapterTest(t *testing.T, adapter Adapter) *adapterTest {
	t.Helper()
	a := &adapterTest{}
	chain := middleware.New(middleware.Config[string]{
		Member:    func(_ *http.Request, tenant string) (bool, error) { return tenant != adapterStranger, nil },
		Suspended: func(tenant string) bool { return tenant == adapterSuspended },
	}, middleware.Header(adapterHeader, func(_ context.Context, key string) (string, error) {
		switch key {
		case adapterUnknown:
			return "", middleware.ErrUnknown
		case adapterBroken:
			return "", errors.New("the lookup is broken")
		}
		return key, nil
	}))
	a.server = adapter(chain, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.reached.Add(1)
		a.next.ServeHTTP(w, r)
	}), func(r *http.Request) {
		a.returned.Add(1)
		if _, ok := tenancy.From(r.Context()); ok {
			a.left.Add(1)
		}
	})
	return a
}

// check reports what the adapter left behind, and that it was asked at all.
func (a *adapterTest) check(t *testing.T, reached, returned int64) {
	t.Helper()
	if got := a.reached.Load(); got != reached {
		t.Errorf("the handler was reached %d times, want %d", got, reached)
	}
	if got := a.returned.Load(); got != returned {
		t.Errorf("after was called %d times, want %d", got, returned)
	}
	if left := a.left.Load(); left != 0 {
		t.Errorf("a tenant was left in the framework's request %d times", left)
	}
}

func (a *adapterTest) concurrent(t *testing.T) {
	t.Helper()
	requests := 1000
	if testing.Short() {
		requests = 100
	}
	const workers = 4 // a tenant
	a.db = adapterDB(t)
	a.next = http.HandlerFunc(a.note)
	server := httptest.NewServer(a.server)
	t.Cleanup(server.Close)
	client := server.Client()
	client.Timeout = time.Minute

	var group sync.WaitGroup
	for _, tenant := range []string{"acme", "globex"} {
		for range workers {
			group.Go(func() {
				for range requests / workers {
					if err := request(client, server.URL, tenant, http.StatusOK, tenant+" only\n"); err != nil {
						t.Error(err)
						return
					}
					if err := request(client, server.URL, adapterUnknown, http.StatusNotFound, ""); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	group.Wait()
	a.check(t, int64(2*requests), int64(4*requests))
	for _, tenant := range []string{"acme", "globex"} {
		var count int64
		ctx := tenancy.With(t.Context(), tenant)
		if err := a.db.WithContext(ctx).Model(&adapterNote{}).Count(&count).Error; err != nil {
			t.Fatal(err)
		}
		if count != int64(requests) {
			t.Errorf("%s has %d rows after %d requests", tenant, count, requests)
		}
	}
}

// note writes a row without naming the tenant, and reads the last ones.
func (a *adapterTest) note(w http.ResponseWriter, r *http.Request) {
	tenant := r.Header.Get(adapterHeader)
	db := a.db.WithContext(r.Context())
	var notes []adapterNote
	err := errors.Join(db.Create(&adapterNote{Body: tenant}).Error, db.Order("id DESC").Limit(5).Find(&notes).Error)
	if err != nil || len(notes) == 0 {
		http.Error(w, fmt.Sprintf("%d rows: %v", len(notes), err), http.StatusInternalServerError)
		return
	}
	for _, n := range notes {
		if n.TenantID != tenant || n.Body != tenant {
			http.Error(w, "a row of "+n.TenantID+" saying "+n.Body, http.StatusInternalServerError)
			return
		}
	}
	_, _ = fmt.Fprintln(w, tenant, "only")
}

func adapterDB(t *testing.T) *gorm.DB {
	t.Helper()
	database := Postgres(t)
	open := func(dsn string) *gorm.DB {
		db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			t.Fatal(err)
		}
		pool, err := db.DB()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pool.Close() })
		if err := db.Use(tenancy.New(tenancy.Config{Models: []any{&adapterNote{}}})); err != nil {
			t.Fatal(err)
		}
		return db
	}
	if err := open(database.OwnerDSN).AutoMigrate(&adapterNote{}); err != nil {
		t.Fatal(err)
	}
	return open(database.DSN)
}

func (a *adapterTest) refused(t *testing.T) {
	t.Helper()
	a.next = http.NotFoundHandler()
	tests := []struct {
		tenants []string
		status  int
		reason  string
	}{
		{nil, http.StatusNotFound, "no tenant"},
		{[]string{""}, http.StatusBadRequest, "an empty name"},
		{[]string{"acme", "globex"}, http.StatusBadRequest, "two names"},
		{[]string{"../acme"}, http.StatusBadRequest, "a name that is none"},
		{[]string{adapterUnknown}, http.StatusNotFound, "an unknown tenant"},
		{[]string{adapterStranger}, http.StatusNotFound, "a tenant of others"},
		{[]string{adapterSuspended}, http.StatusForbidden, "a suspended tenant"},
		{[]string{adapterBroken}, http.StatusServiceUnavailable, "a broken lookup"},
	}
	answers := map[int]string{}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/path", nil)
		r.Header[adapterHeader] = tt.tenants
		w := httptest.NewRecorder()
		a.server.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d", tt.reason, w.Code, tt.status)
		}
		answer := fmt.Sprint(w.Header(), w.Body)
		if first, ok := answers[tt.status]; ok && first != answer {
			t.Errorf("%s: the answer differs from others with status %d:\n%s\n%s", tt.reason, tt.status, first, answer)
		}
		answers[tt.status] = answer
		if got := w.Header()["Vary"]; len(got) != 1 || got[0] != adapterHeader {
			t.Errorf("%s: Vary is %q, want %s", tt.reason, got, adapterHeader)
		}
	}
	a.check(t, 0, int64(len(tests)))
}

func (a *adapterTest) panics(t *testing.T) {
	t.Helper()
	a.next = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if scope, _ := tenancy.From(r.Context()); scope.Err() != nil {
			t.Error(scope.Err())
		}
		panic(http.ErrAbortHandler)
	})
	func() {
		defer func() { _ = recover() }() // a framework may have done so before
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(adapterHeader, "acme")
		a.server.ServeHTTP(httptest.NewRecorder(), r)
	}()
	a.check(t, 1, 1)
}

// outlived looks at a request's context when it has long been answered, and others
// were served after it.
func (a *adapterTest) outlived(t *testing.T) {
	t.Helper()
	const requests = 50
	var mu sync.Mutex
	kept := map[context.Context]string{}
	a.next = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		kept[r.Context()] = r.Header.Get(adapterHeader)
	})
	for i := range requests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(adapterHeader, fmt.Sprint("tenant-", i))
		a.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(kept) != requests {
		t.Errorf("%d contexts for %d requests", len(kept), requests)
	}
	for ctx, tenant := range kept {
		scope, _ := tenancy.From(ctx)
		if got, _ := scope.Tenant(); got != tenant {
			t.Errorf("the context of %s is now %q's", tenant, got)
		}
		if got, _ := middleware.From[string](ctx); got != tenant {
			t.Errorf("the tenant of %s is now %q", tenant, got)
		}
	}
	a.check(t, requests, requests)
}

// request sends one request, and compares the answer's body unless want is empty.
func request(client *http.Client, url, tenant string, status int, want string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set(adapterHeader, tenant)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != status || want != "" && string(body) != want {
		return fmt.Errorf("%s: status %d, %s", tenant, answer.StatusCode, body)
	}
	return nil
}
