package suite

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// migratePlainly has GORM itself make the tables, which it does only one by one
// where references form a cycle.
func migratePlainly(t *testing.T, dsn string) *shop {
	t.Helper()
	plain := openShop(t, dsn, false)
	for _, without := range []bool{true, false} {
		plain.db.Config.DisableForeignKeyConstraintWhenMigrating = without
		for _, model := range shopModels {
			require.NoError(t, plain.db.AutoMigrate(model))
		}
	}
	return plain
}

// Tables that GORM made by itself come to be what they would be, as long as they
// have no rows.
func TestAutoMigrateChangesEmptyTables(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		migratePlainly(t, s.dsn)
		require.Empty(t, s.migrate(t, shopModels...))
		s.changes()
		require.Empty(t, s.migrate(t, shopModels...))
		require.Empty(t, s.changes())

		got := s.structure(t)
		if s.isPostgres() { // where the other test has two schemas more
			s.must(t, "CREATE SCHEMA store")
			s.must(t, "CREATE SCHEMA depot")
			require.Empty(t, s.migrate(t, &StoreItem{}, &StoreRack{}))
			got = s.structure(t)
		}
		file := "keys_postgres.txt"
		if !s.isPostgres() { // where what can be made an index of is one
			file = "changed_sqlite.txt"
		}
		golden(t, file, got)
	})
}

func pendingText(changes []tenancy.SchemaChange) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s\n\t%s\n", c, c.SQL)
	}
	return b.String()
}

// Tables with rows keep their keys, work as they are, and what is left is said.
func TestAutoMigrateReportsOnFilledTables(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := migratePlainly(t, s.dsn)
		tenant, desk := uuid.New(), uuid.New()
		owned := tenancy.TenantModel{TenantID: tenant}
		clerk := &Clerk{TenantModel: owned, Email: "a", Number: "1"}
		clerk.ID = 1
		for _, row := range []any{
			&Shop{ID: tenant, Slug: "s"}, &ShopSettings{ShopID: tenant}, &Currency{Code: "EUR"}, clerk,
			&Desk{Model: tenancy.Model{TenantModel: owned, ID: desk}}, &Sale{TenantModel: owned, ID: "1", ClerkID: 1},
			&SaleLine{TenantModel: owned, SaleID: "1", Line: 1}, &Skill{TenantModel: owned, ID: 1},
			&Booking{AccountID: 1, Year: 1, No: 1}, &Posting{AccountID: 1, ID: "1", Year: 1, No: 1}, &LogLine{TenantModel: owned},
			&Parcel{TenantModel: owned, ID: "1"},
		} {
			require.NoError(t, plain.db.Create(row).Error)
		}
		require.NoError(t, plain.db.Model(clerk).Association("Skills").Append(&Skill{TenantModel: owned, ID: 1}))

		migrate := func() []tenancy.SchemaChange {
			done, err := tenancy.AutoMigrate(s.db, shopModels...)
			require.ErrorIs(t, err, tenancy.ErrRowsWithoutTenant)
			require.ErrorContains(t, err, "clerk_skills)")
			return done.Pending
		}
		pending := migrate()
		text := numbered.ReplaceAllString(pendingText(pending), "${1}_n")
		if s.isPostgres() { // SQLite says in which order GORM made the foreign keys, which changes
			text += "\n" + s.structure(t)
		}
		golden(t, "pending_"+s.db.Name()+".txt", text)
		s.changes()
		require.Equal(t, pendingText(pending), pendingText(migrate()))
		require.Empty(t, s.changes())

		db := s.db.WithContext(tenancy.With(context.Background(), tenant))
		require.NoError(t, db.Create(&Sale{ID: "2", ClerkID: 1, Ref: "r", Barcode: "x", Lines: []SaleLine{{Line: 1}}}).Error)
		var sales []Sale
		require.NoError(t, db.Preload("Lines").Order("id").Find(&sales).Error)
		require.Len(t, sales, 2)
		require.Len(t, sales[1].Lines, 1)
	})
}

// Ware and what follows are one table before and after.
type Ware struct {
	tenancy.TenantModel
	ID   string `gorm:"primaryKey"`
	Name string
	Code string
}

