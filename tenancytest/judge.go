package tenancytest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// judge compares what an operation did under one tenant with what the oracle
// gave. Nil is a pass.
func (f *Fixture) judge(t *task, shared, lone *outcome) *Finding {
	if finding, judged := f.judgeKind(t, shared, lone, true); judged {
		return finding
	}
	if finding := f.judgeSafety(t, shared, lone); finding != nil {
		return finding
	}
	switch {
	case lone.panicked != nil:
		return nil
	case isTenancyError(shared.err):
		isMet := errors.Is(shared.err, tenancy.ErrCrossTenantConflict) && t.flags&refusable != 0 // found when it was sent
		if finding := f.judgeUntouched(shared); finding != nil && lone.err == nil && !isMet {
			return finding
		}
		if lone.err == nil && t.flags&refusable == 0 {
			return found(Refused, "the oracle succeeds, the tenant gets: %v", shared.err)
		}
		return nil
	case shared.err == nil && lone.err != nil && t.flags&refusable != 0:
		return nil // text that GORM cannot send, and the plugin can
	case shared.err == nil && lone.err != nil:
		return found(Wrong, "the oracle fails with %v, the tenant succeeds", lone.err)
	case lone.err == nil && f.isUnsupported(t, inInsert, shared.err):
		return f.judgeUntouched(shared)
	case lone.err == nil && f.isHeld(t, shared.err):
		return nil
	case lone.err == nil && t.flags&refusable != 0 && class(shared.err) == "42501":
		return nil // row-level security refuses it
	case shared.err != nil && lone.err == nil:
		return found(Wrong, "the oracle succeeds, the tenant gets: %v", shared.err)
	case class(shared.err) != class(lone.err) && class(lone.err) != abortedTransaction:
		return found(Wrong, "the oracle fails with %v, the tenant with %v", lone.err, shared.err)
	}
	if shared.err != nil || t.changesLinks() {
		return nil // what they wrote before goes with the transaction
	}
	if finding := judgeAnswer(shared, lone); finding != nil {
		return finding
	}
	if t.writesSealed() {
		if finding := f.judgeSealed(t, shared); finding != nil {
			return finding
		}
	}
	return f.judgeState(t, shared, lone)
}

// judgeSafety looks for another tenant's data, which is no answer to anything.
func (f *Fixture) judgeSafety(t *task, shared, lone *outcome) *Finding {
	isBroken := lone != nil && lone.panicked != nil // GORM itself panics
	if shared.panicked != nil && (!isBroken || f.suite.oneTenant) {
		return found(Wrong, "panic: %v", shared.panicked)
	}
	if finding := f.judgeForeign(shared); finding != nil {
		return finding
	}
	known := map[any]bool{}
	if lone != nil {
		walk(lone.values, func(leaf any) { known[leaf] = true })
	}
	if t.flags&naming != 0 {
		return nil // the caller's own values are the other tenant's
	}
	var finding *Finding
	walk(shared.values, func(leaf any) {
		if finding == nil && f.isForeign(leaf) && !known[leaf] {
			finding = found(Leak, "the answer holds another tenant's %v: %s", leaf, render(shared.values, labels(shared.values)))
		}
	})
	if shared.err != nil && finding == nil {
		text := shared.err.Error()
		if strings.Contains(text, foreignWord) || isTenancyError(shared.err) && strings.Contains(text, f.spelled()[1]) {
			return found(Leak, "the error holds another tenant's value: %v", shared.err)
		}
	}
	return finding
}

// isForeign reports whether a leaf is marked as the other tenant's.
func (f *Fixture) isForeign(leaf any) bool {
	switch v := leaf.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.Year() == foreignTime.Year()
		}
		return strings.Contains(v, foreignWord) || v == f.spelled()[1]
	case int64:
		return v >= foreignNumber && v < 10*foreignNumber
	case float64:
		return v >= foreignNumber && v < 10*foreignNumber
	}
	return false
}

// judgeForeign checks that the other tenant's rows are what they were.
func (f *Fixture) judgeForeign(shared *outcome) *Finding {
	if shared.state == nil {
		return nil
	}
	was, is := f.baseline.text().hidden(), shared.state.text().hidden()
	if was != is {
		return found(Leak, "another tenant's rows were changed: %s", difference(was, is))
	}
	return nil
}

// judgeUntouched checks that a refused operation wrote nothing.
func (f *Fixture) judgeUntouched(shared *outcome) *Finding {
	if shared.state == nil {
		return nil
	}
	was, is := f.baseline.text().own+f.baseline.text().rest, shared.state.text().own+shared.state.text().rest
	if was != is {
		return found(Wrong, "refused (%v), but it wrote: %s", shared.err, difference(was, is))
	}
	return nil
}

// judgeTenants checks that no row changed its tenant.
func (f *Fixture) judgeTenants(shared *outcome) *Finding {
	if shared.state == nil {
		return nil
	}
	was, is := f.baseline.text().rest, shared.state.text().rest
	if was != is {
		return found(Leak, "rows changed their tenant: %s", difference(was, is))
	}
	return nil
}

