package automigrate

import "slices"

// foreignDiff is a foreign key that a model wants and its table lacks.
type foreignDiff struct {
	want     *foreignKey
	obsolete []*foreignKey // other forms of it
}

// foreignDiffs compares the foreign keys.
func (t *target) foreignDiffs() (diffs []foreignDiff) {
	if t.has == nil {
		return nil
	}
	for _, want := range t.want.foreign {
		if t.hasForeign(want) {
			continue
		}
		diff := foreignDiff{want: want}
		for _, has := range t.has.foreign {
			if has.isFormOf(want) && !slices.ContainsFunc(t.want.foreign, has.same) {
				diff.obsolete = append(diff.obsolete, has)
				want.takeActions(has)
			}
		}
		if want.tenant == "" && slices.ContainsFunc(diff.obsolete, func(f *foreignKey) bool { return f.name == want.name }) {
			continue // as with GORM, what has the name will do
		}
		if t.want.tenant == "" && t.filled && len(diff.obsolete) > 0 {
			continue // nothing is asked of the rows of a table that is observed
		}
		diffs = append(diffs, diff)
	}
	return diffs
}

func (t *target) hasForeign(want *foreignKey) bool {
	return slices.ContainsFunc(t.has.foreign, want.same)
}

// keeps reports whether a foreign key that the table has stays there.
func (t *target) keeps(name string) bool {
	if t.has == nil || !slices.ContainsFunc(t.has.foreign, func(f *foreignKey) bool { return f.name == name }) {
		return false // it is dropped already
	}
	return t.filled || !slices.ContainsFunc(t.foreignDiffs(), func(d foreignDiff) bool {
		return slices.ContainsFunc(d.obsolete, func(f *foreignKey) bool { return f.name == name })
	})
}

// parent returns the target that a foreign key refers to; nil if it is not
// migrated here.
func (r *run) parent(fk *foreignKey) *target {
	at := slices.IndexFunc(r.targets, func(t *target) bool { return t.name == fk.parent })
	if at < 0 {
		return nil
	}
	return r.targets[at]
}

// willCover reports whether what a foreign key refers to is unique, or will be
// when the keys of the parent's table are changed.
func (r *run) willCover(fk *foreignKey) bool {
	parent := r.parent(fk)
	switch {
	case parent == nil:
		other := r.all[fk.parent]
		return other == nil || other.allowsForeignKey(fk.refs)
	case parent.has == nil, parent.has.allowsForeignKey(fk.refs), !parent.want.allowsForeignKey(fk.refs):
		return true
	case r.sqlite:
		return r.rebuilds[parent]
	}
	if parent.isLive() || parent.waiting {
		return false
	}
	return slices.ContainsFunc(parent.diffs, func(d keyDiff) bool {
		return d.missing && d.want.allowsForeignKey(fk.refs) && r.blockingForeignKey(parent, d) == "" && !r.isTaken(parent, d.want)
	})
}
