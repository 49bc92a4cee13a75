package suite

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

type (
	nameTenant struct {
		ID       string
		TenantID string `gorm:"type:name"`
	}
	citextTenant struct {
		ID       string
		TenantID string `gorm:"type:citext"`
	}
	charTenant struct {
		ID       string
		TenantID string `gorm:"type:char(8)"`
	}
	bpcharTenant struct {
		ID       string
		TenantID string `gorm:"type:bpchar"`
	}
	bigTenant struct {
		ID       string
		TenantID string `gorm:"type:bigint"`
	}
	numberTenant struct {
		ID       string
		TenantID string `gorm:"type:numeric"`
	}
	nocaseTenant struct {
		ID       string
		TenantID string `gorm:"type:text COLLATE NOCASE"`
	}
	realTenant struct {
		ID       string
		TenantID int64 `gorm:"type:real"`
	}
	doubleTenant struct {
		ID       string
		TenantID int64 `gorm:"type:double precision"`
	}
	float8Tenant struct {
		ID       string
		TenantID uint `gorm:"type:float8"`
	}
	roundedTenant struct {
		ID       string
		TenantID int64 `gorm:"type:numeric(8,-2)"`
	}
	boundTenant struct {
		ID       string
		TenantID string `gorm:"type:varchar(40)"`
	}
	wholeTenant struct {
		ID       string
		TenantID int64 `gorm:"type:decimal(12,0)"`
	}
)

// A model whose tenant column may take two ids for one is an error of Use.
func TestTypesThatMergeIDs(t *testing.T) {
	t.Parallel()
	for _, model := range []any{
		&nameTenant{}, &citextTenant{}, &charTenant{}, &bpcharTenant{}, &bigTenant{}, &numberTenant{},
		&realTenant{}, &doubleTenant{}, &float8Tenant{}, &roundedTenant{},
	} {
		err := openPostgres(t).Use(tenancy.New(tenancy.Config{Models: []any{model}}))
		require.ErrorContains(t, err, "ids of two tenants", "%T", model)
	}
	for _, model := range []any{&bigTenant{}, &numberTenant{}, &nocaseTenant{}, &realTenant{}, &doubleTenant{}} {
		require.Error(t, openSQLite(t).Use(tenancy.New(tenancy.Config{Models: []any{model}})), "%T", model)
	}
	for _, open := range []func(testing.TB) *gorm.DB{openPostgres, openSQLite} {
		require.NoError(t, open(t).Use(tenancy.New(tenancy.Config{Models: []any{&boundTenant{}, &wholeTenant{}, &Keyed{}, &Legacy{}, &Small{}}})))
	}
	db := openSQLite(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{&boundTenant{}}})))
	padded := db.WithContext(tenancy.With(context.Background(), "acme "))
	require.ErrorIs(t, padded.Create(&boundTenant{}).Error, tenancy.ErrInvalidTenant, "a column with a length drops spaces")
}

// The collation of a column that AutoMigrate makes, or changes, is known once it is made.
func TestAutoMigrateChecksTheCollationThatItMakes(t *testing.T) {
	t.Parallel()
	type Plain struct {
		ID       string
		TenantID string `gorm:"type:text"`
	}
	type Short struct {
		ID       string
		TenantID string `gorm:"type:varchar(40) collate folded"`
	}
	type Folded struct {
		ID       string
		TenantID string `gorm:"type:text COLLATE folded"`
	}
	type Kept struct {
		ID       string
		TenantID string `gorm:"type:text COLLATE \"C\""`
	}
	db := openPostgres(t)
	require.NoError(t, db.Exec("CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)").Error)
	require.NoError(t, db.AutoMigrate(&Plain{}))
	require.NoError(t, db.Exec("CREATE TABLE added (id text PRIMARY KEY)").Error)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	for _, model := range []any{&Folded{}, &Short{}} {
		require.ErrorIs(t, db.AutoMigrate(model), tenancy.ErrInvalidTenant, "%T", model)
	}
	require.ErrorIs(t, db.Table("added").AutoMigrate(&Folded{}), tenancy.ErrInvalidTenant, "a column that is added")
	require.NoError(t, db.AutoMigrate(&Kept{}))
	require.NoError(t, db.AutoMigrate(&Plain{}))
}

type textTicket struct {
	ID       string `gorm:"primaryKey"`
	TenantID string
}

func (textTicket) TableName() string { return "tickets" }

type numberTicket struct {
	ID       string `gorm:"primaryKey"`
	TenantID int64
}

func (numberTicket) TableName() string { return "tickets" }

// What the model does not show is found at the first look into the catalogue: by an
// upsert, and by AutoMigrate.
func TestColumnsThatMergeIDs(t *testing.T) {
	t.Parallel()
	text, number := any(&textTicket{ID: "1"}), any(&numberTicket{ID: "1"})
	for i, test := range []struct {
		open    func(testing.TB) *gorm.DB
		model   any
		column  string
		refused bool
	}{
		{openPostgres, text, "name", true}, {openPostgres, text, "char(12)", true}, {openPostgres, text, "bigint", true},
		{openPostgres, text, "uuid", true}, {openPostgres, text, `text COLLATE "folded"`, true}, {openPostgres, text, "short", true},
		{openPostgres, number, "real", true}, {openPostgres, number, "double precision", true}, {openPostgres, number, "numeric(9,-2)", true},
		{openPostgres, text, "text", false}, {openPostgres, text, "varchar(20)", false}, {openPostgres, text, "label", false},
		{openPostgres, number, "integer", false}, {openPostgres, number, "numeric(9)", false},
		{openSQLite, text, "integer", true}, {openSQLite, text, "text COLLATE NOCASE", true}, {openSQLite, text, "varchar(9) not null collate rtrim", true},
		{openSQLite, text, "numeric", true}, {openSQLite, number, "real", true}, {openSQLite, number, "float", true},
		{openSQLite, text, "text", false}, {openSQLite, text, "varchar(9) COLLATE BINARY", false}, {openSQLite, number, "bigint", false},
	} {
		t.Run(strconv.Itoa(i)+" "+test.column, func(t *testing.T) {
			t.Parallel()
			db := test.open(t)
			pool, err := db.DB()
			require.NoError(t, err)
			if db.Name() == "postgres" {
				_, err = pool.Exec(`CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
					CREATE DOMAIN short AS name; CREATE DOMAIN label AS text CHECK (value <> '')`)
				require.NoError(t, err)
			}
			_, err = pool.Exec("CREATE TABLE tickets (id varchar(9), tenant_id " + test.column + ", PRIMARY KEY (tenant_id, id))")
			require.NoError(t, err)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{test.model}})))
			tx := db.WithContext(tenancy.With(t.Context(), 7)).Session(&gorm.Session{})
			err = tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoNothing: true}).Create(test.model).Error
			migrated := db.AutoMigrate(test.model)
			if !test.refused {
				require.NoError(t, err)
				require.NotErrorIs(t, migrated, tenancy.ErrInvalidTenant)
				return
			}
			require.ErrorIs(t, err, tenancy.ErrInvalidTenant)
			require.ErrorIs(t, migrated, tenancy.ErrInvalidTenant)
			var n int
			require.NoError(t, pool.QueryRow("SELECT count(*) FROM tickets").Scan(&n))
			assert.Zero(t, n)
		})
	}
}
