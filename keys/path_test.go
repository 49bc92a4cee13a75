package keys_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// TestFunctionsFindTheirNames expects functions without a search_path of their own to
// work while a plan is carried out, as they do for the application: those of triggers
// that run for rows that are filled, and of indexes and checks.
func TestFunctionsFindTheirNames(t *testing.T) {
	t.Parallel()
	db, name := schema(t, accounts+`
		CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
		CREATE TABLE seen (n bigint);
		CREATE FUNCTION plain(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower($1); END $$;
		CREATE FUNCTION plainer(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN plain($1); END $$;
		CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, text text, CHECK (plainer(text) <> ''));
		CREATE UNIQUE INDEX notes_text ON notes (plainer(text));
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE row notes; BEGIN row := new; INSERT INTO seen (n) VALUES (row.id); RETURN new; END $$;
		CREATE TRIGGER note BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION note();
		INSERT INTO accounts VALUES (1); INSERT INTO users VALUES (1, 1); INSERT INTO notes VALUES (1, 1, 'a');`)
	_, err := db.Exec(`DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = ` + name + `', current_user, current_database()); END $$`)
	require.NoError(t, err)
	a, err := keys.Analyze(read(t, db, name), keys.Options{Root: in(name).name("accounts"), Shared: in(name).names("seen")})
	require.NoError(t, err)
	plan, err := a.Plan()
	require.NoError(t, err)
	db.SetMaxIdleConns(0) // sessions that begin see the role's setting
	for range 2 {
		_, err = migration.Execute(t.Context(), db, plan, all(plan))
		require.NoError(t, err)
		_, err = migration.Undo(t.Context(), db, plan, all(plan))
		require.NoError(t, err)
	}
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM "+name+".seen").Scan(&n))
	assert.Equal(t, 2, n)
}
