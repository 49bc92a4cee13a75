package middleware

import (
	"context"
	"reflect"
	"sync"

	"github.com/gorm-tenancy/tenancy"
)

// generationSize bounds the two generations of scopes.
const generationSize = 4096

// scopes keeps the scopes of the ids that were used last, so that a request does
// not make its own. A scope is a function of its id and never goes stale. What is
// kept is twice generationSize at the most. The zero value is empty.
type scopes struct {
	mu         sync.RWMutex
	young, old map[any]tenancy.Scope
}

// of returns the scope of an id or a tenant. It may be one that cannot be used.
func (s *scopes) of(id any) tenancy.Scope {
	if !isValue(id) {
		return newScope(id) // it may change later
	}
	s.mu.RLock()
	scope, ok := s.young[id]
	if !ok {
		scope = s.old[id]
	}
	s.mu.RUnlock()
	if ok {
		return scope
	}
	if scope.Err() != nil {
		if scope = newScope(id); scope.Err() != nil {
			return scope
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= generationSize || s.young == nil {
		s.old, s.young = s.young, make(map[any]tenancy.Scope)
	}
	s.young[id] = scope
	return scope
}

func newScope(tenant any) tenancy.Scope {
	scope, _ := tenancy.From(tenancy.With(context.Background(), tenant))
	return scope
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
