package tenancytest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// EnvDSN is the environment variable that names a running server to test on,
// as a URL or in keyword form. Its role must be allowed to create databases
// and roles; it need not be a superuser on PostgreSQL 15 and later.
const EnvDSN = "TENANCY_TEST_DSN"

// errNoServer is one line, for it ends up in the output of a test.
var errNoServer = errors.New("no PostgreSQL to test on: set " + EnvDSN + ", or install the server" +
	" (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql;" +
	" macOS: brew install postgresql), or start Docker or Podman")

// stepTimeout bounds the creation and the removal of one database.
const stepTimeout = time.Minute

// Database is an empty database that belongs to one test, and the two roles
// that may use it. The zero value names no database.
//
// Both DSNs are understood by pgx and by GORM's driver, and set the session's
// time zone to UTC. They hold a password: do not log them.
type Database struct {
	// OwnerDSN connects as the role that owns the database and its schemas, for
	// migrations. It is no superuser: row-level security that is forced holds
	// for it as well.
	OwnerDSN string

	// DSN connects as the application: neither owner nor superuser, and without
	// the right to create anything but temporary tables. It may SELECT, INSERT,
	// UPDATE and DELETE in every table that the owner creates, and use every
	// sequence and schema.
	DSN string
}

// Postgres returns a new, empty database for the calling test, and drops it,
// with whoever is still connected, when the test and its subtests have ended.
// It may be called from parallel tests, and several times by one.
//
// The server is the one that [EnvDSN] names; else a throw-away server started
// from PostgreSQL's binaries on this machine, also when the tests run as root;
// else a container, where Docker or Podman runs. A server that Postgres starts
// serves all tests of the test process, is closed to the machine's other users,
// and ends with the process however that ends. It is for tests alone: it trades
// the safety of its data for speed.
//
// Where there is none of the three, the test fails, and the message says what
// to install. It is never skipped: an isolation test that did not run has
// proved nothing.
func Postgres(tb testing.TB) *Database {
	tb.Helper()
	database, drop, err := NewDatabase()
	if err != nil {
		tb.Fatalf("tenancytest: %v", err)
	}
	tb.Cleanup(func() {
		if err := drop(); err != nil {
			tb.Errorf("tenancytest: %v", err)
		}
	})
	return database
}

// NewDatabase is [Postgres] for a program, such as an example that has to run on
// any machine. The function that it returns drops the database. A server that
// NewDatabase started keeps nothing once the process has ended.
func NewDatabase() (*Database, func() error, error) {
	server, err := testServer()
	if err != nil {
		return nil, nil, err
	}
	name, password := randomName(), rand.Text()
	drop := func() error {
		if err := dropDatabase(server.admin, name); err != nil {
			return fmt.Errorf("drop database %s: %w", name, err)
		}
		return nil
	}
	if err := createDatabase(server.admin, name, password); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("create database %s: %w", name, err), drop())
	}
	return &Database{
		OwnerDSN: server.admin.as(name+"_owner", password, name).String(),
		DSN:      server.admin.as(name+"_app", password, name).String(),
	}, drop, nil
}

// randomName makes the name of a database, and the stem of its roles' names,
// that tests on the same server in other processes do not use.
func randomName() string {
	return "tenancy_test_" + strings.ToLower(rand.Text())
}

// testServer finds or starts the server of this process, once.
var testServer = sync.OnceValues(func() (server, error) {
	if text := os.Getenv(EnvDSN); text != "" {
		admin, err := parseDSN(text)
		return server{admin: admin}, err
	}
	return startServer(serverBinaries())
})

