package tenancytest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// isShared tells the database under test from the oracle.
func isShared(tx *gorm.DB) bool { return tx.Plugins["tenancy"] != nil }

// past runs SQL past the plugin, in the database under test alone.
func past(tx *gorm.DB, sql string, args ...any) error {
	if !isShared(tx) {
		return nil
	}
	_, err := tx.Statement.ConnPool.ExecContext(context.Background(), sql, args...)
	return err
}

// misdeeds are operations that do wrong in one way each.
var misdeeds = []struct {
	reason  string
	scope   int // in scopes
	flags   flags
	run     func(tx *gorm.DB, f *Fixture) answer
	verdict Verdict // empty: must pass
	detail  string
}{
	{"an honest read", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		out := []tag{}
		return got(tx.Find(&out), &out)
	}, "", ""},
	{"a row of the other tenant, told by its word", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, []string{foreignWord + "-2"})
		}
		return gave(nil, []string{ownWord + "-2"})
	}, Leak, "the answer holds another tenant's"},
	{"a row of the other tenant, told by its tenant", 0, 0, func(tx *gorm.DB, f *Fixture) answer {
		out := []tag{{}}
		if isShared(tx) {
			f.tables["tags"].with(&out[0], f.tables["tags"].tenant, f.tenants[1])
		}
		return gave(nil, out)
	}, Leak, "the answer holds another tenant's"},
	{"a number of the other tenant", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, foreignNumber+3)
		}
		return gave(nil, 23)
	}, Leak, "the answer holds another tenant's"},
	{"one row more", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, []string{"a", "a"})
		}
		return gave(nil, []string{"a"})
	}, Leak, "more than the oracle gives"},
	{"a greater count", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, 2)
		}
		return gave(nil, 1)
	}, Leak, "more than the oracle gives"},
	{"more rows affected", 0, changes, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return answer{affected: 2}
		}
		return answer{affected: 1}
	}, Leak, "rows affected"},
	{"fewer rows affected", 0, changes, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return answer{}
		}
		return answer{affected: 1}
	}, Wrong, "rows affected"},
	{"a row less", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, []string{})
		}
		return gave(nil, []string{"a"})
	}, Wrong, "another answer"},
	{"another order", 0, inOrder, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, []string{"b", "a"})
		}
		return gave(nil, []string{"a", "b"})
	}, Wrong, "another answer"},
	{"another order where there is none", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil, []string{"b", "a"})
		}
		return gave(nil, []string{"a", "b"})
	}, "", ""},
	{"the other tenant's row changed", 0, changes, func(tx *gorm.DB, f *Fixture) answer {
		return gave(past(tx, "UPDATE tags SET hits = hits + 1 WHERE tenant_id = $1", f.tenants[1]))
	}, Leak, "another tenant's rows were changed"},
	{"the other tenant's row removed", 0, changes, func(tx *gorm.DB, f *Fixture) answer {
		return gave(past(tx, "DELETE FROM comments WHERE tenant_id = $1", f.tenants[1]))
	}, Leak, "another tenant's rows were changed"},
	{"the other tenant got a row", 0, creates, func(tx *gorm.DB, f *Fixture) answer {
		return gave(past(tx, "INSERT INTO tags (tenant_id, slug) VALUES ($1, 'new')", f.tenants[1]))
	}, Leak, "another tenant's rows were changed"},
	{"nobody's row", 0, creates, func(tx *gorm.DB, f *Fixture) answer {
		return gave(past(tx, "INSERT INTO tags (tenant_id, slug) VALUES (gen_random_uuid(), 'new')"))
	}, Wrong, "the tables differ"},
	{"an own row changed that should not", 0, changes, func(tx *gorm.DB, f *Fixture) answer {
		return gave(past(tx, "UPDATE tags SET hits = hits + 1 WHERE tenant_id = $1", f.tenants[0]))
	}, Wrong, "the tables differ"},
	{"a refusal", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(tenancy.ErrUnscopedSQL)
		}
		return gave(nil)
	}, Refused, "the oracle succeeds"},
	{"a refusal that is right as well", 0, refusable, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(tenancy.ErrUnscopedSQL)
		}
		return gave(nil)
	}, "", ""},
	{"a refusal after writing", 0, changes | refusable, func(tx *gorm.DB, f *Fixture) answer {
		if !isShared(tx) {
			return gave(nil)
		}
		return gave(errors.Join(past(tx, "DELETE FROM comments WHERE tenant_id = $1", f.tenants[0]), tenancy.ErrUnscopedSQL))
	}, Wrong, "but it wrote"},
	{"a failure", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(gorm.ErrRecordNotFound)
		}
		return gave(nil)
	}, Wrong, "the oracle succeeds"},
	{"a success", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(nil)
		}
		return gave(gorm.ErrMissingWhereClause)
	}, Wrong, "the oracle fails"},
	{"another error", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			return gave(gorm.ErrRecordNotFound)
		}
		return gave(gorm.ErrMissingWhereClause)
	}, Wrong, "the oracle fails"},
	{"an error that quotes", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		return gave(errors.New("invalid value " + foreignWord))
	}, Leak, "the error holds"},
	{"a panic", 0, 0, func(tx *gorm.DB, _ *Fixture) answer {
		if isShared(tx) {
			panic("misdeed")
		}
		return gave(nil)
	}, Wrong, "panic: misdeed"},
	{"an error of the database is no excuse", 0, changes, func(tx *gorm.DB, _ *Fixture) answer {
		return gave(past(tx, "UPDATE tags SET nonsense = 1"))
	}, Wrong, "the oracle succeeds"},
	{"what must be refused", 0, creates | mismatch, func(*gorm.DB, *Fixture) answer { return gave(nil) }, Wrong, "accepted"},
	{"refused with another error", 0, creates | mismatch, func(*gorm.DB, *Fixture) answer {
		return gave(tenancy.ErrUndeclared)
	}, Wrong, "another error"},
	{"refused as it must be", 0, creates | mismatch, func(*gorm.DB, *Fixture) answer {
		return gave(tenancy.ErrTenantMismatch)
	}, "", ""},
	{"without a tenant, no error", 1, 0, func(*gorm.DB, *Fixture) answer { return gave(nil) }, Wrong, "no tenant"},
	{"without a tenant, a row", 1, 0, func(*gorm.DB, *Fixture) answer {
		return gave(tenancy.ErrNoTenant, []string{"a"})
	}, Leak, "read without a tenant"},
	{"without a tenant, a write", 1, changes, func(tx *gorm.DB, f *Fixture) answer {
		return gave(errors.Join(past(tx, "DELETE FROM comments WHERE tenant_id = $1", f.tenants[0]), tenancy.ErrNoTenant))
	}, Leak, "but it wrote"},
	{"without a tenant, refused", 1, changes, func(*gorm.DB, *Fixture) answer { return gave(tenancy.ErrNoTenant) }, "", ""},
}

