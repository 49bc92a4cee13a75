package automigrate

import (
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/internal/columnset"
)

// keyDiff is a key that a model wants, with what its table has instead.
type keyDiff struct {
	want     *tableIndex
	missing  bool
	obsolete []*tableIndex // other forms of it, to be dropped
}

// keyDiffs compares the keys and indexes of a tenant's table. If the keys do not
// get the tenant, as in a root's table, an object of the same name is enough, as
// with GORM.
func (t *target) keyDiffs() (diffs []keyDiff) {
	if t.want.tenant == "" {
		return nil
	}
	all := make([]keyDiff, len(t.want.indexes))
	for i, want := range t.want.indexes {
		all[i] = keyDiff{want: want, missing: !t.has.has(want)}
	}
	for _, has := range t.has.indexes {
		if t.wants(has) {
			continue
		}
		at := slices.IndexFunc(all, func(d keyDiff) bool { return d.missing && d.want.name == has.name })
		if at < 0 {
			at = slices.IndexFunc(all, func(d keyDiff) bool { return t.isForm(d.want, has) })
		}
		if at >= 0 {
			all[at].obsolete = append(all[at].obsolete, has)
		}
	}
	for _, diff := range all {
		isOurs := t.want.scoped() || diff.want.kind != primaryKey && len(diff.obsolete) == 0
		if isOurs && (diff.missing || len(diff.obsolete) > 0) {
			diffs = append(diffs, diff)
		}
	}
	return diffs
}

// wants reports whether an index that the table has is a wanted one.
func (t *target) wants(has *tableIndex) bool {
	return slices.ContainsFunc(t.want.indexes, func(want *tableIndex) bool { return want.same(has) })
}

// isForm reports whether a key that the table has is the wanted one without the
// tenant column, which holds across tenants.
func (t *target) isForm(want, has *tableIndex) bool {
	if want.kind == primaryKey && has.kind == primaryKey {
		return true
	}
	return want.added && want.isUnique() && want.without(t.want.tenant).same(has)
}

// normalizeExpressions lets the database print the expressions of a table's
// indexes.
func (r *run) normalizeExpressions(t *target) error {
	if r.sqlite || !columnset.Contain(t.has.columns, t.stmt.Schema.DBNames) {
		return nil
	}
	if err := agree(r.ctx, r.pool, t.sql, t.want.indexes, t.has.indexes); err != nil {
		return fmt.Errorf("tenancy: compare the indexes of %s: %w", t.table(), err)
	}
	return nil
}
