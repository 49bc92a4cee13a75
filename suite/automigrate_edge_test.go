package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"

	"github.com/gorm-tenancy/tenancy"
)

type Vendor struct {
	_      struct{} `tenancy:"shared"`
	ID     uint
	WareID string
	Ware   *Ware
}

type Offer struct {
	tenancy.TenantModel
	ID     uint
	WareID *string
	Ware   *Ware `gorm:"constraint:OnUpdate:SET NULL"`
}

type Demand struct {
	tenancy.TenantModel
	ID     uint
	WareID *string
	Ware   *Ware `gorm:"constraint:OnDelete:SET NULL"`
}

type Wish struct {
	tenancy.TenantModel
	ID     uint
	WareID *string
	Ware   *Ware `gorm:"constraint:OnDelete:EXPLODE"`
}

// WareView has the table of Ware without its tenant column.
type WareView struct {
	ID   string `gorm:"primaryKey"`
	Name string
}

func (WareView) TableName() string { return "wares" }

func TestAutoMigrateRefusesModels(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		for model, reason := range map[any]string{
			&Vendor{}:   "vendors belongs to no tenant and cannot refer to wares",
			&Offer{}:    "OnUpdate:SET NULL would clear the tenant column",
			&Wish{}:     "OnDelete:EXPLODE is not known",
			&WareView{}: "WareView has no tenant column: migrate the table's own model first",
			"wares":     "has no schema",
		} {
			if _, isView := model.(*WareView); isView { // the registry has to know whose the table is
				require.Error(t, s.db.AutoMigrate(&Vendor{}))
			}
			_, err := tenancy.AutoMigrate(s.db, model)
			require.ErrorContains(t, err, reason)
			require.Equal(t, "\n", s.structure(t), "nothing was made")
		}
		_, err := tenancy.AutoMigrate(s.db, &Demand{})
		if s.isPostgres() {
			require.NoError(t, err)
			require.Contains(t, s.structure(t), "ON DELETE SET NULL (ware_id)")
			require.NoError(t, s.db.AutoMigrate(&Ware{}, &WareView{}), "a smaller struct is let be")
		} else {
			require.ErrorContains(t, err, "SQLite can clear a part of a foreign key only where")
		}
	})
}

// Deleting a row clears what refers to it, and only that.
func TestDeleteClearsReferenceAndKeepsTenant(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, &Desk{}, &Clerk{}))
		tenant := uuid.NewString()
		s.must(t, fmt.Sprintf("INSERT INTO clerks (tenant_id, id, email, number) VALUES ('%s', 1, 'a', 'a')", tenant))
		s.must(t, fmt.Sprintf("INSERT INTO desks (tenant_id, id, room, clerk_id) VALUES ('%s', '%s', 'r', 1)", tenant, uuid.NewString()))
		s.must(t, "DELETE FROM clerks")
		var kept string
		require.NoError(t, s.pool.QueryRow("SELECT tenant_id FROM desks WHERE clerk_id IS NULL").Scan(&kept))
		require.Equal(t, tenant, kept)
	})
}

// A key that a table with rows refers to stays, be it that of an empty table.
func TestAutoMigrateKeepsKeysThatAreNeeded(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := openShop(t, s.dsn, false)
		require.NoError(t, plain.db.AutoMigrate(&WareNow{}, &WarePart{}))
		s.must(t, fmt.Sprintf("INSERT INTO ware_parts (tenant_id, id) VALUES ('%s', '1')", uuid.New()))
		pending := s.migrate(t, &WareNow{}, &WarePart{})
		text := pendingText(pending)
		require.Contains(t, text, "wares: primary key: ")
		require.Contains(t, text, "needs the key that is there")
		require.Contains(t, text, "ware_parts: foreign key fk_wares_parts: the key of ")
		s.must(t, "UPDATE ware_parts SET id = '2'")
		s.changes()
		require.Equal(t, text, pendingText(s.migrate(t, &WareNow{}, &WarePart{})))
		require.Empty(t, s.changes())

		s.must(t, "DELETE FROM ware_parts")
		require.Empty(t, s.migrate(t, &WareNow{}, &WarePart{}))
		s.changes()
		require.Empty(t, s.migrate(t, &WareNow{}, &WarePart{}))
		require.Empty(t, s.changes())
	})
}

