package suite

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// spelledSQLite is a dialect of SQLite that spells the types of integers its own way.
type spelledSQLite struct {
	gorm.Dialector
	integer string
}

func (d spelledSQLite) DataTypeOf(field *schema.Field) string {
	text := d.Dialector.DataTypeOf(field)
	if strings.HasPrefix(text, "integer") && d.integer != "" {
		return d.integer
	}
	return text
}

func (d spelledSQLite) Migrator(db *gorm.DB) gorm.Migrator {
	m := d.Dialector.Migrator(db).(sqlite.Migrator)
	m.Dialector = d
	return m
}

type RowidPlain struct {
	tenancy.TenantModel
	ID   int64
	Name string
}

type RowidTyped struct {
	tenancy.TenantModel
	ID   int64 `gorm:"type:integer;primaryKey"`
	Name string
}

// RowidGenerated has the tag that gorm/gen writes.
type RowidGenerated struct {
	tenancy.TenantModel
	ID   int64 `gorm:"column:id;type:integer;primaryKey;autoIncrement:true"`
	Name string
}

type RowidUpper struct {
	tenancy.TenantModel
	ID   uint32 `gorm:"type:INTEGER NOT NULL;primaryKey"`
	Name string
}

type RowidNot struct {
	tenancy.TenantModel
	ID   int64 `gorm:"type:bigint;primaryKey"`
	Name string
}

type RowidSized struct {
	tenancy.TenantModel
	ID   int64 `gorm:"type:integer(8);primaryKey"`
	Name string
}

// What GORM by itself would have SQLite fill is filled, however the type is spelled.
func TestSQLiteFillsIntegerKeys(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{"", "integer", "INTEGER", "Integer NOT NULL", "integer /* key */ default 7", "int", "bigint", "integer unsigned", "integer primary key"} {
		for _, model := range []any{&RowidPlain{}, &RowidTyped{}, &RowidGenerated{}, &RowidUpper{}, &RowidNot{}, &RowidSized{}} {
			ids := func(scoped bool) (list []any) {
				dsn := "file:" + uuid.NewString() + "?mode=memory&cache=shared&_pragma=busy_timeout(5000)"
				db, err := gorm.Open(spelledSQLite{sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), spelling}, &gorm.Config{Logger: logger.Discard})
				require.NoError(t, err)
				closeAtEnd(t, db)
				if scoped {
					require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
				}
				require.NoError(t, db.AutoMigrate(model), spelling)
				require.NoError(t, db.AutoMigrate(model), spelling)
				stmt := &gorm.Statement{DB: db}
				require.NoError(t, stmt.Parse(model))
				pool, err := db.DB()
				require.NoError(t, err)
				for _, tenant := range []uuid.UUID{uuid.New(), uuid.New()} {
					_, err = pool.Exec("INSERT INTO "+stmt.Table+" (tenant_id, name) VALUES (?, 'x')", tenant.String())
					require.NoError(t, err)
				}
				rows, err := pool.Query("SELECT id FROM " + stmt.Table + " ORDER BY id")
				require.NoError(t, err)
				defer rows.Close()
				for rows.Next() {
					var id any
					require.NoError(t, rows.Scan(&id))
					list = append(list, id)
				}
				return list
			}
			require.Equal(t, ids(false), ids(true), "%T as %q", model, spelling)
		}
	}
}

// A key that a table made by SQL has filled so far goes on being filled.
func TestSQLiteFillsKeysOfExistingTables(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{
		"CREATE TABLE rowid_nots (tenant_id uuid NOT NULL, id INTEGER PRIMARY KEY AUTOINCREMENT, name text)",
		"CREATE TABLE rowid_nots (tenant_id uuid NOT NULL, id integer, name text, PRIMARY KEY (id))",
	} {
		s := openShop(t, "file:"+uuid.NewString()+"?mode=memory&cache=shared&_pragma=busy_timeout(5000)", true)
		s.must(t, ddl)
		require.Empty(t, s.migrate(t, &RowidNot{}))
		db := s.db.WithContext(tenancy.With(context.Background(), uuid.New()))
		row := &RowidNot{Name: "x"}
		require.NoError(t, db.Create(row).Error)
		require.Equal(t, int64(1), row.ID, ddl)
		require.NoError(t, db.First(&RowidNot{}, 1).Error)
	}
}

// RowidGiven has ids that the program gives.
type RowidGiven struct {
	tenancy.TenantModel
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Name string
}

func TestIntegerKeysThatTheProgramGivesAreOfOneTenant(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, &RowidGiven{}))
		for range 2 {
			db := s.db.WithContext(tenancy.With(context.Background(), uuid.New()))
			require.NoError(t, db.Create(&RowidGiven{ID: 7}).Error)
		}
	})
}
