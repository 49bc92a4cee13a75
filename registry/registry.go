package registry

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Config configures a [Registry]. The zero value is the safest one.
type Config struct {
	// Account is the application's own model of its tenants, as a pointer to its
	// zero value. Nil means *[Tenant].
	Account Account

	// Models are the application's models that hold tenants' rows. [Registry.Purge]
	// empties their tables, and they must be empty before a tenant is deleted. Nil
	// means that there are none. Rows in a table that is not listed but has the
	// tenant column still prevent the deletion.
	Models []any

	// Bases are the domains of the application itself, such as "example.com". No
	// tenant may claim them or their subdomains. Empty means none.
	Bases []string

	// Reserved are slugs that no tenant may have, in addition to [ReservedSlugs].
	// Empty means none.
	Reserved []string

	// Hold is how long other tenants cannot take a slug or a domain after it was
	// given up. Zero means 30 days. A negative value means not at all: the next
	// tenant then gets requests that were meant for the former one.
	Hold time.Duration

	// InvitationTTL is how long an invitation can be accepted. Zero means 7 days.
	InvitationTTL time.Duration

	// Before and After run around every operation that changes something, in
	// their order. Empty means none.
	Before, After []Hook

	// CacheBytes bounds the memory of the cache of lookups. Zero means 32 MiB; a
	// negative value means that nothing is cached.
	CacheBytes int

	// MaxLookups is how many lookups read from the database at a time, each with one
	// connection of the pool. Keep it below the pool's own limit, so that requests
	// for made-up hosts leave connections to the tenants. A further lookup waits for
	// a second and then fails with [ErrBusy]. Zero means 16.
	MaxLookups int

	// CacheTTL is how long a lookup's answer is kept while notifications of
	// changes arrive; see [Registry.Listen]. Zero means a minute.
	CacheTTL time.Duration

	// BlindTTL is how long an answer is kept while notifications do not arrive:
	// without Listen, on SQLite, and while the listener connects again. Zero means
	// 500 ms; a negative value means that it is not kept.
	BlindTTL time.Duration

	// Heartbeat is how often [Registry.Listen] checks its connection. Zero means 10
	// seconds.
	Heartbeat time.Duration

	// OnListen is called with nil when notifications begin to arrive, and with the
	// reason when they do not arrive. Nil means that nothing is called.
	OnListen func(error)

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Registry keeps tenants, their domains and their members. It is made by [New]
// and safe for concurrent use.
//
// Every method takes a context. A context that is scoped to a tenant reaches only
// that tenant: lookups find no other, and an operation that concerns another tenant,
// or all tenants, fails with tenancy.ErrTenantMismatch. Use a context without a
// scope, or, on purpose, one of tenancy.Bypass.
type Registry struct {
	db      *gorm.DB
	config  Config
	plugin  *tenancy.Plugin
	account reflect.Type // what Config.Account points to
	own     []modelTable // of the registry itself, but for tenants and names
	tables  []modelTable // of Config.Models
	cache   *cache
	flights *flights

	listens atomic.Bool // a Listen runs
	hears   atomic.Bool // notifications arrive
}

// Models returns the models of the registry's own tables, to be migrated and to be
// listed in tenancy.Config.Models. The first is account, the model of the tenants;
// nil stands for *[Tenant].
func Models(account Account) []any {
	if account == nil {
		account = &Tenant{}
	}
	return []any{account, &Domain{}, &Member{}, &Invitation{}, &claim{}}
}

// New returns a registry. The handle must use the tenancy plugin and a primary
// server: a replica may answer lookups with outdated rows. New sends nothing. An
// error names the wrong field; a handle that does not scope its statements is
// [ErrInvalid].
//
// The plugin's modes do not apply to the registry: all of its statements are
// enforced, see [tenancy.WithEnforcement]. So are the statements of hooks and visits
// under the context that they get.
func New(db *gorm.DB, config Config) (*Registry, error) {
	if err := tenancy.Installed(db); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	plugin, ok := db.Plugins[(*tenancy.Plugin)(nil).Name()].(*tenancy.Plugin)
	if !ok {
		return nil, fmt.Errorf("%w: the handle does not use the tenancy plugin: call db.Use first", ErrInvalid)
	}
	if _, inTransaction := db.Statement.ConnPool.(gorm.TxCommitter); inTransaction {
		return nil, fmt.Errorf("%w: the handle is a transaction", ErrInvalid)
	}
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Registry{
		db: db.Session(&gorm.Session{NewDB: true, Context: context.Background()}), config: config, plugin: plugin,
		account: reflect.TypeOf(config.Account).Elem(), cache: newCache(config.CacheBytes),
		flights: newFlights(config.MaxLookups),
	}
	if err := r.checkModels(); err != nil {
		return nil, err
	}
	if err := r.checkScoped(); err != nil {
		return nil, err
	}
	return r, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.Account == nil {
		c.Account = &Tenant{}
	}
	if v := reflect.ValueOf(c.Account); v.Kind() != reflect.Pointer || v.Type().Elem().Kind() != reflect.Struct {
		return c, fmt.Errorf("%w: Config.Account is no pointer to a struct", ErrInvalid)
	}
	c.Bases, c.Reserved = slices.Clone(c.Bases), slices.Clone(c.Reserved)
	for i, base := range c.Bases {
		normal, err := NormalizeHost(base)
		if err != nil {
			return c, fmt.Errorf("Config.Bases[%d]: %w", i, err)
		}
		c.Bases[i] = normal
	}
	for i, slug := range c.Reserved {
		normal, err := NormalizeSlug(slug)
		if err != nil {
			return c, fmt.Errorf("Config.Reserved[%d]: %w", i, err)
		}
		c.Reserved[i] = normal
	}
	for _, field := range []struct {
		value    *time.Duration
		standard time.Duration
		positive bool
		name     string
	}{
		{&c.Hold, 30 * 24 * time.Hour, false, "Hold"},
		{&c.InvitationTTL, 7 * 24 * time.Hour, true, "InvitationTTL"},
		{&c.CacheTTL, time.Minute, true, "CacheTTL"},
		{&c.BlindTTL, 500 * time.Millisecond, false, "BlindTTL"},
		{&c.Heartbeat, 10 * time.Second, true, "Heartbeat"},
	} {
		if *field.value == 0 {
			*field.value = field.standard
		}
		if field.positive && *field.value < 0 {
			return c, fmt.Errorf("%w: Config.%s is negative", ErrInvalid, field.name)
		}
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = 32 << 20
	}
	if c.MaxLookups < 0 {
		return c, fmt.Errorf("%w: Config.MaxLookups is negative", ErrInvalid)
	}
	if c.MaxLookups == 0 {
		c.MaxLookups = 16
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// checkModels registers the models with the plugin, and checks that each belongs to
// tenants.
func (r *Registry) checkModels() error {
	for _, model := range Models(r.config.Account) {
		if _, err := r.plugin.Table(model); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	stmt := &gorm.Statement{DB: r.db}
	if err := stmt.Parse(r.config.Account); err != nil {
		return err
	}
	known, err := r.plugin.Table(r.config.Account)
	if err != nil {
		return err
	}
	keys := stmt.Schema.PrimaryFields
	if len(keys) != 1 || keys[0].DBName != known.Column || keys[0].IndirectFieldType != reflect.TypeFor[uuid.UUID]() {
		return fmt.Errorf("%w: Config.Account needs one primary key, a uuid.UUID that is marked `tenancy:\"tenant\"`", ErrInvalid)
	}
	if r.own, err = r.ownTables(); err == nil {
		r.tables, err = r.modelTables()
	}
	return err
}

func (r *Registry) now() time.Time { return r.config.Now().UTC().Truncate(time.Microsecond) }

func (r *Registry) newAccount() Account {
	account, _ := reflect.New(r.account).Interface().(Account)
	return account
}
