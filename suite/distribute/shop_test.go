package distribute_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// The models of an application that knew no tenants but by a column, and whose
// keys are ids alone.
type (
	Country struct {
		_    struct{} `tenancy:"shared"`
		ID   int64
		Code string `gorm:"uniqueIndex"`
	}
	Account struct {
		ID      int64 `gorm:"primaryKey" tenancy:"tenant"`
		Name    string
		OwnerID *int64
	}
	Manager struct {
		ID        int64
		AccountID int64 `tenancy:"tenant"`
		Email     string
		CountryID *int64
		Country   *Country
		Projects  []*Project `gorm:"many2many:projects_managers"`
	}
	Project struct {
		ID        int64
		AccountID int64 `tenancy:"tenant"`
		Number    int
		Name      string
		Tasks     []*Task
		Managers  []*Manager `gorm:"many2many:projects_managers"`
	}
	Task struct {
		ID        int64
		AccountID int64 `tenancy:"tenant"`
		ProjectID int64
		ParentID  *int64
		Title     string
	}
)

var models = []any{&Country{}, &Account{}, &Manager{}, &Project{}, &Task{}}

// schema is what it has in its database. Tasks and the join table have no tenant
// column; owners of accounts make a cycle of foreign keys.
var schema = []string{
	`CREATE TABLE countries (id bigserial PRIMARY KEY, code text NOT NULL CONSTRAINT countries_code UNIQUE)`,
	`CREATE TABLE accounts (id bigserial PRIMARY KEY, name text NOT NULL, owner_id bigint)`,
	`CREATE TABLE managers (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
		email text NOT NULL CONSTRAINT managers_email UNIQUE, country_id bigint REFERENCES countries ON DELETE SET NULL)`,
	`ALTER TABLE accounts ADD CONSTRAINT accounts_owner FOREIGN KEY (owner_id) REFERENCES managers ON DELETE SET NULL ON UPDATE CASCADE`,
	`CREATE TABLE projects (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
		number int NOT NULL, name text NOT NULL DEFAULT '', settings jsonb)`,
	`CREATE UNIQUE INDEX projects_number ON projects (number, account_id)`,
	`CREATE TABLE tasks (id bigserial PRIMARY KEY, project_id bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
		parent_id bigint REFERENCES tasks DEFERRABLE INITIALLY DEFERRED, title text NOT NULL CHECK (title <> ''))`,
	`CREATE INDEX tasks_project ON tasks (project_id) INCLUDE (title)`,
	`CREATE TABLE projects_managers (project_id bigint REFERENCES projects ON DELETE CASCADE,
		manager_id bigint REFERENCES managers, PRIMARY KEY (project_id, manager_id))`,
}

// rows fills the tables for that many accounts.
func rows(accounts, projects, tasks int) []string {
	return []string{
		`INSERT INTO countries (code) SELECT 'c' || i FROM generate_series(1, 20) AS i`,
		fmt.Sprintf(`INSERT INTO accounts (name) SELECT 'account ' || i FROM generate_series(1, %d) AS i`, accounts),
		fmt.Sprintf(`INSERT INTO managers (account_id, email, country_id)
			SELECT 1 + i %% %d, 'm' || i, CASE WHEN i %% 3 > 0 THEN 1 + i %% 20 END FROM generate_series(0, %d) AS i`, accounts, 2*accounts-1),
		`UPDATE accounts AS a SET owner_id = (SELECT min(id) FROM managers AS m WHERE m.account_id = a.id) WHERE id % 2 = 0`,
		fmt.Sprintf(`INSERT INTO projects (account_id, number, name, settings)
			SELECT 1 + i %% %d, i, 'project ' || i, '{"a": [1, 2]}' FROM generate_series(0, %d) AS i`, accounts, projects-1),
		fmt.Sprintf(`INSERT INTO tasks (project_id, title) SELECT 1 + i %% %d, 'task ' || i FROM generate_series(0, %d) AS i`, projects, tasks-1),
		fmt.Sprintf(`UPDATE tasks SET parent_id = id - %[1]d WHERE id > %[1]d AND id %% 7 = 0`, projects),
		`INSERT INTO projects_managers SELECT p.id, m.id FROM projects AS p JOIN managers AS m USING (account_id)`,
		`ANALYZE`,
	}
}

// A shop is the application on a cluster of the test's own.
type shop struct {
	cluster *tenancytest.Cluster
	sql     *sql.DB
	db      *gorm.DB
}

func newShop(t testing.TB, cluster *tenancytest.Cluster, fill []string) *shop {
	t.Helper()
	s := &shop{cluster: cluster}
	s.db = open(t, cluster.OwnerDSN)
	var err error
	s.sql, err = s.db.DB()
	require.NoError(t, err)
	for _, statement := range append(schema[:len(schema):len(schema)], fill...) {
		_, err := s.sql.Exec(statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, s.db.Use(tenancy.New(tenancy.Config{Column: "account_id", Models: models})))
	return s
}

func open(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	pool, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// options are what the shop's owner decides.
func options(way distribution.Way) tenancy.DistributeOptions {
	return tenancy.DistributeOptions{
		Plan: distribution.Options{Way: way, OnDelete: catalog.NoAction, OnUpdate: catalog.NoAction},
		Keys: keys.Options{Paths: map[catalog.Name]string{
			{Schema: "public", Name: "projects_managers"}: "projects_managers_project_id_fkey",
		}},
	}
}

// passed confirms all barriers.
func passed(o tenancy.DistributeOptions) tenancy.DistributeOptions {
	o.Run = migration.Options{Apply: true}
	if o.Plan.Way == distribution.Transactional {
		o.Run.Passed = []string{distribution.Spread}
	} else {
		o.Run.Passed = []string{keys.Backfill, keys.Swap, keys.Contract, distribution.Detach, distribution.Convert}
	}
	return o
}

func (s *shop) dump(t testing.TB) string {
	t.Helper()
	c, err := catalog.Read(context.Background(), s.sql, catalog.Options{Schemas: []string{"public"}})
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, c.Dump(&b))
	return b.String()
}

var tables = []string{"countries", "accounts", "managers", "projects", "tasks", "projects_managers"}

// sums are the number of rows of each table and a checksum of them, without the
// tenant columns that were added.
func (s *shop) sums(t testing.TB) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, table := range tables {
		var n, sum string
		require.NoError(t, s.sql.QueryRow(fmt.Sprintf(
			`SELECT count(*), COALESCE(sum(hashtextextended((to_jsonb(t) - '{account_id}'::text[])::text, 0)::numeric), 0) FROM %s AS t`, table)).Scan(&n, &sum), table)
		sums[table] = n + " rows, " + sum
	}
	return sums
}

func countOf(text, part string) int { return strings.Count(text, part) }
