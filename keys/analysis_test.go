package keys_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var schemas atomic.Int64

// schema makes a schema of its own from SQL and returns its name.
func schema(t *testing.T, statements string) (*sql.DB, string) {
	t.Helper()
	name := fmt.Sprintf("keys%d", schemas.Add(1))
	return schemaNamed(t, name, statements), name
}

func schemaNamed(t *testing.T, name, statements string) *sql.DB {
	t.Helper()
	gdb, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{})
	require.NoError(t, err)
	db, err := gdb.DB()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	for _, statement := range []string{"CREATE SCHEMA " + name, "SET search_path = " + name, statements, "RESET search_path"} {
		_, err = conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, conn.Close())
	return db
}

func read(t *testing.T, db *sql.DB, schema string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(context.Background(), db, catalog.Options{Schemas: []string{schema}})
	require.NoError(t, err)
	return c
}

const accounts = "CREATE TABLE accounts (id bigint PRIMARY KEY);"

// in qualifies names with the test's schema.
type in string

func (s in) name(table string) catalog.Name { return catalog.Name{Schema: string(s), Name: table} }

func (s in) names(tables ...string) (names []catalog.Name) {
	for _, table := range tables {
		names = append(names, s.name(table))
	}
	return names
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason    string
		sql       string
		options   func(s in) keys.Options
		roles     map[string]string // role, column and path
		questions []string
		findings  []string
	}{
		{
			reason: "the root is what tenant columns refer to",
			sql:    accounts + "CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);",
			roles:  map[string]string{"accounts": "root id", "users": "tenants tenant_id"},
		}, {
			reason: "a column that refers to the root is a tenant column, whatever its name",
			sql:    accounts + "CREATE TABLE users (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts);",
			options: func(s in) keys.Options {
				return keys.Options{Root: s.name("accounts")}
			},
			roles: map[string]string{"accounts": "root id", "users": "tenants account_id"},
		}, {
			reason: "two columns that refer to the root are a question",
			sql: accounts + `CREATE TABLE transfers (id bigint PRIMARY KEY, giver_id bigint NOT NULL REFERENCES accounts,
				taker_id bigint NOT NULL REFERENCES accounts);`,
			options:   func(s in) keys.Options { return keys.Options{Root: s.name("accounts")} },
			roles:     map[string]string{"transfers": "undecided "},
			questions: []string{"transfers refers to the root by giver_id and by taker_id: which is its tenant?"},
		}, {
			reason: "and the other refers to whichever tenant",
			sql: accounts + `CREATE TABLE transfers (id bigint PRIMARY KEY, giver_id bigint NOT NULL REFERENCES accounts,
				taker_id bigint NOT NULL REFERENCES accounts);`,
			options: func(s in) keys.Options {
				return keys.Options{Root: s.name("accounts"), Columns: map[catalog.Name]string{s.name("transfers"): "giver_id"}}
			},
			roles: map[string]string{"transfers": "tenants giver_id"},
			findings: []string{"note: transfers: transfers_taker_id_fkey: it refers to a tenant by another column than the tenant column, " +
				"and may refer to any"},
		}, {
			reason: "the path leads along foreign keys, the shortest that is never null",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users);
				CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, seller_id bigint REFERENCES users);`,
			roles: map[string]string{"users": "tenants tenant_id", "orders": "reaching tenant_id via users",
				"lines": "reaching tenant_id via orders users"},
		}, {
			reason: "two ways that are equally good are a question",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE teams (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE members (user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams, note text);`,
			roles: map[string]string{"members": "undecided "},
			questions: []string{"members reaches a tenant by members_team_id_fkey (to teams) and by members_user_id_fkey (to users): " +
				"which tells its tenant?"},
		}, {
			reason: "which the options answer",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE teams (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE members (user_id bigint NOT NULL REFERENCES users, team_id bigint NOT NULL REFERENCES teams, note text);`,
			options: func(s in) keys.Options {
				return keys.Options{Paths: map[catalog.Name]string{s.name("members"): "members_user_id_fkey"}}
			},
			roles: map[string]string{"members": "reaching tenant_id via users"},
		}, {
			reason: "where no table is a tenant's, the root is the only question",
			sql: accounts + `CREATE TABLE countries (id bigint PRIMARY KEY);
				CREATE TABLE users (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, country_id bigint REFERENCES countries);
				CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts);`,
			roles: map[string]string{"users": "undecided "},
			questions: []string{"accounts is what most foreign keys refer to, 2 of them by account_id, and no table has a column tenant_id: " +
				"is it the tenants' own, or which is?"},
		}, {
			reason:    "a table that reaches nobody is a question",
			sql:       "CREATE TABLE countries (id bigint PRIMARY KEY);",
			roles:     map[string]string{"countries": "undecided "},
			questions: []string{"countries reaches no tenant along its foreign keys: is it shared, or what tells its tenant?"},
		}, {
			reason: "shared and skipped tables are left alone",
			sql:    "CREATE TABLE countries (id bigint PRIMARY KEY); CREATE TABLE schema_migrations (version bigint PRIMARY KEY);",
			options: func(s in) keys.Options {
				return keys.Options{Shared: s.names("countries"), Skip: s.names("schema_migrations")}
			},
			roles: map[string]string{"countries": "shared ", "schema_migrations": "skipped "},
		}, {
			reason: "a row that belongs to nobody must not refer to a tenant's",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE settings (id bigint PRIMARY KEY, admin_id bigint REFERENCES users);`,
			options: func(s in) keys.Options { return keys.Options{Shared: s.names("settings")} },
			findings: []string{"blocker: settings: settings_admin_id_fkey: a row that belongs to no tenant refers to users, whose rows do; " +
				"make the table a tenant's, or drop the foreign key"},
		}, {
			reason: "what a composite foreign key cannot do",
			sql: `CREATE TABLE users (a bigint, b bigint, tenant_id bigint NOT NULL, PRIMARY KEY (a, b));
				CREATE TABLE posts (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, a bigint, b bigint,
					FOREIGN KEY (a, b) REFERENCES users ON UPDATE SET NULL, FOREIGN KEY (b, a) REFERENCES users (b, a) MATCH FULL ON DELETE SET NULL);`,
			findings: []string{
				"blocker: posts: posts_a_b_fkey: ON UPDATE SET NULL with the tenant in the key would clear the tenant; make it NO ACTION or CASCADE",
				"blocker: posts: posts_b_a_fkey: MATCH FULL with the tenant in the key allows no null; make it MATCH SIMPLE, with a check that its columns are null together",
				"note: posts: posts_b_a_fkey: it becomes SET NULL of its own columns only, which Citus does not allow; Options.OnDelete makes it do something else",
			},
		}, {
			reason: "a view that groups by a key alone needs it",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, name text);
				CREATE VIEW names AS SELECT id, name FROM users GROUP BY id;
				CREATE FUNCTION named() RETURNS text BEGIN ATOMIC SELECT name FROM users GROUP BY id; END;`,
			findings: []string{
				"blocker: users: users_pkey: the function named() groups by this key alone; replace it by one with all columns in its GROUP BY",
				"blocker: users: users_pkey: the view names groups by this key alone; replace it by one with all columns in its GROUP BY",
			},
		}, {
			reason: "triggers see the backfill, exclusions and deferrable uniques are told of",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint, place int UNIQUE DEFERRABLE,
					during int4range, EXCLUDE USING gist (during WITH &&));
				CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
				CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();`,
			findings: []string{
				"warning: users: touched: the trigger may run for each row that is backfilled; disable it, if it must not see the backfill",
				"note: users: users_during_excl: the exclusion holds between tenants as well; add the tenant with the extension btree_gist: tenant_id WITH =",
				"warning: users: users_place_key: it is deferrable, and the index beside it, which stands until the last phase, is not; " +
					"let no transaction pass through duplicates meanwhile",
				"note: users: users_place_key: the unique will hold within a tenant, and holds over all of them today; " +
					"name it in Options.Global, if it must hold over all tenants",
			},
		}, {
			reason: "types that differ",
			sql: accounts + `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
				CREATE TABLE teams (id bigint PRIMARY KEY, tenant_id integer NOT NULL);`,
			findings: []string{"warning: teams: tenant_id: the tenant column is of type integer, where others are bigint; " +
				"Citus needs the same type in all tables"},
		}, {
			reason: "types that no foreign key matches",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id uuid NOT NULL);
				CREATE TABLE teams (id bigint PRIMARY KEY, tenant_id varchar(36) NOT NULL, head_id bigint REFERENCES users);
				CREATE TABLE badges (id bigint PRIMARY KEY, tenant_id uuid NOT NULL, user_id bigint REFERENCES users);`,
			findings: []string{
				"warning: teams: tenant_id: the tenant column is of type character varying(36), where others are uuid; " +
					"Citus needs the same type in all tables",
				"blocker: teams: teams_head_id_fkey: the tenant columns are of types character varying(36) here and uuid in users, " +
					"which no foreign key can match; change the type of one of them",
			},
		}, {
			reason: "a shared table that tells rows of tenants from those of everybody",
			sql: `CREATE TABLE roles (id bigint PRIMARY KEY, tenant_id bigint);
				CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, role_id bigint REFERENCES roles);`,
			options: func(s in) keys.Options { return keys.Options{Shared: s.names("roles")} },
			findings: []string{"warning: roles: tenant_id: the table is shared and has a tenant column: references to its rows may cross tenants; " +
				"give the rows that are everybody's a table of their own"},
		}, {
			reason: "inheritance",
			sql: `CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
				CREATE TABLE admins (id bigint UNIQUE) INHERITS (users);`,
			roles:    map[string]string{"admins": "tenants tenant_id"},
			findings: []string{"warning: admins: it inherits from another table: its keys stay as they are; make it a partition, or a table of its own"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			db, name := schema(t, tt.sql)
			var o keys.Options
			if tt.options != nil {
				o = tt.options(in(name))
			}
			a, err := keys.Analyze(read(t, db, name), o)
			require.NoError(t, err)
			roles := map[string]string{}
			for _, table := range a.Tables {
				role := string(table.Role) + " " + table.Column
				for i, hop := range table.Path {
					if i == 0 {
						role += " via"
					}
					role += " " + hop.To.Name
				}
				roles[table.Name.Name] = role
			}
			for table, role := range tt.roles {
				assert.Equal(t, role, roles[table], table)
			}
			var questions, findings []string
			for _, q := range a.Questions {
				questions = append(questions, without(name, q.Table.String()+" "+q.Asks))
			}
			for _, f := range a.Findings {
				findings = append(findings, without(name, f.String()))
			}
			assert.Equal(t, tt.questions, questions)
			assert.Equal(t, tt.findings, findings)
			_, err = a.Plan()
			if len(questions) > 0 {
				assert.ErrorIs(t, err, keys.ErrUndecided)
			}
		})
	}
}

func without(schema, text string) string { return strings.ReplaceAll(text, schema+".", "") }

func TestAnalyzeOptions(t *testing.T) {
	t.Parallel()
	db, name := schema(t, accounts)
	nowhere := catalog.Name{Schema: name, Name: "nowhere"}
	_, err := keys.Analyze(read(t, db, name), keys.Options{
		Root: nowhere, Shared: []catalog.Name{nowhere}, Skip: []catalog.Name{nowhere},
		Columns: map[catalog.Name]string{nowhere: "x"},
		Paths:   map[catalog.Name]string{in(name).name("accounts"): "no_fkey"},
		Global:  []keys.Object{{Table: in(name).name("accounts"), Name: "no_key"}},
	})
	for _, option := range []string{"Root", "Shared", "Skip", "Columns", "Paths", "Global"} {
		assert.ErrorContains(t, err, "Options."+option)
	}
}