func judgeAnswer(shared, lone *outcome) *Finding {
	sharedText, loneText := render(shared.values, labels(shared.values)), render(lone.values, labels(lone.values))
	switch {
	case sharedText != loneText && exceeds(shared.values, lone.values):
		return found(Leak, "more than the oracle gives: %s", difference(loneText, sharedText))
	case sharedText != loneText:
		return found(Wrong, "another answer than the oracle gives: %s", difference(loneText, sharedText))
	case shared.affected > lone.affected:
		return found(Leak, "%d rows affected, in the oracle %d", shared.affected, lone.affected)
	case shared.affected != lone.affected:
		return found(Wrong, "%d rows affected, in the oracle %d", shared.affected, lone.affected)
	}
	return nil
}

func (f *Fixture) judgeState(t *task, shared, lone *outcome) *Finding {
	if shared.state == nil || lone.state == nil {
		return nil
	}
	want, is := lone.state.without(t).text(), shared.state.without(t).text()
	if want.own+want.rest != is.own+is.rest {
		return found(Wrong, "the tables differ from the oracle's: %s", difference(want.own+want.rest, is.own+is.rest))
	}
	return nil
}

// judgeWant checks an operation that must be refused with a certain error. Where a
// column that is NOT NULL keeps a lone tenant from it as well, that may come first.
func (f *Fixture) judgeWant(t *task, shared, lone *outcome) *Finding {
	if finding := f.judgeSafety(t, shared, nil); finding != nil {
		return finding
	}
	if shared.err == nil && t.flags&refusable == 0 {
		return found(Wrong, "accepted, although it must be refused with %q", t.want())
	}
	if shared.err == nil {
		return f.judgeTenants(shared)
	}
	if lone != nil && isNotNull(shared.err) && isNotNull(lone.err) {
		return f.judgeUntouched(shared)
	}
	if !errors.Is(shared.err, t.want()) && (t.flags&refusable == 0 || !isTenancyError(shared.err)) {
		return found(Wrong, "refused with another error than %q: %v", t.want(), shared.err)
	}
	return f.judgeUntouched(shared)
}

// judgeBlocked checks an operation on a key that another tenant has taken in a
// table whose key is global: it may fail in any way, and must change nothing.
func (f *Fixture) judgeBlocked(t *task, shared *outcome) *Finding {
	if finding := f.judgeSafety(t, shared, nil); finding != nil || shared.err != nil {
		return finding // what it wrote before the error goes with the transaction
	}
	return f.judgeUntouched(shared)
}

// judgeNone checks an operation without a tenant.
func (f *Fixture) judgeNone(t *task, shared, lone *outcome) *Finding {
	if shared.panicked != nil {
		return found(Wrong, "panic: %v", shared.panicked)
	}
	if finding := f.judgeForeign(shared); finding != nil {
		return finding
	}
	if shared.state != nil {
		if finding := f.judgeUntouched(shared); finding != nil {
			finding.Verdict = Leak
			return finding
		}
	}
	if isShared := t.target != nil && t.target.tenant == nil && !t.target.isLinked() && !t.target.isPrivate(); t.reads() && !(isShared && f.suite.Backstop) {
		for _, value := range shared.values {
			if !isEmpty(value) && t.flags&(naming|echoes) == 0 {
				return found(Leak, "read without a tenant: %s", render(shared.values, labels(shared.values)))
			}
		}
	}
	if !errors.Is(shared.err, tenancy.ErrNoTenant) && t.flags&silent == 0 && class(shared.err) != class(lone.err) {
		return found(Wrong, "no tenant, but the error is %v", shared.err)
	}
	if shared.err == nil && t.flags&silent == 0 {
		return found(Wrong, "no tenant, but no error")
	}
	return nil
}

// isEmpty reports whether a value holds nothing that was read.
func isEmpty(tree any) bool {
	empty := true
	walk(tree, func(leaf any) {
		if leaf != nil && leaf != false && leaf != tenantMask && !isNone(leaf) && leaf != float64(0) && leaf != (time.Time{}).Format(time.RFC3339Nano) {
			empty = false
		}
	})
	return empty
}

