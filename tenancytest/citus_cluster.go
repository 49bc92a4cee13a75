package tenancytest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// citusCluster is a running cluster. The zero value is none.
type citusCluster struct {
	admin dsn     // of a superuser, in a database of the coordinator that has the extension
	nodes []*Node // the coordinator first
}

// sharedCitus finds or starts the cluster of this process, once.
var sharedCitus = sync.OnceValues(func() (citusCluster, error) {
	text := os.Getenv(EnvCitusDSN)
	if text == "" {
		return startCitus()
	}
	admin, err := parseDSN(text)
	if err != nil {
		return citusCluster{}, err
	}
	nodes, err := readNodes(admin)
	return citusCluster{admin: admin, nodes: nodes}, err
})

// citusSettings are what a node needs beyond [serverSettings]: workers take part
// in two-phase commits, each database has a background worker, and shards are
// moved by logical replication. A cluster for tests reports its use to nobody.
var citusSettings = []string{
	"-c", "shared_preload_libraries=citus", "-c", "wal_level=logical",
	"-c", "max_prepared_transactions=300", "-c", "max_locks_per_transaction=256",
	"-c", "max_worker_processes=100", "-c", "max_wal_senders=30", "-c", "max_replication_slots=30",
	"-c", "citus.node_conninfo=sslmode=disable", "-c", "citus.enable_statistics_collection=off",
	"-c", "citus.stat_tenants_track=all", "-c", "citus.background_task_queue_interval=100ms",
}

const (
	sqlCreateCitus    = `CREATE EXTENSION citus`
	sqlSetCoordinator = `SELECT pg_catalog.citus_set_coordinator_host('%s', %d)`
	sqlAddNode        = `SELECT pg_catalog.citus_add_node('%s', %d)`

	// By this a node connects to itself.
	sqlSetLocalHost = `ALTER SYSTEM SET citus.local_hostname = '%s'`

	// The newest minors of PostgreSQL have a list of the plugins that may decode
	// the log. Citus moves shards with one of its own.
	sqlHasDecoders    = `SELECT EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'output_plugin_libraries')`
	sqlAllowDecoder   = `ALTER SYSTEM SET output_plugin_libraries = pgoutput, citus`
	sqlReloadSettings = `SELECT pg_catalog.pg_reload_conf()`

	sqlReadNodes = `SELECT nodename, nodeport FROM pg_catalog.pg_dist_node
		WHERE noderole = 'primary' AND isactive ORDER BY groupid <> 0, groupid`

	// run_command_on_workers does not fail with the command; this does.
	sqlOnNode = `SELECT result FROM pg_catalog.master_run_on_worker(ARRAY[$1::text], ARRAY[$2::int], ARRAY[$3::text], false)
		WHERE NOT success`

	sqlExclusively = `SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('tenancytest', 0))`

	sqlSetShards = `ALTER DATABASE %s SET citus.shard_count = %d`
)

// startCitus starts a cluster that ends with this process. With an error, it
// returns the nodes that run.
func startCitus() (c citusCluster, err error) {
	bin := newestBinaries(slices.DeleteFunc(binaryDirs(), func(dir string) bool { return !hasCitus(dir) }))
	if bin.dir == "" {
		return c, errNoCitus
	}
	for range 3 {
		s, err := startLocal(bin, citusSettings...)
		if err != nil {
			return c, err
		}
		c.nodes = append(c.nodes, &Node{Host: s.dir, Port: 5432, server: s})
		if err := prepareNode(s); err != nil {
			return c, err
		}
	}
	c.admin = c.nodes[0].server.admin
	return c, c.join(c.admin)
}

// hasCitus reports whether the extension is installed for the server whose
// programs are in dir.
func hasCitus(dir string) bool {
	out, err := exec.Command(filepath.Join(dir, "pg_config"), "--sharedir").Output()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(strings.TrimSpace(string(out)), "extension", "citus.control"))
	return err == nil
}

// prepareNode makes a server a node that can be added to a cluster.
func prepareNode(s server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	return withSQL(s.admin, func(db *sql.DB) error {
		var hasDecoders bool
		if err := db.QueryRowContext(ctx, sqlHasDecoders).Scan(&hasDecoders); err != nil {
			return err
		}
		statements := []string{sqlCreateCitus, fmt.Sprintf(sqlSetLocalHost, s.dir)}
		if hasDecoders {
			statements = append(statements, sqlAllowDecoder)
		}
		return execAll(ctx, db, append(statements, sqlReloadSettings)...)
	})
}

// join makes a cluster of the nodes in one of the coordinator's databases.
func (c citusCluster) join(admin dsn) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	statements := []string{fmt.Sprintf(sqlSetCoordinator, c.nodes[0].Host, c.nodes[0].Port)}
	for _, n := range c.nodes[1:] {
		statements = append(statements, fmt.Sprintf(sqlAddNode, n.Host, n.Port))
	}
	return runSQL(ctx, admin, statements...)
}

// close ends a cluster that startCitus has started.
func (c citusCluster) close() (err error) {
	for _, n := range c.nodes {
		err = errors.Join(err, n.server.lifeline.Close())
	}
	return err
}