type FirstOfName struct {
	tenancy.TenantModel
	ID   string `gorm:"primaryKey"`
	Name string `gorm:"index:idx_same_name"`
}

type SecondOfName struct {
	tenancy.TenantModel
	ID   string `gorm:"primaryKey"`
	Name string `gorm:"index:idx_same_name"`
}

func TestAutoMigrateReportsNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		for range 2 {
			pending := s.migrate(t, &FirstOfName{}, &SecondOfName{})
			require.Len(t, pending, 1)
			require.Equal(t, "another table has an index of that name", pending[0].Reason)
			require.True(t, strings.HasSuffix(pending[0].Table, "second_of_names"))
		}
	})
}

// What others made of a table stays as it is, or is put back.
func TestAutoMigrateKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := openShop(t, s.dsn, false)
		require.NoError(t, plain.db.AutoMigrate(&Ware{}))
		s.must(t, "CREATE INDEX own_index ON wares (code, name)")
		require.Empty(t, s.migrate(t, &Ware{}))
		require.Contains(t, s.structure(t), "own_index")

		require.NoError(t, plain.db.AutoMigrate(&Oldie{}))
		s.must(t, "ALTER TABLE oldies ADD COLUMN note text")
		require.Empty(t, s.migrate(t, &OldieNow{}))
		_, err := s.pool.Exec("SELECT note FROM oldies")
		require.NoError(t, err)
	})
}

func TestMigratorMethods(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		m := s.db.Migrator()
		require.False(t, m.HasIndex(&WareNow{}, "idx_wares_name"))
		require.NoError(t, m.CreateTable(&WareNow{}, &WarePart{}))
		made := s.structure(t)
		require.Error(t, m.CreateTable(&WareNow{}))
		for _, name := range []string{"idx_wares_name", "Name"} {
			require.True(t, m.HasIndex(&WareNow{}, name), name)
		}
		require.True(t, m.HasConstraint(&WareNow{}, "uni_wares_code"))
		for _, name := range []string{"Parts", "fk_wares_parts"} {
			require.True(t, m.HasConstraint(&WareNow{}, name), name)
		}
		require.NoError(t, m.CreateIndex(&WareNow{}, "Name"), "it is there")
		require.NoError(t, m.DropIndex(&WareNow{}, "Name"))
		require.False(t, m.HasIndex(&WareNow{}, "Name"))
		require.NoError(t, m.CreateIndex(&WareNow{}, "Name"))
		require.Equal(t, made, s.structure(t))
		require.NoError(t, m.DropConstraint(&WareNow{}, "Parts"))
		require.False(t, m.HasConstraint(&WareNow{}, "Parts"))
		require.NoError(t, m.CreateConstraint(&WareNow{}, "Parts"))
		require.True(t, m.HasConstraint(&WareNow{}, "Parts"))
		if s.isPostgres() {
			require.Equal(t, made, s.structure(t))
		}
		s.changes()
		require.Empty(t, s.migrate(t, &WareNow{}, &WarePart{}))
		require.Empty(t, s.changes())
		require.NoError(t, m.AutoMigrate(&Clerk{}, &Sale{}))
		for _, relation := range []string{"Skills", "Sales", "Boss"} { // of three tables
			require.True(t, m.HasConstraint(&Clerk{}, relation), relation)
			require.NoError(t, m.DropConstraint(&Clerk{}, relation), relation)
			require.False(t, m.HasConstraint(&Clerk{}, relation), relation)
			require.NoError(t, m.CreateConstraint(&Clerk{}, relation), relation)
			require.True(t, m.HasConstraint(&Clerk{}, relation), relation)
		}
		require.False(t, m.HasIndex(&WareNow{}, "no_such_index"))
		require.True(t, m.HasTable("wares"))
		require.NoError(t, m.DropTable(&WarePart{}, &WareNow{}))
	})
}

