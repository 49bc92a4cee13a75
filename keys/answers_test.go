package keys_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

// rolesOf are the tables' roles by name.
func rolesOf(a *keys.Analysis) map[string]string {
	roles := map[string]string{}
	for _, t := range a.Tables {
		roles[t.Name.Name] = strings.TrimSpace(string(t.Role) + " " + t.Column)
	}
	return roles
}

// TestPatterns expects one answer to do for many tables and objects, and what is named
// as it is to come before a pattern.
func TestPatterns(t *testing.T) {
	t.Parallel()
	db, name := schema(t, accounts+`
		CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, token text UNIQUE, api_token text UNIQUE, mail text UNIQUE);
		CREATE TABLE ref_countries (code text PRIMARY KEY);
		CREATE TABLE ref_units (code text PRIMARY KEY);
		CREATE TABLE ref_own (id bigint PRIMARY KEY, "clientId" bigint NOT NULL);
		CREATE TABLE app_notes (id bigint PRIMARY KEY, "clientId" bigint NOT NULL);
		CREATE TABLE log_a (n int);
		CREATE TABLE log_b (n int, tenant_id bigint);
		CREATE TABLE log_parts (n int, tenant_id bigint NOT NULL) PARTITION BY LIST (n);
		CREATE TABLE parts_log_1 PARTITION OF log_parts FOR VALUES IN (1);`)
	s := in(name)
	a, err := keys.Analyze(read(t, db, name), keys.Options{
		Shared:    []catalog.Name{s.name("ref_*")},
		Columns:   map[catalog.Name]string{s.name("app*"): "clientId", s.name("ref_own"): "clientId"},
		Skip:      []catalog.Name{{Schema: "*", Name: "*log_*"}},
		Global:    []keys.Object{{Table: catalog.Name{Schema: name, Name: "*"}, Name: "*_token_key"}},
		PerTenant: []keys.Object{{Table: s.name("users"), Name: "users_api_token_key"}},
	})
	require.NoError(t, err)
	assert.Empty(t, a.Questions)
	assert.Equal(t, map[string]string{
		"accounts": "root id", "users": "tenants tenant_id", "ref_countries": "shared", "ref_units": "shared",
		"ref_own": "tenants clientId", "app_notes": "tenants clientId",
		"log_a": "skipped", "log_b": "skipped", "log_parts": "skipped", "parts_log_1": "skipped",
	}, rolesOf(a))
	plan, err := a.Plan()
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, plan.WriteSQL(&text))
	assert.NotContains(t, text.String(), "users_token_key")
	assert.Contains(t, text.String(), "users_api_token_key_tenant")
	assert.Contains(t, text.String(), "users_mail_key_tenant")

	_, err = keys.Analyze(read(t, db, name), keys.Options{
		Shared: []catalog.Name{s.name("nothing_*")}, PerTenant: []keys.Object{{Table: s.name("*"), Name: "no_*"}},
		Columns: map[catalog.Name]string{s.name("ref_*"): "a", s.name("*_units"): "b"},
	})
	require.ErrorContains(t, err, "Options.Shared names "+name+`."nothing_*"`)
	require.ErrorContains(t, err, "Options.PerTenant")
	require.ErrorContains(t, err, "gives "+name+".ref_units two columns")
}

