//go:build cgo

package sqlguard_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// login has a unique column that holds across tenants.
type login struct {
	tenancy.TenantModel
	ID    int    `gorm:"primaryKey;autoIncrement:false"`
	Email string `tenancy:"global"`
	Name  string
}

func openLogins(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard, TranslateError: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		if raw, err := db.DB(); err == nil {
			_ = raw.Close()
		}
	})
	require.NoError(t, db.Exec(`CREATE TABLE logins (tenant_id uuid NOT NULL, id int, email text, name text,
		PRIMARY KEY (tenant_id, id), CONSTRAINT logins_email UNIQUE (email))`).Error)
	for i, id := range []uuid.UUID{acme, globex, third} {
		require.NoError(t, db.Exec("INSERT INTO logins VALUES (?, 1, ?, 'one')", id, string("agt"[i])+"@x").Error)
	}
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{
		Models: []any{&login{}}, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
	})))
	return db
}

// Where a key holds across tenants, DO UPDATE on another tenant's row is an error
// and leaves everything as it was, whatever way the statement is sent.
func TestGlobalKeyConflict(t *testing.T) {
	t.Parallel()
	db := openLogins(t)
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "look"))
	state := func() (rows []string) {
		require.NoError(t, bypass.Raw("SELECT tenant_id || ' ' || id || email || name FROM logins ORDER BY 1").Scan(&rows).Error)
		return rows
	}
	before := state()
	acmeTx := db.WithContext(tenancy.With(context.Background(), acme))
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	const (
		into   = "INSERT INTO logins (id, email, name) VALUES "
		update = " DO UPDATE SET name = EXCLUDED.name"
	)
	for reason, run := range map[string]func() error{
		"Exec": func() error { return acmeTx.Exec(into + "(5, 'g@x', 'taken') ON CONFLICT (email)" + update).Error },
		"a constraint's name": func() error {
			return acmeTx.Exec(into + "(5, 'g@x', 'taken') ON CONFLICT ON CONSTRAINT logins_email" + update).Error
		},
		"the last of several rows": func() error {
			return acmeTx.Exec(into + "(5, 'n@x', 'new'), (6, 'a@x', 'own'), (7, 'g@x', 'taken') ON CONFLICT (email)" + update).Error
		},
		"under a condition of the author's": func() error {
			return acmeTx.Exec(into + "(5, 'g@x', 'taken') ON CONFLICT (email)" + update + " WHERE logins.name = 'nobody' OR false").Error
		},
		"under a condition that is never true": func() error {
			return acmeTx.Exec(into + "(5, 'g@x', 'taken') ON CONFLICT (email)" + update + " WHERE false").Error
		},
		"under a condition that is unknown": func() error {
			return acmeTx.Exec(into+"(5, 'g@x', 'taken') ON CONFLICT (email)"+update+" WHERE NULL AND logins.id = ?", 1).Error
		},
		"an alias": func() error {
			return acmeTx.Exec("INSERT INTO logins AS l (id, email, name) VALUES (5, 'g@x', 'taken') ON CONFLICT (email)" + update + " WHERE l.id = 1").Error
		},
		"of a query": func() error {
			return acmeTx.Exec("INSERT INTO logins (id, email, name) SELECT 5, 'g@x', name FROM logins ON CONFLICT (email)" + update).Error
		},
		"Raw Scan": func() error {
			return acmeTx.Raw(into + "(5, 'n@x', 'new'), (6, 'g@x', 'taken') ON CONFLICT (email)" + update + " RETURNING name").Scan(&[]string{}).Error
		},
		"Rows": func() error {
			rows, err := acmeTx.Raw(into + "(6, 'g@x', 'taken') ON CONFLICT (email)" + update + " RETURNING name").Rows()
			if err == nil {
				defer rows.Close()
				return rows.Err()
			}
			return err
		},
		"Row": func() error {
			var name string
			return acmeTx.Raw(into + "(6, 'g@x', 'taken') ON CONFLICT (email)" + update + " RETURNING name").Row().Scan(&name)
		},
		"WITH": func() error {
			return acmeTx.Exec("WITH x AS (" + into + "(6, 'g@x', 'taken') ON CONFLICT (email)" + update + " RETURNING *) SELECT 1").Error
		},
		"a transaction": func() error {
			return acmeTx.Transaction(func(tx *gorm.DB) error {
				return tx.Exec(into + "(5, 'g@x', 'taken') ON CONFLICT (email)" + update).Error
			})
		},
		"a chain with text": func() error {
			return acmeTx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "email"}},
				DoUpdates: clause.Assignments(map[string]any{"name": gorm.Expr("(SELECT max(l.name) FROM logins l)")})}).
				Create(&login{ID: 5, Email: "g@x"}).Error
		},
		"a chain": func() error {
			return acmeTx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"name"})}).
				Create(&login{ID: 5, Email: "g@x", Name: "taken"}).Error
		},
		"a set: a third tenant's": func() error {
			return set.Exec("INSERT INTO logins (tenant_id, id, email, name) VALUES (?, 5, 't@x', 'taken') ON CONFLICT (email)"+update, acme).Error
		},
		"a set: another one's of it": func() error {
			return set.Exec("INSERT INTO logins (tenant_id, id, email, name) VALUES (?, 5, 'g@x', 'taken') ON CONFLICT (email)"+update, acme).Error
		},
	} {
		err := run()
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, reason)
		assert.NotContains(t, err.Error(), globex.String(), reason)
		assert.Equal(t, before, state(), reason)
	}
}

