package keys_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

var spreads = flag.Int("spreads", 4, "of TestDistributeProperties: how many worlds are spread at most")

// TestDistributeProperties spreads schemas that nobody thought of over a cluster,
// in both ways, brings them back and spreads them again: all data is there, the
// tables' shards lie together, and the undo restores catalogue and data.
func TestDistributeProperties(t *testing.T) {
	skipShort(t)
	t.Parallel()
	db, err := sql.Open("pgx", tenancytest.Citus(t).OwnerDSN)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	drawn := 0
	rapid.Check(t, func(t *rapid.T) {
		if drawn++; drawn > *spreads {
			return // each takes a cluster some seconds
		}
		w := &world{citus: true}
		w.draw(t, fmt.Sprintf("world%d", worlds.Add(1)))
		defer w.drop(t, db)
		w.create(t, db)
		// Undone by adding them again, foreign keys of partitions may get other names.
		before, rows := withoutPartitions(w.read(t, db)), w.data(t, db)
		o := distribution.Options{OnDelete: catalog.Cascade, OnUpdate: catalog.NoAction,
			Way: rapid.SampledFrom([]distribution.Way{distribution.Transactional, distribution.StepByStep}).Draw(t, "way")}
		o.Drop = append(o.Drop, keys.Object{Table: w.tables[0].name, Name: "accounts_name_key"})

		plan := w.planDistribution(t, db, o)
		w.run(t, db, plan, migration.Execute)
		require.Equal(t, rows, w.data(t, db), "data in shards")
		spread := w.dump(t, db)
		require.Equal(t, len(w.tables), strings.Count(spread, "  distribution HASH")-2*w.partitioned())
		require.Empty(t, w.planDistribution(t, db, distribution.Options{Way: o.Way}).Phases, "nothing is left to do")
		for _, table := range w.read(t, db).Tables {
			require.False(t, table.Distribution.LocalRows, "%s has kept its copy", table.Name)
		}

		cluster, err := distribution.Survey(context.Background(), db)
		require.NoError(t, err)
		back, err := distribution.AnalyzeBack(w.read(t, db), cluster).Plan()
		require.NoError(t, err)
		w.run(t, db, back, migration.Execute)
		require.Equal(t, rows, w.data(t, db), "data of plain tables")
		require.Equal(t, withoutSpread(spread), w.dump(t, db), "plain tables")
		w.run(t, db, back, migration.Undo)
		require.Equal(t, spread, w.dump(t, db), "spread again")

		w.run(t, db, plan, migration.Undo)
		require.Equal(t, before, withoutPartitions(w.read(t, db)), "catalogue after the undo")
		require.Equal(t, rows, w.data(t, db), "data after the undo")
	})
}

func (w *world) partitioned() (n int) {
	for _, table := range w.tables {
		if table.partitioned {
			n++
		}
	}
	return n
}

// withoutSpread leaves out how tables are spread.
func withoutSpread(dump string) string {
	var lines []string
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(line, "  distribution ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func (w *world) planDistribution(t require.TestingT, db *sql.DB, o distribution.Options) *migration.Plan {
	c := w.read(t, db)
	k := keys.Options{Root: w.tables[0].name, Shared: []catalog.Name{w.shared()}, Paths: map[catalog.Name]string{}}
	for _, this := range w.tables {
		for _, r := range this.refs {
			if r.tells {
				k.Paths[this.name] = w.constraintOf(c, r)
			}
		}
	}
	analysis, err := keys.Analyze(c, k)
	require.NoError(t, err)
	cluster, err := distribution.Survey(context.Background(), db)
	require.NoError(t, err)
	spread, err := distribution.Analyze(c, analysis, cluster, o)
	require.NoError(t, err)
	plan, err := spread.Plan()
	require.NoError(t, err)
	return plan
}

func (w *world) run(t require.TestingT, db *sql.DB, plan *migration.Plan, move way) {
	result, err := move(context.Background(), db, plan, apply(plan))
	require.NoError(t, err, "%+v", result)
	require.Nil(t, result.Barrier)
}
