package registry_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// listening opens a registry as another process would, one that listens.
func listening(t *testing.T, w *world, config registry.Config) (*world, <-chan error) {
	t.Helper()
	told := make(chan error, 100)
	config.OnListen = func(err error) { told <- err }
	config.CacheTTL = time.Hour
	other := openWorldOn(t, w.place, w.dsn, config)
	until, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- other.Listen(until) }()
	t.Cleanup(func() {
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.False(t, other.IsListening())
	})
	require.NoError(t, receive(t, told))
	require.True(t, other.IsListening())
	return other, told
}

func receive(t *testing.T, told <-chan error) error {
	t.Helper()
	select {
	case err := <-told:
		return err
	case <-time.After(20 * time.Second):
		require.FailNow(t, "nobody was told")
		return nil
	}
}

const soon, often = time.Second, 5 * time.Millisecond

func TestAnotherProcessHearsOfAChangeWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	other, _ := listening(t, w, registry.Config{})
	see := func() registry.State {
		found, err := other.LookupDomain(ctx, "acme.example.com")
		if errors.Is(err, registry.ErrNotFound) {
			return ""
		}
		require.NoError(t, err)
		return found.State
	}
	require.Equal(t, registry.Active, see())
	_, err := other.LookupSlug(ctx, "late")
	require.ErrorIs(t, err, registry.ErrNotFound)
	before := other.queries.Load()
	require.Equal(t, registry.Active, see())
	assert.Zero(t, other.queries.Load()-before)

	_, err = w.Suspend(ctx, acme.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return see() == registry.Suspended }, soon, often)
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return see() == "" }, soon, often)
	_, err = w.Resume(ctx, acme.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return see() == registry.Active }, soon, often)
	require.NoError(t, w.RemoveDomain(ctx, acme.ID, "acme.example.com"))
	require.Eventually(t, func() bool { return see() == "" }, soon, often)
	w.provision(t, "late")
	require.Eventually(t, func() bool { _, err := other.LookupSlug(ctx, "late"); return err == nil }, soon, often,
		"that it was not there is forgotten")

	// What goes past the registry is heard of when somebody says so.
	require.NoError(t, w.as(acme).Model(&registry.Tenant{}).Where("true").Update("name", "Past").Error)
	_, err = other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	require.NoError(t, w.Forget(ctx, acme.ID))
	require.Eventually(t, func() bool { found, _ := other.LookupSlug(ctx, "acme"); return found.Name == "Past" }, soon, often)
}

// What is rolled back is told to nobody.
func TestAChangeThatFailsIsNotHeardOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	w.provision(t, "acme")
	other, _ := listening(t, w, registry.Config{})
	_, err := other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	_, err = w.Provision(ctx, registry.NewTenant{Slug: "acme", Owner: "u"})
	require.ErrorIs(t, err, registry.ErrTaken)
	time.Sleep(100 * time.Millisecond)
	before := other.queries.Load()
	_, err = other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.Zero(t, other.queries.Load()-before)
}

const sqlKillListeners = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'LISTEN %' AND pid <> pg_backend_pid()`

// The listener's connection is killed, and the domain is removed before it is
// back: nobody is told, and the other process does not go on with what it knew.
func TestAListenerThatDropsForgetsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	other, told := listening(t, w, registry.Config{})
	role, err := sql.Open("pgx", w.dsn) // which sees its own sessions' queries
	require.NoError(t, err)
	defer func() { require.NoError(t, role.Close()) }()
	for round := range 3 {
		_, err := other.LookupDomain(ctx, "acme.example.com")
		require.NoError(t, err)
		var killed int
		require.NoError(t, role.QueryRow(sqlKillListeners).Scan(&killed))
		require.Equal(t, 1, killed)
		if round == 2 {
			require.NoError(t, w.RemoveDomain(ctx, acme.ID, "acme.example.com"))
			require.Eventually(t, func() bool {
				_, err := other.LookupDomain(ctx, "acme.example.com")
				return errors.Is(err, registry.ErrNotFound)
			}, soon, often)
		}
		require.Error(t, receive(t, told), "why it stopped")
		require.NoError(t, receive(t, told), "that it is back")
	}
	// And it hears again.
	_, err = other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := other.LookupSlug(ctx, "acme")
		return errors.Is(err, registry.ErrNotFound)
	}, soon, often)
}

// A quiet connection is tried now and then, and goes on listening.
func TestAListenerOutlastsItsHeartbeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	other, told := listening(t, w, registry.Config{Heartbeat: 20 * time.Millisecond})
	time.Sleep(200 * time.Millisecond)
	assert.Empty(t, told)
	_, err := other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	_, err = w.Archive(ctx, acme.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := other.LookupSlug(ctx, "acme")
		return errors.Is(err, registry.ErrNotFound)
	}, soon, often)
}

// A listener needs nothing of a pool that has one connection.
func TestAListenerLeavesThePoolAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	other, _ := listening(t, w, registry.Config{})
	pool, err := other.db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	assert.Zero(t, pool.Stats().InUse)
	tenant := other.provision(t, "acme")
	require.NoError(t, other.as(tenant).Create(&Label{Text: "x"}).Error)
	err = other.Listen(ctx)
	require.ErrorIs(t, err, registry.ErrInvalid, "one is enough")
}

// Anybody who may connect can send; a listener forgets, and that is all.
func TestAForgedNotificationMakesItForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	acme := w.provision(t, "acme")
	other, _ := listening(t, w, registry.Config{})
	for _, payload := range []string{"", "id", "id x", "host", "host \n", "slug acme", "id " + acme.ID.String(), "nonsense nonsense"} {
		_, err := other.LookupSlug(ctx, "acme")
		require.NoError(t, err)
		require.NoError(t, w.db.WithContext(tenancy.Bypass(ctx, "test")).Exec("SELECT pg_notify('tenancy_registry', ?)", payload).Error)
	}
	time.Sleep(50 * time.Millisecond)
	found, err := other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.Equal(t, acme.ID, found.ID)
	assert.True(t, other.IsListening())
}

// otherDriver is a driver that is not known to be pgx.
type otherDriver struct{ driver.Connector }

func (d otherDriver) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := d.Connector.Connect(ctx)
	return struct{ driver.Conn }{conn}, err
}

func TestAnotherDriverHasNoNotifications(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(tenancytest.Postgres(t).DSN)
	require.NoError(t, err)
	pool := sql.OpenDB(otherDriver{stdlib.GetConnector(*config)})
	defer func() { require.NoError(t, pool.Close()) }()
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	reg, err := registry.New(db, registry.Config{})
	require.NoError(t, err)
	require.ErrorIs(t, reg.Listen(ctx), registry.ErrNoNotifications)
	assert.False(t, reg.IsListening())
}