// The role that runs these becomes a member of both. Of anybody but a superuser
// PostgreSQL asks that to make the one owner, and to end the other's sessions.
const (
	sqlCreateRoles = `
CREATE ROLE %[1]s_owner LOGIN PASSWORD '%[2]s';
CREATE ROLE %[1]s_app LOGIN PASSWORD '%[2]s';
GRANT %[1]s_owner, %[1]s_app TO CURRENT_USER`

	sqlCreateDatabase = `CREATE DATABASE %[1]s OWNER %[1]s_owner`

	sqlGrant = `
REVOKE ALL ON DATABASE %[1]s FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE %[1]s TO %[1]s_app;
ALTER SCHEMA public OWNER TO %[1]s_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO %[1]s_app;
ALTER DEFAULT PRIVILEGES FOR ROLE %[1]s_owner GRANT USAGE ON SCHEMAS TO %[1]s_app;
ALTER DEFAULT PRIVILEGES FOR ROLE %[1]s_owner GRANT USAGE ON SEQUENCES TO %[1]s_app;
ALTER DEFAULT PRIVILEGES FOR ROLE %[1]s_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %[1]s_app`

	sqlDropDatabase = `DROP DATABASE IF EXISTS %[1]s WITH (FORCE)`

	sqlDropRoles = `DROP ROLE IF EXISTS %[1]s_app, %[1]s_owner`
)

func createDatabase(admin dsn, name, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	err := runSQL(ctx, admin,
		fmt.Sprintf(sqlCreateRoles, name, password),
		fmt.Sprintf(sqlCreateDatabase, name),
	)
	if err != nil {
		return err
	}
	return runSQL(ctx, admin.as("", "", name), fmt.Sprintf(sqlGrant, name))
}

func dropDatabase(admin dsn, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	return runSQL(ctx, admin,
		fmt.Sprintf(sqlDropDatabase, name),
		fmt.Sprintf(sqlDropRoles, name),
	)
}

// runSQL runs statements in a session of their own.
func runSQL(ctx context.Context, admin dsn, statements ...string) error {
	return withSQL(admin, func(db *sql.DB) error { return execAll(ctx, db, statements...) })
}

// withSQL connects again each time: a pool kept open would leave goroutines to
// the leak checks of the tests that use this package. Its error says what the
// server warned of before, as Citus does of its workers.
func withSQL(admin dsn, work func(*sql.DB) error) (err error) {
	config, err := pgx.ParseConfig(admin.String())
	if err != nil {
		return errors.New("the DSN is not valid") // the cause may quote it
	}
	var warnings []error
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.SeverityUnlocalized == "WARNING" {
			warnings = append(warnings, fmt.Errorf("warning: %s", notice.Message))
		}
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = errors.Join(append([]error{err}, warnings...)...)
		}
		err = errors.Join(err, db.Close())
	}()
	return work(db)
}

func execAll(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// server is a running PostgreSQL.
type server struct {
	admin dsn    // of a role that may create databases and roles
	dir   string // of one that startLocal has started

	// lifeline ends the server when it is closed, be it by the garbage
	// collector, and is nil for a server that was there before.
	lifeline io.Closer
}

// dsn is a connection string in one of its two forms.
type dsn struct {
	url      *url.URL // nil for the keyword form
	keywords string
}

func parseDSN(text string) (dsn, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return dsn{keywords: text}, nil
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return dsn{}, fmt.Errorf("%s is not a valid URL", EnvDSN) // the cause quotes it
	}
	return dsn{url: parsed}, nil
}

// as returns the DSN for another database, and for another role unless user is
// empty.
func (d dsn) as(user, password, database string) dsn {
	if d.url == nil {
		// The last of several values of a keyword is the one that counts.
		if user != "" {
			d.keywords += " user=" + user + " password=" + password
		}
		d.keywords += " dbname=" + database
		return d
	}
	changed, query := *d.url, d.url.Query()
	if user != "" {
		changed.User = url.UserPassword(user, password)
		query.Del("user")
		query.Del("password")
	}
	changed.Path = "/" + database
	query.Del("dbname")
	query.Del("database")
	changed.RawQuery = query.Encode()
	return dsn{url: &changed}
}

// String returns the connection string, for sessions in UTC.
func (d dsn) String() string {
	if d.url == nil {
		return d.keywords + " timezone=UTC"
	}
	changed, query := *d.url, d.url.Query()
	query.Set("timezone", "UTC")
	changed.RawQuery = query.Encode()
	return changed.String()
}
