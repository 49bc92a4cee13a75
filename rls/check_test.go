package rls_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
)

// problems are those that an error joins.
func problems(err error) (list []*rls.Problem) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, problems(one)...)
		}
		return list
	}
	var problem *rls.Problem
	if errors.As(err, &problem) {
		list = append(list, problem)
	}
	return list
}

// TestCheck breaks the protection in each way, sees it found, and mends it with
// the SQL of the error.
func TestCheck(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	db := d.app(t, true)
	app, owner := userOf(t, d.DSN), userOf(t, d.OwnerDSN)
	run := func(statement string) {
		t.Helper()
		_, err := d.admin.Exec(strings.NewReplacer("{app}", app, "{owner}", owner, "{span}", d.span,
			"{db}", strings.TrimSuffix(app, "_app")).Replace(statement))
		require.NoError(t, err, statement)
	}
	_, err := rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)

	for _, test := range []struct {
		kind   rls.ProblemKind
		breaks string
		mends  string // where the error has no SQL
	}{
		{rls.RoleBypasses, "ALTER ROLE {app} SUPERUSER", "ALTER ROLE {app} NOSUPERUSER"},
		{rls.RoleBypasses, "ALTER ROLE {app} CREATEROLE", ""},
		{rls.RoleBypasses, "ALTER ROLE {app} REPLICATION BYPASSRLS", ""},
		{rls.RoleBypasses, "GRANT pg_execute_server_program TO {app}", ""},
		{rls.RoleBypasses, "GRANT pg_read_server_files TO {app}", ""},
		{rls.RoleBypasses, "GRANT pg_write_server_files TO {app}", ""},
		{rls.RoleBypasses, "GRANT pg_read_all_data TO {app}", ""},
		{rls.RoleBypasses, "GRANT pg_monitor TO {app}", ""},
		{rls.RoleBypasses, "GRANT pg_write_all_data TO {span}", "REVOKE pg_write_all_data FROM {span}"},
		{rls.RoleBypasses, "CREATE ROLE {app}_c; GRANT pg_read_server_files TO {app}_c; GRANT {app}_c TO {app}", "DROP ROLE {app}_c"},
		{rls.RoleBypasses, "GRANT {owner} TO {app}", "REVOKE {owner} FROM {app}"},
		{rls.RoleBypasses, "ALTER ROLE {app} BYPASSRLS", ""},
		{rls.RoleBypasses, "CREATE ROLE {app}_b BYPASSRLS; GRANT {app}_b TO {app}", "DROP ROLE {app}_b"},
		{rls.RoleBypasses, "ALTER ROLE {app} INHERIT", ""},
		{rls.PrivilegeTooBig, "GRANT TRUNCATE ON docs TO {app}", ""},
		{rls.PrivilegeTooBig, "GRANT REFERENCES ON docs TO {app}", ""},
		{rls.PrivilegeTooBig, "GRANT TRIGGER ON docs TO {span}", ""},
		{rls.NotEnabled, "ALTER TABLE docs DISABLE ROW LEVEL SECURITY", ""},
		{rls.NotForced, "ALTER TABLE doc_tags NO FORCE ROW LEVEL SECURITY", ""},
		{rls.PolicyMissing, "DROP POLICY tenancy ON docs", ""},
		{rls.PolicyMissing, "DROP POLICY tenancy_shared ON countries", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy ON docs USING (true)", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy ON docs WITH CHECK (true)", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy ON docs USING (tenant_id = (SELECT nullif(current_setting('app.tenant_ie', true), '')::uuid))", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy ON parcels USING (client_id::varchar(3) = (SELECT nullif(current_setting('app.tenant_id', true), '')))", ""},
		{rls.PolicyChanged, "ALTER POLICY tenancy_span ON docs TO PUBLIC", ""},
		{rls.PolicyForeign, "CREATE POLICY wide ON docs FOR SELECT USING (title LIKE 'public%')", ""},
		{rls.ViewPasses, "CREATE VIEW all_docs AS SELECT * FROM docs; GRANT SELECT ON all_docs TO {app}", ""},
		{rls.ViewPasses, "CREATE VIEW inner_docs WITH (security_invoker = true) AS SELECT * FROM docs; " +
			"CREATE VIEW outer_docs AS SELECT * FROM inner_docs; GRANT SELECT ON outer_docs TO {app}", ""},
		{rls.ViewPasses, "CREATE VIEW owned AS SELECT * FROM docs; ALTER VIEW owned OWNER TO {owner}; GRANT SELECT ON owned TO {app}", ""},
		{rls.CopyReadable, "CREATE MATERIALIZED VIEW kept AS SELECT * FROM docs; GRANT SELECT ON kept TO {app}", ""},
		{rls.SessionSetting, "ALTER ROLE {app} SET app.tenant_id = 'x'", ""},
		{rls.SessionSetting, "ALTER ROLE {app} IN DATABASE {db} SET app.tenant_id_set = 'all'", ""},
		{rls.SessionSetting, "ALTER DATABASE {db} SET app.tenant_id = 'x'", ""},
		{rls.NotEnabled, "CREATE TABLE strangers (tenant_id uuid); GRANT SELECT ON strangers TO {app}", "DROP TABLE strangers"},
		{rls.NotEnabled, "CREATE TABLE heirs () INHERITS (docs); ALTER TABLE heirs DISABLE ROW LEVEL SECURITY", "DROP TABLE heirs"},
		{rls.ParentPasses, "CREATE TABLE papers (id bigint, title text); ALTER TABLE docs ALTER COLUMN title SET NOT NULL; " +
			"ALTER TABLE docs INHERIT papers; GRANT SELECT ON papers TO {app}", ""},
		{rls.ParentPasses, "CREATE TABLE things (id bigint); ALTER TABLE papers INHERIT things; GRANT SELECT (id) ON things TO PUBLIC", ""},
		{rls.ParentPasses, "CREATE TABLE all_parcels (id bigint NOT NULL, client_id varchar(40) NOT NULL) PARTITION BY LIST (client_id); " +
			"ALTER TABLE all_parcels ATTACH PARTITION parcels DEFAULT; GRANT DELETE ON all_parcels TO {app}", ""},
		{rls.ForeignTable, "CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere; " +
			"CREATE FOREIGN TABLE far (tenant_id uuid, text text) SERVER nowhere; GRANT SELECT ON far TO {app}", ""},
		{rls.ForeignTable, "CREATE FOREIGN TABLE far_docs () INHERITS (docs) SERVER nowhere; GRANT SELECT ON far_docs TO {app}", ""},
		{rls.RuleRuns, "CREATE TABLE log (text text); GRANT INSERT ON log TO {app}; " +
			"CREATE RULE also AS ON INSERT TO log DO ALSO DELETE FROM docs", ""},
		{rls.RuleRuns, "CREATE RULE instead AS ON UPDATE TO docs DO INSTEAD DELETE FROM tags", ""},
		{rls.RuleRuns, "CREATE VIEW written WITH (security_invoker = true) AS SELECT 1 AS n; GRANT INSERT (n) ON written TO {span}; " +
			"CREATE RULE through AS ON INSERT TO written DO INSTEAD UPDATE docs SET title = ''", "DROP VIEW written"},
		{rls.NotThere, "ALTER TABLE events RENAME TO incidents", "ALTER TABLE incidents RENAME TO events"},
	} {
		run(test.breaks)
		_, err := rls.Check(tenancy.Bypass(t.Context(), "whatever the scope"), db, d.policies(), allModels...)
		require.ErrorIs(t, err, rls.ErrUnprotected, test.breaks)
		var kinds []rls.ProblemKind
		for _, problem := range problems(err) {
			kinds = append(kinds, problem.Kind)
			for _, statement := range problem.SQL {
				if test.mends == "" {
					assert.Contains(t, err.Error(), statement)
					run(statement)
				}
			}
		}
		assert.Contains(t, kinds, test.kind, test.breaks)
		if test.mends != "" {
			run(test.mends)
		}
		_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
		require.NoError(t, err, "mended: %s", test.breaks)
	}

	run("CREATE FUNCTION all_titles() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT title FROM docs'")
	warnings, err := rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)
	require.Len(t, warnings, 2)
	assert.Contains(t, warnings[0], "all_titles()")
	assert.Contains(t, warnings[1], "REVOKE TEMPORARY ON DATABASE")
	run(warnings[1][strings.Index(warnings[1], "REVOKE"):])
	warnings, err = rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)
	require.Len(t, warnings, 1)
}

