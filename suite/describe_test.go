package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

func TestPluginTellsWhatItKnowsOfATable(t *testing.T) {
	t.Parallel()
	plugin := tenancy.New(tenancy.Config{Shared: []any{tenancy.Writable(&Event{})}})
	_, err := plugin.Table(&Order{})
	require.Error(t, err, "it is not in use yet")
	db := openSQLite(t)
	require.NoError(t, db.Use(plugin))
	assert.Equal(t, "tenant_id", plugin.Column())
	for _, c := range []struct {
		model    any
		want     tenancy.TenantTable
		isTenant bool
	}{
		{&Order{}, tenancy.TenantTable{Name: "orders", Kind: tenancy.KindTenant, Column: "tenant_id", Writable: true, Key: []string{"id"}}, true},
		{&Account{}, tenancy.TenantTable{Name: "accounts", Kind: tenancy.KindRoot, Column: "id", Writable: true, Key: []string{}}, true},
		{&Country{}, tenancy.TenantTable{Name: "countries", Kind: tenancy.KindShared}, false},
		{&Event{}, tenancy.TenantTable{Name: "events", Kind: tenancy.KindShared, Writable: true}, false},
	} {
		got, err := plugin.Table(c.model)
		require.NoError(t, err)
		assert.Equal(t, c.isTenant, got.Bind != nil)
		assert.Equal(t, c.isTenant, got.Type != "")
		got.Bind, got.Type = nil, ""
		assert.Equal(t, c.want, got)
	}
	_, err = plugin.Table(&Secret{})
	require.ErrorIs(t, err, tenancy.ErrUndeclared)
	_, err = plugin.Table(1)
	require.Error(t, err)

	// Known from then on, by name too.
	err = db.Table("orders").Find(&[]map[string]any{}).Error
	require.ErrorIs(t, err, tenancy.ErrNoTenant)
}
