//go:build cgo

package sqlguard

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// distinct are texts with a number that makes each a new one; the last two are
// refused, by the parser and for their table.
var distinct = []string{
	"SELECT * FROM users WHERE id = %d AND name = 'some more text to make it longer'",
	"SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.amount > %d OR u.age IS NULL",
	"INSERT INTO orders (id, amount) VALUES (%d, 1) ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount",
	"WITH x AS (DELETE FROM items WHERE id = %d RETURNING *) SELECT count(*) FROM x",
	"SELECT * FROM users WHERE id = %d AND",
	"SELECT * FROM pg_stats WHERE avg_width = %d",
}

// resident returns the process's memory, the parser's in C included: now, and at
// its peak. It is zero if the system does not say.
func resident() (now, peak uint64) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseUint(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	return now, peak
}

// TestMemoryOfDistinctTexts: what is kept does not grow with the number of texts,
// in Go and in C. SQLGUARD_TEXTS says how many. Not parallel: it measures the
// memory of the whole process.
func TestMemoryOfDistinctTexts(t *testing.T) {
	texts := 12000
	if text := os.Getenv("SQLGUARD_TEXTS"); text != "" {
		texts, _ = strconv.Atoi(text)
	} else if testing.Short() {
		t.Skip("it parses some ten thousand texts")
	}
	ctx, stmt := bench(t, "", nil)
	known := stmt.Table
	g := New(Options{})
	sent, refused := 0, 0
	send := func(n int) {
		for ; n > 0; n-- {
			stmt.SQL = fmt.Sprintf(distinct[sent%len(distinct)], sent)
			stmt.Table = known
			if strings.Contains(stmt.SQL, "pg_stats") {
				stmt.Table = worldTable
			}
			if _, _, err := g.Scope(ctx, stmt); err != nil {
				refused++
			}
			sent++
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	require.Greater(t, texts, 2*defaultEntries)
	empty := heap()
	send(texts / 2) // the cache is full, and so are the allocators' pools
	full := heap()
	residentFull, _ := resident()
	var highest uint64
	for range 5 {
		send(texts / 10)
		highest = max(highest, heap())
	}
	residentLast, peak := resident()
	stats := g.Stats()
	t.Logf("%d texts, %d refused: %d kept in %d KiB; heap %d KiB, full %d KiB, then at most %d KiB; resident %d MiB when full, %d MiB at last, %d MiB at the peak",
		sent, refused, stats.Size, stats.Bytes>>10, empty>>10, full>>10, highest>>10, residentFull>>20, residentLast>>20, peak>>20)
	assert.InDelta(t, sent/3, refused, 5)
	assert.LessOrEqual(t, stats.Size, defaultEntries)
	assert.Less(t, highest, full+full/4, "the heap does not grow any more")
	assert.LessOrEqual(t, residentLast, residentFull+32<<20, "nor does what C holds")
}
