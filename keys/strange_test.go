package keys_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/keys"
)

// strange are schemas that the planner cannot know, with what it must ask or say.
var strange = []struct {
	reason, sql string
	options     func(s in) keys.Options
	asks, finds string // empty for nothing of the kind
	preflight   string
}{
	{
		reason: "a trigger's function conflicts on a primary key",
		sql: accounts + `CREATE TABLE totals (day date PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, n int);
CREATE FUNCTION upsert_total() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  -- it's counted
  INSERT INTO totals AS t VALUES (new.day, new.tenant_id, new.n) ON CONFLICT (day) DO UPDATE SET n = t.n + excluded.n; RETURN new; END $$`,
		finds: "warning: totals: function upsert_total(): line 3 conflicts on (day), a unique that the plan replaces: it fails from phase swap on",
	}, {
		reason: "and one that names the tenant does not fail",
		sql: accounts + `CREATE TABLE totals (day date PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, n int);
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT 'ON CONFLICT (day)' $$`,
	}, {
		reason: "a statement in a string conflicts on a unique",
		sql: accounts + `CREATE TABLE totals (id int, tenant_id bigint NOT NULL REFERENCES accounts, code text UNIQUE, PRIMARY KEY (tenant_id, id));
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO totals (id, tenant_id, code) SELECT 1, 2, ''x'' ON CONFLICT ("code") DO NOTHING'; END $$`,
		finds: "function f(): line 1 conflicts on (code), a unique that the plan replaces: it fails from phase contract on",
	}, {
		reason: "a body that is no text conflicts on a unique",
		sql: accounts + `CREATE TABLE totals (id int, tenant_id bigint NOT NULL REFERENCES accounts, code text UNIQUE, PRIMARY KEY (tenant_id, id));
CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO totals (id, tenant_id, code) VALUES (1, 2, 'x') ON CONFLICT (code) DO NOTHING; END`,
		finds: "conflicts on (code), a unique that the plan replaces: it fails from phase contract on",
	}, {
		reason: "a body that is no text inserts without the tenant that a table gets",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE logs (user_id int NOT NULL REFERENCES users, what text);
CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO logs (user_id, what) VALUES (1, 'x'); END`,
		finds: "inserts into logs without tenant_id, which may no longer be null: it fails from phase backfill on",
	}, {
		reason: "a conflict on a constraint",
		sql: accounts + `CREATE TABLE totals (id int, tenant_id bigint NOT NULL REFERENCES accounts, code text CONSTRAINT one UNIQUE, PRIMARY KEY (tenant_id, id));
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ INSERT INTO totals (id, tenant_id, code) VALUES (1, 2, 'x') ON CONFLICT ON CONSTRAINT one DO NOTHING $$`,
		finds: "function f(): line 1 conflicts on the constraint one",
	}, {
		reason: "an INSERT without the tenant that a table gets",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE logs (user_id int NOT NULL REFERENCES users, what text);
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 IF true THEN INSERT INTO logs (user_id, what) VALUES (new.id, 'x'); END IF; RETURN new; END $$`,
		finds: "function log(): line 2 inserts into logs without tenant_id, which may no longer be null: it fails from phase backfill on",
	}, {
		reason: "a GROUP BY of a primary key",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, name text);
CREATE FUNCTION f() RETURNS TABLE (a text, n bigint) LANGUAGE sql AS $$ SELECT u.name, count(*) FROM users AS u GROUP BY u.id $$`,
		finds: "function f(): line 1 groups by the primary key of users alone",
	}, {
		reason: "a column that is named like those that refer to the root",
		sql: accounts + `CREATE TABLE actions (id int PRIMARY KEY, "tenantId" bigint NOT NULL REFERENCES accounts);
CREATE TABLE steps (id int PRIMARY KEY, "tenantId" bigint NOT NULL, action_id int NOT NULL REFERENCES actions)`,
		options: func(s in) keys.Options { return keys.Options{Root: s.name("accounts")} },
		asks:    `steps has a column "tenantId", by which others refer to the root, and no foreign key there: is it its tenant?`,
	}, {
		reason: "a reference to the root that may be null",
		sql: accounts + `CREATE TABLE sources (id int PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE members (id int PRIMARY KEY, role_account bigint REFERENCES accounts)`,
		options: func(s in) keys.Options { return keys.Options{Root: s.name("accounts")} },
		asks:    "members refers to the root by role_account alone, which may be null",
	}, {
		reason: "tenant columns that refer to two tables",
		sql: accounts + `CREATE TABLE teams (id uuid PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE b (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES teams)`,
		asks: "accounts is referred to by tenant columns (1 of type bigint), and so is teams (by 1 of type uuid): which is the tenants' own table?",
	}, {
		reason: "tenant columns that refer to two tables, of which one has more",
		sql: accounts + `CREATE TABLE teams (id uuid PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE b (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES teams); CREATE TABLE c (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES teams)`,
		asks: "teams is referred to by tenant columns (2 of type uuid), and so is accounts (by 1 of type bigint): which is the tenants' own table?",
	}, {
		reason: "a table that is skipped says nothing of the root",
		sql: accounts + `CREATE TABLE teams (id uuid PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE b (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES teams)`,
		options: func(s in) keys.Options { return keys.Options{Skip: s.names("b")} },
		finds:   "blocker: b: b_tenant_id_fkey: a row that belongs to no tenant refers to teams",
	}, {
		reason: "a tenant that is filled from a column of another type",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, tenant_id bigint REFERENCES accounts, user_id int NOT NULL REFERENCES users); INSERT INTO users VALUES (1, 'x'); INSERT INTO orders VALUES (1, NULL, 1)`,
		finds:     "blocker: orders: tenant_id: the tenant column is of type bigint, and is filled from users, where it is of type text",
		preflight: "-",
	}, {
		reason: "one of which is to be skipped",
		sql: accounts + `CREATE TABLE teams (id uuid PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE b (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES teams)`,
		options: func(s in) keys.Options { return keys.Options{Skip: s.names("teams", "b")} },
	}, {
		reason: "a secret that tells the tenant",
		sql:    accounts + "CREATE TABLE api_keys (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, token text NOT NULL UNIQUE)",
		asks:   "api_keys has the unique api_keys_token_key, and token looks as if it told who the tenant is",
	}, {
		reason: "a secret that only the table's name tells of",
		sql:    accounts + "CREATE TABLE \"apiKeys\" (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, value text NOT NULL CONSTRAINT v UNIQUE, owner int, name text, UNIQUE (owner, name))",
		asks:   "\"apiKeys\" has the unique v, and value looks as if it told who the tenant is",
		finds:  "note: \"apiKeys\": apiKeys_owner_name_key: the unique will hold within a tenant",
	}, {
		reason: "and one that was decided about",
		sql:    accounts + `CREATE TABLE api_keys (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, "hashedKey" text NOT NULL CONSTRAINT h UNIQUE)`,
		options: func(s in) keys.Options {
			return keys.Options{PerTenant: []keys.Object{{Table: s.name("api_keys"), Name: "h"}}}
		},
	}, {
		reason: "any other unique",
		sql:    accounts + "CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, email text NOT NULL UNIQUE)",
		finds:  "note: users: users_email_key: the unique will hold within a tenant, and holds over all of them today",
	}, {
		reason: "a publication without the tenant",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts, mail text);
DO $$ BEGIN EXECUTE format('CREATE PUBLICATION %I FOR TABLE users (id, mail)', current_schema()); END $$`,
		finds: "the publication lists columns without the tenant",
	}, {
		reason: "a tenant column that a delete clears",
		sql:    accounts + "CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint REFERENCES accounts ON DELETE SET NULL)",
		finds:  "blocker: users: users_tenant_id_fkey: its ON DELETE clears the tenant column",
	}, {
		reason: "privileges on some columns",
		sql: accounts + `CREATE TABLE users (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE logs (user_id int NOT NULL REFERENCES users, what text); GRANT INSERT (user_id, what) ON logs TO pg_monitor`,
		finds: "warning: logs: tenant_id: pg_monitor has INSERT on some columns, and not on the tenant's",
	}, {
		reason: "a check that was never validated",
		sql: accounts + `CREATE TABLE orders (id int PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES accounts);
CREATE TABLE lines (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, n int);
INSERT INTO accounts VALUES (1); INSERT INTO orders VALUES (1, 1); INSERT INTO lines VALUES (1, 1, -1), (2, 1, 1);
ALTER TABLE lines ADD CONSTRAINT lines_n CHECK (n > 0) NOT VALID`,
		preflight: "blocker: lines: lines_n: rows break the check, which was never validated, and cannot be filled (1 rows: id=1)",
	},
}

// TestStrangeSchemas asks and says what it must, and else nothing.
func TestStrangeSchemas(t *testing.T) {
	t.Parallel()
	for _, tt := range strange {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			db, name := schema(t, tt.sql)
			t.Cleanup(func() { _, _ = db.Exec("DROP PUBLICATION IF EXISTS " + name) })
			var o keys.Options
			if tt.options != nil {
				o = tt.options(in(name))
			}
			a, err := keys.Analyze(read(t, db, name), o)
			require.NoError(t, err)
			var asks, finds, rows []string
			for _, q := range a.Questions {
				asks = append(asks, without(name, q.Table.String()+" "+q.Asks))
			}
			for _, f := range a.Findings {
				finds = append(finds, without(name, f.String()))
			}
			contains(t, tt.asks, asks)
			contains(t, tt.finds, finds)
			if len(asks) == 0 {
				found, err := a.Preflight(t.Context(), db, keys.Limits{})
				require.NoError(t, err)
				for _, f := range found {
					if f.Table.Schema == name {
						rows = append(rows, without(name, f.String()))
					}
				}
			}
			if tt.preflight != "-" { // it is asked without an error, whatever it finds
				contains(t, tt.preflight, rows)
			}
		})
	}
}

func contains(t *testing.T, part string, lines []string) {
	t.Helper()
	if part == "" {
		for _, line := range lines {
			assert.True(t, strings.HasPrefix(line, "note: ") || strings.HasPrefix(line, "warning: "), line)
		}
		return
	}
	assert.Contains(t, strings.Join(lines, "\n"), part)
}
