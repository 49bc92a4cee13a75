package main

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite", which needs no C compiler
)

// open returns an embedded database in memory or, for a data source name, a
// schema of its own on PostgreSQL; and what closes it and leaves nothing behind.
func open(dsn string, log logger.Interface) (*gorm.DB, func() error, error) {
	config := &gorm.Config{Logger: log, TranslateError: true}
	if dsn != "" {
		return openPostgres(dsn, config)
	}
	name := "file:" + uuid.NewString() + "?mode=memory&cache=shared&_pragma=foreign_keys(1)"
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: name}), config)
	if err != nil {
		return nil, nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, nil, err
	}
	pool.SetMaxOpenConns(1) // writers of one shared cache lock each other out
	return db, pool.Close, nil
}

func openPostgres(dsn string, config *gorm.Config) (*gorm.DB, func() error, error) {
	pg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	schema := pgx.Identifier{fmt.Sprintf("tenancy_quickstart_%.8s", uuid.NewString())}.Sanitize()
	pg.RuntimeParams["search_path"] = schema
	pool := stdlib.OpenDB(*pg)
	if _, err := pool.Exec("CREATE SCHEMA " + schema); err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	drop := func() error {
		_, err := pool.Exec("DROP SCHEMA " + schema + " CASCADE")
		return errors.Join(err, pool.Close())
	}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), config)
	if err != nil {
		_ = drop() // the first error says more
		return nil, nil, err
	}
	return db, drop, nil
}