func TestJudge(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels}.Fixture(t)
	for _, tt := range misdeeds {
		t.Run(tt.reason, func(t *testing.T) {
			task := &task{name: tt.reason, flags: tt.flags, model: f.tables["tags"], run: func(tx *gorm.DB) answer {
				return tt.run(tx, f)
			}}
			lone, _ := f.execute(t.Context(), f.lone, task)
			finding := f.try(task, scopes[tt.scope], lone)
			if tt.verdict == "" {
				assert.Nil(t, finding)
				return
			}
			require.NotNil(t, finding)
			assert.Equal(t, tt.verdict, finding.Verdict, finding)
			assert.Contains(t, finding.Detail, tt.detail)
		})
	}
}

// Text may be refused where nothing says that it is answered, or it is excused.
func TestJudgeText(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels}.Fixture(t)
	refusal := &task{name: "tag/Raw", flags: textual, model: f.tables["tags"], run: func(tx *gorm.DB) answer {
		if isShared(tx) {
			return gave(tenancy.ErrUnscopedSQL)
		}
		return gave(nil)
	}}
	try := func() *Finding { return f.try(refusal, scopes[0], &outcome{}) }
	assert.Nil(t, try())
	f.suite.AnswersText = true
	require.NotNil(t, try())
	assert.Equal(t, Refused, try().Verdict)
	f.suite.MayRefuse = map[string]string{"set/*/Raw": "another scope"}
	assert.NotNil(t, try())
	f.suite.MayRefuse["tenant/*/Raw"] = "a reason"
	assert.Nil(t, try())
	assert.Equal(t, map[string]bool{"tenant/*/Raw": true}, f.texts.excused)

	stale := f.check(func(name string, do func() *Finding) {
		if strings.HasPrefix(name, "MayRefuse/") {
			assert.NotNil(t, do(), name)
		}
	})
	assert.Len(t, stale.findings, 2, "they were not needed")
}

