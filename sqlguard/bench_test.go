//go:build cgo

package sqlguard

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

const (
	shortText = "SELECT * FROM users WHERE id = $1"
	longText  = "SELECT u.id, u.name, count(*) FROM users u JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id " +
		"WHERE u.age > $1 AND o.amount > $2 OR u.name = $3 GROUP BY u.id, u.name HAVING count(*) > 1 ORDER BY 2 LIMIT 10"
)

var (
	shortVars = []any{1}
	longVars  = []any{1, 2, "x"}
)

// frugal is a Table that allocates nothing but what Bind returns, as the core's.
func frugal() func(schema, name string) (tenancy.TenantTable, bool) {
	id := any(tenantA)
	bind := func(s tenancy.Scope) ([]any, error) { return []any{id}, s.Err() }
	return func(schema, name string) (tenancy.TenantTable, bool) {
		return tenancy.TenantTable{Name: name, Column: "tenant_id", Writable: true, Type: "uuid", Bind: bind}, true
	}
}

func bench(tb testing.TB, sql string, vars []any) (context.Context, tenancy.RawStatement) {
	ctx := tenancy.With(context.Background(), tenantA)
	stmt := statementOf(scopeOf(tb, ctx), sql, vars)
	stmt.Table = frugal()
	return ctx, stmt
}

func BenchmarkCached(b *testing.B) {
	for _, c := range []struct {
		name, sql string
		vars      []any
	}{{"short", shortText, shortVars}, {"long", longText, longVars}} {
		b.Run(c.name, func(b *testing.B) {
			ctx, stmt := bench(b, c.sql, c.vars)
			g := New(Options{})
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := g.Scope(ctx, stmt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCachedParallel(b *testing.B) {
	ctx, stmt := bench(b, longText, longVars)
	g := New(Options{})
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, _, err := g.Scope(ctx, stmt); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkUncached has the cost of parsing and writing the same text with
// pg_query beside it.
func BenchmarkUncached(b *testing.B) {
	for _, c := range []struct {
		name, sql string
		vars      []any
	}{{"short", shortText, shortVars}, {"long", longText, longVars}} {
		b.Run(c.name, func(b *testing.B) {
			ctx, stmt := bench(b, c.sql, c.vars)
			g := New(Options{CacheSize: -1})
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := g.Scope(ctx, stmt); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/parse_and_deparse", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tree, err := pg.Parse(c.sql)
				require.NoError(b, err)
				_, err = pg.Deparse(tree)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkUncachedRatio takes both by turns, which a busy machine upsets least:
// the median of the ratios of time, and the ratio of allocations.
func BenchmarkUncachedRatio(b *testing.B) {
	for _, c := range []struct {
		name, sql string
		vars      []any
	}{{"short", shortText, shortVars}, {"long", longText, longVars}} {
		b.Run(c.name, func(b *testing.B) {
			ctx, stmt := bench(b, c.sql, c.vars)
			g := New(Options{CacheSize: -1})
			scope := func() { _, _, _ = g.Scope(ctx, stmt) }
			alone := func() {
				tree, err := pg.Parse(c.sql)
				if err == nil {
					_, err = pg.Deparse(tree)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			took := func(f func()) float64 {
				begin := time.Now()
				f()
				return float64(time.Since(begin))
			}
			var ratios []float64
			for b.Loop() {
				first, second := took(scope), took(alone)
				third, fourth := took(alone), took(scope)
				ratios = append(ratios, (first+fourth)/(second+third))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "times")
			b.ReportMetric(testing.AllocsPerRun(20, scope)/testing.AllocsPerRun(20, alone), "times-allocs")
		})
	}
}

// Not parallel: it counts the allocations of the whole process.
func TestCachedAllocations(t *testing.T) {
	for _, c := range []struct {
		sql  string
		vars []any
	}{{shortText, shortVars}, {longText, longVars}, {"SELECT * FROM users WHERE tenant_id = $1", []any{tenantA}}} {
		ctx, stmt := bench(t, c.sql, c.vars)
		g := New(Options{})
		_, _, err := g.Scope(ctx, stmt)
		require.NoError(t, err)
		allocs := testing.AllocsPerRun(100, func() { _, _, _ = g.Scope(ctx, stmt) })
		assert.LessOrEqual(t, allocs, 2.0, c.sql)
	}
}

func BenchmarkDistinct(b *testing.B) {
	ctx, stmt := bench(b, "", nil)
	g := New(Options{})
	n := 0
	for b.Loop() {
		stmt.SQL = fmt.Sprintf("SELECT * FROM users WHERE id = %d", n)
		n++
		if _, _, err := g.Scope(ctx, stmt); err != nil {
			b.Fatal(err)
		}
	}
}
