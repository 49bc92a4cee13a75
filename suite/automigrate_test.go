package suite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// shop is a database for models with keys.
type shop struct {
	db   *gorm.DB
	pool *sql.DB
	sent *recorder
	dsn  string
}

// shops runs a test on a new database of each kind, with foreign keys.
func shops(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openShop(t, "file:"+uuid.NewString()+"?mode=memory&cache=shared&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)", true))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openShop(t, tenancytest.Postgres(t).OwnerDSN, true))
	})
}

func openShop(t *testing.T, dsn string, scoped bool) *shop {
	t.Helper()
	s := &shop{dsn: dsn, sent: &recorder{Interface: logger.Discard}}
	dialector := postgres.Open(dsn)
	if strings.HasPrefix(dsn, "file:") {
		dialector = sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn})
	}
	var err error
	s.db, err = gorm.Open(dialector, &gorm.Config{Logger: s.sent})
	require.NoError(t, err)
	closeAtEnd(t, s.db)
	s.pool, err = s.db.DB()
	require.NoError(t, err)
	require.NoError(t, s.db.SetupJoinTable(&Clerk{}, "Shifts", &ClerkShift{}))
	if scoped {
		require.NoError(t, s.db.Use(tenancy.New(tenancy.Config{})))
	}
	return s
}

// migrate migrates and returns what is pending.
func (s *shop) migrate(t *testing.T, models ...any) []tenancy.SchemaChange {
	t.Helper()
	done, err := tenancy.AutoMigrate(s.db, models...)
	require.NoError(t, err)
	return done.Pending
}

func (s *shop) must(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := s.pool.Exec(query, args...)
	require.NoError(t, err, query)
}

func (s *shop) isPostgres() bool { return s.db.Name() == "postgres" }

const (
	postgresStructure = `SELECT c.conrelid::regclass || ' ' || c.conname || ': ' || pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.contype <> 'n'
UNION ALL
SELECT i.indrelid::regclass || ' ' || c.relname || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX \S+ ON \S+ ', '\1') || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
ORDER BY 1`

	sqliteStructure = `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name`
)

// structure is what the database says of its keys.
func (s *shop) structure(t *testing.T) string {
	t.Helper()
	query := sqliteStructure
	if s.isPostgres() {
		query = postgresStructure
	}
	var lines []string
	rows, err := s.pool.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		lines = append(lines, strings.ReplaceAll(line, ",", ", "))
	}
	require.NoError(t, rows.Err())
	return strings.ReplaceAll(strings.Join(lines, "\n"), ",  ", ", ") + "\n"
}

// changes are the statements of the schema that were sent since it was asked last.
func (s *shop) changes() (changes []string) {
	for _, text := range s.sent.sent {
		word, _, _ := strings.Cut(text, " ")
		switch word {
		case "CREATE", "ALTER", "DROP", "COMMENT", "INSERT", "UPDATE", "DELETE":
			changes = append(changes, text)
		}
	}
	s.sent.sent = nil
	return changes
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		require.Equal(t, wantLines[i], gotLines[i], "%s:%d; run with -update if the change is meant", file, i+1)
	}
	require.Len(t, gotLines, len(wantLines))
}

func TestAutoMigrateMakesCompositeKeys(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		models := shopModels
		if s.isPostgres() {
			s.must(t, "CREATE SCHEMA store")
			s.must(t, "CREATE SCHEMA depot")
			models = append(models[:len(models):len(models)], &StoreItem{}, &StoreRack{})
		}
		require.Empty(t, s.migrate(t, models...))
		golden(t, "keys_"+s.db.Name()+".txt", s.structure(t))
		require.NotEmpty(t, s.changes())

		require.Empty(t, s.migrate(t, models...))
		require.Empty(t, s.changes(), "a second run changes nothing")
		done, err := tenancy.AutoMigrate(s.db, models...)
		require.NoError(t, err)
		require.Empty(t, done.Done)

		again := openShop(t, s.dsn, true)
		for _, model := range models {
			require.NoError(t, again.db.AutoMigrate(model))
		}
		require.Empty(t, again.changes(), "nor does one model at a time, in another process")
	})
}

// reference is a row that refers to another one, by value.
type reference struct {
	name  string
	query string // with the tenant and what it refers to
	to    any    // a row of the first tenant
}