func TestJudgeUnion(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels}.Fixture(t)
	read := &task{flags: union, model: &model{}}
	one, two := &outcome{plain: []any{bag{"a"}, int64(1)}}, &outcome{plain: []any{bag{"b"}, int64(2)}}
	assert.Nil(t, f.judgeUnion(read, &outcome{plain: []any{bag{"b", "a"}, int64(3)}}, one, two))
	assert.Equal(t, Leak, f.judgeUnion(read, &outcome{plain: []any{bag{"b", "a", "a"}, int64(3)}}, one, two).Verdict)
	assert.Equal(t, Wrong, f.judgeUnion(read, &outcome{plain: []any{bag{"b"}, int64(3)}}, one, two).Verdict)
	assert.Equal(t, Refused, f.judgeUnion(read, &outcome{err: tenancy.ErrTenantMismatch}, one, two).Verdict)

	change := &task{flags: changes, model: &model{}}
	unchanged := &outcome{state: f.baseline}
	assert.Nil(t, f.judgeUnion(change, unchanged, unchanged, unchanged))
	other := &state{own: f.baseline.own, foreign: map[string]any{}, rest: f.baseline.rest}
	assert.Equal(t, Wrong, f.judgeUnion(change, &outcome{state: other}, unchanged, unchanged).Verdict)
}

func TestFixtureRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	plain, filled := open(t, true), open(t, true)
	require.NoError(t, filled.Exec("INSERT INTO accounts (id) VALUES (gen_random_uuid())").Error)
	scoped := open(t, true)
	require.NoError(t, scoped.Use(tenancy.New(tenancy.Config{})))
	for _, tt := range []struct {
		reason string
		suite  Suite
		text   string
	}{
		{"no handle", Suite{Models: allModels}, "must be set"},
		{"no models", Suite{DB: plain}, "must be set"},
		{"rows of somebody's", Suite{DB: filled, Models: allModels, unscoped: true}, "is not empty"},
		{"no plugin", Suite{DB: plain, Models: allModels}, "no tenancy plugin"},
		{"a connection that cannot be revealed", Suite{DB: scoped, Models: allModels,
			Reveal: func(context.Context, gorm.ConnPool) error { return errProbed }}, "Suite.Reveal"},
		{"an oracle with the plugin", Suite{DB: scoped, Models: allModels, Lone: scoped}, "cannot be the oracle"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := tt.suite.prepare(t)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

func TestFindingText(t *testing.T) {
	t.Parallel()
	finding := &Finding{Verdict: Leak, Operation: "tenant/order/Find", Detail: "why", SQL: []string{"SELECT 1"}}
	assert.Equal(t, "leak: tenant/order/Find: why\n  SELECT 1", finding.Error())
	assert.Equal(t, "3 operations: 1 leaks, 0 wrong, 0 refused", (&report{operations: 3, findings: []*Finding{finding}}).String())
	assert.Equal(t, "3 operations: 0 leaks, 0 wrong, 0 refused; 2 with text answered, 1 refused",
		(&report{operations: 3, texts: textCount{answered: 2, refused: 1}}).String())
	assert.True(t, strings.HasPrefix(difference("abc", "abd"), "\n  want …abc…"))
}

func TestTryOther(t *testing.T) {
	t.Parallel()
	db := open(t, true)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	f := Suite{DB: db, Models: allModels}.Fixture(t)
	lone := &outcome{plain: []any{int64(2)}}
	try := func(a answer) *Finding {
		return f.tryOther(&task{model: f.tables["tags"], run: func(*gorm.DB) answer { return a }}, lone)
	}
	assert.Nil(t, try(gave(nil, 2)))
	assert.Equal(t, Leak, try(gave(nil, 3)).Verdict)
	assert.Equal(t, Wrong, try(gave(nil, 1)).Verdict)
	assert.Equal(t, Wrong, try(gave(tenancy.ErrUnscopedSQL)).Verdict)
}
