package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/logger"
)

// databases opens the fixtures that there are: SQLite, and PostgreSQL where
// TENANCY_TEST_DSN names one.
func databases(tb testing.TB, tenants int, log logger.Interface) []*fixture {
	tb.Helper()
	f, err := openSQLite(tenants, log)
	require.NoError(tb, err)
	list := []*fixture{f}
	if dsn := os.Getenv("TENANCY_TEST_DSN"); dsn != "" {
		f, err := openPostgres(dsn, tenants, log)
		require.NoError(tb, err)
		list = append(list, f)
	}
	for _, f := range list {
		tb.Cleanup(func() { require.NoError(tb, f.close()) })
	}
	return list
}

// BenchmarkStatements is each statement by hand and through the plugin.
func BenchmarkStatements(b *testing.B) {
	for _, f := range databases(b, 10, nil) {
		for _, s := range statements() {
			for _, of := range []side{byHand, withPlugin} {
				b.Run(f.hand.Name()+"/"+s.name+"/"+of.String(), func(b *testing.B) { f.benchmark(b, &s, of) })
			}
		}
	}
}

// benchmark prepares the tables chunk by chunk, out of the time.
func (f *fixture) benchmark(b *testing.B, s *statement, of side) {
	const chunk = 1000
	b.ReportAllocs()
	for left := b.N; left > 0; left -= chunk {
		n := min(left, chunk)
		b.StopTimer()
		require.NoError(b, f.ready(s, n))
		b.StartTimer()
		require.NoError(b, f.run(s, of, n))
	}
}
