package rls_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		for _, citus := range []bool{false, true} {
			t.Run(mode, func(t *testing.T) {
				database := tenancytest.Postgres(t)
				db, err := rls.Open(database.DSN+" default_query_exec_mode="+mode, rls.Options{Citus: citus})
				require.NoError(t, err)
				t.Cleanup(func() { _ = db.Close() })
				const q = "SELECT current_setting('app.tenant_id', true) || $1"
				get := func(ctx context.Context, q interface {
					QueryRowContext(context.Context, string, ...any) *sql.Row
				}, text string, args ...any) string {
					var s sql.NullString
					err := q.QueryRowContext(ctx, text, args...).Scan(&s)
					if err != nil {
						return err.Error()
					}
					return s.String
				}
				a, b := tenancy.With(t.Context(), "a"), tenancy.With(t.Context(), "b'\"\\,{}")
				for range 3 {
					assert.Equal(t, "ax", get(a, db, q, "x"))
					assert.Equal(t, "b'\"\\,{}x", get(b, db, q, "x"))
					assert.Equal(t, "x", get(t.Context(), db, q, "x"))
					assert.Equal(t, "a", get(a, db, "SELECT current_setting('app.tenant_id', true)"))
				}
				tx, err := db.BeginTx(a, nil)
				require.NoError(t, err)
				assert.Equal(t, "ax", get(a, tx, q, "x"))
				assert.Equal(t, "x", get(t.Context(), tx, q, "x"))
				_, err = tx.ExecContext(a, "SAVEPOINT x")
				require.NoError(t, err)
				_, err = tx.ExecContext(a, "SELECT 1/0")
				require.ErrorContains(t, err, "division by zero")
				_, err = tx.ExecContext(a, "ROLLBACK TO SAVEPOINT x")
				require.NoError(t, err)
				assert.Equal(t, "ax", get(a, tx, q, "x"))
				require.NoError(t, tx.Commit())
				assert.Contains(t, get(a, db, "SELECT $1::int / 0", 1), "division by zero")
				_, err = db.ExecContext(a, "SELECT 1; SELECT 2")
				assert.ErrorContains(t, err, "42601")
				require.NoError(t, db.Ping())
			})
		}
	}
}
