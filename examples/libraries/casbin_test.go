package libraries

import (
	"context"
	"testing"

	"github.com/casbin/casbin/v3"
	casbinmodel "github.com/casbin/casbin/v3/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
)

const rolesOfDomains = `
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act
`

func TestPolicyEngineNeedsNoScope(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		db := open(t, dialector(), tenancy.New(tenancy.Config{
			Free: []any{&gormadapter.CasbinRule{}},
		}))
		seed(t, db)
		ctx := tenancy.Bypass(context.Background(), "the rules' own table")
		adapter, err := gormadapter.NewAdapterByDB(db.WithContext(ctx))
		require.NoError(t, err)
		roles, err := casbinmodel.NewModelFromString(rolesOfDomains)
		require.NoError(t, err)
		enforcer, err := casbin.NewEnforcer(roles, adapter)
		require.NoError(t, err)
		for _, tenant := range []string{acme.String(), globex.String()} {
			_, err = enforcer.AddPolicy("editor", tenant, "projects", "write")
			require.NoError(t, err)
		}
		_, err = enforcer.AddGroupingPolicy("ann", "editor", acme.String())
		require.NoError(t, err)
		require.NoError(t, enforcer.LoadPolicy())

		may, err := enforcer.Enforce("ann", acme.String(), "projects", "write")
		require.NoError(t, err)
		require.True(t, may)
		may, err = enforcer.Enforce("ann", globex.String(), "projects", "write")
		require.NoError(t, err)
		require.False(t, may)

		// what else the adapter does
		_, err = enforcer.RemovePolicy("editor", globex.String(), "projects", "write")
		require.NoError(t, err)
		require.NoError(t, enforcer.SavePolicy())
		require.NoError(t, enforcer.LoadFilteredPolicy(gormadapter.Filter{V1: []string{acme.String()}}))
		rules, err := enforcer.GetPolicy()
		require.NoError(t, err)
		require.Len(t, rules, 1)

		require.Equal(t, []string{"Apollo"}, names(t, as(db, acme)))
		require.ErrorIs(t, db.Find(&[]model.Project{}).Error, tenancy.ErrNoTenant)
	})
}
