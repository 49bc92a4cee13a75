package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// plan says how a statement is measured.
type plan struct {
	rounds int
	slice  time.Duration // of one side in one round
	sides  [2]side       // what is compared; the first is what the ratio is of
	cpu    bool          // the processor's time in place of the wall's
}

// result is what a statement costs.
type result struct {
	name          string
	ratio         float64 // median of the rounds' ratios
	lower, upper  float64 // their quartiles
	fastest       float64 // ratio of the sides' fastest tenths, which others on the machine disturb least
	perOp         [2]time.Duration
	allocs, bytes [2]int64
}

// compare measures both sides of a statement in turns.
func (f *fixture) compare(s *statement, p plan) (result, error) {
	r := result{name: s.name}
	for i, of := range p.sides {
		var err error
		if r.allocs[i], r.bytes[i], err = f.allocations(s, of, 100); err != nil {
			return r, fmt.Errorf("%s %s: %w", s.name, of, err)
		}
	}
	n, err := f.calibrate(s, p)
	if err != nil {
		return r, err
	}
	ratios := make([]float64, p.rounds)
	var times [2][]time.Duration
	for round := range p.rounds {
		var took [2]time.Duration
		for turn := range 2 {
			i := (turn + round) % 2
			if took[i], err = f.time(s, p, i, n); err != nil {
				return r, fmt.Errorf("%s %s: %w", s.name, p.sides[i], err)
			}
			times[i] = append(times[i], took[i])
		}
		ratios[round] = float64(took[1]) / float64(took[0])
	}
	slices.Sort(ratios)
	r.lower, r.ratio, r.upper = quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75)
	for i := range times {
		slices.Sort(times[i])
		r.perOp[i] = quantile(times[i], 0.5) / time.Duration(n)
	}
	r.fastest = float64(quantile(times[1], 0.1)) / float64(quantile(times[0], 0.1))
	return r, nil
}

// calibrate finds how many executions fill a slice.
func (f *fixture) calibrate(s *statement, p plan) (int, error) {
	for n := 4; ; n *= 2 {
		took, err := f.time(s, p, 0, n)
		if err != nil {
			return 0, err
		}
		if took >= p.slice/4 || n > 1<<16 {
			return max(1, int(float64(n)*float64(p.slice)/float64(took))), nil
		}
	}
}

// time takes the time of n executions.
func (f *fixture) time(s *statement, p plan, i, n int) (time.Duration, error) {
	if err := f.ready(s, n); err != nil {
		return 0, err
	}
	if !p.cpu {
		start := time.Now()
		err := f.run(s, p.sides[i], n)
		return time.Since(start), err
	}
	start, err := processTime()
	if err != nil {
		return 0, err
	}
	if err := f.run(s, p.sides[i], n); err != nil {
		return 0, err
	}
	end, err := processTime()
	return end - start, err
}

// allocations counts an execution's allocations and their bytes: the least of
// several means, because goroutines that database/sql ends later than it could
// are rebuilt in the meantime. Without the collector no pool is emptied.
func (f *fixture) allocations(s *statement, of side, n int) (allocs, bytes int64, err error) {
	const repeats = 5
	if err := f.warm(s, of, n); err != nil {
		return 0, 0, err
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if err := f.warm(s, of, n); err != nil {
		return 0, 0, err
	}
	allocs, bytes = math.MaxInt64, math.MaxInt64
	for range repeats {
		if err := f.ready(s, n); err != nil {
			return 0, 0, err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := f.run(s, of, n)
		runtime.ReadMemStats(&after)
		if err != nil {
			return 0, 0, err
		}
		allocs = min(allocs, int64(after.Mallocs-before.Mallocs)/int64(n))
		bytes = min(bytes, int64(after.TotalAlloc-before.TotalAlloc)/int64(n))
	}
	return allocs, bytes, nil
}

func (f *fixture) warm(s *statement, of side, n int) error {
	if err := f.ready(s, n); err != nil {
		return err
	}
	return f.run(s, of, n)
}

// quantile reads a sorted list.
func quantile[T any](sorted []T, q float64) T {
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}
