package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func to(name string) destination { return destination{key: key{kindSlug, name}} }

// stuck is a database that answers nobody.
func stuck(running, most *atomic.Int64) func(context.Context) (*Tenant, error) {
	return func(ctx context.Context) (*Tenant, error) {
		n := running.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		defer running.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// Nothing of a lookup is left when its callers have gone, however many there were.
func TestFlightsEndWithTheirCallers(t *testing.T) {
	for reason, name := range map[string]func(int) string{
		"made-up names": func(i int) string { return fmt.Sprint("name-", i) },
		"one name":      func(int) string { return "acme" },
	} {
		synctest.Test(t, func(t *testing.T) {
			const callers, slots = 2000, 16
			f := newFlights(slots)
			var running, most atomic.Int64
			var group sync.WaitGroup
			for i := range callers {
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
					defer cancel()
					_, err := f.read(ctx, to(name(i)), stuck(&running, &most))
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				})
			}
			group.Wait()
			synctest.Wait()
			assert.Zero(t, running.Load(), reason)
			assert.LessOrEqual(t, most.Load(), int64(slots), reason)
			assert.Empty(t, f.running, reason)
			assert.Empty(t, f.slots, reason)
		})
	}
}

func TestFlightLastsWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlights(1)
		land := make(chan struct{})
		var reads atomic.Int64
		read := func(ctx context.Context) (*Tenant, error) {
			reads.Add(1)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-land:
				return &Tenant{Slug: "acme"}, nil
			}
		}
		first, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			_, err := f.read(first, to("acme"), read)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		group.Go(func() {
			tenant, err := f.read(t.Context(), to("acme"), read)
			assert.NoError(t, err)
			assert.Equal(t, "acme", tenant.Slug)
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(land)
		group.Wait()
		assert.EqualValues(t, 1, reads.Load())
	})
}

// Who comes after the last one left a flight does not get its error.
func TestFlightThatWasLeftIsNotJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlights(2)
		slow := func(ctx context.Context) (*Tenant, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // as a driver that takes its time
			return nil, ctx.Err()
		}
		first, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		_, err := f.read(first, to("acme"), slow)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		tenant, err := f.read(t.Context(), to("acme"), func(context.Context) (*Tenant, error) { return &Tenant{}, nil })
		require.NoError(t, err)
		require.NotNil(t, tenant)
		time.Sleep(2 * time.Second)
	})
}

func TestFlightsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlights(1)
		var running, most atomic.Int64
		held, release := context.WithCancel(t.Context())
		go func() { _, _ = f.read(held, to("slow"), stuck(&running, &most)) }()
		synctest.Wait()
		begun := time.Now()
		_, err := f.read(t.Context(), to("other"), stuck(&running, &most))
		require.ErrorIs(t, err, ErrBusy)
		assert.Equal(t, slotTimeout, time.Since(begun))
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = f.read(short, to("other"), stuck(&running, &most))
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.AfterFunc(time.Millisecond, release)
		tenant, err := f.read(t.Context(), to("other"), func(context.Context) (*Tenant, error) { return &Tenant{}, nil })
		require.NoError(t, err, "its turn came")
		assert.NotNil(t, tenant)
	})
}

// A read that does not return is an error of all who wait for it, and gives its
// slot back.
func TestFlightThatPanics(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for reason, c := range map[string]struct {
		end  func()
		want error
	}{
		"a panic":               {func() { panic("a row of the tenant") }, nil},
		"a panic with an error": {func() { panic(broken) }, broken},
		"a runtime error":       {func() { var none *Tenant; _ = none.Slug }, nil},
		"a panic with nil":      {func() { panic(any(nil)) }, nil},
		"Goexit":                {runtime.Goexit, errExited},
	} {
		f := newFlights(1)
		for range 2 {
			tenant, err := f.read(t.Context(), to("acme"), func(context.Context) (*Tenant, error) {
				c.end()
				return &Tenant{}, nil
			})
			require.Error(t, err, reason)
			assert.Nil(t, tenant, reason)
			assert.NotContains(t, err.Error(), "a row of the tenant", reason)
			if c.want != nil {
				assert.ErrorIs(t, err, c.want, reason)
				continue
			}
			var panicked *PanicError
			require.ErrorAs(t, err, &panicked, reason)
			assert.NotNil(t, panicked.Value, reason)
			assert.Contains(t, string(panicked.Stack), "flight_internal_test", reason)
		}
	}
}
