package distribute_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/suite/internal/fault"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// crashing is a shop on a cluster whose coordinator loses nothing that it has
// acknowledged.
func crashing(t *testing.T) *shop {
	t.Helper()
	cluster := tenancytest.OwnCitus(t)
	s := newShop(t, cluster, rows(4, 8, 40))
	require.NoError(t, open(t, cluster.AdminDSN).Exec("ALTER ROLE "+roleOf(t, cluster.OwnerDSN)+" SET synchronous_commit = on").Error)
	s.sql.SetMaxIdleConns(-1) // which a crash would break
	return s
}

// crashed starts the coordinator again, and lets the cluster decide what it had
// prepared.
func (s *shop) crashed(t *testing.T, stopped <-chan struct{}) {
	t.Helper()
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		require.FailNow(t, "the coordinator was not stopped")
	}
	s.cluster.Nodes[0].Start(t)
	s.recover(t)
}

// leftovers are what online copies that were ended on their way have left: slots,
// publications, subscriptions, and shards that Citus has still to remove.
func (s *shop) leftovers(t *testing.T) (left []string) {
	t.Helper()
	for i := range s.cluster.Nodes {
		rows, err := on(t, s.cluster, i).Query(`SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
			UNION ALL SELECT 'publication ' || pubname FROM pg_publication
			UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
			WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
			UNION ALL SELECT 'to be removed: ' || object_name FROM pg_dist_cleanup`)
		require.NoError(t, err)
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			left = append(left, name)
		}
		require.NoError(t, rows.Err())
	}
	return left
}

// TestCoordinatorStopped cuts the power of the coordinator during some of the
// statements, with -stride during each n-th: all of it is done then, or nothing,
// and the next run comes to the end.
func TestCoordinatorStopped(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := crashing(t)
	before, sums := s.dump(t), s.sums(t)
	o := passed(options(distribution.Transactional))
	plan := s.plan(t, o)
	last := statement(plan, "COMMIT")
	at := []int{statement(plan, "public.tasks', 'account_id'"), last}
	if *stride > 0 {
		at = at[:0]
		for n := 1; n <= last; n += *stride {
			at = append(at, n)
		}
		at = append(at, last, last, last) // each time at another moment
	}
	for _, n := range at {
		stopped := make(chan struct{})
		pool, b, err := fault.Open(s.cluster.OwnerDSN, fault.CancelIn, n, func() {
			defer close(stopped)
			s.cluster.Nodes[0].Stop(t)
		})
		require.NoError(t, err)
		_, err = migration.Execute(t.Context(), pool, plan, o.Run)
		require.NotEmpty(t, b.Struck())
		_ = pool.Close()
		s.crashed(t, stopped)
		require.Equal(t, sums, s.sums(t), b.Struck())
		now := s.dump(t)
		t.Logf("at %.60s: %v; nothing has changed: %t", b.Struck(), err, now == before)
		s.finish(t, s.distribute(o))
		if now != before {
			require.Equal(t, now, s.dump(t), "neither nothing nor all, at %s", b.Struck())
		}
		require.Equal(t, sums, s.sums(t))
		s.finish(t, s.takeBack(plan, o.Run))
		require.Equal(t, before, s.dump(t))
	}
}

// TestCoordinatorStoppedOnline does so while a table is copied online, which no
// transaction holds together, at moments that are further and further apart.
func TestCoordinatorStoppedOnline(t *testing.T) {
	if *stride == 0 {
		t.Skip("it takes minutes, and runs with -stride alone; TestStepCut has a part of it")
	}
	t.Parallel()
	s := crashing(t)
	before, sums := s.dump(t), s.sums(t)
	o := passed(options(distribution.StepByStep))
	o.Plan.Online = true
	for delay := time.Millisecond; delay < 2*time.Second; delay = delay*3/2 + time.Millisecond {
		stopped := make(chan struct{})
		var seen bool
		o.Run.Progress = func(e migration.Event) {
			if !seen && e.Kind == migration.StepStarted && strings.HasPrefix(e.Step, "public.projects: spread") {
				seen = true
				time.AfterFunc(delay, func() {
					defer close(stopped)
					s.cluster.Nodes[0].Stop(t)
				})
			}
		}
		_, err := tenancy.Distribute(t.Context(), s.db, o, models...)
		s.crashed(t, stopped)
		t.Logf("after %v: %v", delay, err)
		require.Equal(t, sums, s.sums(t))
		o.Run.Progress = nil
		s.finish(t, s.distribute(o))
		require.Equal(t, sums, s.sums(t))
		require.Equal(t, len(tables)-1, countOf(s.dump(t), "  distribution HASH"))
		require.NotContains(t, s.dump(t), "distribution MANAGED")
		require.Empty(t, s.leftovers(t))
		s.finish(t, s.undistribute())
		require.Equal(t, sums, s.sums(t))
	}
	require.NotEqual(t, before, s.dump(t), "the keys stay")
}
