package suite

import (
	"context"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// Sticker has a unique of its own and a key that the program gives.
type Sticker struct {
	tenancy.TenantModel
	ID    uint   `gorm:"primaryKey;autoIncrement:false"`
	Name  string `gorm:"uniqueIndex:sticker_name"`
	Color string
	Kinds []StickerKind `gorm:"many2many:sticker_kind_links"`
}

type StickerKind struct {
	tenancy.TenantModel
	ID   uint `gorm:"primaryKey;autoIncrement:false"`
	Name string
}

// Coupon keeps its number unique for all tenants.
type Coupon struct {
	tenancy.TenantModel
	ID     uint   `gorm:"primaryKey;autoIncrement:false"`
	Number string `gorm:"uniqueIndex" tenancy:"global"`
	Title  string
}

// Emblem has uniques of an expression and of some of its rows.
type Emblem struct {
	tenancy.TenantModel
	ID        uint   `gorm:"primaryKey;autoIncrement:false"`
	Email     string `gorm:"uniqueIndex:emblem_email,expression:lower(email)"`
	Code      string `gorm:"uniqueIndex:emblem_code,where:deleted_at IS NULL"`
	Serial    string `gorm:"unique"`
	DeletedAt gorm.DeletedAt
}

var mockTenant = uuid.MustParse("0193b6a0-0000-7000-8000-00000000000a")

var mocked = []any{&Account{}, &Sticker{}, &StickerKind{}, &Coupon{}, &Emblem{}}

// upserts are statements that go by the keys of their tables.
var upserts = map[string]func(db *gorm.DB) error{
	"save": func(db *gorm.DB) error { return db.Save(&Sticker{ID: 1, Name: "a"}).Error },
	"update all": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Sticker{ID: 1, Name: "a"}).Error
	},
	"unique": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}},
			DoUpdates: clause.AssignmentColumns([]string{"color"})}).Create(&Sticker{ID: 1, Name: "a"}).Error
	},
	"the tenant named": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "tenant_id"}, {Name: "name"}}, DoNothing: true}).
			Create(&Sticker{ID: 1, Name: "a"}).Error
	},
	"nothing": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{DoNothing: true}).Create(&[]Sticker{{ID: 1}, {ID: 2}}).Error
	},
	"global": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "number"}},
			DoUpdates: clause.AssignmentColumns([]string{"title"})}).Create(&Coupon{ID: 1, Number: "n"}).Error
	},
	"expression": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: raw("LOWER(email)"), DoUpdates: clause.AssignmentColumns([]string{"code"})}).
			Create(&Emblem{ID: 1, Email: "a@x"}).Error
	},
	"condition": func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "code"}},
			TargetWhere: where(clause.Eq{Column: "deleted_at", Value: nil}), DoNothing: true}).Create(&Emblem{ID: 1, Code: "c"}).Error
	},
	"map": func(db *gorm.DB) error {
		return db.Table("stickers").Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoNothing: true}).
			Create(map[string]any{"id": 1, "name": "a"}).Error
	},
	"join table": func(db *gorm.DB) error {
		return db.Create(&Sticker{ID: 1, Kinds: []StickerKind{{ID: 1}, {ID: 2}}}).Error
	},
}

func mockConfig(keys tenancy.KeySource) tenancy.Config {
	return tenancy.Config{Models: mocked, Keys: keys}
}

// TestKeysFromModelsNeedNoCatalogue runs upserts on a driver that fails on each
// statement that is not expected.
func TestKeysFromModelsNeedNoCatalogue(t *testing.T) {
	t.Parallel()
	for name, upsert := range upserts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, mock, err := sqlmock.New()
			require.NoError(t, err)
			defer pool.Close()
			db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), quiet())
			require.NoError(t, err)
			require.NoError(t, db.Use(tenancy.New(mockConfig(tenancy.KeysFromModels))))
			mock.MatchExpectationsInOrder(false)
			mock.ExpectBegin()
			for _, verb := range []string{"UPDATE", "INSERT", "INSERT", "INSERT"} {
				mock.ExpectExec("^" + verb).WillReturnResult(driver.RowsAffected(2))
			}
			mock.ExpectCommit()
			require.NoError(t, upsert(db.WithContext(tenancy.With(context.Background(), mockTenant))))
		})
	}
}

// TestKeysFromModelsAreThoseOfTheDatabase compares what is sent with what is sent
// after a look at the catalogue.
func TestKeysFromModelsAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := map[tenancy.KeySource]map[string]string{}
			for _, keys := range []tenancy.KeySource{tenancy.KeysFromDatabase, tenancy.KeysFromModels} {
				db := open(t)
				require.NoError(t, db.Use(tenancy.New(mockConfig(keys))))
				require.NoError(t, db.AutoMigrate(mocked...))
				sent[keys] = map[string]string{}
				for name, upsert := range upserts {
					log := &recorder{Interface: logger.Discard}
					tx := db.Session(&gorm.Session{Logger: log, Context: tenancy.With(context.Background(), mockTenant)}).Begin()
					require.NoError(t, upsert(tx), name)
					require.NoError(t, tx.Rollback().Error)
					sent[keys][name] = strings.Join(log.sent, "\n")
				}
			}
			for name := range upserts {
				assert.Contains(t, sent[tenancy.KeysFromModels][name], "ON CONFLICT", name)
			}
			quoted := `ON CONFLICT (` + (&gorm.Statement{DB: open(t)}).Quote("tenant_id")
			for _, name := range []string{"expression", "condition"} {
				assert.Contains(t, sent[tenancy.KeysFromModels][name], quoted+`,`, name)
			}
			assert.Equal(t, sent[tenancy.KeysFromDatabase], sent[tenancy.KeysFromModels])
		})
	}
}
