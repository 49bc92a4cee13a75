package suite

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

type login struct {
	tenancy.TenantModel
	ID    uint
	Email string `gorm:"unique" tenancy:"global"`
	Name  string
}

// A unique that the model keeps global guards an upsert, though the table has one
// with the tenant beside it, as foreign keys need: who meets another tenant's row
// gets the plugin's error, and not the database's, which quotes the key.
func TestUpsertOnGlobalUniqueWithTwin(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, db.AutoMigrate(&login{}))
	bypass := tenancy.Bypass(t.Context(), "the test makes the twin")
	require.NoError(t, db.WithContext(bypass).Exec("CREATE UNIQUE INDEX twin ON logins (tenant_id, email)").Error)
	upsert := func(tenant uuid.UUID, name string) error {
		return db.WithContext(tenancy.With(t.Context(), tenant)).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
		}).Create(&login{Email: "ann@example.com", Name: name}).Error
	}
	ours, theirs := uuid.New(), uuid.New()
	require.NoError(t, upsert(theirs, "first"))
	require.NoError(t, upsert(theirs, "second"))
	require.ErrorIs(t, upsert(ours, "taken"), tenancy.ErrCrossTenantConflict)
	var names []string
	require.NoError(t, db.WithContext(bypass).Session(&gorm.Session{}).Model(&login{}).Pluck("name", &names).Error)
	assert.Equal(t, []string{"second"}, names)
}