type WareNow struct {
	tenancy.TenantModel
	ID    string     `gorm:"primaryKey"`
	Name  string     `gorm:"uniqueIndex"`
	Code  string     `gorm:"index;unique"`
	Parts []WarePart `gorm:"foreignKey:WareID"`
}

func (WareNow) TableName() string { return "wares" }

type WarePart struct {
	tenancy.TenantModel
	ID     string `gorm:"primaryKey"`
	WareID string
}

// What is missing is made beside the running program.
func TestAutoMigrateAddsToFilledTables(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, &Ware{}, &WarePart{}))
		a, b := uuid.New(), uuid.New()
		s.must(t, fmt.Sprintf("INSERT INTO wares (tenant_id, id, name, code) VALUES ('%s', '1', 'x', 'x'), ('%s', '1', 'x', 'x')", a, b))
		s.must(t, fmt.Sprintf("INSERT INTO ware_parts (tenant_id, id, ware_id) VALUES ('%s', '1', '1')", a))
		s.changes()
		pending := s.migrate(t, &WareNow{}, &WarePart{})
		changes := strings.Join(s.changes(), "\n")
		if s.isPostgres() {
			require.Empty(t, pending)
			require.Equal(t, `CREATE UNIQUE INDEX CONCURRENTLY "uni_wares_code" ON "wares" ("tenant_id","code")
ALTER TABLE "wares" ADD CONSTRAINT "uni_wares_code" UNIQUE USING INDEX "uni_wares_code"
CREATE UNIQUE INDEX CONCURRENTLY "idx_wares_name" ON "wares" ("tenant_id","name")
CREATE INDEX CONCURRENTLY "idx_wares_code" ON "wares" ("tenant_id","code")
ALTER TABLE "ware_parts" ADD CONSTRAINT "fk_wares_parts" FOREIGN KEY ("tenant_id","ware_id") REFERENCES "wares"("tenant_id","id") NOT VALID
ALTER TABLE "ware_parts" VALIDATE CONSTRAINT "fk_wares_parts"`, changes)
		} else {
			require.Equal(t, "ware_parts: foreign key fk_wares_parts: SQLite cannot add it to a table with rows\n\t\n", pendingText(pending))
		}
		require.Len(t, s.migrate(t, &WareNow{}, &WarePart{}), len(pending))
		require.Empty(t, s.changes())
	})
}

// What the rows forbid is reported, and nothing of it is left behind.
func TestAutoMigrateReportsWhatRowsForbid(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, &Ware{}, &WarePart{}))
		before := s.structure(t)
		a, b := uuid.New(), uuid.New()
		s.must(t, fmt.Sprintf("INSERT INTO wares (tenant_id, id, name, code) VALUES ('%s', '1', 'x', 'x'), ('%[1]s', '2', 'x', 'x')", a))
		s.must(t, fmt.Sprintf("INSERT INTO ware_parts (tenant_id, id, ware_id) VALUES ('%s', '1', '1')", b))
		for _, tx := range []bool{false, true} {
			var pending []tenancy.SchemaChange
			if tx {
				require.NoError(t, s.db.Transaction(func(tx *gorm.DB) error {
					done, err := tenancy.AutoMigrate(tx, &WareNow{}, &WarePart{})
					pending = done.Pending
					return err
				}))
			} else {
				pending = s.migrate(t, &WareNow{}, &WarePart{})
			}
			var reasons []string
			for _, c := range pending {
				reasons = append(reasons, c.Name+": "+c.Reason)
			}
			if !s.isPostgres() {
				require.Equal(t, []string{"uni_wares_code: rows of the table are equal in it", "idx_wares_name: rows of the table are equal in it",
					"fk_wares_parts: SQLite cannot add it to a table with rows"}, reasons)
				continue
			}
			if !tx {
				require.Equal(t, []string{"uni_wares_code: rows of the table are equal in it", "idx_wares_name: rows of the table are equal in it",
					"fk_wares_parts: rows refer to rows that are not there, or are another tenant's"}, reasons)
				s.must(t, "DROP INDEX idx_wares_code")
				require.Equal(t, before, s.structure(t))
			}
		}
	})
}

// A table that has no tenant column yet, with rows and without.
type Oldie struct {
	ID   string `gorm:"primaryKey"`
	Name string `gorm:"index"`
}

