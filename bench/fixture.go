package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/gorm-tenancy/tenancy"
)

const (
	users     = 20 // of the tenant that is measured
	companies = 4
	tags      = 5
	orders    = 3 // of a user
	tagsEach  = 2 // of a user
)

// A fixture is one database with a handle for either side. Both use the same
// connection, so that neither has a warmer cache or a better page.
type fixture struct {
	name   string // of the database with its version
	pool   *sql.DB
	hand   *gorm.DB // plain GORM
	scoped *gorm.DB // with the plugin
	tenant uuid.UUID
	// The contexts that the sides run under.
	plain, ctx context.Context
	drop       string // what removes the tables, if the database outlives them
}

// A tenant's number gives its id.
func tenantID(n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "tenant %d", n))
}

// openSQLite returns a filled database in memory.
func openSQLite(tenants int, log logger.Interface) (*fixture, error) {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	return open(pool, func() gorm.Dialector { return sqlite.New(sqlite.Config{Conn: pool}) }, tenants, log)
}

// openPostgres returns a filled schema of its own in the database that a DSN
// names.
func openPostgres(dsn string, tenants int, log logger.Interface) (*fixture, error) {
	first, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	pool, err := first.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1) // the search path is the connection's
	schema := "tenancy_bench_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	for _, statement := range []string{"CREATE SCHEMA " + schema, "SET search_path TO " + schema} {
		if _, err := pool.Exec(statement); err != nil {
			return nil, errors.Join(err, pool.Close())
		}
	}
	f, err := open(pool, func() gorm.Dialector { return postgres.New(postgres.Config{Conn: pool}) }, tenants, log)
	if f != nil {
		f.drop = "DROP SCHEMA " + schema + " CASCADE"
	}
	return f, err
}

// open makes both handles and fills the tables. The log is for both, and nil for
// none.
func open(pool *sql.DB, dialector func() gorm.Dialector, tenants int, log logger.Interface) (*fixture, error) {
	pool.SetMaxOpenConns(1)
	if log == nil {
		log = logger.Default.LogMode(logger.Silent)
	}
	f := &fixture{pool: pool, tenant: tenantID(0), plain: context.Background()}
	f.ctx = tenancy.With(f.plain, f.tenant)
	var err error
	for _, db := range []**gorm.DB{&f.hand, &f.scoped} {
		if *db, err = gorm.Open(dialector(), &gorm.Config{Logger: log}); err != nil {
			return f, err
		}
		if err = (*db).SetupJoinTable(&User{}, "Tags", &UserTag{}); err != nil {
			return f, err
		}
	}
	if err = f.scoped.Use(tenancy.New(tenancy.Config{Models: models()})); err != nil {
		return f, err
	}
	if err = f.hand.AutoMigrate(models()...); err != nil {
		return f, err
	}
	return f, f.fill(tenants)
}

// close removes what the fixture made.
func (f *fixture) close() error {
	var err error
	if f.drop != "" {
		_, err = f.pool.Exec(f.drop)
	}
	return errors.Join(err, f.pool.Close())
}

func (f *fixture) postgres() bool { return f.hand.Name() == "postgres" }

// fill writes the tables that are only read, the measured tenant's rows first,
// and as many for each of the others.
func (f *fixture) fill(tenants int) error {
	version := "SELECT 'SQLite ' || sqlite_version()"
	if f.postgres() {
		version = "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)"
	}
	if err := f.pool.QueryRow(version).Scan(&f.name); err != nil {
		return err
	}
	for n := range tenants {
		if err := f.hand.Transaction(func(tx *gorm.DB) error { return fillTenant(tx, tenantID(n)) }); err != nil {
			return err
		}
	}
	_, err := f.pool.Exec("ANALYZE")
	return err
}

func fillTenant(tx *gorm.DB, id uuid.UUID) error {
	owner := tenancy.TenantModel{TenantID: id}
	firms := make([]Company, companies)
	for i := range firms {
		firms[i] = Company{TenantModel: owner, Name: fmt.Sprint("company ", i)}
	}
	labels := make([]Tag, tags)
	for i := range labels {
		labels[i] = Tag{TenantModel: owner, Name: fmt.Sprint("tag ", i)}
	}
	if err := errors.Join(tx.Create(&firms).Error, tx.Create(&labels).Error); err != nil {
		return err
	}
	people := make([]User, users)
	for i := range people {
		people[i] = User{
			TenantModel: owner, Name: fmt.Sprint("user ", i), Email: fmt.Sprintf("user%d@example.com", i),
			Age: 20 + i, CompanyID: &firms[i%companies].ID,
		}
		for n := range orders {
			people[i].Orders = append(people[i].Orders, Order{TenantModel: owner, Amount: n + 1})
		}
	}
	if err := tx.Create(&people).Error; err != nil {
		return err
	}
	var links []UserTag
	for i := range people {
		for n := range tagsEach {
			links = append(links, UserTag{TenantModel: owner, UserID: people[i].ID, TagID: labels[(i+n)%tags].ID})
		}
	}
	return tx.Create(&links).Error
}

// empty empties tables and lets their ids start again: numbers below 256 need no
// allocation, which must not fall to one side alone.
func (f *fixture) empty(tables ...string) error {
	if f.postgres() {
		_, err := f.pool.Exec("TRUNCATE " + strings.Join(tables, ", ") + " RESTART IDENTITY")
		return err
	}
	for _, table := range tables {
		if _, err := f.pool.Exec("DELETE FROM " + table); err != nil {
			return err
		}
		if _, err := f.pool.Exec("DELETE FROM sqlite_sequence WHERE name = ?", table); err != nil {
			return err
		}
	}
	return nil
}

// refill gives a table the rows 1 to n of the measured tenant, whose other
// columns are a select list over n.
func (f *fixture) refill(table, columns, values string, n int) error {
	if err := f.empty(table); err != nil {
		return err
	}
	_, err := f.pool.Exec(fmt.Sprintf(
		"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) "+
			"INSERT INTO %s (tenant_id, id, %s) SELECT %s, n, %s FROM numbers",
		n, table, columns, f.tenantSQL(), values))
	return err
}

func (f *fixture) tenantSQL() string {
	if f.postgres() {
		return "CAST('" + f.tenant.String() + "' AS uuid)"
	}
	return "'" + f.tenant.String() + "'"
}
