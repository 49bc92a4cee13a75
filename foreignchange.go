package tenancy

import (
	"errors"
	"slices"
)

// foreignDiff is a foreign key that a model wants and its table lacks.
type foreignDiff struct {
	want  *foreignKey
	forms []*foreignKey // other forms of it
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
				diff.forms = append(diff.forms, has)
				want.takeActions(has)
			}
		}
		if want.tenant == "" && slices.ContainsFunc(diff.forms, func(f *foreignKey) bool { return f.name == want.name }) {
			continue // as with GORM, what has the name will do
		}
		if t.want.tenant == "" && t.filled && len(diff.forms) > 0 {
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
		return slices.ContainsFunc(d.forms, func(f *foreignKey) bool { return f.name == name })
	})
}

// parent returns the target that a foreign key refers to; nil when it is not
// migrated here.
func (r *migration) parent(fk *foreignKey) *target {
	at := slices.IndexFunc(r.targets, func(t *target) bool { return t.name == fk.parent })
	if at < 0 {
		return nil
	}
	return r.targets[at]
}

// willCover reports whether what a foreign key refers to is unique, or will be
// when the keys of the parent's table are changed.
func (r *migration) willCover(fk *foreignKey) bool {
	parent := r.parent(fk)
	switch {
	case parent == nil:
		other := r.all[fk.parent]
		return other == nil || other.covers(fk.refs)
	case parent.has == nil, parent.has.covers(fk.refs), !parent.want.covers(fk.refs):
		return true
	case r.sqlite:
		return r.rebuilds[parent]
	}
	if parent.isLive() || parent.waiting {
		return false
	}
	return slices.ContainsFunc(parent.diffs, func(d keyDiff) bool {
		return d.missing && d.want.covers(fk.refs) && r.isHeld(parent, d) == "" && !r.isTaken(parent, d.want)
	})
}

// dropForeignKeys drops the foreign keys of a table without rows that are another
// form of wanted ones.
func (r *migration) dropForeignKeys(t *target) error {
	if t.filled {
		return nil
	}
	for _, d := range t.foreignDiffs() {
		if !r.willCover(d.want) || slices.ContainsFunc(d.forms, d.want.clearsTenant) {
			continue
		}
		for _, form := range d.forms {
			err := r.send(t, "foreign key", form.name, "ALTER TABLE "+t.sql+" DROP CONSTRAINT "+r.quote(form.name))
			if err != nil {
				return err
			}
			t.has.foreign = slices.DeleteFunc(t.has.foreign, func(f *foreignKey) bool { return f == form })
		}
	}
	return nil
}

// addForeignKeys adds the foreign keys that are missing, and reports those whose
// rows were never checked.
func (r *migration) addForeignKeys() error {
	for _, t := range r.targets {
		if t.waiting || t.has == nil || t.want.partial {
			continue
		}
		for _, d := range t.foreignDiffs() {
			if err := r.addForeignKey(t, d); err != nil {
				return err
			}
		}
		for _, fk := range t.want.missing {
			if !t.hasForeign(fk) {
				r.leave(t, "foreign key", fk.name, "", "the table is observed and has no tenant column, which the key of "+
					fk.parent.Name+" contains: give it the column")
			}
		}
		for _, has := range t.has.foreign {
			if has.unchecked && slices.ContainsFunc(t.want.foreign, has.same) {
				r.leave(t, "foreign key", has.name, r.validateSQL(t, has), "its rows are not checked yet")
			}
		}
	}
	return nil
}

func (r *migration) validateSQL(t *target, fk *foreignKey) string {
	return "ALTER TABLE " + t.sql + " VALIDATE CONSTRAINT " + r.quote(fk.name)
}

func (r *migration) addForeignKey(t *target, d foreignDiff) error {
	add := "ALTER TABLE " + t.sql + " ADD " + r.foreignSQL(d.want)
	if reason := r.foreignObstacle(t, d); reason != "" {
		if r.sqlite {
			add = ""
		}
		r.leave(t, "foreign key", d.want.name, add, reason)
		return nil
	}
	if !t.filled {
		return r.linked(t, d.want, r.send(t, "foreign key", d.want.name, add))
	}
	if err := r.send(t, "foreign key", d.want.name, add+" NOT VALID"); err != nil {
		return err
	}
	err := r.attempt(func() error { return r.send(t, "foreign key", d.want.name, r.validateSQL(t, d.want)) })
	if stateOf(err) != stateForeign {
		return r.linked(t, d.want, err)
	}
	drop := "ALTER TABLE " + t.sql + " DROP CONSTRAINT " + r.quote(d.want.name)
	if err := r.send(t, "foreign key", d.want.name, drop); err != nil {
		return errors.Join(err)
	}
	r.Done = r.Done[:len(r.Done)-2]
	r.leave(t, "foreign key", d.want.name, add, "rows refer to rows that are not there, or are another tenant's")
	return nil
}

func (r *migration) linked(t *target, fk *foreignKey, err error) error {
	if err == nil {
		t.has.foreign = append(t.has.foreign, fk)
	}
	return err
}

// foreignObstacle says why a foreign key is not made here; empty when it is.
func (r *migration) foreignObstacle(t *target, d foreignDiff) string {
	parent := r.parent(d.want)
	switch {
	case slices.ContainsFunc(d.forms, d.want.clearsTenant):
		return "another form of it clears its columns, and this one would clear the tenant column: " +
			"say in the model's tag what it does, as constraint:OnDelete:CASCADE"
	case parent != nil && parent.has != nil && !parent.has.covers(d.want.refs) && parent.want.covers(d.want.refs):
		return "the key of " + parent.table() + " that it refers to is not there yet"
	case r.sqlite && !t.filled && t.unchanged != "":
		return t.unchanged
	case r.sqlite:
		return "SQLite cannot add it to a table with rows"
	case len(d.forms) > 0 && t.filled:
		return "the table has rows and has " + d.forms[0].describe() + " for it: " + r.remedy()
	case len(d.forms) > 0:
		return "the table still has " + d.forms[0].describe() + " for it"
	case t.filled && t.has.partitioned:
		return "the table is partitioned and has rows"
	}
	return ""
}
