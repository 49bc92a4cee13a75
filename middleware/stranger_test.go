package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
)

// nobody is a tenant without members.
var nobody = &account{id: uuid.MustParse("0192aaaa-0000-7000-8000-00000000ffff"), name: "nobody"}

var errMembers = errors.New("the members are away")

// stranger is a chain of four sources that nobody is let in by, and what it did.
type stranger struct {
	handler http.Handler
	lookups atomic.Int64
	members atomic.Int64
}

// newStranger makes a chain whose Member fails where a request has the header Fail.
func newStranger(t *testing.T) *stranger {
	s := &stranger{}
	counted := func(lookup middleware.Lookup[*account]) middleware.Lookup[*account] {
		return func(ctx context.Context, key string) (*account, error) {
			s.lookups.Add(1)
			return lookup(ctx, key)
		}
	}
	config := open()
	config.AllowStrangers = false
	config.Nobody = nobody
	config.Member = func(r *http.Request, tenant *account) (bool, error) {
		s.members.Add(1)
		scope, _ := tenancy.From(r.Context())
		if id, _ := scope.Tenant(); id != tenant.id.String() {
			t.Errorf("Member is asked about %s under %s", tenant.name, id)
		}
		if got, _ := middleware.From[*account](r.Context()); got != tenant {
			t.Errorf("Member is asked about %s under %v", tenant.name, got)
		}
		if r.Header.Get("Fail") != "" {
			return false, errMembers
		}
		return tenant == nobody, nil // whose word does not count
	}
	claim := func(r *http.Request) (string, error) {
		switch token := r.Header.Get("Authorization"); token {
		case "forged":
			return "", middleware.ErrMalformed
		case "outage":
			return "", errOutage
		default:
			return token, nil
		}
	}
	s.handler = middleware.New(config, middleware.Subdomain(base, counted(bySlug)), middleware.Header("X-Tenant", counted(bySlug)),
		middleware.Cookie("tenant", counted(bySlug)), middleware.Claim("session", claim, counted(bySlug))).
		Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	return s
}

// What a stranger is told of a tenant, and what is done for it, must not depend on
// whether there is one, however many times and in whatever ways the request names
// it, and whatever else is wrong with it.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	names := []string{"acme", "globex", "dormant", "none", "other", ""}
	thirds := []struct {
		cookie, token, fail string
		status              int
	}{
		{"", "", "", 404},
		{"acme", "", "", 404},
		{"none", "", "", 404},
		{"none", "acme", "", 404},
		{`ac\me`, "", "", 400},
		{"a/b", "acme", "", 400},
		{"acme; tenant=acme", "", "", 400},
		{"", "forged", "", 400},
		{"", "outage", "", 503},
		{"none", "outage", "", 503},
		{"broken", "", "", 503},
		{"nil", "", "", 503},
		{"", "broken", "", 503},
		{"broken", "forged", "", 400},
		{"acme", "", "yes", 503},
		{"none", "", "yes", 503},
	}
	for _, third := range thirds {
		var first string
		for _, sub := range names[:len(names)-1] {
			for _, key := range names {
				r := get(sub+"."+base, http.Header{})
				for name, value := range map[string]string{
					"X-Tenant": key, "Authorization": third.token, "Fail": third.fail, "Cookie": "tenant=" + third.cookie,
				} {
					if strings.TrimPrefix(value, "tenant=") != "" {
						r.Header.Set(name, value)
					}
				}
				s.lookups.Store(0)
				s.members.Store(0)
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, r)
				lookups := s.lookups.Load()
				if key == "" && lookups > 0 {
					lookups++ // there is one name less to look up
				}
				answer := fmt.Sprint(w.Code, w.Header(), w.Body, lookups, s.members.Load())
				if first == "" {
					first = answer
				}
				assert.Equal(t, first, answer, "%q, %q and %+v", sub, key, third)
				assert.Equal(t, third.status, w.Code, "%q, %q and %+v", sub, key, third)
				assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			}
		}
	}
}

// Nobody is no tenant that can be asked for, and none of a request without names.
func TestNobody(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, get(base, http.Header{"Fail": {"yes"}}))
	assert.Equal(t, 404, w.Code)
	assert.Zero(t, s.members.Load(), "nobody was asked for")

	r := get("none."+base, nil)
	r = r.WithContext(tenancy.With(r.Context(), acme))
	w = httptest.NewRecorder()
	s.handler.ServeHTTP(w, r) // newStranger looks at Member's context
	assert.Equal(t, 404, w.Code)
	assert.EqualValues(t, 1, s.members.Load())
}
