package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// Account is the root: the tenants' own table.
type Account struct {
	ID   uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Name string
}

type Company struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

type User struct {
	tenancy.TenantModel
	gorm.Model
	Name        string
	Age         int
	CompanyID   *uint
	Company     *Company
	ManagerID   *uint
	Manager     *User
	CountryCode *string
	Country     *Country
	Profile     *Profile
	Orders      []Order
	Tags        []Tag  `gorm:"many2many:user_tags"`
	Notes       []Note `gorm:"polymorphic:Owner"`
}

type Profile struct {
	tenancy.TenantModel
	ID     uint
	UserID uint
	Bio    string
}

type Order struct {
	tenancy.TenantModel
	ID     uint
	UserID uint
	Amount int
	Notes  []Note `gorm:"polymorphic:Owner"`
}

type Tag struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

type Note struct {
	tenancy.TenantModel
	ID        uint
	OwnerID   uint
	OwnerType string
	Text      string
}

// Doc has the batteries.
type Doc struct {
	tenancy.Model
	Title string
}

// Country is shared and read-only.
type Country struct {
	_    struct{} `tenancy:"shared"`
	Code string   `gorm:"primaryKey"`
	Name string
}

// Event is shared and writable.
type Event struct {
	ID   uint
	Text string
}

// OrderRow is a smaller struct on a tenant's table.
type OrderRow struct{ Amount int }

func (OrderRow) TableName() string { return "orders" }

// Secret is declared nowhere.
type Secret struct {
	ID   uint
	Text string
}

var models = []any{
	&Account{}, &Company{}, &Country{}, &Event{}, &Tag{}, &User{}, &Profile{}, &Order{}, &Note{}, &Doc{},
}

func config() tenancy.Config {
	return tenancy.Config{Models: models, Shared: []any{tenancy.Writable(&Event{})}}
}

// A world is a database with two tenants.
type world struct {
	db   *gorm.DB // without a tenant
	a, b *gorm.DB
	A, B uuid.UUID
}

// both runs a test on SQLite and on PostgreSQL.
func both(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, openSQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, openPostgres(t)))
	})
}

func quiet() *gorm.Config {
	return &gorm.Config{Logger: logger.Discard, DisableForeignKeyConstraintWhenMigrating: true}
}

func openSQLite(t testing.TB) *gorm.DB {
	t.Helper()
	return openSQLiteAt(t, "file:"+uuid.NewString()+"?mode=memory&cache=shared&_pragma=busy_timeout(5000)")
}

func openSQLiteAt(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), quiet())
	require.NoError(t, err)
	closeAtEnd(t, db)
	return db
}

func openPostgres(t testing.TB) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), quiet())
	require.NoError(t, err)
	closeAtEnd(t, db)
	return db
}

func closeAtEnd(t testing.TB, db *gorm.DB) {
	t.Helper()
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
}

func newWorld(t *testing.T, db *gorm.DB) *world {
	t.Helper()
	return newWorldOf(t, db, config())
}

func newWorldOf(t *testing.T, db *gorm.DB, c tenancy.Config) *world {
	t.Helper()
	require.NoError(t, db.Use(tenancy.New(c)))
	require.NoError(t, db.AutoMigrate(models...))
	w := &world{db: db, A: uuid.New(), B: uuid.New()}
	w.a, w.b = w.as(w.A), w.as(w.B)
	return w
}

func (w *world) as(tenant any) *gorm.DB {
	return w.db.WithContext(tenancy.With(context.Background(), tenant))
}

func (w *world) bypass() *gorm.DB {
	return w.db.WithContext(tenancy.Bypass(context.Background(), "the test looks at everything"))
}

// count counts the rows of a table, whoever's they are.
func (w *world) count(t *testing.T, model any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, w.bypass().Unscoped().Model(model).Count(&n).Error)
	return n
}
