package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// data is the database, through three handles with pools of their own.
type data struct {
	tenants *gorm.DB // with the plugin: tenants' rows, the blog
	lookups *gorm.DB // with the plugin: the registry, which anybody's request may ask
	people  *gorm.DB // without: accounts
	drop    func() error
}

var models = []any{&Project{}, &Task{}, &Session{}, &Post{}}

// openData opens the database and brings it up to date. An empty DSN is a database
// that is dropped again. There, the role that serves is not the one that migrates,
// and can create and drop nothing; with a database of your own, make two as well.
func openData(ctx context.Context, dsn string) (_ *data, err error) {
	d := &data{drop: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	owner := dsn
	if dsn == "" {
		database, drop, err := tenancytest.NewDatabase()
		if err != nil {
			return nil, err
		}
		owner, dsn, d.drop = database.OwnerDSN, database.DSN, drop
	}
	if err := migrate(ctx, owner); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	if d.tenants, err = openTenants(dsn, tenantConns); err != nil {
		return nil, err
	}
	if d.lookups, err = openTenants(dsn, lookupConns); err != nil {
		return nil, err
	}
	d.people, err = openHandle(dsn, peopleConns)
	return d, err
}

// close closes the connections and drops what was made for this run.
func (d *data) close() error {
	return errors.Join(closeHandle(d.tenants), closeHandle(d.lookups), closeHandle(d.people), d.drop())
}

// openHandle opens a handle with a pool of so many connections.
func openHandle(dsn string, conns int) (*gorm.DB, error) {
	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{
		Logger: logger.New(log.New(os.Stderr, "", log.LstdFlags), logger.Config{
			LogLevel: logger.Warn, IgnoreRecordNotFoundError: true, ParameterizedQueries: true,
		}),
	})
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return db, nil
}

func openTenants(dsn string, conns int) (*gorm.DB, error) {
	db, err := openHandle(dsn, conns)
	if err != nil {
		return nil, err
	}
	if err := db.Use(tenancy.New(tenancy.Config{Models: models})); err != nil {
		return nil, errors.Join(err, closeHandle(db))
	}
	return db, nil
}

func closeHandle(db *gorm.DB) error {
	if db == nil {
		return nil
	}
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// migrate makes the tables, and the blog's first articles.
func migrate(ctx context.Context, dsn string) (err error) {
	db, err := openTenants(dsn, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeHandle(db)) }()
	done, err := tenancy.AutoMigrate(db.WithContext(ctx), append(registry.Models(nil), models...)...)
	if err != nil {
		return err
	}
	for _, change := range done.Pending {
		return fmt.Errorf("left to do by hand: %s", change)
	}
	people, err := openHandle(dsn, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeHandle(people)) }()
	if err := people.WithContext(ctx).AutoMigrate(&Person{}); err != nil {
		return err
	}
	return seed(db.WithContext(tenancy.Bypass(ctx, "the blog is the service's own")))
}

func seed(db *gorm.DB) error {
	var count int64
	if err := db.Model(&Post{}).Count(&count).Error; err != nil || count > 0 {
		return err
	}
	return db.Create(&[]Post{
		{Title: "Invite your colleagues", Body: "Owners invite editors, who work on projects, and viewers, who look at them."},
		{Title: "Welcome", Body: "Sign up, and your company has a place of its own for its projects."},
	}).Error
}
