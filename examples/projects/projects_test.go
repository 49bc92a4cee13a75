package main

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/tenancytest"
)

const few, fewRows = 12, 600

var everywhere = flag.Bool("everywhere", false, "of TestInterrupted: at every station, not at two")

func TestJourney(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Citus(t).OwnerDSN
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, options{dsn, few, fewRows}), out.String())
	text := out.String()
	assert.Equal(t, 3, strings.Count(text, "\nyes: 6 tables by count and checksum, 156 answers\n"), text)
	for _, k := range kinds {
		assert.Regexp(t, `(?m)^`+k.name+` +\d+ +1$`, text, "one task")
	}
	assert.Regexp(t, `projects\.countries +local +REFERENCE`, text)
	assert.Regexp(t, `projects\.project_managers +local +HASH \(account_id\)`, text)
	assert.Regexp(t, `(?m)^now: shard \d+ on \S+, with 0 other tenants$`, text)
	requireNothingLeft(t, dsn)
}

func TestPlanWithoutCluster(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, options{"", few, fewRows}), out.String())
	text := out.String()
	assert.True(t, strings.HasPrefix(text, "No cluster: "), text)
	assert.Regexp(t, `projects\.countries +local +REFERENCE`, text)
	for _, table := range []string{"managers", "projects", "project_managers", "tasks"} {
		assert.Regexp(t, `projects\.`+table+` +local +HASH \(account_id\)`, text)
	}
	assert.Contains(t, text, "Nothing but the cluster is missing.")
}