// readNodes lists the nodes of a running cluster.
func readNodes(admin dsn) (nodes []*Node, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	err = withSQL(admin, func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, sqlReadNodes)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			n := new(Node)
			if err := rows.Scan(&n.Host, &n.Port); err != nil {
				return err
			}
			nodes = append(nodes, n)
		}
		return rows.Err()
	})
	if err == nil && len(nodes) < 2 {
		err = errors.New("the coordinator that " + EnvCitusDSN + " names does not know itself and a worker:" +
			" call citus_set_coordinator_host and citus_add_node there")
	}
	return nodes, err
}

// createAttempts is how often a database is tried to make: on a loaded machine a
// worker now and then drops the connection by which it is told of the others.
const createAttempts = 3

// newDatabase makes a database for a test, or ends the test with err.
func (c citusCluster) newDatabase(tb testing.TB, err error) (made *Cluster, name string) {
	tb.Helper()
	switch {
	case errors.Is(err, errNoCitus):
		tb.Skipf("tenancytest: %v", err)
	case err != nil:
		tb.Fatalf("tenancytest: Citus: %v", err)
	}
	password := rand.Text()
	for attempt := 1; ; attempt++ {
		name = randomName()
		err := c.create(name, password)
		if err == nil {
			break
		}
		if err := c.drop(name); err != nil {
			tb.Errorf("tenancytest: drop database %s: %v", name, err)
		}
		if attempt == createAttempts {
			tb.Fatalf("tenancytest: create database %s: %v", name, err)
		}
		tb.Logf("tenancytest: create database %s, once more: %v", name, err)
	}
	return &Cluster{
		Database: Database{
			OwnerDSN: c.admin.as(name+"_owner", password, name).String(),
			DSN:      c.admin.as(name+"_app", password, name).String(),
		},
		AdminDSN: c.admin.as("", "", name).String(),
	}, name
}

// create makes a database on all nodes, and a cluster of its own of them. The
// roles are the whole cluster's. What belongs to each database alone is done
// before the nodes know each other there.
func (c citusCluster) create(name, password string) error {
	return c.exclusively(func(ctx context.Context, db *sql.DB) error {
		err := execAll(ctx, db, fmt.Sprintf(sqlCreateRoles, name, password))
		if err == nil {
			err = c.onEach(ctx, db, fmt.Sprintf(sqlCreateDatabase, name))
		}
		if err == nil {
			err = c.prepareDatabase(ctx, name)
		}
		if err != nil {
			return err
		}
		return c.join(c.admin.as("", "", name))
	})
}

// prepareDatabase does what must be done on each node before they know each other.
func (c citusCluster) prepareDatabase(ctx context.Context, name string) error {
	return withSQL(c.admin.as("", "", name), func(db *sql.DB) error {
		if err := execAll(ctx, db, sqlCreateCitus); err != nil {
			return err
		}
		for _, n := range c.nodes[1:] {
			if err := n.run(ctx, db, sqlCreateCitus); err != nil {
				return err
			}
		}
		for statement := range strings.SplitSeq(fmt.Sprintf(sqlGrant, name), ";") {
			if err := c.onEach(ctx, db, statement); err != nil {
				return err
			}
		}
		return execAll(ctx, db, fmt.Sprintf(sqlSetShards, name, CitusShards))
	})
}

// exclusively lets one database be made or dropped at a time, by whatever process:
// roles and databases are distributed objects, and who makes two of them at once
// meets himself on a worker.
func (c citusCluster) exclusively(work func(ctx context.Context, db *sql.DB) error) error {
	return withSQL(c.admin, func(db *sql.DB) error {
		waiting, cancel := context.WithTimeout(context.Background(), 10*stepTimeout)
		defer cancel()
		if err := execAll(waiting, db, sqlExclusively); err != nil { // until the session ends
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
		defer cancel()
		return work(ctx, db)
	})
}

// drop removes a database and its roles from all nodes.
func (c citusCluster) drop(name string) error {
	return c.exclusively(func(ctx context.Context, db *sql.DB) error {
		return errors.Join(
			c.onEach(ctx, db, fmt.Sprintf(sqlDropDatabase, name)),
			execAll(ctx, db, fmt.Sprintf(sqlDropRoles, name)),
		)
	})
}

// onEach runs a statement on all nodes, in the database that db is connected to.
func (c citusCluster) onEach(ctx context.Context, db *sql.DB, statement string) error {
	if err := execAll(ctx, db, statement); err != nil {
		return err
	}
	for _, n := range c.nodes[1:] {
		if err := n.run(ctx, db, statement); err != nil {
			return err
		}
	}
	return nil
}

// run runs a statement on a worker through the coordinator, which may be the only
// one that this process can reach.
func (n *Node) run(ctx context.Context, db *sql.DB, statement string) error {
	var result string
	err := db.QueryRowContext(ctx, sqlOnNode, n.Host, n.Port, statement).Scan(&result)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return errors.New("on a worker: " + result)
}
