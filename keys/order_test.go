package keys_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// TestErrorNamesThePrimaryKeyFirst inserts a row twice, which violates several uniques. The
// error is the one that it was before the plan.
func TestErrorNamesThePrimaryKeyFirst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ reason, table string }{
		{"a unique constraint whose name comes before the key's", `CREATE TABLE bills (id int PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, code text UNIQUE)`},
		{"a unique index", `CREATE TABLE bills (id int PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, code text); CREATE UNIQUE INDEX a ON bills (code)`},
		{"several, and the key's name comes last", `CREATE TABLE bills (id int CONSTRAINT z PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, code text UNIQUE, number int UNIQUE)`},
		{"a key that another table refers to", `CREATE TABLE bills (id int PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, code text UNIQUE);
CREATE TABLE lines (id int PRIMARY KEY, bill_id int NOT NULL REFERENCES bills)`},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Parallel()
			db, name := schema(t, `CREATE TABLE accounts (id bigint PRIMARY KEY); INSERT INTO accounts VALUES (1);`+tc.table)
			violated := func() string {
				_, err := db.Exec(`INSERT INTO ` + name + `.bills (id, account_id, code) VALUES (1, 1, 'x')`)
				var refused *pgconn.PgError
				require.ErrorAs(t, err, &refused)
				return refused.ConstraintName
			}
			_, err := db.Exec(`INSERT INTO ` + name + `.bills (id, account_id, code) VALUES (1, 1, 'x')`)
			require.NoError(t, err)
			before := violated()
			analysis, err := keys.Analyze(read(t, db, name), keys.Options{Root: in(name).name("accounts")})
			require.NoError(t, err)
			plan, err := analysis.Plan()
			require.NoError(t, err)
			_, err = migration.Execute(context.Background(), db, plan, all(plan))
			require.NoError(t, err)
			assert.Equal(t, before, violated())
		})
	}
}
