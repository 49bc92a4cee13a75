package distribute_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// TestLiveWrites writes while tables are spread and brought back, by statements
// that are prepared: whatever was acknowledged is there, and went to no place that
// nobody sees.
func TestLiveWrites(t *testing.T) {
	t.Parallel()
	online := options(distribution.StepByStep)
	online.Plan.Online = true
	ways := map[string]tenancy.DistributeOptions{"at once": options(distribution.Transactional)}
	if !testing.Short() {
		ways["online"] = online
	}
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, tenancytest.Citus(t), rows(4, 8, 40))
			var before, written, failed atomic.Int64
			var count int64
			require.NoError(t, s.sql.QueryRow("SELECT count(*) FROM managers").Scan(&count))
			before.Store(count)
			stop, writers := make(chan struct{}), sync.WaitGroup{}
			for w := range 3 {
				writers.Go(func() {
					db := open(t, s.cluster.OwnerDSN)
					pool, err := db.DB()
					if err != nil {
						return
					}
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						case <-time.After(2 * time.Millisecond):
						}
						_, err := pool.Exec("INSERT INTO managers (account_id, email) VALUES ($1, $2)", 1+n%4, fmt.Sprintf("live%d-%d", w, n))
						if err != nil {
							failed.Add(1)
						} else {
							written.Add(1)
						}
					}
				})
			}
			s.finish(t, s.distribute(passed(o)))
			there := written.Load()
			s.finish(t, s.undistribute())
			back := written.Load()
			s.finish(t, s.distribute(passed(o)))
			close(stop)
			writers.Wait()
			require.NoError(t, s.sql.QueryRow("SELECT count(*) FROM managers").Scan(&count))
			t.Logf("%d, %d and %d rows were written meanwhile, %d were refused", there, back-there, written.Load()-back, failed.Load())
			require.Positive(t, there)
			require.Positive(t, back-there)
			require.Equal(t, before.Load()+written.Load(), count)
			require.NotContains(t, s.dump(t), distribution.JournalTable)
		})
	}
}
