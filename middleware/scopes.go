package middleware

import (
	"context"
	"reflect"
	"sync"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy"
)

// generationSize bounds the two generations of scopes.
const generationSize = 4096

// scopes keeps a context each for the ids that were used last, scoped to that tenant
// and nothing else, so that a request does not make its own. A scope is a function
// of its id and never goes stale. What is kept is twice generationSize at the most.
// The zero value is empty.
type scopes struct {
	mu         sync.RWMutex
	young, old map[any]context.Context
}

// of returns the context of an id, a pointer to one, or a tenant. Its scope may be
// one that cannot be used.
func (s *scopes) of(id any) context.Context {
	if at, ok := id.(*uuid.UUID); ok && at != nil {
		if ctx, young := s.find(*at); young { // without an allocation for the id
			return ctx
		}
		id = *at
	}
	if !isValue(id) {
		return tenancy.With(context.Background(), id) // it may change later
	}
	ctx, young := s.find(id)
	if young {
		return ctx
	}
	if ctx == nil {
		ctx = tenancy.With(context.Background(), id)
		if scope, _ := tenancy.From(ctx); scope.Err() != nil {
			return ctx
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= generationSize || s.young == nil {
		s.old, s.young = s.young, make(map[any]context.Context)
	}
	s.young[id] = ctx
	return ctx
}

// find returns what is kept for an id, and whether that was used of late.
func (s *scopes) find(id any) (ctx context.Context, young bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if ctx, young = s.young[id]; !young {
		ctx = s.old[id]
	}
	return ctx, young
}

// idOf returns the id of a tenant that knows it, or the tenant itself: a struct by
// its pointer, which saves a copy.
func idOf[T any](tenant *T) any {
	var value any = tenant
	if reflect.TypeFor[T]().Kind() != reflect.Struct {
		value = *tenant
	}
	t, ok := value.(tenancy.Tenanter)
	if !ok {
		return value
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	return t.TenancyID()
}

// isValue reports whether id is a string, an integer or a UUID, and so neither
// refers to something that may change nor is a float, which can be unequal to
// itself.
func isValue(id any) bool {
	switch t := reflect.TypeOf(id); {
	case t == nil:
		return false
	case t.Kind() == reflect.Array:
		return t.Elem().Kind() == reflect.Uint8
	default:
		return reflect.Int <= t.Kind() && t.Kind() <= reflect.Uint64 || t.Kind() == reflect.String
	}
}