type OldieNow struct {
	tenancy.TenantModel
	ID   string `gorm:"primaryKey"`
	Name string `gorm:"index"`
	Size int
}

func (OldieNow) TableName() string { return "oldies" }

func TestAutoMigrateAddsTenantColumn(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := openShop(t, s.dsn, false)
		require.NoError(t, plain.db.AutoMigrate(&Oldie{}))
		require.NoError(t, plain.db.Create(&Oldie{ID: "1"}).Error)
		done, err := tenancy.AutoMigrate(s.db, &OldieNow{})
		require.ErrorIs(t, err, tenancy.ErrRowsWithoutTenant)
		require.Len(t, done.Pending, 1)
		require.Equal(t, "column", done.Pending[0].Object)
		require.NoError(t, plain.db.Where("1 = 1").Delete(&Oldie{}).Error)
		require.Empty(t, s.migrate(t, &OldieNow{}))
		require.Contains(t, s.structure(t), "tenant_id")
		s.changes()
		require.Empty(t, s.migrate(t, &OldieNow{}))
		require.Empty(t, s.changes())
	})
}

func TestAutoMigrateWithoutTenantAndInsideBypass(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := openShop(t, s.dsn, false)
		_, err := tenancy.AutoMigrate(plain.db, &Ware{})
		require.ErrorContains(t, err, "needs the plugin")
		for _, ctx := range []context.Context{
			context.Background(), tenancy.Bypass(context.Background(), "migration"), tenancy.With(context.Background(), uuid.New()),
		} {
			require.NoError(t, s.db.WithContext(ctx).AutoMigrate(&Ware{}))
		}
	})
}

// warnings keeps what a logger is warned of.
type warnings struct {
	logger.Interface
	texts []string
}

func (w *warnings) Warn(_ context.Context, format string, args ...any) {
	w.texts = append(w.texts, fmt.Sprintf(format, args...))
}

// numbered are the names of SQLite's own, whose numbers follow the order of GORM's
// statements.
var numbered = regexp.MustCompile(`(sqlite_autoindex_\w+?)_\d+`)

func TestAutoMigrateWarnsOfWhatIsPending(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		plain := openShop(t, s.dsn, false)
		require.NoError(t, plain.db.AutoMigrate(&Ware{}))
		require.NoError(t, plain.db.Create(&Ware{ID: "1"}).Error)
		w := &warnings{Interface: logger.Discard}
		require.NoError(t, s.db.Session(&gorm.Session{Logger: w}).AutoMigrate(&Ware{}))
		want := "wares: primary key: the table has rows and has primary key (id) for it: move the rows to a table that AutoMigrate makes"
		if s.isPostgres() {
			want = "public.wares: primary key: the table has rows and has primary key wares_pkey (id) for it: PlanKeys plans the change"
		}
		require.Equal(t, []string{"tenancy: not migrated: " + want}, w.texts)
	})
}

func TestAutoMigrateDryRun(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		done, err := tenancy.AutoMigrate(s.db.Session(&gorm.Session{DryRun: true}), &Ware{}, &WarePart{})
		require.NoError(t, err)
		require.NotEmpty(t, done.Done)
		require.Equal(t, "\n", s.structure(t))
	})
}

func TestAutoMigrateInTransaction(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.ErrorIs(t, s.db.Transaction(func(tx *gorm.DB) error {
			require.NoError(t, tx.AutoMigrate(shopModels...))
			require.NoError(t, tx.AutoMigrate(shopModels...))
			return context.Canceled
		}), context.Canceled)
		require.Equal(t, "\n", s.structure(t))
		require.NoError(t, s.db.Transaction(func(tx *gorm.DB) error { return tx.AutoMigrate(shopModels...) }))
		s.changes()
		require.Empty(t, s.migrate(t, shopModels...))
		require.Empty(t, s.changes())
	})
}

func TestAutoMigrateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		var all sync.WaitGroup
		for range 3 {
			other := openShop(t, s.dsn, true)
			all.Go(func() { _ = other.db.AutoMigrate(shopModels...) })
		}
		all.Wait()
		require.Empty(t, s.migrate(t, shopModels...))
		require.Empty(t, s.migrate(t, shopModels...))
		s.changes()
		require.Empty(t, s.migrate(t, shopModels...))
		require.Empty(t, s.changes())
	})
}
