package tenancy

import (
	"math"
	"strings"

	"github.com/google/uuid"
)

// A Scope is what a context allows: one tenant, a set of them, or all (bypass). Scopes
// are immutable and safe for concurrent use. The zero Scope allows nothing.
type Scope struct{ s *scope }

// Err returns why the scope cannot be used: [ErrNoTenant] for the zero Scope;
// [ErrInvalidTenant], [ErrTenantMismatch] or [ErrNoTenant] for one that was made
// wrongly.
func (s Scope) Err() error {
	if s.s == nil {
		return &ScopeError{Op: "Scope", Err: ErrNoTenant, Detail: "the zero Scope allows nothing: take the scope of a context with From"}
	}
	return s.s.err
}

// Tenant returns the id of the scope's one tenant in canonical spelling; false for a
// set, a bypass or an invalid scope.
func (s Scope) Tenant() (string, bool) {
	if s.Err() != nil || s.s.kind != scopeSingle {
		return "", false
	}
	return s.s.tenants[0].key, true
}

// Tenants returns the ids of the scope's tenants in canonical spelling; none for a
// bypass or an invalid scope.
func (s Scope) Tenants() []string {
	if s.Err() != nil {
		return nil
	}
	keys := make([]string, len(s.s.tenants))
	for i, t := range s.s.tenants {
		keys[i] = t.key
	}
	return keys
}

// IsBypass reports whether the scope spans all tenants.
func (s Scope) IsBypass() bool { return s.Err() == nil && s.s.kind == scopeBypass }

// IsTrusted reports whether raw SQL is scoped by its author; see [Trust].
func (s Scope) IsTrusted() bool { return s.Err() == nil && s.s.trusted }

// Reason returns the reason that [Switch], [Bypass] or [Trust] was given last.
func (s Scope) Reason() string {
	if s.s == nil {
		return ""
	}
	return s.s.reason
}

// isPlain reports whether the scope says which tenant it is of, and nothing more.
func (s Scope) isPlain() bool {
	return s.Err() == nil && s.s.kind == scopeSingle && !s.s.trusted && s.s.reason == ""
}

type scopeKind uint8

const (
	scopeNone scopeKind = iota // no tenant: free tables alone
	scopeSingle
	scopeSet
	scopeBypass
)

// scope is the immutable value behind Scope.
type scope struct {
	kind    scopeKind
	trusted bool
	tenants []tenant
	reason  string
	err     error
}

func newSingle(op string, value any) *scope {
	if s, ok := value.(Scope); ok && s.isPlain() {
		return s.s
	}
	t, err := newTenant(value)
	if err != nil {
		return &scope{err: &ScopeError{Op: op, Err: ErrInvalidTenant, Detail: err.Error()}}
	}
	return &scope{kind: scopeSingle, tenants: []tenant{t}}
}

func newSet[T any](values []T) *scope {
	if len(values) == 0 {
		return &scope{err: &ScopeError{Op: "WithSet", Err: ErrInvalidTenant, Detail: "the set is empty: give it a tenant"}}
	}
	s := &scope{kind: scopeSet, tenants: make([]tenant, 0, len(values))}
	for _, value := range values {
		t, err := newTenant(value)
		if err != nil {
			return &scope{err: &ScopeError{Op: "WithSet", Err: ErrInvalidTenant, Detail: err.Error()}}
		}
		if !s.has(t) {
			s.tenants = append(s.tenants, t)
		}
	}
	return s
}

// because returns a scope with a reason. It takes a copy, for a scope that is given
// to With and Switch is shared.
func (s scope) because(op, reason string) *scope {
	if strings.TrimSpace(reason) == "" && s.err == nil {
		return &scope{err: &ScopeError{Op: op, Err: ErrInvalidTenant, Detail: "the reason is empty: say what the scope is for"}}
	}
	s.reason = reason
	return &s
}

// narrow returns inner as op may enter it inside outer. An error of either stays
// one, so that a mistake is not lost by wrapping the context once more.
func narrow(op string, outer, inner *scope) *scope {
	switch {
	case inner.err != nil || outer == nil:
		return inner
	case outer.err != nil:
		return outer
	case outer.kind == scopeBypass:
		return inner
	}
	for _, t := range inner.tenants {
		if !outer.has(t) {
			return &scope{err: &ScopeError{
				Op: op, Err: ErrTenantMismatch,
				Detail: "the context is scoped already; use Switch to change its tenant on purpose",
			}}
		}
	}
	if outer.kind == scopeSingle {
		return outer
	}
	return inner
}

// spansSeveral reports whether rows of several tenants may be in sight.
func (s *scope) spansSeveral() bool { return s.kind == scopeBypass || len(s.tenants) > 1 }

// public is the scope as it is shown; that of no tenant is the zero Scope.
func (s *scope) public() Scope {
	if s.kind == scopeNone && s.err == nil {
		return Scope{}
	}
	return Scope{s}
}

// isSeveral reports whether the scope may span several tenants.
func (s *scope) isSeveral() bool { return s.kind == scopeSet || s.kind == scopeBypass }

func (s *scope) has(t tenant) bool {
	for i := range s.tenants {
		if s.tenants[i].key == t.key {
			return true
		}
	}
	return false
}

// someTenant stands for the tenant that a previewed statement lacks. It has an id in
// each form that a column may want, and no row is of it.
var someTenant = &scope{kind: scopeSingle, tenants: []tenant{
	{key: "some tenant", text: "some tenant", uuid: uuid.Max, num: int64(math.MinInt64)},
}}

// noTenant is the scope of a statement that has none and needs none.
var noTenant = &scope{kind: scopeNone}
