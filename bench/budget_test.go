package main

import (
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// runs is how many executions an allocation count is the mean of.
const runs = 50

// The tests that count allocations are not parallel: a count is the process's.

// A statement through the plugin allocates no more than by hand.
func TestAllocationBudgets(t *testing.T) {
	skipUnderRace(t)
	for _, f := range databases(t, 2, nil) {
		for _, s := range statements() {
			t.Run(f.hand.Name()+"/"+s.name, func(t *testing.T) {
				hand, plugin := int64(math.MaxInt64), int64(math.MaxInt64)
				for try := 0; try == 0 || try < 3 && plugin > hand; try++ {
					n, _, err := f.allocations(&s, byHand, runs)
					require.NoError(t, err)
					hand = min(hand, n)
					n, _, err = f.allocations(&s, withPlugin, runs)
					require.NoError(t, err)
					plugin = min(plugin, n)
				}
				assert.LessOrEqual(t, plugin, hand, "allocations through the plugin, and by hand")
			})
		}
	}
}

// A statement on SQLite allocates no more than docs/benchmarks.md says, wherever it
// allocates by hand what that page says: another version of Go may differ.
func TestDocumentedAllocations(t *testing.T) {
	skipUnderRace(t)
	page, err := os.ReadFile("../docs/benchmarks.md")
	require.NoError(t, err)
	documented := map[string][2]int64{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 {
			continue
		}
		hand, errHand := strconv.ParseInt(strings.TrimSpace(cells[3]), 10, 64)
		plugin, errPlugin := strconv.ParseInt(strings.TrimSpace(cells[4]), 10, 64)
		if errHand == nil && errPlugin == nil {
			documented[strings.TrimSpace(cells[1])] = [2]int64{hand, plugin}
		}
	}
	f := databases(t, 2, nil)[0]
	compared := 0
	for _, s := range statements() {
		want, ok := documented[s.name]
		require.True(t, ok, s.name)
		hand, plugin := int64(math.MaxInt64), int64(math.MaxInt64)
		for try := 0; try == 0 || try < 5 && (plugin > want[1] || hand > want[0]); try++ {
			n, _, err := f.allocations(&s, byHand, runs)
			require.NoError(t, err)
			hand = min(hand, n)
			n, _, err = f.allocations(&s, withPlugin, runs)
			require.NoError(t, err)
			plugin = min(plugin, n)
		}
		if hand == want[0] {
			compared++
			assert.LessOrEqual(t, plugin, want[1], s.name)
		}
	}
	t.Logf("%d of %d statements compared", compared, len(documented))
}

// What a statement sends and allocates is the same with two tenants and with
// hundreds, each of whom has used the plugin. With -short they are dozens.
func TestTenantsCostNothing(t *testing.T) {
	skipUnderRace(t)
	crowd := 300
	if testing.Short() {
		crowd = 60
	}
	few, many := &recorder{}, &recorder{}
	fixtures, crowded := databases(t, 2, few), databases(t, crowd, many)
	for i, f := range fixtures {
		for n := range crowd {
			for _, db := range []*fixture{f, crowded[i]} {
				tenant := tenancy.With(context.Background(), tenantID(n))
				require.NoError(t, db.scoped.WithContext(tenant).Limit(1).Find(&[]User{}).Error)
			}
		}
		for _, s := range statements() {
			t.Run(f.hand.Name()+"/"+s.name, func(t *testing.T) {
				sql, allocs := cost(t, f, &s, few)
				sqlOfMany, allocsOfMany := cost(t, crowded[i], &s, many)
				assert.NotEmpty(t, sql)
				assert.Equal(t, sql, sqlOfMany)
				assert.InDelta(t, allocs, allocsOfMany, 1, "allocations with 2 tenants, and with %d", crowd)
			})
		}
	}
}

func cost(t *testing.T, f *fixture, s *statement, log *recorder) (sql []string, allocs int64) {
	allocs, _, err := f.allocations(s, withPlugin, runs)
	require.NoError(t, err)
	require.NoError(t, f.ready(s, 1))
	log.sql, log.on = nil, true
	require.NoError(t, f.run(s, withPlugin, 1))
	log.on = false
	return log.sql, allocs
}

// Both forms of a statement give the same answer, and one that is not empty:
// else their costs cannot be compared.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	for _, f := range databases(t, 2, nil) {
		for _, s := range statements() {
			answers := map[side]int64{}
			for of, form := range map[side]operation{byHand: s.hand, withPlugin: s.plugin} {
				db := f.hand.WithContext(f.plain)
				if of == withPlugin {
					db = f.scoped.WithContext(f.ctx)
				}
				require.NoError(t, f.ready(&s, 1), s.name)
				n, err := form(db, f.tenant, 1)
				require.NoError(t, err, "%s %s", s.name, of)
				answers[of] = n
			}
			assert.Positive(t, answers[byHand], "%s on %s", s.name, f.name)
			assert.Equal(t, answers[byHand], answers[withPlugin], "%s on %s", s.name, f.name)
		}
	}
}

// The paired run itself, as short as it can be.
func TestRun(t *testing.T) {
	t.Parallel()
	err := run(t.Output(), options{match: "^(First by id|Delete)$", rounds: 2, slice: time.Millisecond, tenants: 2})
	require.NoError(t, err)
}

// skipUnderRace skips counts of allocations: the race detector lets pools drop
// what they hold.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("under the race detector pools lose values at random")
	}
}

// recorder keeps the text of the statements that were sent, without their
// values.
type recorder struct {
	on  bool
	sql []string
}

func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

func (*recorder) Info(context.Context, string, ...any)  {}
func (*recorder) Warn(context.Context, string, ...any)  {}
func (*recorder) Error(context.Context, string, ...any) {}

// Trace implements logger.Interface.
func (r *recorder) Trace(_ context.Context, _ time.Time, text func() (string, int64), _ error) {
	if r.on {
		sql, _ := text()
		r.sql = append(r.sql, sql)
	}
}

// ParamsFilter implements gorm.ParamsFilter.
func (*recorder) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
