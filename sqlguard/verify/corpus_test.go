//go:build cgo

package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

// A sample is a statement of the corpus with the verdict that it must get
// under the scope of tenant A.
type sample struct {
	file     string
	line     int
	yes      bool
	fragment string // what a refusal is about
	reason   string
	sql      string
}

var heading = regexp.MustCompile(`^-- (yes|no)( [A-Za-z ]+)?: (.*)$`)

// corpus reads the statements of testdata. A heading says the verdict, for a
// refusal the fragment it is about, and the reason.
func corpus(tb testing.TB) []sample {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.sql"))
	require.NoError(tb, err)
	var all []sample
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			if parts := heading.FindStringSubmatch(line); parts != nil {
				all = append(all, sample{
					file: filepath.Base(file), line: i + 1, yes: parts[1] == "yes",
					fragment: strings.TrimSpace(parts[2]), reason: parts[3],
				})
				continue
			}
			last := &all[len(all)-1]
			last.sql = strings.TrimPrefix(last.sql+"\n"+line, "\n")
		}
	}
	return all
}

// values are what $1 to $6 stand for in the corpus.
var values = []any{tenantA, tenantB, 7, "x", []uuid.UUID{tenantA}, []uuid.UUID{tenantA, tenantB}}

var placeholder = regexp.MustCompile(`\$[1-9][0-9]?`)

// bind binds the placeholders that a statement of the corpus has.
func bind(sql string) (string, []any) { return renumber(sql, values) }

// renumber numbers the placeholders again so that each value is used. The last
// value is that of $99.
func renumber(sql string, values []any) (string, []any) {
	numbers := map[int]int{}
	var vars []any
	sql = placeholder.ReplaceAllStringFunc(sql, func(p string) string {
		i, _ := strconv.Atoi(p[1:])
		i = min(i, len(values))
		if numbers[i] == 0 {
			vars = append(vars, values[i-1])
			numbers[i] = len(vars)
		}
		return "$" + strconv.Itoa(numbers[i])
	})
	return sql, vars
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	scope, other := scopeOf(t, tenantA), scopeOf(t, tenantC)
	yes, no := 0, 0
	for _, s := range corpus(t) {
		sql, vars := bind(s.sql)
		err := verify.Statement(statement(scope, sql, vars...))
		at := s.file + ":" + strconv.Itoa(s.line) + " " + s.reason
		if s.yes {
			yes++
			if err != nil {
				t.Errorf("%s: refused: %v\n%s", at, err, sql)
			}
			if strings.Contains(sql, "tenant_id") || strings.Contains(sql, "account") {
				if verify.Statement(statement(other, sql, vars...)) == nil {
					t.Errorf("%s: passes for another tenant\n%s", at, sql)
				}
			}
			continue
		}
		no++
		var refused *verify.Error
		if !errors.As(err, &refused) || !errors.Is(err, tenancy.ErrUnscopedSQL) {
			t.Errorf("%s: passes\n%s", at, sql)
			continue
		}
		if !strings.HasPrefix(refused.Fragment, s.fragment) || s.fragment == "" {
			t.Errorf("%s: refused for another reason: %v\n%s", at, err, sql)
		}
		for _, secret := range []string{"aaaaaaaa", "bbbbbbbb"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error quotes a value: %v", at, err)
			}
		}
	}
	t.Logf("%d statements pass, %d are refused", yes, no)
	require.Greater(t, yes+no, 400)
}
