package registry

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// lookupTimeout bounds the reading of one tenant.
	lookupTimeout = 10 * time.Second

	// slotTimeout is how long a lookup waits for its turn to read.
	slotTimeout = time.Second
)

// flights are the lookups that are reading from the database: one for all requests
// with the same question, and no more at a time than there are slots. A flight does
// not end with the request that began it, since others may wait for it; it ends
// when the last of them has left.
type flights struct {
	slots   chan struct{}
	mu      sync.Mutex
	running map[destination]*flight
}

// destination is what a flight reads. A request after a change never joins a flight
// that began before it.
type destination struct {
	key
	epoch uint64
}

type flight struct {
	waiting int // guarded by flights.mu
	cancel  context.CancelFunc
	landed  chan struct{} // closed once tenant and err are set
	tenant  *Tenant
	err     error
}

func newFlights(slots int) *flights {
	return &flights{slots: make(chan struct{}, slots), running: map[destination]*flight{}}
}

// read returns what a function reads, or joins a flight that already reads it.
func (f *flights) read(ctx context.Context, to destination, read func(context.Context) (*Tenant, error)) (*Tenant, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	joined := f.join(to)
	if joined == nil {
		if err := f.acquire(ctx); err != nil {
			return nil, err
		}
		joined = f.begin(ctx, to, read)
	}
	select {
	case <-ctx.Done():
		f.leave(to, joined)
		return nil, context.Cause(ctx)
	case <-joined.landed:
		return joined.tenant, joined.err
	}
}

// join joins a running flight; nil if there is none.
func (f *flights) join(to destination) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	under := f.running[to]
	if under != nil {
		under.waiting++
	}
	return under
}

// acquire waits for a slot.
func (f *flights) acquire(ctx context.Context) error {
	select {
	case f.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(slotTimeout)
	defer timer.Stop()
	select {
	case f.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
}

// begin begins a flight with the slot that was acquired, or joins one that began
// meanwhile and gives the slot back.
func (f *flights) begin(ctx context.Context, to destination, read func(context.Context) (*Tenant, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if under := f.running[to]; under != nil {
		under.waiting++
		<-f.slots
		return under
	}
	begun := &flight{waiting: 1, landed: make(chan struct{})}
	ctx, begun.cancel = context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	f.running[to] = begun
	go guard(func() (err error) {
		begun.tenant, err = read(ctx)
		return err
	}, func(err error) {
		begun.err = err
		f.land(to, begun)
	})
	return begun
}

func (f *flights) land(to destination, landed *flight) {
	f.forget(to, landed)
	landed.cancel()
	<-f.slots
	close(landed.landed)
}

// leave removes a waiting request from a flight, and ends the flight with the last
// one.
func (f *flights) leave(to destination, left *flight) {
	f.mu.Lock()
	left.waiting--
	last := left.waiting == 0
	f.mu.Unlock()
	if last {
		f.forget(to, left)
		left.cancel()
	}
}

// forget closes a flight to further requests.
func (f *flights) forget(to destination, over *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[to] == over {
		delete(f.running, to)
	}
}
