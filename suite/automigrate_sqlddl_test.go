package suite

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

// MadeEmp and MadeCard are models of tables that SQL made, and know little of them.
type MadeEmp struct {
	tenancy.TenantModel
	ID    string `gorm:"primaryKey"`
	Email string `gorm:"unique"`
	Cards []MadeCard
}

type MadeCard struct {
	tenancy.TenantModel
	ID        int64
	MadeEmpID string
	Number    string `gorm:"uniqueIndex"`
}

const madeEmps = `CREATE TABLE made_emps (
	id varchar(20) NOT NULL PRIMARY KEY,
	tenant_id uuid,
	email text COLLATE NOCASE UNIQUE, -- of any case
	salary int DEFAULT (40 + 2) CHECK (salary > 0),
	twice int GENERATED ALWAYS AS (salary * 2) STORED,
	UNIQUE (salary, email)
)`

const madeCards = `CREATE TABLE made_cards (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant_id uuid,
	made_emp_id text REFERENCES made_emps (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
	number text
)`

func openMade(t *testing.T) *shop {
	t.Helper()
	return openShop(t, "file:"+uuid.NewString()+"?mode=memory&cache=shared&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)", true)
}

// A table that is rebuilt keeps what the model does not know.
func TestAutoMigrateKeepsWhatSQLMade(t *testing.T) {
	t.Parallel()
	s := openMade(t)
	for _, sql := range []string{
		madeEmps, madeCards,
		"CREATE INDEX own_partial ON made_emps (lower(email)) WHERE salary > 10",
		"CREATE TABLE log (text text)",
		"CREATE TRIGGER made_trigger AFTER INSERT ON made_cards BEGIN INSERT INTO log VALUES ('x'); END",
		"CREATE VIEW made_view AS SELECT email FROM made_emps",
		"INSERT INTO made_cards (made_emp_id) VALUES (NULL), (NULL)", "DELETE FROM made_cards", "DELETE FROM log",
	} {
		s.must(t, sql)
	}
	require.Empty(t, s.migrate(t, &MadeEmp{}, &MadeCard{}))
	s.changes()
	require.Empty(t, s.migrate(t, &MadeEmp{}, &MadeCard{}))
	require.Empty(t, s.changes(), "a second run changes nothing")
	golden(t, "made_sqlite.txt", s.structure(t))

	a := tenancy.With(context.Background(), uuid.New())
	b := tenancy.With(context.Background(), uuid.New())
	for i, ctx := range []context.Context{a, b} {
		email := string(rune('A' + i)) // for the unique that SQL made and no model knows
		require.NoError(t, s.db.WithContext(ctx).Create(&MadeEmp{ID: "1", Email: email}).Error)
		card := &MadeCard{MadeEmpID: "1", Number: "1"}
		require.NoError(t, s.db.WithContext(ctx).Create(card).Error)
		require.Greater(t, card.ID, int64(2), "ids are not given again")
		require.Error(t, s.db.WithContext(ctx).Create(&MadeEmp{ID: "2", Email: strings.ToLower(email)}).Error, "the collation stays")
		require.Error(t, s.db.WithContext(ctx).Model(&MadeEmp{}).Where("id = '1'").Update("salary", -1).Error, "the check stays")
	}
	require.NoError(t, s.db.WithContext(a).Delete(&MadeEmp{ID: "1"}).Error)
	var count int64
	require.NoError(t, s.db.WithContext(a).Model(&MadeCard{}).Count(&count).Error)
	require.Zero(t, count, "deletes cascade as before")
	require.NoError(t, s.db.WithContext(b).Model(&MadeCard{}).Count(&count).Error)
	require.Equal(t, int64(1), count, "within the tenant")
	require.NoError(t, s.pool.QueryRow("SELECT count(*) FROM log").Scan(&count))
	require.Equal(t, int64(2), count, "the trigger stays")
	require.NoError(t, s.pool.QueryRow("SELECT count(*) FROM made_view").Scan(&count))
}

// What cannot be carried over stops it.
func TestAutoMigrateStopsWhereItWouldLose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ reason, emps, cards, says string }{
		{"a key with an order", "CREATE TABLE made_emps (id text, tenant_id uuid NOT NULL, email text, PRIMARY KEY (id DESC))", "", "its primary key has an order"},
		{"a unique that ignores", "CREATE TABLE made_emps (id text PRIMARY KEY ON CONFLICT REPLACE, tenant_id uuid, email text UNIQUE)", "", "ON CONFLICT"},
		{"a foreign key that clears", "CREATE TABLE made_emps (id text PRIMARY KEY, tenant_id uuid, email text UNIQUE)",
			"CREATE TABLE made_cards (id integer PRIMARY KEY, tenant_id uuid, number text, made_emp_id text REFERENCES made_emps ON DELETE SET NULL)", "would clear the tenant"},
	} {
		s := openMade(t)
		s.must(t, test.emps)
		if test.cards != "" {
			s.must(t, test.cards)
		}
		before := s.structure(t)
		pending := s.migrate(t, &MadeEmp{}, &MadeCard{})
		require.Contains(t, pendingText(pending), test.says, test.reason)
		require.Contains(t, s.structure(t), test.emps, test.reason)
		require.NotEmpty(t, before)
	}
}

type MadeStrict struct {
	tenancy.TenantModelOf[string]
	ID    string `gorm:"primaryKey"`
	Email string `gorm:"unique"`
}

// Tables of options keep them.
func TestAutoMigrateKeepsOptionsOfTables(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"STRICT", "WITHOUT ROWID", "STRICT, WITHOUT ROWID"} {
		s := openMade(t)
		s.must(t, "CREATE TABLE made_stricts (tenant_id text NOT NULL, id text NOT NULL, email text, PRIMARY KEY (id)) "+options)
		require.Empty(t, s.migrate(t, &MadeStrict{}))
		require.Contains(t, s.structure(t), "PRIMARY KEY (`tenant_id`, `id`)")
		require.Contains(t, s.structure(t), ") "+strings.ReplaceAll(options, ",", ", ")[:6])
	}
}
