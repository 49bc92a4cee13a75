//go:build cgo

package verify_test

import (
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

var benchmarks = []struct{ name, sql string }{
	{"short", `SELECT * FROM "users" WHERE "users"."tenant_id" = $1 AND ("users"."id" = 1) ORDER BY "users"."id" LIMIT 1`},
	{"joins", `SELECT u.id, count(*) FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id LEFT JOIN companies c ON c.tenant_id = u.tenant_id AND c.id = u.company_id WHERE u.tenant_id = $1 AND u.age > 3 GROUP BY u.id HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 10`},
	{"nested", `WITH big AS (SELECT o.tenant_id, o.user_id, sum(o.amount) AS total FROM orders o WHERE o.tenant_id = $1 GROUP BY 1, 2) SELECT u.name, b.total, (SELECT count(*) FROM notes n WHERE n.tenant_id = u.tenant_id AND n.owner_id = u.id) FROM big b JOIN users u ON u.tenant_id = b.tenant_id AND u.id = b.user_id WHERE EXISTS (SELECT 1 FROM tags t WHERE t.tenant_id = b.tenant_id AND t.name = u.name)`},
	{"insert", `INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, 'a'), ($1, 2, 'b'), ($1, 3, 'c') ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name RETURNING id`},
}

// Verify includes a parse, which is its larger part.
func BenchmarkVerify(b *testing.B) {
	scope := scopeOf(b, tenantA)
	for _, bench := range benchmarks {
		stmt := statement(scope, bench.sql, tenantA)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, verify.Statement(stmt))
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := pg.Parse(bench.sql)
				require.NoError(b, err)
			}
		})
	}
}
