package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/middleware"
)

// account is a tenant of these tests.
type account struct {
	id        uuid.UUID
	name      string
	suspended bool
}

// TenancyID implements tenancy.Tenanter.
func (a *account) TenancyID() any { return a.id }

var (
	acme    = &account{id: uuid.MustParse("0192aaaa-0000-7000-8000-000000000001"), name: "acme"}
	globex  = &account{id: uuid.MustParse("0192aaaa-0000-7000-8000-000000000002"), name: "globex"}
	dormant = &account{id: uuid.MustParse("0192aaaa-0000-7000-8000-000000000003"), name: "dormant", suspended: true}

	errNoRow  = errors.New("no such row")
	errOutage = errors.New("connection to db.internal refused")
)

// bySlug has exactly these keys, so that a key which arrives in another spelling
// finds nothing.
func bySlug(_ context.Context, slug string) (*account, error) {
	switch slug {
	case "acme":
		return acme, nil
	case "globex":
		return globex, nil
	case "dormant":
		return dormant, nil
	case "broken":
		return nil, errOutage
	case "nil":
		return nil, nil
	default:
		return nil, errNoRow
	}
}

func byDomain(_ context.Context, host string) (*account, error) {
	switch host {
	case "shop.acme.com", "xn--bcher-kva.example":
		return acme, nil
	case "globex.io":
		return globex, nil
	default:
		return nil, errNoRow
	}
}

// open lets everybody in.
func open() middleware.Config[*account] {
	return middleware.Config[*account]{
		AllowStrangers: true,
		Suspended:      func(a *account) bool { return a.suspended },
		Unknown:        []error{errNoRow},
	}
}

// resolve returns the name of the request's tenant, or the error. It sees that
// context, scope and tenant agree.
func resolve(t *testing.T, chain *middleware.Chain[*account], r *http.Request) (string, *http.Request, error) {
	t.Helper()
	scoped, err := chain.Resolve(http.Header{}, r)
	_, ok := tenancy.From(r.Context())
	require.False(t, ok, "the request that came in has no tenant")
	if err != nil {
		require.Nil(t, scoped)
		var refusal *middleware.Error
		require.ErrorAs(t, err, &refusal)
		return "", nil, err
	}
	tenant, ok := middleware.From[*account](scoped.Context())
	require.True(t, ok)
	scope, ok := tenancy.From(scoped.Context())
	require.True(t, ok)
	id, ok := scope.Tenant()
	require.True(t, ok)
	require.Equal(t, tenant.id.String(), id)
	return tenant.name, scoped, nil
}

// get makes a request as a server does, of fields that a client can choose.
func get(host string, header http.Header) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host, r.Header = host, header
	return r
}

// loopback is what httptest's requests do not come from: 192.0.2.1 is.
var loopback = netip.MustParsePrefix("127.0.0.0/8")
