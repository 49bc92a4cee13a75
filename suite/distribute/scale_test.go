package distribute_test

import (
	"bytes"
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var tasks = flag.Int("tasks", 5_000, "of TestScale: how many tasks are spread; with more than 100,000 in all ways")

// TestScale spreads many rows and brings them back: the same rows, by count and
// checksum.
func TestScale(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("TestDistribute does the same with fewer rows")
	}
	s := newShop(t, tenancytest.Citus(t), rows(200, *tasks/50, *tasks))
	before, sums := s.dump(t), s.sums(t)
	t.Log(sums)
	online := options(distribution.StepByStep)
	online.Plan.Online = true
	ways := []tenancy.DistributeOptions{online}
	if *tasks > 100_000 {
		ways = []tenancy.DistributeOptions{options(distribution.Transactional), options(distribution.StepByStep), online}
	}
	for _, o := range ways {
		plan := s.plan(t, o)
		o = passed(o)
		var out bytes.Buffer
		o.Out = &out
		began := time.Now()
		_, err := tenancy.Distribute(t.Context(), s.db, o, models...)
		require.NoError(t, err)
		t.Logf("there in %v\n%s", time.Since(began).Round(time.Millisecond), out.String())
		require.Equal(t, sums, s.sums(t))
		require.NotRegexp(t, `_\d{6}\b`, s.dump(t), "shards are no tables")
		began = time.Now()
		_, err = tenancy.Undistribute(t.Context(), s.db, tenancy.DistributeOptions{Run: migration.Options{Apply: true}})
		require.NoError(t, err)
		t.Logf("back in %v", time.Since(began).Round(time.Millisecond))
		require.Equal(t, sums, s.sums(t))
		s.finish(t, s.distribute(o))
		s.finish(t, s.takeBack(plan, o.Run))
		require.Equal(t, before, s.dump(t), "the keys, too")
		require.Equal(t, sums, s.sums(t))
	}
}
