package tenancytest

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// OneShard fails the test for each statement of one tenant that a Citus cluster
// would not send to a single shard, with the statement's text and the number of
// tasks. It looks at all that passes through the handle's callbacks under a
// context of one tenant, preloads, associations, transactions, Raw and Exec
// included, until the test ends. Statements under other contexts, which may go
// everywhere, it only counts; a set is such a context, also with one member.
//
// Each statement is explained, after it was sent, on a connection that OneShard
// takes from the handle's pool and keeps: where the pool has but one, the test
// fails at once. Tables that a transaction has not committed cannot be explained
// there, and fail the test. It is explained with its values: what a plan for any
// values does, which PostgreSQL may make of a prepared statement, is not seen; see
// package citus for the setting that avoids such plans.
//
// A statement of one task may still touch another tenant on the same shard: this
// complements the conformance suite and does not replace it. What leaves GORM's
// callbacks, db.DB() for example, is not seen; there
// SET citus.multi_task_query_log_level = 'error' helps, for all but inserts of
// several rows.
func OneShard(tb testing.TB, db *gorm.DB) *ShardWatch {
	tb.Helper()
	w := &ShardWatch{tb: tb}
	if err := w.install(db); err != nil {
		tb.Fatalf("tenancytest: OneShard: %v", err)
	}
	return w
}

// ShardWatch counts what [OneShard] sees. It is safe for concurrent use.
type ShardWatch struct {
	tb    testing.TB
	ended atomic.Bool

	mu     sync.Mutex
	conn   *sql.Conn
	counts ShardCounts
}

// ShardCounts counts statements. The zero value counts none.
type ShardCounts struct {
	// Statements of one tenant, by where they went: to a single shard, to none
	// (what the coordinator answers, and statements that have no plan), and to
	// several, which failed the test.
	OneShard, None, Several int
	// Refused holds the statements of one tenant that Citus does not do, with the
	// error, each once.
	Refused []RefusedStatement
	// Failed counts those that failed otherwise: with a syntax error, on a
	// constraint.
	Failed int
	// Others were not sent for one tenant.
	Others int
}

// RefusedStatement is one that PostgreSQL has and Citus has not.
type RefusedStatement struct {
	SQL   string
	Error string
	Times int
}

// String is a line of counts, and one for each refused statement.
func (c ShardCounts) String() string {
	var b strings.Builder
	times := 0
	for _, r := range c.Refused {
		times += r.Times
		fmt.Fprintf(&b, "\nrefused %d times: %s\n\t%s", r.Times, r.SQL, r.Error)
	}
	return fmt.Sprintf("statements of one tenant: %d on one shard, %d on none, %d on several, %d refused by Citus, %d failed; %d of no single tenant",
		c.OneShard, c.None, c.Several, times, c.Failed, c.Others) + b.String()
}

// Counts returns what was seen so far.
func (w *ShardWatch) Counts() ShardCounts {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.counts
	c.Refused = slices.Clone(c.Refused)
	slices.SortFunc(c.Refused, func(a, b RefusedStatement) int { return cmp.Compare(a.SQL, b.SQL) })
	return c
}

// shardWatches numbers the callbacks, whose names must differ.
var shardWatches atomic.Int64

func (w *ShardWatch) install(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	if pool.Stats().MaxOpenConnections == 1 {
		return errors.New("the pool has one connection, and OneShard needs one more")
	}
	if _, err := citus.Detect(context.Background(), pool); err != nil {
		return err
	}
	if w.conn, err = pool.Conn(context.Background()); err != nil {
		return err
	}
	w.tb.Cleanup(func() {
		w.ended.Store(true)
		w.mu.Lock()
		defer w.mu.Unlock()
		if err := w.conn.Close(); err != nil {
			w.tb.Errorf("tenancytest: OneShard: %v", err)
		}
	})
	// A transaction of the test's that locks the table must not end in a wait
	// that nobody sees.
	if _, err := w.conn.ExecContext(context.Background(), "SET lock_timeout = '10s'"); err != nil {
		return err
	}
	name := "tenancytest:one_shard_" + strconv.FormatInt(shardWatches.Add(1), 10)
	c := db.Callback()
	return errors.Join(
		c.Create().After("gorm:create").Before("gorm:save_after_associations").Register(name, w.look),
		c.Query().After("gorm:query").Before("gorm:preload").Register(name, w.look),
		c.Update().After("gorm:update").Before("gorm:save_after_associations").Register(name, w.look),
		c.Delete().After("gorm:delete").Before("gorm:after_delete").Register(name, w.look),
		c.Row().After("gorm:row").Register(name, w.look),
		c.Raw().After("gorm:raw").Register(name, w.look),
	)
}

// look judges the statement that was just sent.
func (w *ShardWatch) look(db *gorm.DB) {
	statement := db.Statement.SQL.String()
	if w.ended.Load() || statement == "" || db.DryRun {
		return
	}
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	scope, _ := tenancy.From(db.Statement.Context)
	if _, isSingle := scope.Tenant(); !isSingle {
		w.counts.Others++
		return
	}
	if isTenancyError(db.Error) { // before it was sent, or for what it met
		w.counts.Failed++
		return
	}
	route, err := citus.Explain(context.Background(), w.conn, statement, db.Statement.Vars...)
	switch {
	case isUnsupported(db.Error):
		w.refused(statement, db.Error)
	case db.Error != nil && err != nil:
		w.counts.Failed++
	case sqlstate.Of(err) == sqlstate.SyntaxError: // it was sent and did not fail: it is no statement with a plan
		w.counts.None++
	case err != nil:
		w.tb.Errorf("tenancytest: OneShard cannot tell where a statement goes: %v\n\t%s", err, statement)
	case !route.SingleShard():
		w.counts.Several++
		w.tb.Errorf("tenancytest: a tenant's statement is %d tasks (it scatters: %t)\n\t%s", route.Tasks, route.Scatters, statement)
	case route.Tasks == 0:
		w.counts.None++
	default:
		w.counts.OneShard++
	}
}

func (w *ShardWatch) refused(statement string, err error) {
	for i, r := range w.counts.Refused {
		if r.SQL == statement {
			w.counts.Refused[i].Times++
			return
		}
	}
	w.counts.Refused = append(w.counts.Refused, RefusedStatement{SQL: statement, Error: err.Error(), Times: 1})
}

func isUnsupported(err error) bool { return sqlstate.Of(err) == sqlstate.FeatureNotSupported }
