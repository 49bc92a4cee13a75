package migration

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// How many bytes of a table a server processes in a second, guessed for one that has
// other work as well. A run replaces the guess by what it measures.
const (
	readPace   = 100 << 20 // a scan, as VALIDATE CONSTRAINT makes
	buildPace  = 25 << 20  // CREATE INDEX CONCURRENTLY, which scans twice and sorts, and copies of rows
	changePace = 5 << 20   // an UPDATE of each row
)

// Estimate is how long the step takes, by the size of what it reads or writes; zero if
// that is a moment. It assumes ordinary hardware. While a plan is carried out, [Event]
// has estimates from measured speed.
func (s *Step) Estimate() time.Duration {
	pace := int64(buildPace)
	text := strings.Join(s.SQL, "\n")
	switch {
	case s.Batch != nil:
		pace = changePace
	case strings.Contains(text, "VALIDATE CONSTRAINT"), strings.Contains(text, "FOREIGN KEY"):
		pace = readPace
	}
	return time.Duration(float64(s.Bytes) / float64(pace) * float64(time.Second))
}

// Estimate is how long the remaining steps take; see [Step.Estimate].
func (p *Plan) Estimate() (all time.Duration) {
	for _, s := range p.steps() {
		if !s.Done {
			all += s.Estimate()
		}
	}
	return all
}

// strengths ranks the locks that make others, writers or everybody, wait for as long
// as a statement runs.
var strengths = map[Lock]int{Share: 1, ShareRowExclusive: 2, AccessExclusive: 3}

// LongestLock returns the step whose lock makes others wait longest, and the estimated
// time; zero means a moment. Of equal ones it returns the strongest lock, and then the
// first step. It is nil if the plan locks nothing but single rows.
func (p *Plan) LongestLock() (longest *Step, held time.Duration) {
	for _, s := range p.steps() {
		if strengths[s.Lock] == 0 || s.Done {
			continue
		}
		took := s.Estimate()
		if longest == nil || took > held || took == held && strengths[s.Lock] > strengths[longest.Lock] {
			longest, held = s.Step, took
		}
	}
	return longest, held
}

// outlook says how long the plan takes, and which lock is held longest.
func (p *Plan) outlook() []string {
	if len(p.steps()) == 0 {
		return nil
	}
	lines := []string{"Time: " + about(p.Estimate()) + " by the sizes of the tables, without waiting for locks and barriers."}
	longest, held := p.LongestLock()
	if longest == nil {
		return append(lines, "Longest lock: none that makes others wait for a whole table.")
	}
	at := slices.IndexFunc(p.steps(), func(s located) bool { return s.Step == longest })
	line := fmt.Sprintf("Longest lock: %s, in step %d (%s), which blocks %s", longest.lock(), at+1, oneLine(longest.Name), longest.blocks())
	if held >= time.Second {
		line += ": " + about(held)
	}
	return append(lines, line+".")
}

// about formats an estimate for people.
func about(d time.Duration) string {
	if d < time.Second {
		return span(d)
	}
	return "about " + span(d)
}

// span formats a duration for people, rounded up.
func span(d time.Duration) string {
	up := func(unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
	switch {
	case d < time.Second:
		return "a moment"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", up(time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", up(time.Minute))
	default:
		return fmt.Sprintf("%d h", up(time.Hour))
	}
}

// A forecast is what a run has measured of the server's speed.
type forecast struct {
	now            func() time.Time // nil where nothing is foretold: on the way back
	expected, took time.Duration    // of steps that are done, and of batches
	began          time.Time        // the step, or the batch, that is under way
}

// start begins to measure.
func (f *forecast) start() {
	if f.now != nil {
		f.began = f.now()
	}
}

// saw records how long finished work was expected to take.
func (f *forecast) saw(expected time.Duration) {
	if f.now != nil && expected > 0 {
		now := f.now()
		f.expected, f.took, f.began = f.expected+expected, f.took+now.Sub(f.began), now
	}
}

// telling is how much expected work must be done before its pace counts.
const telling = 100 * time.Millisecond

// scaled is an estimate at the measured pace.
func (f *forecast) scaled(d time.Duration) time.Duration {
	if f.expected < telling {
		return d
	}
	return time.Duration(float64(d) * float64(f.took) / float64(f.expected))
}

// foretell adds the remaining times to an event of step i: those of a share of the
// step, and of the steps after it up to the next barrier.
func (r *run) foretell(event *Event, i int, share float64) {
	if r.forecast.now == nil {
		return
	}
	event.StepLeft = r.forecast.scaled(time.Duration(share * float64(r.line.steps[i].Estimate())))
	event.Left = event.StepLeft
	for _, s := range r.line.steps[i+1:] {
		if r.stops(&r.plan.Phases[s.phase]) {
			break
		}
		event.Left += r.forecast.scaled(s.Estimate())
	}
}
