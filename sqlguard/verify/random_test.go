//go:build cgo

package verify_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

const randomDump = `SELECT 't1', tenant_id, t1::text FROM t1 UNION ALL SELECT 't2', tenant_id, t2::text FROM t2
UNION ALL SELECT 't3', tenant_id, t3::text FROM t3 UNION ALL SELECT 't4', tenant_id, t4::text FROM t4
UNION ALL SELECT 't5', tenant_id, t5::text FROM t5 UNION ALL SELECT 's1', 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', s1::text FROM s1`

func randomWorld() tables {
	t := tables{"s1": {Name: "s1"}}
	for _, name := range tenantTables {
		t[name] = tenantTable(name, "tenant_id", asUUID)
	}
	return t
}

// statementsPerCheck lets one check of rapid draw several statements.
const statementsPerCheck = 20

// What passes is answered as if the tenant were alone, whatever it is.
// TENANCY_VERIFY_STATEMENTS says how many statements are drawn.
func TestRandomStatements(t *testing.T) {
	t.Parallel()
	w := newTwin(t, "random.sql.txt", randomDump)
	scope, find := scopeOf(t, tenantA), randomWorld().find
	n, _ := strconv.Atoi(os.Getenv("TENANCY_VERIFY_STATEMENTS"))
	if n == 0 {
		n = 6000
	}
	if testing.Short() {
		n = 1000
	}
	drawn, passed, failed, caught := 0, 0, 0, 0
	for drawn < n {
		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, statementsPerCheck).Draw(rt, "statements") {
				g := &grammar{t: rt, size: pick(&grammar{t: rt}, 0, 1, 2, 4)}
				sql, vars := bind(g.statement())
				drawn++
				if verify.Statement(tenancy.RawStatement{SQL: sql, Vars: vars, Dialect: "postgres", Scope: scope, Table: find}) != nil {
					caught++
					continue
				}
				passed++
				difference, fails := w.differ(t, sql, vars)
				if fails {
					failed++
				}
				if difference != "" {
					rt.Fatalf("%s\n%s", sql, difference)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d statements: %d refused, %d passed, of which PostgreSQL refused %d", drawn, caught, passed, failed)
	require.Greater(t, passed, drawn/20)
}
