package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// TestListsOfVarchar expects a plan to know what it has made, and its undo to leave
// what there was, where PostgreSQL reads an expression that it writes as another one.
func TestListsOfVarchar(t *testing.T) {
	t.Parallel()
	db, name := schema(t, accounts+`
		CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, kind varchar(10) CHECK (kind IN ('a', 'b')));
		CREATE UNIQUE INDEX notes_kind ON notes (kind) WHERE kind IN ('a', 'it''s');
		CREATE UNIQUE INDEX notes_part ON notes ((kind IN ('a', 'b')));`)
	def := func() (text string) {
		require.NoError(t, db.QueryRow("SELECT string_agg(pg_get_indexdef(indexrelid), E'\n' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = '"+name+".notes'::regclass").Scan(&text))
		return text
	}
	before := def()
	a, err := keys.Analyze(read(t, db, name), keys.Options{})
	require.NoError(t, err)
	plan, err := a.Plan()
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	_, err = migration.Execute(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	_, err = migration.Undo(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	_, err = migration.Undo(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	require.Equal(t, before, def())
}