func TestAutoMigrateOfNamedTable(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		names := []string{"wares_2024"}
		if s.isPostgres() {
			s.must(t, "CREATE SCHEMA archive")
			names = append(names, "archive.wares")
		}
		for _, name := range names {
			for range 2 {
				require.NoError(t, s.db.Table(name).AutoMigrate(&WareNow{}))
			}
			s.changes()
			require.NoError(t, s.db.Table(name).AutoMigrate(&WareNow{}))
			require.Empty(t, s.changes())
		}
		text := s.structure(t)
		require.Contains(t, text, "wares_2024")
		if s.isPostgres() {
			require.Contains(t, text, "archive.wares wares_pkey: PRIMARY KEY (tenant_id, id)")
			require.NotContains(t, text, "\nwares ")
		}
	})
}

func TestAutoMigrateWithDBResolver(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		dialector := postgres.Open(s.dsn)
		if !s.isPostgres() {
			dialector = sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: s.dsn})
		}
		require.NoError(t, s.db.Use(dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{dialector}, Replicas: []gorm.Dialector{dialector}})))
		require.Empty(t, s.migrate(t, &WareNow{}, &WarePart{}))
		s.changes()
		require.Empty(t, s.migrate(t, &WareNow{}, &WarePart{}))
		require.Empty(t, s.changes())
	})
}

func TestAutoMigrateWithPreparedStatements(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		db := s.db.Session(&gorm.Session{PrepareStmt: true})
		for range 2 {
			done, err := tenancy.AutoMigrate(db, shopModels...)
			require.NoError(t, err)
			require.Empty(t, done.Pending)
		}
		s.changes()
		require.NoError(t, db.AutoMigrate(shopModels...))
		require.Empty(t, s.changes())
	})
}

func TestAutoMigrateOfPartitionedTable(t *testing.T) {
	t.Parallel()
	s := openShop(t, postgresDSN(t), true)
	s.must(t, `CREATE TABLE wares (tenant_id uuid NOT NULL, id text, name text, code text, PRIMARY KEY (tenant_id, id)) PARTITION BY HASH (tenant_id)`)
	s.must(t, `CREATE TABLE wares_0 PARTITION OF wares FOR VALUES WITH (MODULUS 1, REMAINDER 0)`)
	s.must(t, "INSERT INTO wares (tenant_id, id) VALUES ($1, '1')", uuid.New())
	pending := s.migrate(t, &WareNow{}, &WarePart{})
	require.Len(t, pending, 3)
	for _, change := range pending {
		require.Equal(t, "the table is partitioned", change.Reason)
	}
	require.Contains(t, s.structure(t), "ware_parts fk_wares_parts: FOREIGN KEY (tenant_id, ware_id) REFERENCES wares(tenant_id, id)")
}

// An index that no build completed is not touched: one may be under way.
func TestAutoMigrateReportsInvalidIndexes(t *testing.T) {
	t.Parallel()
	s := openShop(t, postgresDSN(t), true)
	require.Empty(t, s.migrate(t, &Ware{}))
	tenant := uuid.New()
	s.must(t, "INSERT INTO wares (tenant_id, id, name, code) VALUES ($1, '1', 'x', '1'), ($1, '2', 'x', '2')", tenant)
	_, err := s.pool.Exec("CREATE UNIQUE INDEX CONCURRENTLY idx_wares_name ON wares (tenant_id, name)")
	require.Error(t, err)
	pending := s.migrate(t, &WareNow{})
	require.Len(t, pending, 1)
	require.Contains(t, pending[0].Reason, "is invalid")
}