func TestDatabaseRefusesAnotherTenantsRow(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, shopModels...))
		a, b := uuid.NewString(), uuid.NewString()
		desk := uuid.NewString()
		now := "'2024-01-01'"
		for i, tenant := range []string{a, b} {
			s.must(t, fmt.Sprintf("INSERT INTO shops (id, slug) VALUES ('%s', 's%d')", tenant, i))
			s.must(t, fmt.Sprintf("INSERT INTO clerks (tenant_id, id, email, number) VALUES ('%s', %d, 'a@b', 'n%d')", tenant, i+1, i))
		}
		s.must(t, "INSERT INTO desks (tenant_id, id, room, floor, created_at) VALUES ('"+a+"', '"+desk+"', 'r', 1, "+now+")")
		s.must(t, "INSERT INTO sales (tenant_id, id, clerk_id, barcode, kind) VALUES ('"+a+"', 'x', 1, 'q', 'a')")
		s.must(t, "INSERT INTO skills (tenant_id, id, name) VALUES ('"+a+"', 1, 'x'), ('"+b+"', 2, 'x')")
		s.must(t, "INSERT INTO shifts (tenant_id, id, name) VALUES ('"+a+"', 1, 'x'), ('"+b+"', 2, 'x')")
		s.must(t, "INSERT INTO parcels (tenant_id, id) VALUES ('"+a+"', 'p')")
		s.must(t, "UPDATE clerks SET passport = 'x' WHERE id = 1")
		s.must(t, "INSERT INTO bookings (acct, year, no) VALUES (1, 2020, 1)")
		for i, r := range []reference{
			{"belongs to", "INSERT INTO desks (tenant_id, id, room, floor, clerk_id) VALUES ('%s', '" + uuid.NewString() + "', 'r', 5, %v)", 1},
			{"self reference", "INSERT INTO clerks (tenant_id, id, email, number, boss_id) VALUES ('%s', 9, 'e', 'e', %v)", 1},
			{"cycle", "INSERT INTO clerks (tenant_id, id, email, number, desk_id) VALUES ('%s', 10, 'f', 'f', '%v')", desk},
			{"root to tenant", "UPDATE shops SET owner_id = %[2]v WHERE id = '%[1]s'", 1},
			{"has one", "INSERT INTO lockers (tenant_id, clerk_id) VALUES ('%s', %v)", 1},
			{"has many", "INSERT INTO sales (tenant_id, id, clerk_id, barcode, kind) VALUES ('%s', 'y', %v, 'r', 'a')", 1},
			{"has many by text", "INSERT INTO sale_lines (tenant_id, sale_id, line) VALUES ('%s', '%v', 1)", "x"},
			{"unique column", "INSERT INTO badges (tenant_id, clerk_number) VALUES ('%s', '%v')", "n0"},
			{"global unique column", "INSERT INTO visas (tenant_id, passport) VALUES ('%s', '%v')", "x"},
			{"global key", "INSERT INTO parcel_returns (tenant_id, id, parcel_id) VALUES ('%s', '" + uuid.NewString() + "', '%v')", "p"},
			{"many to many, own side", "INSERT INTO clerk_skills (tenant_id, clerk_id, skill_id) VALUES ('%s', %v, CASE '%[1]s' WHEN '" + a + "' THEN 1 ELSE 2 END)", 1},
			{"many to many, other side", "INSERT INTO clerk_skills (tenant_id, skill_id, clerk_id) VALUES ('%s', %v, CASE '%[1]s' WHEN '" + a + "' THEN 1 ELSE 2 END) ON CONFLICT DO NOTHING", 1},
			{"many to many, self", "INSERT INTO clerk_friends (tenant_id, clerk_id, friend_id) VALUES ('%s', %v, CASE '%[1]s' WHEN '" + a + "' THEN 1 ELSE 2 END)", 1},
			{"join model", "INSERT INTO clerk_shifts (tenant_id, clerk_id, shift_id) VALUES ('%s', %v, CASE '%[1]s' WHEN '" + a + "' THEN 1 ELSE 2 END)", 1},
		} {
			_, err := s.pool.Exec(fmt.Sprintf(r.query, b, r.to))
			require.Error(t, err, r.name)
			require.Contains(t, strings.ToLower(err.Error()), "foreign key constraint", r.name)
			_, err = s.pool.Exec(fmt.Sprintf(r.query, a, r.to))
			require.NoError(t, err, "%d: %s", i, r.name)
		}
		_, err := s.pool.Exec("INSERT INTO postings (acct, id, year, no) VALUES (2, 'p', 2020, 1)")
		require.Error(t, err, "composite key")
		s.must(t, "INSERT INTO postings (acct, id, year, no) VALUES (1, 'p', 2020, 1)")
	})
}

func TestTenantsOwnTheSameKeys(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, s *shop) {
		require.Empty(t, s.migrate(t, shopModels...))
		for _, tenant := range []uuid.UUID{uuid.New(), uuid.New()} {
			db := s.db.WithContext(tenancy.With(context.Background(), tenant))
			require.NoError(t, db.Create(&Shop{ID: tenant, Slug: tenant.String()}).Error)
			clerk := &Clerk{Email: "a@b.c", Number: "1"}
			if s.isPostgres() {
				clerk.ID = 1
			}
			require.NoError(t, db.Create(clerk).Error)
			sale := &Sale{ID: "1", ClerkID: clerk.ID, Ref: "r", State: "open", Barcode: tenant.String(), Lines: []SaleLine{{Line: 1}}}
			require.NoError(t, db.Create(sale).Error)
			require.NoError(t, db.Save(sale).Error)
			require.NoError(t, db.Model(clerk).Association("Skills").Append(&Skill{Name: "x"}))
			require.Error(t, db.Create(&Sale{ID: "2", ClerkID: clerk.ID, Ref: "R", Barcode: "x"}).Error, "its own reference twice")
		}
	})
}

func postgresDSN(t *testing.T) string {
	t.Helper()
	return tenancytest.Postgres(t).OwnerDSN
}
