package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus"
)

const schema = "projects"

var errInUse = errors.New("name a database that is empty, and that nobody else uses")

// What is not an extension's and not PostgreSQL's own is somebody's.
const sqlTablesElsewhere = `
SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v') AND n.nspname NOT IN ($1, 'information_schema') AND n.nspname !~ '^pg_'
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
		WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`

// A station is the application at one place of its journey. One goroutine may use
// it at a time.
type station struct {
	out      io.Writer
	config   *pgx.ConnConfig
	pool     *sql.DB
	db       *gorm.DB
	recorder *recorder
	tenants  []int64 // the biggest first
	began    time.Time
}

// open connects to a database, looks whether it can be used, and makes the schema.
func (s *station) open(ctx context.Context, dsn string, cluster bool) (err error) {
	s.began = time.Now()
	if s.config, err = pgx.ParseConfig(dsn); err != nil {
		return errors.New("the DSN cannot be read") // the driver's error shows it
	}
	s.config.RuntimeParams["search_path"] = schema
	s.pool = stdlib.OpenDB(*s.config)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.pool.Close())
		}
	}()
	if cluster {
		if err := s.requireCluster(ctx); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(s.out, "No cluster: -dsn or TENANCY_CITUS_DSN names a Citus coordinator. This is the plan, made on a plain PostgreSQL.")
	}
	if err := s.requireAlone(ctx); err != nil {
		return err
	}
	if _, err := s.pool.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return fmt.Errorf("%w: %w", errInUse, err)
	}
	return nil
}

// requireAlone fails where others have tables: what has a column account_id would be
// spread with those of the program, and all that is spread would be brought back.
func (s *station) requireAlone(ctx context.Context) error {
	var others int
	err := s.pool.QueryRowContext(ctx, sqlTablesElsewhere, schema).Scan(&others)
	if err == nil && others > 0 {
		err = fmt.Errorf("the database has %d other tables and views: %w", others, errInUse)
	}
	return err
}

func (s *station) requireCluster(ctx context.Context) error {
	info, err := citus.Detect(ctx, s.pool)
	if err != nil {
		return err
	}
	if !info.Coordinator {
		return errors.New("the DSN names a worker: name the coordinator")
	}
	fmt.Fprintf(s.out, "Citus %s on PostgreSQL %d, %d workers.\n", info.Version, info.Postgres/10000, info.Workers)
	return nil
}

// close drops what was made, at whatever station the journey has ended.
func (s *station) close(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer stop()
	_, err := s.pool.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE")
	if err != nil {
		err = fmt.Errorf("drop the schema %s: %w", schema, err)
	}
	return errors.Join(err, s.pool.Close())
}

// restart is what an application does when its tables have become others: it has
// statements prepared, and knows keys, that are no more.
func (s *station) restart() error {
	pool := stdlib.OpenDB(*s.config)
	recorder := &recorder{}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: recorder, TranslateError: true})
	if err == nil {
		err = db.Use(tenancy.New(tenancy.Config{Column: "account_id", Models: models}))
	}
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	old := s.pool
	s.pool, s.db, s.recorder = pool, db, recorder
	return old.Close()
}

// heading begins a part of the output, with the time since the start.
func (s *station) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(s.out, "\n%s (%.1f s)\n%s\n", text, time.Since(s.began).Seconds(), strings.Repeat("─", len([]rune(text))))
}