// The tenant's own row is updated, and DO NOTHING does nothing: a key that holds
// across tenants is taken by whoever has it.
func TestGlobalKeyWithoutConflict(t *testing.T) {
	t.Parallel()
	db := openLogins(t)
	tx := db.WithContext(tenancy.With(context.Background(), acme))
	const into = "INSERT INTO logins (id, email, name) VALUES "
	done := tx.Exec(into + "(5, 'a@x', 'own'), (6, 'n@x', 'new') ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name WHERE logins.id = 1")
	require.NoError(t, done.Error)
	assert.Equal(t, int64(2), done.RowsAffected)
	done = tx.Exec(into + "(5, 'a@x', 'not') ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name WHERE NULL OR logins.id = 99")
	require.NoError(t, done.Error)
	assert.Zero(t, done.RowsAffected)
	done = tx.Exec(into + "(1, 'other@x', 'two') ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name")
	require.NoError(t, done.Error)
	assert.Equal(t, int64(1), done.RowsAffected)
	for _, target := range []string{"(email) ", "", "ON CONSTRAINT logins_email "} {
		done = tx.Exec(into + "(7, 'g@x', 'taken') ON CONFLICT " + target + "DO NOTHING")
		require.NoError(t, done.Error)
		assert.Zero(t, done.RowsAffected)
	}
	require.ErrorIs(t, tx.Exec(into+"(7, 'g@x', 'taken')").Error, gorm.ErrDuplicatedKey)
	var names []string
	require.NoError(t, db.WithContext(tenancy.Bypass(context.Background(), "look")).Raw("SELECT name FROM logins ORDER BY email").Scan(&names).Error)
	assert.Equal(t, []string{"two", "one", "new", "one"}, names)

	// What the author makes fail is the author's affair.
	err := tx.Exec("SELECT CAST(? AS text)::boolean", "no boolean").Error
	require.Error(t, err)
	require.NotErrorIs(t, err, tenancy.ErrCrossTenantConflict)
}

// Savepoints touch no rows. What ends a transaction is the handle's affair.
func TestSavepoints(t *testing.T) {
	t.Parallel()
	ctx := tenancy.With(t.Context(), acme)
	db := openLogins(t).WithContext(ctx)
	judge := func(text string) error {
		scope, _ := tenancy.From(ctx)
		return verify.Statement(tenancy.RawStatement{SQL: text, Dialect: "postgres", Scope: scope,
			Table: func(_, name string) (tenancy.TenantTable, bool) { return tenancy.TenantTable{Name: name}, false }})
	}
	require.NoError(t, judge("RELEASE one"))
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		for _, text := range []string{
			"SAVEPOINT one", "INSERT INTO logins (id, email) VALUES (8, 's@x')", "SAVEPOINT two", "ROLLBACK TO two", "RELEASE two",
			"SAVEPOINT three", "RELEASE SAVEPOINT three", "ROLLBACK TRANSACTION TO SAVEPOINT one",
		} {
			require.NoError(t, tx.Exec(text).Error, text)
		}
		for _, text := range []string{"COMMIT", "ROLLBACK", "BEGIN", "PREPARE TRANSACTION 'x'", "ROLLBACK AND CHAIN"} {
			require.ErrorIs(t, tx.Exec(text).Error, tenancy.ErrUnscopedSQL, text)
			require.Error(t, judge(text), text)
		}
		return nil
	}))
}
