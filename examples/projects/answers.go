package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// asked is of how many tenants the answers are compared.
const asked = 20

// errDiffers is why the program fails.
var errDiffers = errors.New("the tables or the answers differ")

var errRollback = errors.New("rolled back") // not an error: nothing of an answer stays

// A picture is what the tables hold and what the application answers.
type picture struct {
	tables  map[string]string           // rows and checksum of a table
	answers map[string]map[int64]string // by kind and tenant
	sent    map[string][]statement      // by kind, of all tenants that were asked
}

// A statement as it was sent, for one tenant.
type statement struct {
	sql  string
	args []any
}

// recorder is a logger that keeps statements instead of writing them.
type recorder struct{ sent []statement }

func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

// Info, Warn and Error do nothing: errors are returned to the program.
func (*recorder) Info(context.Context, string, ...any)  {}
func (*recorder) Warn(context.Context, string, ...any)  {}
func (*recorder) Error(context.Context, string, ...any) {}

func (r *recorder) Trace(_ context.Context, _ time.Time, fc func() (string, int64), _ error) { fc() }

// ParamsFilter sees a statement with its arguments.
func (r *recorder) ParamsFilter(_ context.Context, sql string, args ...any) (string, []any) { //nolint:unparam // gorm.ParamsFilter
	r.sent = append(r.sent, statement{sql, args})
	return "", nil
}

// look takes a picture of all tables, and of some tenants' answers: the biggest's,
// the smallest's, and those between.
func (s *station) look(ctx context.Context) (*picture, error) {
	p := &picture{tables: map[string]string{}, answers: map[string]map[int64]string{}, sent: map[string][]statement{}}
	for _, table := range tables {
		var rows int64
		var sum string
		err := s.pool.QueryRowContext(ctx, "SELECT count(*), COALESCE(sum(hashtextextended(to_jsonb(t)::text, 0)::numeric), 0) FROM "+table+" AS t").Scan(&rows, &sum)
		if err != nil {
			return nil, fmt.Errorf("add up %s: %w", table, err)
		}
		p.tables[table] = fmt.Sprintf("%d rows, checksum %s", rows, sum)
	}
	for _, tenant := range spread(s.tenants, asked) {
		for _, k := range kinds {
			answer, err := s.ask(ctx, tenant, k)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			if p.answers[k.name] == nil {
				p.answers[k.name] = map[int64]string{}
			}
			p.answers[k.name][tenant] = answer
			p.sent[k.name] = append(p.sent[k.name], s.recorder.sent...)
		}
	}
	return p, nil
}

// spread takes n of all, evenly, the first and the last among them.
func spread(all []int64, n int) []int64 {
	if len(all) <= n {
		return all
	}
	taken := make([]int64, n)
	for i := range taken {
		taken[i] = all[i*(len(all)-1)/(n-1)]
	}
	return taken
}

// ask makes the statements of a kind for a tenant and returns the answer. The
// recorder has what was sent.
func (s *station) ask(ctx context.Context, tenant int64, k kind) (answer string, err error) {
	db := s.db.WithContext(tenancy.With(ctx, tenant))
	err = db.Transaction(func(tx *gorm.DB) error {
		s.recorder.sent = nil
		found, err := k.run(tx)
		if err != nil {
			return err
		}
		text, err := json.Marshal(found)
		answer = string(text)
		return errors.Join(err, errRollback)
	})
	if errors.Is(err, errRollback) {
		err = nil
	}
	return answer, err
}

// compare restarts the application and takes another picture, and fails where it is
// not the same.
func (s *station) compare(ctx context.Context, where string, before *picture) (*picture, error) {
	if err := s.restart(); err != nil {
		return nil, err
	}
	s.heading("The same rows and answers %s?", where)
	now, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	n, differs := before.differences(now)
	if len(differs) > 0 {
		fmt.Fprintln(s.out, "NO\n"+strings.Join(differs, "\n"))
		return nil, fmt.Errorf("%s: %w", where, errDiffers)
	}
	fmt.Fprintf(s.out, "yes: %d tables by count and checksum, %d answers\n", len(tables), n)
	return now, nil
}

// differences are lines that say what is not the same, of so many answers.
func (p *picture) differences(now *picture) (answers int, lines []string) {
	for _, table := range tables {
		if p.tables[table] != now.tables[table] {
			lines = append(lines, fmt.Sprintf("%s: %s, and before %s", table, now.tables[table], p.tables[table]))
		}
	}
	for _, k := range kinds {
		n := 0
		for tenant, answer := range p.answers[k.name] {
			if now.answers[k.name][tenant] != answer {
				n++
			}
		}
		if answers += len(p.answers[k.name]); n > 0 {
			lines = append(lines, fmt.Sprintf("%s: the answers to %d tenants", k.name, n))
		}
	}
	return answers, lines
}

func (p *picture) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, table := range tables {
		fmt.Fprintf(w, "%s\t%s\n", table, p.tables[table])
	}
	for _, k := range kinds {
		sum, bytes := fnv.New64a(), 0
		for _, tenant := range slices.Sorted(maps.Keys(p.answers[k.name])) {
			n, _ := sum.Write([]byte(p.answers[k.name][tenant])) // never fails
			bytes += n
		}
		fmt.Fprintf(w, "%s\t%d tenants, %d bytes, checksum %016x\n", k.name, len(p.answers[k.name]), bytes, sum.Sum64())
	}
	_ = w.Flush() // as the other writes of a report
}
