// Command projects takes an application from one PostgreSQL to a Citus cluster and
// back, and checks at each station that it has the same rows and gives the same
// answers, each from a single shard.
//
//	go run ./examples/projects -dsn postgres://owner@coordinator/empty
//	go run ./examples/projects -dsn … -tenants 2000 -rows 1000000
//
// The DSN, or TENANCY_CITUS_DSN, is that of a cluster's coordinator, in a database
// without tables of anybody's, by a role that may create schemas there. Everything
// is in a schema "projects", which is dropped at the end, also of a run that fails
// or is interrupted; a database that has tables is refused, for what is brought
// back from a cluster is all that was spread over it. Without a DSN the program
// shows what would become of the tables, on a PostgreSQL that it starts, and spreads
// nothing.
//
// The data are those of a well-known kind of application: accounts, which are the
// tenants, their managers, projects and tasks, managers in many projects, and
// countries, which are everybody's. Accounts differ in size as they do in life: the
// second has half the rows of the first, the third a third.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// options are what the program was started with.
type options struct {
	dsn     string // of a cluster's coordinator; empty means that there is none
	tenants int
	rows    int // of all tables, about
}

func main() {
	o := options{}
	flag.StringVar(&o.dsn, "dsn", os.Getenv(tenancytest.EnvCitusDSN), "`DSN` of an empty database on a Citus coordinator; "+tenancytest.EnvCitusDSN+" where it is not given")
	flag.IntVar(&o.tenants, "tenants", 300, "how `many` accounts")
	flag.IntVar(&o.rows, "rows", 30_000, "how `many` rows in all, about")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "projects:", err)
		os.Exit(1)
	}
}

// run is the whole journey, or the plan of it where there is no cluster.
func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.tenants < 1 || o.rows < o.tenants*smallest {
		return fmt.Errorf("want a tenant at least, and %d rows for each", smallest)
	}
	s := &station{out: out}
	dsn := o.dsn
	if dsn == "" {
		database, drop, failed := tenancytest.NewDatabase()
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, drop()) }()
		dsn = database.OwnerDSN
	}
	if err := s.open(ctx, dsn, o.dsn != ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	if err := s.fill(ctx, o); err != nil {
		return err
	}
	if o.dsn == "" {
		return s.planOnly(ctx)
	}
	return s.journey(ctx)
}

// journey spreads the tables and brings them back.
func (s *station) journey(ctx context.Context) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.heading("What the application has, and what it answers")
	before.print(s.out)
	if err := s.distribute(ctx, false); err != nil {
		return err
	}
	if err := s.distribute(ctx, true); err != nil {
		return err
	}
	spread, err := s.compare(ctx, "on the cluster", before)
	if err != nil {
		return err
	}
	if err := s.route(ctx, spread.sent); err != nil {
		return err
	}
	if err := s.isolate(ctx); err != nil {
		return err
	}
	if _, err := s.compare(ctx, "with a shard for the biggest", before); err != nil {
		return err
	}
	if err := s.undistribute(ctx); err != nil {
		return err
	}
	if _, err = s.compare(ctx, "on plain tables again", before); err != nil {
		return err
	}
	s.heading("All the same; the tables are dropped")
	return nil
}
