package registry

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

const pageSize = 500

// page reads a page of all tenants, ordered by their ids.
func (r *Registry) page(ctx context.Context, where func(*gorm.DB) *gorm.DB) ([]Tenant, error) {
	rows := reflect.New(reflect.SliceOf(r.account))
	db := where(r.across(ctx, r.db, "list tenants")).Order(clause.OrderByColumn{Column: tenantKey})
	if err := db.Find(rows.Interface()).Error; err != nil {
		return nil, err
	}
	tenants := make([]Tenant, rows.Elem().Len())
	for i := range tenants {
		account, _ := rows.Elem().Index(i).Addr().Interface().(Account)
		tenants[i] = account.RegistryTenant()
	}
	return tenants, nil
}

var tenantKey = clause.Column{Table: clause.CurrentTable, Name: clause.PrimaryKey}

// Sweep says how [Registry.ForEach] goes over the tenants.
type Sweep struct {
	// Parallel is how many tenants are visited at a time. Zero means 4.
	Parallel int
	// States are those of the tenants to visit. Empty means [Active].
	States []State
	// Progress is called after each tenant, by one goroutine at a time. Nil means
	// that nothing is called.
	Progress func(Progress)
}

// Progress is the progress of [Registry.ForEach].
type Progress struct {
	Total  int64 // tenants that there were when it began, in whatever state
	Seen   int64 // of them, those in another state included
	Failed int
}

// Swept is what [Registry.ForEach] did.
type Swept struct {
	Visited int             // without an error
	Failed  []TenantFailure // with one, in no order
}

// TenantFailure is the error of one tenant.
type TenantFailure struct {
	Tenant uuid.UUID
	Err    error
}

// ForEach calls visit for every tenant, in its own scope, several at a time. The
// scope is enforced whatever the plugin's modes are; see [tenancy.WithEnforcement].
// The failure of one tenant does not stop the others: its error is in the result,
// and ForEach returns an error that wraps them all. The same holds for a visit that
// panics, whose error is a [*PanicError]. A Progress that panics, or a context that
// ends, stops ForEach before the next tenant. Tenants that are added while it runs
// may or may not be visited, as may those whose state has just changed; none is
// visited twice. The context must not be scoped to a tenant.
func (r *Registry) ForEach(ctx context.Context, how Sweep, visit func(ctx context.Context, tenant Tenant) error) (Swept, error) {
	if err := unscoped(ctx, "for each tenant"); err != nil {
		return Swept{}, err
	}
	if how.Parallel < 0 {
		return Swept{}, fmt.Errorf("%w: Sweep.Parallel is negative", ErrInvalid)
	}
	if how.Parallel == 0 {
		how.Parallel = 4
	}
	if len(how.States) == 0 {
		how.States = []State{Active}
	}
	s := sweep{how: how, visit: visit, slots: make(chan struct{}, how.Parallel)}
	if how.Progress != nil {
		if err := r.across(ctx, r.db, "count tenants").Model(r.newAccount()).Count(&s.at.Total).Error; err != nil {
			return Swept{}, err
		}
	}
	err := guarded(func() error { return s.all(ctx, r) })
	s.running.Wait()
	if err != nil {
		return s.swept, err
	}
	return s.swept, s.err()
}

// sweep is one run of ForEach.
type sweep struct {
	how     Sweep
	visit   func(context.Context, Tenant) error
	slots   chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	at     Progress
	swept  Swept
	broken error // of Progress
}

// all visits page by page.
func (s *sweep) all(ctx context.Context, r *Registry) error {
	var last uuid.UUID
	for {
		page, err := r.page(ctx, func(db *gorm.DB) *gorm.DB {
			return db.Where(clause.Gt{Column: tenantKey, Value: last}).Limit(pageSize)
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, tenant := range page {
			last = tenant.ID
			if !slices.Contains(s.how.States, tenant.State) {
				s.saw(tenant, nil, false)
				continue
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := s.stopped(); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case s.slots <- struct{}{}:
			}
			s.running.Go(func() {
				defer func() { <-s.slots }()
				guard(func() error { return s.visit(scoped(ctx, tenant.ID), tenant) },
					func(err error) { s.saw(tenant, err, true) })
			})
		}
	}
}

// saw records the result of a visit.
func (s *sweep) saw(tenant Tenant, err error, visited bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at.Seen++
	switch {
	case err != nil:
		s.at.Failed++
		s.swept.Failed = append(s.swept.Failed, TenantFailure{tenant.ID, err})
	case visited:
		s.swept.Visited++
	}
	if s.how.Progress != nil && s.broken == nil {
		s.broken = guarded(func() error {
			s.how.Progress(s.at)
			return nil
		})
	}
}

// stopped returns why no more tenants are visited; nil while they are.
func (s *sweep) stopped() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

func (s *sweep) err() error {
	if s.broken != nil {
		return s.broken
	}
	if len(s.swept.Failed) == 0 {
		return nil
	}
	return &SweepError{Visited: s.swept.Visited, Failed: s.swept.Failed}
}

// SweepError says that visits of [Registry.ForEach] failed. Its text names no
// tenant; errors.Is and errors.As look into all of them.
type SweepError struct {
	Visited int
	Failed  []TenantFailure
}

// Error implements error.
func (e *SweepError) Error() string {
	return fmt.Sprintf("registry: %d of %d tenants failed", len(e.Failed), e.Visited+len(e.Failed))
}

// Unwrap returns the errors of the tenants.
func (e *SweepError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, failure := range e.Failed {
		errs[i] = failure.Err
	}
	return errs
}
