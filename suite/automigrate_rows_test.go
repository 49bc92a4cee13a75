package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// Legacy tables have rows of before there were tenants.
type LegacyUser struct {
	tenancy.TenantModel
	ID     string        `gorm:"primaryKey"`
	Email  string        `gorm:"unique"`
	Groups []LegacyGroup `gorm:"many2many:legacy_user_groups"`
}

type LegacyGroup struct {
	tenancy.TenantModel
	ID   uint
	Name string `gorm:"uniqueIndex"`
}

// LegacyBill has a tenant column of its own.
type LegacyBill struct {
	AccountID *int64 `tenancy:"tenant"`
	ID        int64
	Amount    int
}

var legacyModels = []any{&LegacyUser{}, &LegacyGroup{}, &LegacyBill{}}

const legacyTables = `CREATE TABLE legacy_users (id varchar(20) PRIMARY KEY, email varchar(20));
CREATE TABLE legacy_groups (id integer PRIMARY KEY, name varchar(20), tenant_id uuid);
CREATE TABLE legacy_user_groups (legacy_user_id varchar(20), legacy_group_id integer, PRIMARY KEY (legacy_user_id, legacy_group_id));
CREATE TABLE legacy_bills (id integer PRIMARY KEY, amount integer, account_id bigint);
INSERT INTO legacy_users (id, email) VALUES ('u', 'e');
INSERT INTO legacy_groups (id, name) VALUES (1, 'g');
INSERT INTO legacy_user_groups (legacy_user_id, legacy_group_id) VALUES ('u', 1);
INSERT INTO legacy_bills (id, amount, account_id) VALUES (1, 2, NULL), (2, 3, 9), (3, 4, 8);`

// Rows that no tenant would see, and tables that no statement would find, are an
// error for each table, with the remedy.
func TestAutoMigrateRefusesRowsWithoutTenant(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		s.must(t, legacyTables)
		done, err := tenancy.AutoMigrate(s.db, legacyModels...)
		require.ErrorIs(t, err, tenancy.ErrRowsWithoutTenant)
		for _, text := range []string{
			"legacy_users): the table has rows and no column tenant_id", "legacy_user_groups): the table has rows and no column tenant_id",
			"legacy_groups): rows with NULL in tenant_id", "legacy_bills): rows with NULL in account_id", "AssignRows gives them to one tenant",
		} {
			require.ErrorContains(t, err, text)
		}
		require.NotEmpty(t, done.Pending)
		var where *tenancy.ScopeError
		require.ErrorAs(t, s.db.AutoMigrate(&LegacyBill{}), &where)
		require.Contains(t, where.Table, "legacy_bills")
		if s.isPostgres() {
			require.Contains(t, where.Detail, "PlanKeys")
		}

		observed := openConfigured(t, s.dsn, tenancy.Config{Mode: tenancy.Observe})
		require.NoError(t, observed.db.AutoMigrate(&LegacyBill{}), "all see the rows of a table that is observed")

		s.must(t, "DELETE FROM legacy_bills WHERE account_id IS NULL")
		require.NoError(t, s.db.AutoMigrate(&LegacyBill{}))
	})
}

func TestAssignRows(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		s.must(t, legacyTables)
		tenant := uuid.New()
		for _, bad := range []any{nil, "", uuid.Nil, 0} {
			_, err := tenancy.AssignRows(s.db, bad, legacyModels...)
			require.ErrorIs(t, err, tenancy.ErrInvalidTenant)
		}
		_, err := tenancy.AssignRows(s.db, 7, legacyModels...)
		require.ErrorIs(t, err, tenancy.ErrInvalidTenant, "users have UUIDs")
		require.NotContains(t, s.structure(t), "`tenant_id`", "nothing was changed")

		_, err = tenancy.AssignRows(s.db, tenant, &LegacyUser{})
		require.NoError(t, err)
		_, err = tenancy.AssignRows(s.db, 9, &LegacyBill{})
		require.NoError(t, err)
		require.NoError(t, s.db.AutoMigrate(legacyModels...))

		db := s.db.WithContext(tenancy.With(context.Background(), tenant))
		var user LegacyUser
		require.NoError(t, db.Preload("Groups").First(&user).Error)
		require.Len(t, user.Groups, 1)
		var bills []LegacyBill
		require.NoError(t, s.db.WithContext(tenancy.With(context.Background(), 9)).Find(&bills).Error)
		require.Len(t, bills, 2)
		other := s.db.WithContext(tenancy.With(context.Background(), uuid.New()))
		require.NoError(t, other.Create(&LegacyUser{ID: "v", Email: "f"}).Error)
		require.ErrorContains(t, other.First(&LegacyUser{}, "id = ?", "u").Error, "not found")
	})
}
