package rls_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/rls"
)

type (
	person struct {
		ID    int64
		Email string
	}
	membership struct {
		tenancy.TenantModel
		ID        int64
		PersonID  int64
		DeletedAt gorm.DeletedAt
		Person    *person
	}
	login struct {
		_   struct{} `tenancy:"private"`
		ID  int64
		Key string
	}
	sticker struct {
		_        struct{} `tenancy:"mixed"`
		ID       int64
		TenantID *uuid.UUID `gorm:"type:uuid"`
		Name     string     `gorm:"unique"`
	}
	rule struct {
		_    struct{} `tenancy:"free"`
		ID   int64
		Text string
	}
)

// TestOtherKinds expects of the database alone, without the plugin on the handle,
// what the plugin promises of each kind of table.
func TestOtherKinds(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	models := []any{&person{}, &membership{}, &login{}, &sticker{}, &rule{}}
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{
		Models: models[1:], Linked: []tenancy.Link{{Model: &person{}, Via: &membership{}}},
	})))
	require.NoError(t, d.owner.AutoMigrate(models...))
	_, err := rls.Enable(context.Background(), d.owner, d.policies(), migration.Options{Apply: true})
	require.NoError(t, err)
	plan, err := d.policies().Plan(context.Background(), d.owner)
	require.NoError(t, err)
	require.Empty(t, plan.Phases, "what is there is what is wanted")

	a, b := uuid.New(), uuid.New()
	run := func(statement string, args ...any) {
		_, err := d.admin.Exec(statement, args...)
		require.NoError(t, err)
	}
	run("INSERT INTO people (email) VALUES ('a'), ('b'), ('was a')")
	run("INSERT INTO memberships (tenant_id, id, person_id, deleted_at) VALUES ($1, 1, 1, NULL), ($2, 1, 2, NULL), ($1, 2, 3, now())", a, b)
	run("INSERT INTO logins (key) VALUES ('secret')")
	run("INSERT INTO stickers (tenant_id, name) VALUES ($1, 'own'), ($2, 'own'), (NULL, 'for all')", a, b)
	run("INSERT INTO rules (text) VALUES ('r')")

	as := func(tenant any, role string, do func(query func(string) int64, exec func(string) (int64, error))) {
		pool, err := sql.Open("pgx", d.DSN)
		require.NoError(t, err)
		defer pool.Close()
		tx, err := pool.Begin()
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.Exec("SELECT set_config('app.tenant_id', $1, true)", tenant)
		require.NoError(t, err)
		if role != "" {
			_, err = tx.Exec("SELECT set_config('app.tenant_id_set', $1, true)", role)
			require.NoError(t, err)
			_, err = tx.Exec("SET LOCAL ROLE " + d.span)
			require.NoError(t, err)
		}
		do(func(query string) (n int64) {
			require.NoError(t, tx.QueryRow(query).Scan(&n), query)
			return n
		}, func(statement string) (int64, error) {
			_, err := tx.Exec("SAVEPOINT s")
			require.NoError(t, err)
			res, err := tx.Exec(statement)
			if err != nil {
				_, back := tx.Exec("ROLLBACK TO s")
				require.NoError(t, back)
				return 0, err
			}
			return res.RowsAffected()
		})
	}
	as(a.String(), "", func(query func(string) int64, exec func(string) (int64, error)) {
		require.Equal(t, int64(1), query("SELECT sum(id) FROM people"))
		require.Equal(t, int64(0), query("SELECT count(*) FROM logins"))
		require.Equal(t, int64(4), query("SELECT sum(id) FROM stickers"))
		require.Equal(t, int64(1), query("SELECT count(*) FROM rules"))
		for _, test := range []struct {
			statement string
			want      int64
		}{
			{"UPDATE people SET email = 'x'", 0}, {"DELETE FROM people", 0}, {"DELETE FROM logins", 0},
			{"UPDATE stickers SET name = name", 1}, {"UPDATE stickers SET tenant_id = '" + a.String() + "' WHERE tenant_id IS NULL", 0},
			{"DELETE FROM stickers", 1}, {"UPDATE rules SET text = 'x'", 1},
		} {
			n, err := exec(test.statement)
			if test.want > 0 {
				require.NoError(t, err, test.statement)
			}
			require.Equal(t, test.want, n, test.statement)
		}
		for _, statement := range []string{
			"INSERT INTO stickers (name) VALUES ('x')", "INSERT INTO logins (key) VALUES ('x')", "INSERT INTO people (email) VALUES ('x')",
		} {
			_, err := exec(statement)
			require.Error(t, err, statement)
		}
	})
	as("", "", func(query func(string) int64, _ func(string) (int64, error)) {
		for _, table := range []string{"people", "logins", "stickers", "memberships"} {
			require.Equal(t, int64(0), query("SELECT count(*) FROM "+table), table)
		}
	})
	as("", "all", func(query func(string) int64, exec func(string) (int64, error)) {
		require.Equal(t, int64(3), query("SELECT count(*) FROM people"))
		require.Equal(t, int64(1), query("SELECT count(*) FROM logins"))
		n, err := exec("UPDATE stickers SET name = name")
		require.NoError(t, err)
		require.Equal(t, int64(3), n)
		n, err = exec("UPDATE people SET email = email")
		require.NoError(t, err)
		require.Equal(t, int64(3), n)
	})
	as("", "{"+b.String()+"}", func(query func(string) int64, exec func(string) (int64, error)) {
		require.Equal(t, int64(2), query("SELECT sum(id) FROM people"))
		require.Equal(t, int64(1), query("SELECT count(*) FROM (SELECT id FROM people FOR UPDATE) locked"))
		_, writes := exec("UPDATE people SET email = 'x'")
		require.Error(t, writes, "a set's linked rows are read-only, too")
		gone, err := exec("DELETE FROM people")
		require.NoError(t, err)
		require.Zero(t, gone)
		require.Equal(t, int64(5), query("SELECT sum(id) FROM stickers"))
		taken, err := exec("UPDATE stickers SET tenant_id = '" + b.String() + "' WHERE tenant_id IS NULL")
		require.NoError(t, err)
		require.Zero(t, taken)
		n, err := exec("DELETE FROM stickers")
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
	})
	// A link says by itself whose it is, whatever policies its table has.
	run("ALTER TABLE memberships DISABLE ROW LEVEL SECURITY")
	as(a.String(), "", func(query func(string) int64, _ func(string) (int64, error)) {
		require.Equal(t, int64(1), query("SELECT sum(id) FROM people"))
	})
}

func TestLinkedTablesHaveNoPolicyOnCitus(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	require.NoError(t, d.owner.Use(tenancy.New(tenancy.Config{
		Models: []any{&membership{}}, Linked: []tenancy.Link{{Model: &person{}, Via: &membership{}}},
	})))
	require.NoError(t, d.owner.AutoMigrate(&person{}, &membership{}))
	_, err := rls.Policies{Plain: true}.Plan(context.Background(), d.owner)
	require.ErrorContains(t, err, "Citus")
}
