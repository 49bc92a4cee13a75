package recipes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// Widget is another module's model. It does not know of tenants.
type Widget struct {
	ID   uint
	Name string
}

// TenantWidget says whose the rows of its table are.
type TenantWidget struct {
	tenancy.TenantModel
	Widget
}

func (TenantWidget) TableName() string { return "widgets" }

func TestModelOfAnotherModuleIsScoped(t *testing.T) {
	t.Parallel()
	db := open(t, tenancy.Config{
		Models: []any{&TenantWidget{}},
	}, &TenantWidget{})
	require.NoError(t, as(db, acme).Create(&Widget{ID: 1, Name: "lever"}).Error)
	require.NoError(t, as(db, globex).Create(&Widget{ID: 2, Name: "wheel"}).Error)
	var found []Widget
	require.NoError(t, as(db, acme).Find(&found).Error)
	require.Equal(t, []Widget{{ID: 1, Name: "lever"}}, found)
	require.ErrorIs(t, db.Find(&found).Error, tenancy.ErrNoTenant)
}
