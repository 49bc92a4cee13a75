package registry_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

// Models of an application.
type Project struct {
	tenancy.Model
	Title  string
	Tasks  []Task
	Labels []Label `gorm:"many2many:project_labels"`
}

type Task struct {
	tenancy.Model
	ProjectID uuid.UUID `gorm:"type:uuid"`
	ParentID  *uuid.UUID
	Parent    *Task
	Title     string
	DeletedAt gorm.DeletedAt
}

type Label struct {
	tenancy.Model
	Text string
}

var appModels = []any{&Project{}, &Task{}, &Label{}}

// world is a database with a registry.
type world struct {
	*registry.Registry
	db      *gorm.DB
	place   place
	dsn     string
	queries *atomic.Int64
	clock   *clock
}

// clock is a clock that tests set forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

var ctx = context.Background()

func open(t testing.TB, dsn string, queries *atomic.Int64) *gorm.DB {
	t.Helper()
	return openOn(t, flaggedPlace().open(t, dsn), counting{logger.Discard, queries})
}

func openOn(t testing.TB, dialector gorm.Dialector, log logger.Interface, models ...any) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(dialector, &gorm.Config{Logger: log})
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: models})))
	t.Cleanup(func() {
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		require.NoError(t, err)
	})
	return db
}

// counting counts the statements that are sent.
type counting struct {
	logger.Interface
	queries *atomic.Int64
}

func (c counting) LogMode(logger.LogLevel) logger.Interface { return c }

func (c counting) Trace(context.Context, time.Time, func() (string, int64), error) {
	c.queries.Add(1)
}

// newWorld migrates a new database and opens a registry on it, as a role that is
// not the owner of the tables.
func newWorld(t testing.TB, config registry.Config) *world {
	t.Helper()
	return newWorldOn(t, flaggedPlace(), config)
}

func newWorldOn(t testing.TB, p place, config registry.Config) *world {
	t.Helper()
	database := p.prepare(t, append(registry.Models(config.Account), appModels...))
	return openWorldOn(t, p, database.DSN, config)
}

// openWorld opens a registry as one more process would.
func openWorld(t testing.TB, dsn string, config registry.Config) *world {
	t.Helper()
	return openWorldOn(t, flaggedPlace(), dsn, config)
}

func openWorldOn(t testing.TB, p place, dsn string, config registry.Config) *world {
	t.Helper()
	w := &world{queries: new(atomic.Int64), place: p, dsn: dsn, clock: &clock{}}
	w.db = openOn(t, p.open(t, dsn), counting{logger.Discard, w.queries}, appModels...)
	if config.Models == nil {
		config.Models = appModels
	}
	config.Bases = []string{"example.com"}
	config.Now = w.clock.Now
	var err error
	w.Registry, err = registry.New(w.db, config)
	require.NoError(t, err)
	return w
}

func (w *world) provision(t testing.TB, slug string) registry.Tenant {
	t.Helper()
	tenant, err := w.Provision(ctx, registry.NewTenant{
		Slug: slug, Owner: "owner-of-" + slug, Domain: slug + ".example.com", DomainVerified: true,
	})
	require.NoError(t, err)
	return tenant
}

// as returns the application's handle, scoped to a tenant.
func (w *world) as(tenant registry.Tenant) *gorm.DB {
	return w.db.WithContext(tenancy.With(ctx, tenant))
}

// all returns a handle for what a test wants to see of all tenants.
func (w *world) all() *gorm.DB { return w.db.WithContext(tenancy.Bypass(ctx, "test")) }

// proven is a check that finds the challenge.
func proven(context.Context, string, string) error { return nil }
