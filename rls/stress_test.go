package rls_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
)

const stressTenants = 100

// fillDocs gives every tenant documents whose title is its id.
func fillDocs(t testing.TB, d *database) []uuid.UUID {
	t.Helper()
	tenants := make([]uuid.UUID, stressTenants)
	for i := range tenants {
		tenants[i] = uuid.New()
		_, err := d.admin.Exec("INSERT INTO docs (tenant_id, id, title) SELECT $1::uuid, n, $1 FROM generate_series(1, 3) AS n", tenants[i].String())
		require.NoError(t, err)
	}
	return tenants
}

// TestStress has many tenants share few connections, whose statements are
// cancelled, run out of time, panic, and lose their server. Whatever is answered
// is the tenant's own.
func TestStress(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"cache_statement", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			d.protect(t, allModels...)
			stress(t, d, with(d.DSN, "default_query_exec_mode", mode), mode == "cache_statement")
		})
	}
}

// stress runs for a while, and kills connections.
func stress(t *testing.T, d *database, dsn string, prepares bool) {
	t.Helper()
	tenants := fillDocs(t, d)
	pool, err := rls.Open(dsn, rls.Options{SpanRole: d.span})
	require.NoError(t, err)
	pool.SetMaxOpenConns(4)
	db := gormOf(t, pool)
	length := time.Second
	if os.Getenv("TENANCY_TEST_LONG") != "" {
		length = 20 * time.Second
	}
	until := time.Now().Add(length)
	s := &stresser{db: db, tenants: tenants, prepares: prepares}
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for time.Now().Before(until) && s.wrong.Load() == nil {
				s.once()
			}
		})
	}
	for time.Now().Before(until) {
		time.Sleep(50 * time.Millisecond)
		_, err := d.admin.Exec(`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
			WHERE usename = $1 AND datname = current_database() ORDER BY random() LIMIT 1) AS one`, userOf(t, d.DSN))
		require.NoError(t, err)
	}
	workers.Wait()
	if wrong := s.wrong.Load(); wrong != nil {
		t.Fatal(*wrong)
	}
	t.Logf("%d statements answered, %d failed", s.answered.Load(), s.failed.Load())
	require.Positive(t, s.failed.Load())
	assert.Greater(t, s.answered.Load(), int64(50), "the last error: %s", *s.last.Load())
}

type stresser struct {
	db               *gorm.DB
	tenants          []uuid.UUID
	prepares         bool // statements may stay prepared
	answered, failed atomic.Int64
	wrong, last      atomic.Pointer[string]
}

// once runs one unit of work, and spoils it now and then.
func (s *stresser) once() {
	tenant := s.tenants[rand.IntN(len(s.tenants))]
	ctx, cancel := context.WithCancel(tenancy.With(context.Background(), tenant))
	defer cancel()
	switch rand.IntN(10) {
	case 0:
		time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, cancel)
	case 1:
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(2000))*time.Microsecond)
		defer cancel()
	}
	switch rand.IntN(5) {
	case 0:
		s.read(ctx, s.db, tenant)
	case 1:
		s.read(context.WithoutCancel(ctx), s.db.Session(&gorm.Session{PrepareStmt: s.prepares}), tenant)
	case 2:
		s.nobody()
	case 3:
		s.transact(ctx, tenant)
	case 4:
		s.set(ctx)
	}
}

// read reads without any condition.
func (s *stresser) read(ctx context.Context, db *gorm.DB, tenant uuid.UUID) {
	var docs []doc
	query := db.WithContext(ctx)
	if rand.IntN(2) == 0 {
		query = query.Where("id < ?", 100)
	}
	if err := query.Find(&docs).Error; err != nil {
		s.fail(err)
		return
	}
	for _, d := range docs {
		if d.TenantID != tenant {
			s.say("a statement of %s saw a row of %s", tenant, d.TenantID)
		}
	}
	if len(docs) != 3 {
		s.say("a statement of %s saw %d rows", tenant, len(docs))
	}
	s.answered.Add(1)
}

// nobody reads without a scope.
func (s *stresser) nobody() {
	var n int64
	if err := s.db.Model(&doc{}).Count(&n).Error; err != nil {
		s.fail(err)
	} else if n != 0 {
		s.say("a statement of nobody saw %d rows", n)
	}
}

// set reads two tenants' rows.
func (s *stresser) set(ctx context.Context) {
	a, b := s.tenants[0], s.tenants[1]
	ctx = tenancy.Switch(ctx, a, "stress")
	set := tenancy.WithSet(context.WithoutCancel(context.Background()), a, b)
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var docs []doc
		if err := tx.WithContext(set).Find(&docs).Error; err != nil {
			return err
		}
		for _, d := range docs {
			if d.TenantID != a && d.TenantID != b {
				s.say("a set saw a row of %s", d.TenantID)
			}
		}
		if len(docs) != 6 {
			s.say("a set saw %d rows", len(docs))
		}
		s.read(ctx, tx, a)
		return nil
	})
	if err != nil {
		s.fail(err)
	}
}

// transact mixes tenants and savepoints in a transaction that may end badly.
func (s *stresser) transact(ctx context.Context, tenant uuid.UUID) {
	other := s.tenants[rand.IntN(len(s.tenants))]
	ending := rand.IntN(3)
	defer func() { _ = recover() }()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		s.read(ctx, tx, tenant)
		_ = tx.Transaction(func(inner *gorm.DB) error {
			s.read(tenancy.Switch(ctx, other, "stress"), inner, other)
			return errors.New("back to the savepoint")
		})
		if err := tx.Exec("UPDATE docs SET title = title").Error; err != nil {
			return err
		}
		s.read(ctx, tx, tenant)
		switch ending {
		case 0:
			panic("stress")
		case 1:
			return errors.New("stress")
		}
		return nil
	})
	if err != nil {
		s.fail(err)
	}
}

// fail counts a statement that got no answer.
func (s *stresser) fail(err error) {
	s.failed.Add(1)
	text := err.Error()
	s.last.Store(&text)
}

func (s *stresser) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.wrong.CompareAndSwap(nil, &text)
}
