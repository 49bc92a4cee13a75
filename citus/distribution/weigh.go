package distribution

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// A Weight says how the tenants' rows would be distributed among shards. Rows are
// counted; bytes are estimated from the sizes of the tables with their indexes.
type Weight struct {
	Tenants []TenantWeight // the biggest, the biggest first
	Count   int64          // of all tenants
	Rows    int64
	Bytes   int64
	// Shard is the largest shard, all tables together. Its bytes are zero if the server
	// lacks the extension and so cannot say.
	Shard, ShardBytes int64
	Sampled           bool // some tables were not read whole
}

// A TenantWeight is the weight of a tenant.
type TenantWeight struct {
	Tenant      string // its id, as text
	Rows, Bytes int64
	Shard       int64 // that it would be in, counted from 0; -1 where the server cannot say
}

// sampleAbove is the size up to which a table is counted as a whole. Of larger tables a
// part of this size is read.
const sampleAbove = 256 << 20

// Weigh counts the tenants' rows. It reads the tables, and large ones in part. biggest
// is how many tenants it returns.
func (a *Analysis) Weigh(ctx context.Context, db *sql.DB, biggest int) (*Weight, error) {
	w := &Weight{}
	// Tenant columns may be of two types, each with a hash of its own.
	hash, shards := "NULL::bigint", a.shards()
	if a.Cluster.Installed != "" && shards > 0 {
		hash = fmt.Sprintf("least((pg_catalog.worker_hash(tenant)::bigint + 2147483648) / (4294967296 / %[1]d), %[1]d - 1)", shards)
	}
	parts := a.weighed(w, hash)
	if len(parts) == 0 {
		return w, nil
	}
	query := fmt.Sprintf(`
WITH weights AS (
	SELECT tenant, shard, sum(n) AS n, sum(bytes) AS bytes
	FROM (%s) AS parts
	GROUP BY tenant, shard
), placed AS MATERIALIZED (
	SELECT tenant, n, bytes, shard FROM weights WHERE tenant IS NOT NULL
), heaviest AS (
	SELECT shard, sum(bytes) AS bytes FROM placed WHERE shard IS NOT NULL GROUP BY shard ORDER BY bytes DESC LIMIT 1
)
SELECT tenant, n::bigint, bytes::bigint, COALESCE(shard, -1),
	(SELECT count(DISTINCT tenant) FROM placed), (SELECT sum(n)::bigint FROM placed), (SELECT sum(bytes)::bigint FROM placed),
	COALESCE((SELECT shard FROM heaviest), -1), COALESCE((SELECT bytes::bigint FROM heaviest), 0)
FROM placed
ORDER BY bytes DESC, tenant
LIMIT %d`, strings.Join(parts, " UNION ALL "), max(1, biggest))
	err := sqlrows.Each(ctx, db, func(row sqlrows.Row) error {
		var t TenantWeight
		err := row.Scan(&t.Tenant, &t.Rows, &t.Bytes, &t.Shard, &w.Count, &w.Rows, &w.Bytes, &w.Shard, &w.ShardBytes)
		w.Tenants = append(w.Tenants, t)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("distribution: weigh the tenants: %w", err)
	}
	return w, nil
}

// weighed returns the queries for the rows of each table by tenant, with the shard
// according to hash.
func (a *Analysis) weighed(w *Weight, hash string) (parts []string) {
	for _, t := range a.Tables {
		if t.Method != catalog.Hash {
			continue
		}
		joins, tenant := a.tenantSQL(t.Name, "t")
		bytes, sample, factor := a.sizeOf(t), "", "1"
		if t.live.Distribution.Method == catalog.NotDistributed && bytes > sampleAbove {
			percent := 100 * float64(sampleAbove) / float64(bytes)
			sample, factor = fmt.Sprintf(" TABLESAMPLE SYSTEM (%.6f)", percent), fmt.Sprintf("%.6f", 100/percent)
			w.Sampled = true
		}
		parts = append(parts, fmt.Sprintf("SELECT tenant::text AS tenant, %[7]s AS shard, n, bytes FROM (SELECT %[1]s AS tenant, count(*) * %[2]s AS n, "+
			"count(*)::numeric * %[3]d / greatest(sum(count(*)) OVER (), 1) AS bytes FROM %[4]s AS t%[5]s%[6]s GROUP BY %[1]s) AS part",
			tenant, factor, bytes, t.Name, sample, joins, hash))
	}
	return parts
}