// TestOneFindingForMany expects what differs in names alone to be said and asked once.
func TestOneFindingForMany(t *testing.T) {
	t.Parallel()
	var statements strings.Builder
	statements.WriteString(accounts + "CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);")
	for i := range 60 {
		fmt.Fprintf(&statements, `CREATE TABLE t%02[1]d (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, code text UNIQUE, token text CONSTRAINT u%02[1]d UNIQUE);
			CREATE TABLE s%02[1]d (id bigint PRIMARY KEY);`, i)
	}
	statements.WriteString("CREATE TABLE odd (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, secret text UNIQUE);")
	db, name := schema(t, statements.String())
	a, err := keys.Analyze(read(t, db, name), keys.Options{})
	require.NoError(t, err)
	require.Len(t, a.Findings, 1)
	assert.Len(t, a.Findings[0].Also, 59)
	assert.Contains(t, a.Findings[0].String(), "the same of "+name+".t01: t01_code_key, ")
	require.Len(t, a.Questions, 3, "%v", a.Questions)
	for _, q := range a.Questions {
		if q.Table == in(name).name("odd") {
			assert.Empty(t, q.Also)
			continue
		}
		assert.Len(t, q.Also, 59)
		assert.Contains(t, q.String(), "The same is asked of ")
	}
	_, err = a.Plan()
	require.ErrorIs(t, err, keys.ErrUndecided)
	assert.Len(t, strings.Split(err.Error(), "\n"), 3)
}

// TestTablesOfItsOwn expects no question about the registry's names and the tables of
// tools that carry out plans, and those of the application to be asked about.
func TestTablesOfItsOwn(t *testing.T) {
	t.Parallel()
	db, name := schema(t, `CREATE TABLE tenants (id uuid PRIMARY KEY);
		CREATE TABLE users (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants);
		CREATE TABLE tenant_names (kind varchar(8), name varchar(253), tenant_id uuid NOT NULL, held_until timestamptz, PRIMARY KEY (kind, name));
		CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp);
		CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
		CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at timestamp, updated_at timestamp);
		CREATE TABLE atlas_schema_revisions (version text PRIMARY KEY, legend text);`)
	a, err := keys.Analyze(read(t, db, name), keys.Options{})
	require.NoError(t, err)
	require.Len(t, a.Questions, 1)
	assert.Equal(t, "atlas_schema_revisions", a.Questions[0].Table.Name, "it has other columns than Atlas's")
	assert.Empty(t, a.Findings)
	roles := rolesOf(a)
	assert.Equal(t, "shared", roles["tenant_names"])
	assert.Equal(t, "skipped", roles["goose_db_version"])
	assert.Equal(t, "skipped", roles["schema_migrations"])
	assert.Equal(t, "skipped", roles["ar_internal_metadata"])
}

// TestJoinTables expects no question about which of two references of a pair tells its
// tenant, and Preflight to see pairs of two tenants' rows.
func TestJoinTables(t *testing.T) {
	t.Parallel()
	const ends = accounts + `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
		CREATE TABLE teams (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
		INSERT INTO accounts VALUES (1), (2); INSERT INTO users VALUES (1, 1), (2, 2); INSERT INTO teams VALUES (1, 1), (2, 2);`
	for _, test := range []struct {
		table string
		asked bool
	}{
		{"CREATE TABLE members (user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams)", false},
		{"CREATE TABLE members (user_id bigint REFERENCES users, team_id bigint REFERENCES teams, since date, PRIMARY KEY (user_id, team_id))", false},
		{"CREATE TABLE members (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams, UNIQUE (team_id, user_id))", false},
		{"CREATE TABLE members (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams)", true},
		{"CREATE TABLE members (user_id bigint REFERENCES users, team_id bigint REFERENCES teams, UNIQUE (user_id, team_id))", true},
		{"CREATE TABLE members (user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams, note text)", true},
	} {
		t.Run(test.table, func(t *testing.T) {
			t.Parallel()
			db, name := schema(t, ends+test.table)
			a, err := keys.Analyze(read(t, db, name), keys.Options{})
			require.NoError(t, err)
			assert.Equal(t, test.asked, len(a.Questions) > 0, "%v", a.Questions)
			if test.asked {
				return
			}
			_, err = db.Exec("INSERT INTO " + name + ".members (" + map[bool]string{true: "id, "}[strings.Contains(test.table, "(id")] + "user_id, team_id) VALUES (" +
				map[bool]string{true: "1, "}[strings.Contains(test.table, "(id")] + "1, 2)")
			require.NoError(t, err)
			found, err := a.Preflight(t.Context(), db, keys.Limits{})
			require.NoError(t, err)
			require.NotEmpty(t, found)
			assert.Contains(t, found[0].String(), "rows refer to another tenant's rows")
		})
	}
}