// What Check proposes may be pasted: it takes nothing away that a person has to give
// back, and says in words what is for a person to decide.
func TestRemediesAreSafe(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	db := d.app(t, true)

	forgot := d.policies()
	forgot.SpanRole = ""
	_, err := rls.Check(t.Context(), db, forgot, allModels...)
	require.ErrorIs(t, err, rls.ErrUnprotected)
	list := problems(err)
	require.Len(t, list, 1, "one mistake is one problem")
	assert.Equal(t, rls.SpanForgotten, list[0].Kind)
	assert.Empty(t, list[0].SQL)
	assert.ErrorContains(t, err, d.span)

	run := func(statement string) {
		t.Helper()
		_, err := d.admin.Exec(statement)
		require.NoError(t, err, statement)
	}
	app := userOf(t, d.DSN)
	for _, test := range []struct{ breaks, says, mends string }{
		{"ALTER ROLE " + app + " SUPERUSER", "connect as another role", "ALTER ROLE " + app + " NOSUPERUSER"},
		{"ALTER TABLE events RENAME TO incidents", "migrate first", "ALTER TABLE incidents RENAME TO events"},
		{"ALTER TABLE tags OWNER TO " + app, "connect as another role", "ALTER TABLE tags OWNER TO " + userOf(t, d.OwnerDSN)},
	} {
		run(test.breaks)
		_, err := rls.Check(t.Context(), db, d.policies(), allModels...)
		require.ErrorContains(t, err, test.says)
		for _, problem := range problems(err) {
			for _, statement := range problem.SQL {
				assert.NotContains(t, statement, "NOSUPERUSER")
				assert.NotContains(t, statement, "DROP")
			}
		}
		run(test.mends)
	}
	run("CREATE TABLE log (text text); GRANT INSERT ON log TO " + app + "; CREATE RULE nothing AS ON INSERT TO log DO INSTEAD NOTHING")
	run("GRANT pg_read_all_settings TO " + app)
	_, err = rls.Check(t.Context(), db, d.policies(), allModels...)
	require.NoError(t, err)
}

// TestPlugin: a program does not start on a database that is not protected, nor
// as the owner, who may do what he wants.
func TestPlugin(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.protect(t, allModels...)
	config := rls.Config{Policies: d.policies(), Models: allModels}
	require.NoError(t, d.app(t, true).Use(rls.New(config)))

	_, err := d.admin.Exec("ALTER TABLE docs NO FORCE ROW LEVEL SECURITY")
	require.NoError(t, err)
	require.ErrorIs(t, d.app(t, true).Use(rls.New(config)), rls.ErrUnprotected)
	err = d.owner.Use(rls.New(config))
	require.ErrorIs(t, err, rls.ErrUnprotected)
	assert.ErrorContains(t, err, "TRUNCATE")
	require.ErrorContains(t, open(t, d.DSN).Use(rls.New(config)), "db.Use(tenancy.New", "without the plugin")
	assert.NotContains(t, fmt.Sprint(err), "password")
}