// judgeUnion checks an operation on both tenants' rows: what it answers, and
// what it does to either's rows, is what it would do in two databases.
func (f *Fixture) judgeUnion(t *task, shared, a, b *outcome) *Finding {
	switch {
	case shared.panicked != nil:
		return found(Wrong, "panic: %v", shared.panicked)
	case isTenancyError(shared.err):
		if t.flags&refusable != 0 {
			return nil
		}
		if finding, judged := f.judgeKind(t, shared, a, false); judged {
			return finding
		}
		return found(Refused, "in two databases it succeeds, the set gets: %v", shared.err)
	case f.isHeld(t, shared.err):
		return nil
	case f.isUnsupported(t, locks|inInsert|textual, shared.err): // text joins as it was written
		return nil
	case shared.err != nil:
		return found(Wrong, "in two databases it succeeds, the set gets: %v", shared.err)
	}
	if t.flags&(union|owned) != 0 {
		both, plain := &outcome{affected: a.affected + b.affected}, &outcome{values: shared.plain, affected: shared.affected}
		if t.reads() {
			both.affected = shared.affected // a count, for instance, is one row
		}
		for i := range a.plain {
			if len(b.plain) == 0 {
				both.values = a.plain
				break
			}
			both.values = append(both.values, merge(a.plain[i], b.plain[i]))
		}
		if finding := judgeAnswer(plain, both); finding != nil {
			return finding
		}
	}
	if shared.state == nil {
		return nil
	}
	want := a.state.text().own + b.state.text().foreign + a.state.text().rest
	is := shared.state.text().own + shared.state.text().foreign + shared.state.text().rest
	if want != is {
		return found(Wrong, "the tables differ from the two oracles': %s", difference(want, is))
	}
	return nil
}

// merge makes one answer of two: lists are joined, numbers added.
func merge(a, b any) any {
	switch x := a.(type) {
	case bag:
		y, _ := b.(bag)
		return append(slices.Clone(x), y...)
	case []any:
		y, _ := b.([]any)
		return append(slices.Clone(x), y...)
	case int64:
		y, _ := b.(int64)
		return x + y
	case nil:
		return b
	}
	return a
}

// exceeds reports whether one answer holds more than the other: more items, or
// a greater number.
func exceeds(shared, lone any) bool {
	count := func(tree any) (n int) {
		walk(tree, func(leaf any) {
			if leaf != nil {
				n++
			}
		})
		return n
	}
	if count(shared) > count(lone) {
		return true
	}
	a, isList := shared.([]any)
	b, areLists := lone.([]any)
	if !isList || !areLists || len(a) != len(b) {
		x, isNumber := shared.(int64)
		y, areNumbers := lone.(int64)
		return isNumber && areNumbers && x > y
	}
	for i := range a {
		if exceeds(a[i], b[i]) {
			return true
		}
	}
	return false
}

// tenancyErrors are the sentinels of the package under test.
var tenancyErrors = []error{
	tenancy.ErrNoTenant, tenancy.ErrInvalidTenant, tenancy.ErrTenantMismatch, tenancy.ErrTenantImmutable,
	tenancy.ErrCrossTenantConflict, tenancy.ErrUnscopedSQL, tenancy.ErrUndeclared, tenancy.ErrSharedReadOnly,
	tenancy.ErrPrivate,
}

func isTenancyError(err error) bool {
	return slices.ContainsFunc(tenancyErrors, func(target error) bool { return errors.Is(err, target) })
}

// gormErrors are the errors that callers test for. ErrInvalidField is not one of
// them: whether the driver's error is translated to it depends on the number of
// bound values.
var gormErrors = []error{
	gorm.ErrRecordNotFound, gorm.ErrMissingWhereClause, gorm.ErrPrimaryKeyRequired, gorm.ErrInvalidData,
	gorm.ErrEmptySlice, gorm.ErrInvalidValue, gorm.ErrInvalidValueOfLength,
	gorm.ErrModelValueRequired, gorm.ErrUnsupportedRelation, gorm.ErrDuplicatedKey, gorm.ErrForeignKeyViolated,
	gorm.ErrCheckConstraintViolated, gorm.ErrSubQueryRequired, gorm.ErrNotImplemented,
}

// abortedTransaction is PostgreSQL's class for what follows an error.
const abortedTransaction = "25P02"

// class is what a caller can tell of an error: none, one of GORM's, or the
// database's by its code.
func class(err error) string {
	if err == nil {
		return ""
	}
	for _, target := range gormErrors {
		if errors.Is(err, target) {
			return target.Error()
		}
	}
	if state := sqlstate.Of(err); state != "" {
		return state
	}
	var numbered interface{ Code() int }
	if errors.As(err, &numbered) {
		return fmt.Sprint(numbered.Code())
	}
	return reflect.TypeOf(err).String()
}

// isNotNull reports whether a database refused NULL in a column.
func isNotNull(err error) bool {
	return class(err) == sqlstate.NotNullViolation || err != nil && strings.Contains(err.Error(), "NOT NULL constraint failed")
}

func found(verdict Verdict, format string, args ...any) *Finding {
	return &Finding{Verdict: verdict, Detail: fmt.Sprintf(format, args...)}
}

// difference shows where two texts part.
func difference(want, is string) string {
	const before, after = 120, 300
	at := 0
	for at < len(want) && at < len(is) && want[at] == is[at] {
		at++
	}
	cut := func(text string) string {
		from, to := max(0, at-before), min(len(text), at+after)
		return text[min(from, len(text)):to]
	}
	return fmt.Sprintf("\n  want …%s…\n  got  …%s…", cut(want), cut(is))
}