// TestReferences expects a path where there is no foreign key to fill the tenant, rows
// that it leads nowhere to be a blocker, and one that may lead to two tenants to be
// refused.
func TestReferences(t *testing.T) {
	t.Parallel()
	db, name := schema(t, accounts+`
		CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, mail text NOT NULL, nick text, UNIQUE (mail));
		CREATE TABLE letters (id bigint PRIMARY KEY, to_mail text NOT NULL, about bigint NOT NULL);
		CREATE TABLE stamps (id bigint PRIMARY KEY, letter_id bigint NOT NULL REFERENCES letters);
		INSERT INTO accounts VALUES (1), (2); INSERT INTO users VALUES (1, 1, 'a', 'x'), (2, 2, 'b', 'x');
		INSERT INTO letters VALUES (1, 'a', 1), (2, 'b', 1), (3, 'nobody', 1); INSERT INTO stamps VALUES (1, 1), (2, 2);`)
	s := in(name)
	analyze := func(r keys.Reference) (*keys.Analysis, error) {
		return keys.Analyze(read(t, db, name), keys.Options{References: map[catalog.Name]keys.Reference{s.name("letters"): r}})
	}
	byMail := keys.Reference{Columns: []string{"to_mail"}, Table: s.name("users"), Keys: []string{"mail"}}
	for r, problem := range map[*keys.Reference]string{
		{Columns: []string{"to_mail"}, Table: s.name("users"), Keys: []string{"nick"}}: "nick are no key of",
		{Columns: []string{"to_mail"}, Table: s.name("users")}:                         "to_mail is of type text, and id of",
		{Columns: []string{"nix"}, Table: s.name("users")}:                             "it has no column nix",
		{Columns: []string{"to_mail"}, Table: s.name("users"), Keys: []string{"nix"}}:  "users has no column nix",
		{Columns: []string{"to_mail", "about"}, Table: s.name("users")}:                "2 columns for 1 of",
		{Columns: []string{"to_mail"}, Table: s.name("nowhere")}:                       "nowhere, which is not there",
	} {
		_, err := analyze(*r)
		require.ErrorContains(t, err, problem)
	}
	a, err := analyze(byMail)
	require.NoError(t, err)
	assert.Empty(t, a.Questions)
	assert.Equal(t, "reaching tenant_id", rolesOf(a)["letters"])
	assert.Equal(t, "reaching tenant_id", rolesOf(a)["stamps"])
	found, err := a.Preflight(t.Context(), db, keys.Limits{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].String(), "letters: tenant_id: rows have no tenant, and no reference tells it (1 rows: id=3)")
	_, err = db.Exec("DELETE FROM " + name + ".letters WHERE id = 3")
	require.NoError(t, err)
	found, err = a.Preflight(t.Context(), db, keys.Limits{})
	require.NoError(t, err)
	require.Empty(t, found)
	plan, err := a.Plan()
	require.NoError(t, err)
	assert.Contains(t, plan.Phases[0].Steps[0].About, "by to_mail, without a foreign key")
	_, err = migration.Execute(t.Context(), db, plan, all(plan))
	require.NoError(t, err)
	var wrong int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM "+name+".letters WHERE tenant_id IS DISTINCT FROM id").Scan(&wrong))
	assert.Zero(t, wrong)
	require.NoError(t, db.QueryRow("SELECT count(*) FROM "+name+".stamps WHERE tenant_id IS DISTINCT FROM id").Scan(&wrong))
	assert.Zero(t, wrong)
	again, err := analyze(byMail)
	require.NoError(t, err, "the mail is a key within a tenant by now, and is not asked for any more")
	rest, err := again.Plan()
	require.NoError(t, err)
	assert.Empty(t, rest.Phases)
}

var errEnded = errors.New("ended")

