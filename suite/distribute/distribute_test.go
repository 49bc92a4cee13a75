package distribute_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func TestDistribute(t *testing.T) {
	t.Parallel()
	for _, way := range draw.One(t, bothWays) {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			s := newShop(t, tenancytest.Citus(t), rows(20, 100, 1000))
			before, sums := s.dump(t), s.sums(t)
			o := options(way)
			var out bytes.Buffer
			o.Out, o.Run.Passed = &out, passed(o).Run.Passed
			result, err := tenancy.Distribute(t.Context(), s.db, o, models...)
			require.NoError(t, err)
			require.Equal(t, before, s.dump(t), "a dry run")
			require.NotEmpty(t, result.Would)

			plan := s.plan(t, o)
			result, err = tenancy.Distribute(t.Context(), s.db, passed(o), models...)
			require.NoError(t, err)
			require.Empty(t, result.Remaining)
			require.Equal(t, sums, s.sums(t))
			distributed := s.dump(t)

			out.Reset()
			_, err = tenancy.Undistribute(t.Context(), s.db, passed(o))
			require.NoError(t, err)
			require.Equal(t, sums, s.sums(t))
			require.Equal(t, withoutDistribution(distributed), s.dump(t))

			// The plan itself takes back the keys, too.
			_, err = tenancy.Distribute(t.Context(), s.db, passed(options(way)), models...)
			require.NoError(t, err)
			require.Equal(t, distributed, s.dump(t))
			run := passed(options(way)).Run
			_, err = migration.Undo(t.Context(), s.sql, plan, run)
			require.NoError(t, err)
			require.Equal(t, before, s.dump(t))
			require.Equal(t, sums, s.sums(t))
		})
	}
}

// withoutDistribution is the structure that stays when tables come back.
func withoutDistribution(dump string) string {
	return regexp.MustCompile(`(?m)^  distribution .*\n`).ReplaceAllString(dump, "")
}
