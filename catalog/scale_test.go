package catalog_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// counter counts the queries of a transaction.
type counter struct {
	*sql.Tx
	queries int
}

func (c *counter) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.queries++
	return c.Tx.QueryContext(ctx, query, args...)
}

// many makes tables with three indexes and two foreign keys each.
func many(tb testing.TB, db *sql.DB, tables int) {
	tb.Helper()
	const batch = 100 // for each transaction, as locks are limited
	for from := 0; from < tables; from += batch {
		exec(tb, db, fmt.Sprintf(`
DO $$ BEGIN
	FOR n IN %d..%d LOOP
		EXECUTE format('CREATE TABLE t%%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL, parent_id bigint,
			email text NOT NULL DEFAULT ''x'', a int, b int, c int, d int, created_at timestamptz DEFAULT now(), deleted_at timestamptz,
			FOREIGN KEY (parent_id) REFERENCES t%%s, FOREIGN KEY (a) REFERENCES t%%s (b), UNIQUE (b))', n, greatest(n - 1, %d), n, %d);
		EXECUTE format('CREATE INDEX ON t%%s (lower(email)) WHERE deleted_at IS NULL', n);
	END LOOP;
END $$`, from, from+batch-1, max(from-1, 0), max(from-1, 0)))
	}
}

func TestReadQueries(t *testing.T) {
	t.Parallel()
	counts := map[int]int{}
	for _, tables := range []int{0, 1000} {
		db, _ := database(t)
		many(t, db, tables)
		q := &counter{Tx: begin(t, db, nil)}
		start := time.Now()
		c := read(t, q, catalog.Options{})
		t.Logf("%d tables: %d queries, %v", tables, q.queries, time.Since(start))
		require.Len(t, c.Tables, tables)
		counts[tables] = q.queries
		for _, table := range c.Tables {
			require.Len(t, table.Columns, 10)
			require.Len(t, table.Constraints, 4)
			require.Len(t, table.Indexes, 3)
		}
	}
	assert.Equal(t, counts[0], counts[1000])
	assert.LessOrEqual(t, counts[0], 13)
}

func BenchmarkRead(b *testing.B) {
	db, _ := database(b)
	many(b, db, 1000)
	one := catalog.Options{Tables: []catalog.Name{{Schema: "public", Name: "t500"}}}
	for name, o := range map[string]catalog.Options{"1000 tables": {}, "1 of 1000 tables": one} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read(b, db, o)
			}
		})
	}
	c := read(b, db, catalog.Options{})
	b.Run("fingerprint of 1000 tables", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Fingerprint(nil)
		}
	})
}