const clearing = accounts + `
CREATE TABLE kinds (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts ON DELETE SET NULL, boss bigint REFERENCES users ON DELETE SET NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, user_id bigint REFERENCES users,
	kind_id bigint REFERENCES kinds ON DELETE SET NULL);
COMMENT ON CONSTRAINT users_tenant_id_fkey ON users IS 'goes with its tenant';
INSERT INTO accounts VALUES (1), (2); INSERT INTO users VALUES (1, 1, NULL), (2, 2, NULL), (3, 1, 1); INSERT INTO notes VALUES (1, 1, 1, NULL), (2, 2, 2, NULL);`

// deletes are the foreign keys of a schema.
func deletes(t *testing.T, db *sql.DB, schema string) string {
	t.Helper()
	var text string
	require.NoError(t, db.QueryRow(`SELECT string_agg(conname || ' ' || pg_get_constraintdef(oid) || coalesce(' -- ' || obj_description(oid, 'pg_constraint'), ''), E'\n' ORDER BY conname)
		FROM pg_constraint WHERE contype = 'f' AND connamespace = $1::regnamespace`, schema).Scan(&text))
	return without(schema, text)
}

// TestOnDelete expects the options to say what foreign keys do, those that the plan
// makes and those that it would leave, wherever the plan is made again.
func TestOnDelete(t *testing.T) {
	t.Parallel()
	db, name := schema(t, clearing)
	s := in(name)
	o := keys.Options{Shared: s.names("kinds"), Root: s.name("accounts")}
	a, err := keys.Analyze(read(t, db, name), o)
	require.NoError(t, err)
	_, err = a.Plan()
	require.ErrorContains(t, err, "by Options.OnDelete", "the tenant column would be cleared")
	o.OnDelete = map[keys.Object]catalog.Action{
		{Table: catalog.Name{Schema: "*", Name: "*"}, Name: "*_tenant_id_fkey"}: catalog.Cascade,
		{Table: s.name("users"), Name: "users_boss_fkey"}:                       catalog.NoAction,
		{Table: s.name("notes"), Name: "notes_user_id_fkey"}:                    catalog.Cascade,
		{Table: s.name("notes"), Name: "notes_kind_id_fkey"}:                    catalog.Restrict,
		{Table: s.name("notes"), Name: "notes_tenant_id_fkey"}:                  catalog.NoAction,
	}
	before := deletes(t, db, name)
	a, err = keys.Analyze(read(t, db, name), o)
	require.NoError(t, err)
	plan, err := a.Plan()
	require.NoError(t, err)
	steps := 0
	for _, phase := range plan.Phases {
		steps += len(phase.Steps)
	}
	first, stride := draw.Points(t, 3)
	for n := 4 * first; n < steps; n += 4 * stride { // ended after so many steps, and made again
		done := 0
		options := all(plan)
		options.Progress = func(e migration.Event) {
			if e.Kind == migration.StepDone {
				done++
			}
		}
		options.Throttle = func(context.Context) error {
			if done > n {
				return errEnded
			}
			return nil
		}
		_, err := migration.Execute(t.Context(), db, plan, options)
		if done > n && done < steps {
			require.ErrorIs(t, err, errEnded)
		}
		remade, err := keys.Analyze(read(t, db, name), o)
		require.NoError(t, err)
		again, err := remade.Plan()
		require.NoError(t, err, n)
		_, err = migration.Execute(t.Context(), db, again, all(again))
		require.NoError(t, err, n)
		assert.Equal(t, `notes_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES kinds(id) ON DELETE RESTRICT
notes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES accounts(id)
notes_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users(tenant_id, id) ON DELETE CASCADE
users_boss_fkey FOREIGN KEY (tenant_id, boss) REFERENCES users(tenant_id, id)
users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES accounts(id) ON DELETE CASCADE -- goes with its tenant`, deletes(t, db, name), n)
		_, err = migration.Undo(t.Context(), db, plan, all(plan))
		require.NoError(t, err, n)
		require.Equal(t, before, deletes(t, db, name), n)
	}
}
