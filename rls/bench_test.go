package rls_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/rls"
)

// BenchmarkCost compares statements under row-level security with the same ones
// under the plugin alone, in turns: the metric "ratio" is the median of the
// rounds' ratios.
//
//	go test ./rls -run '^$' -bench Cost -benchtime 2000x
func BenchmarkCost(b *testing.B) {
	free, locked := newDatabase(b), newDatabase(b)
	require.NoError(b, free.owner.Use(tenancy.New(tenancy.Config{})))
	require.NoError(b, free.owner.AutoMigrate(allModels...))
	locked.protect(b, allModels...)
	tenants := fillDocs(b, locked)
	for _, tenant := range tenants {
		_, err := free.admin.Exec("INSERT INTO docs (tenant_id, id, title) SELECT $1::uuid, n, $1 FROM generate_series(1, 3) AS n", tenant.String())
		require.NoError(b, err)
	}
	ctx := tenancy.With(context.Background(), tenants[0])
	read := func(db *gorm.DB) error { return db.Find(&[]doc{}, "id < ?", 100).Error }
	write := func(db *gorm.DB) error {
		return db.Session(&gorm.Session{SkipDefaultTransaction: true}).Model(&doc{}).Where("id = ?", 1).Update("title", "x").Error
	}
	request := func(db *gorm.DB) error {
		for _, do := range []func(*gorm.DB) error{read, read, read, write, read} {
			if err := do(db); err != nil {
				return err
			}
		}
		return nil
	}
	alone := func(do func(*gorm.DB) error) func(*gorm.DB) error {
		return func(db *gorm.DB) error { return do(db.WithContext(ctx)) }
	}
	inTransaction := func(do func(*gorm.DB) error) func(*gorm.DB) error {
		return func(db *gorm.DB) error { return rls.Transaction(ctx, db, do) }
	}
	for _, latency := range []time.Duration{0, time.Millisecond} {
		base := benched(b, free.DSN, latency, nil)
		own := benched(b, locked.DSN, latency, &rls.Options{SpanRole: locked.span})
		plain := benched(b, locked.DSN, latency, nil)
		for _, bench := range []struct {
			name     string
			hand, do func(*gorm.DB) error
			db       *gorm.DB
		}{
			{"read/one packet", alone(read), alone(read), own},
			{"read/begin set read commit", alone(read), inTransaction(read), plain},
			{"write/one packet", alone(write), alone(write), own},
			{"write/begin set write commit", alone(write), inTransaction(write), plain},
			{"request of five/one packet each", alone(request), alone(request), own},
			{"request of five/in a transaction", alone(request), inTransaction(request), own},
			{"request of five/in a transaction that sets once", alone(request), inTransaction(request), plain},
		} {
			b.Run(latency.String()+"/"+bench.name, func(b *testing.B) {
				b.ReportAllocs()
				var ratios []float64
				for b.Loop() {
					begin := time.Now()
					require.NoError(b, bench.hand(base))
					middle := time.Now()
					require.NoError(b, bench.do(bench.db))
					ratios = append(ratios, float64(time.Since(middle))/float64(middle.Sub(begin)))
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "ratio")
			})
		}
	}
}

// BenchmarkAllocs counts the allocations of a read through the two drivers.
func BenchmarkAllocs(b *testing.B) {
	d := newDatabase(b)
	d.protect(b, allModels...)
	ctx := tenancy.With(context.Background(), fillDocs(b, d)[0])
	tenant, _ := tenancy.From(ctx)
	id, _ := tenant.Tenant()
	for name, db := range map[string]*gorm.DB{
		"pgx": benched(b, with(d.DSN, "app.tenant_id", id), 0, nil).WithContext(ctx),
		"rls": benched(b, d.DSN, 0, &rls.Options{SpanRole: d.span}).WithContext(ctx),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, db.Find(&[]doc{}, "id < ?", 100).Error)
			}
		})
	}
}

// benched is a handle whose server answers late by the latency; with options it
// carries the tenant.
func benched(b *testing.B, dsn string, latency time.Duration, o *rls.Options) *gorm.DB {
	b.Helper()
	config, _ := metered(b, dsn, latency)
	pool := stdlib.OpenDB(*config)
	if o != nil {
		var err error
		pool, err = rls.OpenConfig(config, *o)
		require.NoError(b, err)
	}
	b.Cleanup(func() { closeQuietly(pool) })
	pool.SetMaxOpenConns(1)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{Logger: logger.Discard})
	require.NoError(b, err)
	require.NoError(b, db.Use(tenancy.New(tenancy.Config{})))
	return db
}

func closeQuietly(pool *sql.DB) { _ = pool.Close() }
