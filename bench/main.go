package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"gorm.io/gorm"
)

type options struct {
	dsn     string
	only    string
	match   string
	rounds  int
	slice   time.Duration
	tenants int
	control bool
	cpu     bool
	dry     bool
}

func main() {
	var o options
	flag.StringVar(&o.dsn, "dsn", os.Getenv("TENANCY_TEST_DSN"), "PostgreSQL to measure as well; empty for none")
	flag.StringVar(&o.only, "only", "", "sqlite or postgres; empty for both")
	flag.StringVar(&o.match, "run", "", "regular expression of the statements' names; empty for all")
	flag.IntVar(&o.rounds, "rounds", 40, "rounds of a statement")
	flag.DurationVar(&o.slice, "slice", 20*time.Millisecond, "time of one side in one round")
	flag.IntVar(&o.tenants, "tenants", 10, "tenants in the tables")
	flag.BoolVar(&o.control, "control", false, "compare by hand with itself, to see the noise of the machine")
	flag.BoolVar(&o.cpu, "cpu", false, "this process's processor time in place of the wall's, for a busy machine")
	flag.BoolVar(&o.dry, "dry", false, "build the statements without sending them: GORM and the plugin without a database")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, o options) error {
	match, err := regexp.Compile(o.match)
	if err != nil {
		return err
	}
	if o.rounds < 1 || o.slice <= 0 || o.tenants < 1 {
		return errors.New("-rounds, -slice and -tenants must be positive")
	}
	if o.only != "postgres" {
		f, err := openSQLite(o.tenants, nil)
		if err := measure(w, f, err, o, match); err != nil {
			return err
		}
	}
	if o.dsn == "" || o.only == "sqlite" {
		return nil
	}
	f, err := openPostgres(o.dsn, o.tenants, nil)
	return measure(w, f, err, o, match)
}

// measure prints a database's table, and closes it.
func measure(w io.Writer, f *fixture, err error, o options, match *regexp.Regexp) error {
	if f == nil {
		return err
	}
	if err == nil {
		err = report(w, f, o, match)
	}
	return errors.Join(err, f.close())
}

// report measures and prints line by line.
func report(w io.Writer, f *fixture, o options, match *regexp.Regexp) error {
	p := plan{rounds: o.rounds, slice: o.slice, sides: [2]side{byHand, withPlugin}, cpu: o.cpu}
	if o.dry {
		dry := &gorm.Session{DryRun: true}
		f.hand, f.scoped = f.hand.Session(dry), f.scoped.Session(dry)
	}
	if o.control {
		p.sides[1] = byHand
	}
	fmt.Fprintf(w, "%s, %s, %s/%s%s: `%s`, %d rounds of %v a side\n\n", f.name, runtime.Version(),
		runtime.GOOS, runtime.GOARCH, processor(), command(), o.rounds, o.slice)
	fmt.Fprintf(w, "| Statement | Time, %[2]s : %[1]s (quartiles) | Fastest tenth | Time, %[1]s | Allocations, %[1]s | %[2]s | Bytes, %[1]s | %[2]s |\n",
		p.sides[0], p.sides[1])
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|---:|---:|---:|")
	list := statements()
	for i := range list {
		s := &list[i]
		if !match.MatchString(s.name) {
			continue
		}
		r, err := f.compare(s, p)
		if o.dry && errors.Is(err, gorm.ErrDryRunModeUnsupported) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| %s | %.2f (%.2f–%.2f) | %.2f | %.1f µs | %d | %d | %d | %d |\n", r.name, r.ratio, r.lower, r.upper, r.fastest,
			float64(r.perOp[0].Nanoseconds())/1000, r.allocs[0], r.allocs[1], r.bytes[0], r.bytes[1])
	}
	_, err := fmt.Fprintln(w)
	return err
}

// command is how this run was started, without what a DSN would tell.
func command() string {
	args := []string{"go run ./bench"}
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "dsn" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	return strings.Join(args, " ")
}

// processor names the CPU where the system tells.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // it was only read
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, found := strings.CutPrefix(lines.Text(), "model name"); found {
			return ", " + strings.TrimLeft(name, "\t :")
		}
	}
	return ""
}
