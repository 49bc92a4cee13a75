package recipes

import (
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

func TestMockedDriverNeedsNoCatalogue(t *testing.T) {
	t.Parallel()
	pool, mock, err := sqlmock.New()
	require.NoError(t, err)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{SkipDefaultTransaction: true})
	require.NoError(t, err)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: []any{&Project{}},
		Keys:   tenancy.KeysFromModels,
	})))
	mock.ExpectExec(`UPDATE "projects" SET "name"=\$1 WHERE "projects"."tenant_id" = \$2`).
		WillReturnResult(sqlmock.NewResult(0, 0))
	mock.ExpectExec(`INSERT INTO "projects" .* ON CONFLICT \("tenant_id","id"\) DO UPDATE`).
		WillReturnResult(sqlmock.NewResult(0, 1))
	require.NoError(t, as(db, acme).Save(&Project{ID: 1, Name: "Apollo"}).Error)
	require.NoError(t, mock.ExpectationsWereMet())
}
