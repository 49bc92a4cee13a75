package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// A program that does not look at the error of Use is refused every statement with
// it, by whatever way the handle was derived.
func TestAHandleWhoseUseFailedSendsNothing(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := open(t)
			require.NoError(t, root.AutoMigrate(&Secret{}))
			require.NoError(t, root.Create(&Secret{Text: "kept"}).Error)
			early := root.Session(&gorm.Session{})
			earlyTx := root.Begin()
			require.NoError(t, earlyTx.Error)
			cause := root.Use(tenancy.New(tenancy.Config{Models: []any{&Secret{}}}))
			require.ErrorIs(t, cause, tenancy.ErrUndeclared)

			ctx := tenancy.With(context.Background(), uuid.New())
			for way, db := range map[string]*gorm.DB{
				"the handle": root, "a context": root.WithContext(ctx), "derived before": early, "a transaction begun before": earlyTx,
				"a new session": root.Session(&gorm.Session{NewDB: true}), "prepared": root.Session(&gorm.Session{PrepareStmt: true}),
				"dry": root.Session(&gorm.Session{DryRun: true}), "without hooks": root.Session(&gorm.Session{SkipHooks: true}),
				"unscoped": root.Unscoped(), "a bypass": root.WithContext(tenancy.Bypass(ctx, "why")), "debug": root.Debug(),
			} {
				for what, err := range everyStatement(db) {
					require.ErrorIs(t, err, tenancy.ErrUndeclared, "%s: %s", way, what)
				}
				require.ErrorIs(t, tenancy.Installed(db), tenancy.ErrUndeclared, way)
			}
			require.NoError(t, earlyTx.Rollback().Error)
			_, err := root.Statement.ConnPool.ExecContext(ctx, "DELETE FROM secrets")
			require.ErrorIs(t, err, tenancy.ErrUndeclared)
			require.ErrorIs(t, root.Use(tenancy.New(tenancy.Config{})), tenancy.ErrUndeclared, "a second Use opens nothing")
			require.ErrorIs(t, root.Find(&[]Secret{}).Error, tenancy.ErrUndeclared)

			pool, err := root.DB() // to be closed
			require.NoError(t, err)
			var n int
			require.NoError(t, pool.QueryRow("SELECT count(*) FROM secrets").Scan(&n))
			assert.Equal(t, 1, n)
		})
	}
}

// lines counts what a logger is given, and prints nothing.
type lines struct {
	logger.Interface
	count int
}

func (l *lines) Info(context.Context, string, ...any)  { l.count++ }
func (l *lines) Warn(context.Context, string, ...any)  { l.count++ }
func (l *lines) Error(context.Context, string, ...any) { l.count++ }

// Use has nothing to say, and leaves the logger as it was, when it fails as well.
func TestUseLogsNothing(t *testing.T) {
	t.Parallel()
	for _, config := range []tenancy.Config{{}, {Models: []any{&Secret{}}}} {
		db := openSQLite(t)
		log := &lines{Interface: logger.Discard}
		db.Logger = log
		_ = db.Use(tenancy.New(config))
		assert.Zero(t, log.count)
		assert.Same(t, log, db.Logger)
		db.Logger.Info(t.Context(), "the application's own")
		assert.Equal(t, 1, log.count)
	}
}

// everyStatement tries a statement of each kind.
func everyStatement(db *gorm.DB) map[string]error {
	var n int64
	rows, rowsErr := db.Model(&Secret{}).Rows()
	if rows != nil {
		_ = rows.Close()
	}
	_, generic := gorm.G[Secret](db).Find(context.Background())
	row := db.Exec("").Error
	if !db.DryRun { // GORM gives no row then
		row = db.Raw("SELECT count(*) FROM secrets").Row().Scan(&n)
	}
	return map[string]error{
		"find": db.Find(&[]Secret{}).Error, "first": db.First(&Secret{}, 1).Error, "count": db.Model(&Secret{}).Count(&n).Error,
		"create": db.Create(&Secret{Text: "x"}).Error, "save": db.Save(&Secret{ID: 1}).Error,
		"upsert": db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Secret{ID: 1}).Error,
		"update": db.Model(&Secret{}).Where("id = 1").Update("text", "x").Error, "delete": db.Delete(&Secret{}, 1).Error,
		"exec": db.Exec("DELETE FROM secrets").Error, "raw": db.Raw("SELECT count(*) FROM secrets").Scan(&n).Error,
		"row": row, "rows": rowsErr, "generics": generic,
		"table":       db.Table("secrets").Find(&[]map[string]any{}).Error,
		"transaction": db.Transaction(func(tx *gorm.DB) error { return tx.Exec("DELETE FROM secrets").Error }),
		"migrator":    db.Migrator().DropTable(&Secret{}), "automigrate": db.AutoMigrate(&Secret{}),
		"batches": db.FindInBatches(&[]Secret{}, 1, func(*gorm.DB, int) error { return nil }).Error,
	}
}

// GORM returns a handle from Open although its plugins failed.
func TestAPluginOfTheConfigurationThatFails(t *testing.T) {
	t.Parallel()
	config := quiet()
	config.Plugins = map[string]gorm.Plugin{"ours": tenancy.New(tenancy.Config{Models: []any{&Secret{}}})}
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: "file:" + uuid.NewString() + "?mode=memory"}), config)
	require.ErrorIs(t, err, tenancy.ErrUndeclared)
	closeAtEnd(t, db)
	for what, err := range everyStatement(db) {
		require.ErrorIs(t, err, tenancy.ErrUndeclared, what)
	}
	_, err = tenancy.Tables(db)
	require.Error(t, err)
}

func TestInstalled(t *testing.T) {
	t.Parallel()
	require.Error(t, tenancy.Installed(nil))
	require.Error(t, tenancy.Installed(&gorm.DB{}))
	db := openSQLite(t)
	require.ErrorContains(t, tenancy.Installed(db), "db.Use")
	require.NoError(t, db.Use(tenancy.New(config())))
	require.NoError(t, tenancy.Installed(db))
	require.NoError(t, tenancy.Installed(db.WithContext(t.Context())))
	require.NoError(t, tenancy.Installed(db.Session(&gorm.Session{NewDB: true})))

	// A second one changes nothing.
	require.ErrorIs(t, db.Use(tenancy.New(tenancy.Config{})), gorm.ErrRegistered)
	require.NoError(t, tenancy.Installed(db))
	err := tenancy.New(tenancy.Config{}).Initialize(db)
	require.ErrorContains(t, err, "call Use once")
	require.NoError(t, tenancy.Installed(db))
	require.ErrorIs(t, db.Find(&[]User{}).Error, tenancy.ErrNoTenant)

	named := quiet()
	named.Plugins = map[string]gorm.Plugin{"ours": tenancy.New(config())}
	db, err = gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: "file:" + uuid.NewString() + "?mode=memory"}), named)
	require.NoError(t, err)
	closeAtEnd(t, db)
	require.NoError(t, tenancy.Installed(db))
	require.ErrorContains(t, db.Use(tenancy.New(config())), "call Use once")
	require.ErrorIs(t, db.Find(&[]User{}).Error, tenancy.ErrNoTenant)
	_, err = tenancy.Tables(db)
	require.NoError(t, err)
}