func TestNoCluster(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Postgres(t).OwnerDSN
	err := run(t.Context(), io.Discard, options{dsn, few, fewRows})
	require.ErrorContains(t, err, "no citus extension", "a DSN that was given is a cluster's")
	requireNothingLeft(t, dsn)
	err = run(t.Context(), io.Discard, options{"postgres://me:secret@host:port/", few, fewRows})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestSizes(t *testing.T) {
	t.Parallel()
	require.Error(t, run(t.Context(), io.Discard, options{"", 10, 49}))
	require.Error(t, run(t.Context(), io.Discard, options{"", 0, 100}))
	s := openPlain(t)
	p := s.picture(t)
	rows := 0
	for _, line := range p.tables {
		n, err := strconv.Atoi(strings.Fields(line)[0])
		require.NoError(t, err)
		rows += n
	}
	want := len(countries)
	for _, n := range sizes(few, fewRows) {
		assert.GreaterOrEqual(t, n, smallest)
		want += n
	}
	assert.Equal(t, want, rows)
	assert.InDelta(t, fewRows, rows, 2*few)
}

// A database in use is refused: what comes back from a cluster is all that is there.
func TestDatabaseInUse(t *testing.T) {
	t.Parallel()
	for _, object := range []string{"TABLE mine (id int)", "VIEW mine AS SELECT 1 AS id", "SCHEMA projects"} {
		t.Run(object, func(t *testing.T) {
			t.Parallel()
			dsn := tenancytest.Postgres(t).OwnerDSN
			db, err := sql.Open("pgx", dsn)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			_, err = db.Exec("CREATE " + object)
			require.NoError(t, err)
			require.ErrorIs(t, (&station{out: io.Discard}).open(t.Context(), dsn, false), errInUse)
			_, err = db.Exec("DROP " + strings.Join(strings.Fields(object)[:2], " "))
			require.NoError(t, err, "it is still there")
			requireNothingLeft(t, dsn)
		})
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	s := openPlain(t)
	before := s.picture(t)
	_, err := s.compare(t.Context(), "here", before)
	require.NoError(t, err)
	for _, test := range []struct{ sql, back, line string }{
		{"UPDATE tasks SET hours = hours + 1 WHERE id = 1", "UPDATE tasks SET hours = hours - 1 WHERE id = 1", "aggregate: the answers to 1 tenants"},
		{"UPDATE accounts SET name = 'x' WHERE id = 3", "UPDATE accounts SET name = 'Account 3' WHERE id = 3", "accounts: 12 rows"},
		{"UPDATE countries SET name = 'x' WHERE code = 'BR'", "UPDATE countries SET name = 'Brazil' WHERE code = 'BR'", "preload: the answers to"},
		{"INSERT INTO countries (code, name) VALUES ('XX', 'x')", "DELETE FROM countries WHERE code = 'XX'", "countries: 8 rows"},
	} {
		var out bytes.Buffer
		s.out = &out
		_, err := s.pool.Exec(test.sql)
		require.NoError(t, err)
		_, err = s.compare(t.Context(), "here", before)
		require.ErrorIs(t, err, errDiffers, test.sql)
		require.Contains(t, out.String(), test.line)
		_, err = s.pool.Exec(test.back)
		require.NoError(t, err)
		_, err = s.compare(t.Context(), "here", before)
		require.NoError(t, err, test.back)
	}
}

// No answer to a tenant holds another's row.
func TestAnswersAreTheTenants(t *testing.T) {
	t.Parallel()
	p := openPlain(t).picture(t)
	account, found := regexp.MustCompile(`"AccountID":(\d+)`), 0
	for kind, answers := range p.answers {
		for tenant, answer := range answers {
			for _, match := range account.FindAllStringSubmatch(answer, -1) {
				assert.Equal(t, strconv.FormatInt(tenant, 10), match[1], kind)
				found++
			}
		}
	}
	assert.Greater(t, found, 100)
}

func TestScattered(t *testing.T) {
	t.Parallel()
	s := openAt(t, tenancytest.Citus(t).OwnerDSN, true)
	require.NoError(t, s.distribute(t.Context(), true))
	for _, text := range []string{"SELECT count(*) FROM tasks", "UPDATE tasks SET done = true", "SELECT FROM tasks WHERE account_id IN (1, 2, 3, 4, 5, 6)"} {
		err := s.route(t.Context(), map[string][]statement{"count": {{sql: text}}})
		require.ErrorIs(t, err, errScattered, text)
	}
	require.NoError(t, s.route(t.Context(), map[string][]statement{"count": {{"SELECT FROM tasks WHERE account_id = $1", []any{1}}}}))
}

// Tables that others make and spread meanwhile stay as they are.
func TestOthersMeanwhile(t *testing.T) {
	t.Parallel()
	s := openAt(t, tenancytest.Citus(t).OwnerDSN, true)
	exec := func(text string) {
		_, err := s.pool.Exec(text)
		require.NoError(t, err)
	}
	exec("CREATE TABLE public.theirs (account_id bigint PRIMARY KEY)")
	require.ErrorIs(t, s.distribute(t.Context(), true), errInUse)
	exec("DROP TABLE public.theirs")
	require.NoError(t, s.distribute(t.Context(), true))
	exec("CREATE TABLE public.theirs (account_id bigint PRIMARY KEY)")
	exec("SELECT create_distributed_table('public.theirs', 'account_id')")
	require.ErrorIs(t, s.undistribute(t.Context()), errInUse)
	var spread int
	require.NoError(t, s.pool.QueryRow("SELECT count(*) FROM pg_dist_partition").Scan(&spread))
	require.Equal(t, 1+len(tables), spread)
	exec("DROP TABLE public.theirs")
}

// Whenever it is interrupted, it leaves nothing.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Citus(t).OwnerDSN
	stations := []string{"The tables are spread", "The tables come back", "are made", "a dry run", "on the cluster?", "a shard of its own"}
	switch {
	case testing.Short():
		stations = stations[:1]
	case !*everywhere:
		stations = stations[:2]
	}
	for _, at := range stations {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, &canceller{at: at, cancel: cancel}, options{dsn, few, fewRows})
		require.ErrorIs(t, err, context.Canceled, at)
		requireNothingLeft(t, dsn)
	}
}

// canceller cancels when something is written.
type canceller struct {
	at     string
	cancel func()
}

func (c *canceller) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(c.at)) {
		c.cancel()
	}
	return len(text), nil
}

func openPlain(t *testing.T) *station {
	t.Helper()
	return openAt(t, tenancytest.Postgres(t).OwnerDSN, false)
}

func openAt(t *testing.T, dsn string, cluster bool) *station {
	t.Helper()
	s := &station{out: io.Discard}
	require.NoError(t, s.open(t.Context(), dsn, cluster))
	t.Cleanup(func() {
		require.NoError(t, s.close(context.Background()))
		requireNothingLeft(t, dsn)
	})
	require.NoError(t, s.fill(t.Context(), options{dsn, few, fewRows}))
	return s
}

func (s *station) picture(t *testing.T) *picture {
	t.Helper()
	p, err := s.look(t.Context())
	require.NoError(t, err)
	return p
}

func requireNothingLeft(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var tables, schemas int
	require.NoError(t, db.QueryRow(sqlTablesElsewhere, "").Scan(&tables))
	require.NoError(t, db.QueryRow("SELECT count(*) FROM pg_namespace WHERE nspname = $1", schema).Scan(&schemas))
	require.Zero(t, tables+schemas)
}
