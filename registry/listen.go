package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// channel carries the notifications of changes. Everyone who may connect to the
// database may listen to it and send to it. So a notification only names a
// tenant, slug or host, and only makes listeners forget their answers for it.
const channel = "tenancy_registry"

const (
	sqlListen = `LISTEN "%s"`
	sqlNotify = `SELECT pg_notify($1, $2)`

	firstRetry = 50 * time.Millisecond
	lastRetry  = 15 * time.Second
	patience   = 5 * time.Second // with one round trip
)

// Listen makes this process forget cached answers that other processes change. It
// runs until the context ends and returns its error: start it in a goroutine of
// its own. It needs PostgreSQL through pgx, as in GORM's driver. It opens one
// connection beside the pool, with the same settings.
//
// While notifications arrive, changes by any registry are seen at once; changes
// of the tables past the registry are seen after [Config.CacheTTL]. When they
// stop arriving, the cache is emptied and Listen connects again. Until it has,
// lookups are no older than [Config.BlindTTL]. Listen tests once for each
// connection, through the pool, that notifications arrive, and every
// [Config.Heartbeat] that the connection works. [Config.OnListen] is called with
// each change.
//
// On SQLite, with another driver, and while another Listen runs, it returns
// [ErrNoNotifications] or [ErrInvalid] at once. When Config.OnListen panics, it
// returns a [*PanicError].
func (r *Registry) Listen(ctx context.Context) error {
	pool, err := r.db.DB()
	if err != nil {
		return err
	}
	if r.db.Name() != "postgres" {
		return fmt.Errorf("%w: %s has none", ErrNoNotifications, r.db.Name())
	}
	if !r.listens.CompareAndSwap(false, true) {
		return fmt.Errorf("%w: Listen runs already", ErrInvalid)
	}
	defer r.listens.Store(false)
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		heard, err := r.listen(ctx, pool)
		if heard {
			wait = firstRetry
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var panicked *PanicError
		if errors.As(err, &panicked) {
			return err
		}
		if panicked := r.tell(err); panicked != nil {
			return panicked
		}
		if errors.Is(err, errDriver) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

var errDriver = fmt.Errorf("%w: the handle's driver is not pgx", ErrNoNotifications)

// IsListening reports whether notifications of other processes currently arrive.
func (r *Registry) IsListening() bool { return r.hears.Load() }

// tell calls Config.OnListen. Its panic ends Listen, and not the process.
func (r *Registry) tell(err error) error {
	if r.config.OnListen == nil {
		return nil
	}
	return guarded(func() error {
		r.config.OnListen(err)
		return nil
	})
}

// listen listens on one connection until it breaks. heard says whether
// notifications ever arrived.
func (r *Registry) listen(ctx context.Context, pool *sql.DB) (heard bool, err error) {
	conn, err := dial(ctx, pool)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	probe := channel + "_" + strings.ToLower(rand.Text())
	for _, name := range []string{channel, probe} {
		if err := within(ctx, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, fmt.Sprintf(sqlListen, name))
			return err
		}); err != nil {
			return false, err
		}
	}
	if err := r.probe(ctx, pool, conn, probe); err != nil {
		return false, err
	}
	// Answers read before this connection listened may be outdated.
	r.cache.flush()
	r.hears.Store(true)
	defer func() {
		r.hears.Store(false)
		r.cache.flush()
	}()
	if err := r.tell(nil); err != nil {
		return true, err
	}
	return true, r.hear(ctx, conn)
}

// dial connects as the pool does, but beside it: a small pool would miss a
// connection that only waits.
func dial(ctx context.Context, pool *sql.DB) (dialled *pgx.Conn, err error) {
	err = within(ctx, func(ctx context.Context) error {
		var config *pgx.ConnConfig
		borrowed, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		err = borrowed.Raw(func(driver any) error {
			conn, ok := driver.(interface{ Conn() *pgx.Conn }) // as stdlib's, and that of package rls
			if !ok {
				return errDriver
			}
			config = conn.Conn().Config()
			config.OnNotification = nil // it is the other connection's
			return nil
		})
		if err := errors.Join(err, borrowed.Close()); err != nil {
			return err
		}
		dialled, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	return dialled, err
}

// probe sends a notification through the pool and waits for it: a pooler that
// hands connections around would keep it back.
func (r *Registry) probe(ctx context.Context, pool *sql.DB, conn *pgx.Conn, name string) error {
	return within(ctx, func(ctx context.Context) error {
		if _, err := pool.ExecContext(ctx, sqlNotify, name, ""); err != nil {
			return err
		}
		for {
			n, err := conn.WaitForNotification(ctx)
			if errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
				return ErrNoNotifications
			}
			if err != nil || n.Channel == name {
				return err
			}
		}
	})
}

// hear forgets the names in notifications.
func (r *Registry) hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, r.config.Heartbeat)
		n, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil && n.Channel == channel:
			r.heard(n.Payload)
		case err == nil:
		case ctx.Err() != nil || !pgconn.Timeout(err) || conn.IsClosed():
			return err
		default:
			if err := within(ctx, conn.Ping); err != nil {
				return err
			}
		}
	}
}

func within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return do(ctx)
}

// heard forgets the name in one notification, or everything if it cannot be read.
func (r *Registry) heard(payload string) {
	what, name, _ := strings.Cut(payload, " ")
	switch kind(what) {
	case kindID:
		if id, err := uuid.Parse(name); err == nil {
			r.cache.forget(id)
			return
		}
	case kindSlug, kindHost:
		r.cache.forget(uuid.Nil, key{kind(what), name})
		return
	}
	r.cache.flush()
}

// notify tells the other processes, when the transaction commits, what to forget.
func (c *change) notify() error {
	if c.tx.Name() != "postgres" {
		return nil
	}
	payloads := []string{string(kindID) + " " + c.tenant.ID.String()}
	for _, k := range c.touched {
		payloads = append(payloads, string(k.kind)+" "+k.name)
	}
	for _, payload := range payloads {
		if _, err := c.tx.Statement.ConnPool.ExecContext(c.ctx, sqlNotify, channel, payload); err != nil {
			return err
		}
	}
	return nil
}

// Forget makes every listening process forget a tenant. Call it after changing
// the tenant's row or domains past the registry. This process forgets the tenant
// in any case.
func (r *Registry) Forget(ctx context.Context, id uuid.UUID) error {
	c := &change{r: r, ctx: scoped(ctx, id), tx: r.in(ctx, id), tenant: Tenant{ID: id}}
	var claims []claim
	err := c.tx.Find(&claims).Error // which a context of another tenant refuses
	for _, held := range claims {
		c.touched = append(c.touched, key{held.Kind, held.Name})
	}
	if err == nil {
		err = c.notify()
	}
	r.cache.forget(id, c.touched...)
	return err
}
