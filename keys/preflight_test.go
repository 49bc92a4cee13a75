package keys_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	const tables = `
CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users);
CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders, user_id bigint REFERENCES users, n integer, PRIMARY KEY (order_id, n));
INSERT INTO users VALUES (1, 1), (2, 2);
INSERT INTO orders VALUES (11, 1), (12, 2);
INSERT INTO lines VALUES (11, 1, 1), (11, NULL, 2), (12, 2, 1);
`
	tests := []struct {
		reason   string
		sql      string
		limits   keys.Limits
		findings []string
	}{
		{reason: "nothing is in the way"},
		{
			reason: "a reference that crosses tenants, of tables that have no column for them yet",
			sql:    "UPDATE lines SET user_id = 2 WHERE order_id = 11 AND n = 1",
			findings: []string{"blocker: lines: lines_user_id_fkey: rows refer to another tenant's rows of users " +
				"(1 rows: order_id=11 n=1 → id=2); correct or delete the rows, or clear the reference"},
		}, {
			reason: "rows are shown to a limit, and counted to another",
			sql:    "UPDATE lines SET user_id = 1 WHERE order_id = 12; INSERT INTO lines SELECT 12, 1, generate_series(2, 9)",
			limits: keys.Limits{Rows: 1, Count: 5},
			findings: []string{"blocker: lines: lines_user_id_fkey: rows refer to another tenant's rows of users " +
				"(5 rows: order_id=12 n=1 → id=1, …); correct or delete the rows, or clear the reference"},
		}, {
			reason: "rows whose tenant nothing tells, and those that reach them",
			sql:    "INSERT INTO users VALUES (3, NULL); INSERT INTO orders VALUES (13, 3)",
			findings: []string{
				"blocker: orders: tenant_id: rows have no tenant, and no reference tells it (1 rows: id=13); " +
					"fill or delete them; a table with rows that are everybody's is a shared one",
				"blocker: users: tenant_id: rows have no tenant, and no reference tells it (1 rows: id=3); " +
					"fill or delete them; a table with rows that are everybody's is a shared one",
			},
		}, {
			reason: "rows that refer to none, by a foreign key that was never validated",
			sql: `ALTER TABLE lines DROP CONSTRAINT lines_user_id_fkey; UPDATE lines SET user_id = 99 WHERE n = 2;
				ALTER TABLE lines ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID`,
			findings: []string{"blocker: lines: lines_user_id_fkey: rows refer to rows of users that are not there " +
				"(1 rows: order_id=11 n=2); correct or delete the rows, or clear the reference"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			db, name := schema(t, tables+tt.sql)
			a, err := keys.Analyze(read(t, db, name), keys.Options{Paths: map[catalog.Name]string{in(name).name("lines"): "lines_order_id_fkey"}})
			require.NoError(t, err)
			require.Empty(t, a.Questions)
			found, err := a.Preflight(t.Context(), db, tt.limits)
			require.NoError(t, err)
			var findings []string
			for _, f := range found {
				if f.Table.Schema == name { // and not what else happens on the server
					findings = append(findings, without(name, f.String()))
				}
			}
			assert.ElementsMatch(t, tt.findings, findings)
		})
	}
}

// TestPreflightSeesAllRows forces row-level security on the owner who asks: what a
// policy would hide is a blocker, and no row is overlooked.
func TestPreflightSeesAllRows(t *testing.T) {
	t.Parallel()
	db, name := schema(t, `
CREATE TABLE users (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, user_id bigint REFERENCES users);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
INSERT INTO users VALUES (1, 1), (2, 2); INSERT INTO orders VALUES (11, 1, 2); INSERT INTO lines VALUES (1, 11);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON orders USING (tenant_id = nullif(current_setting('app.tenant', true), '')::bigint);`)
	a, err := keys.Analyze(read(t, db, name), keys.Options{})
	require.NoError(t, err)
	var text string
	for _, f := range a.Findings {
		text += f.String() + "\n"
	}
	assert.Contains(t, text, "blocker: "+name+".orders: row-level security hides rows")
	findings, err := a.Preflight(t.Context(), db, keys.Limits{})
	require.NoError(t, err)
	text = ""
	for _, f := range findings {
		text += f.String() + "\n"
		assert.False(t, strings.HasPrefix(f.Problem, "rows have no tenant"), "%s: a row that a policy hides", f)
	}
	assert.Contains(t, text, "not checked whether rows refer to another tenant's rows of "+name+".users")
	_, err = db.Exec("ALTER TABLE " + name + ".orders NO FORCE ROW LEVEL SECURITY")
	require.NoError(t, err)
	findings, err = a.Preflight(t.Context(), db, keys.Limits{})
	require.NoError(t, err)
	require.NotEmpty(t, findings)
	assert.Contains(t, findings[0].String(), "rows refer to another tenant's rows of "+name+".users (1 rows: id=11 → id=2)")
}
