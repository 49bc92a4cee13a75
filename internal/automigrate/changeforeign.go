package automigrate

import (
	"errors"
	"slices"

	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// dropForeignKeys drops, on a table without rows, the foreign keys that are
// another form of wanted ones.
func (r *run) dropForeignKeys(t *target) error {
	if t.filled {
		return nil
	}
	for _, d := range t.foreignDiffs() {
		if !r.willCover(d.want) || slices.ContainsFunc(d.obsolete, d.want.clearsTenant) {
			continue
		}
		for _, form := range d.obsolete {
			err := r.send(t, "foreign key", form.name, "ALTER TABLE "+t.sql+" DROP CONSTRAINT "+r.quote(form.name))
			if err != nil {
				return err
			}
			t.has.foreign = slices.DeleteFunc(t.has.foreign, func(f *foreignKey) bool { return f == form })
		}
	}
	return nil
}

// addForeignKeys adds the missing foreign keys, and reports those that were
// never validated.
func (r *run) addForeignKeys() error {
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
				r.markPending(t, "foreign key", fk.name, "", "the table is observed and has no tenant column, which the key of "+
					fk.parent.Name+" contains: give it the column")
			}
		}
		for _, has := range t.has.foreign {
			if has.unchecked && slices.ContainsFunc(t.want.foreign, has.same) {
				r.markPending(t, "foreign key", has.name, r.validateSQL(t, has), "its rows are not checked yet")
			}
		}
	}
	return nil
}

func (r *run) validateSQL(t *target, fk *foreignKey) string {
	return "ALTER TABLE " + t.sql + " VALIDATE CONSTRAINT " + r.quote(fk.name)
}

func (r *run) addForeignKey(t *target, d foreignDiff) error {
	add := "ALTER TABLE " + t.sql + " ADD " + r.foreignSQL(d.want)
	if reason := r.foreignObstacle(t, d); reason != "" {
		if r.sqlite {
			add = ""
		}
		r.markPending(t, "foreign key", d.want.name, add, reason)
		return nil
	}
	if !t.filled {
		return r.noteForeign(t, d.want, r.send(t, "foreign key", d.want.name, add))
	}
	done := len(r.Done)
	if err := r.send(t, "foreign key", d.want.name, add+" NOT VALID"); err != nil {
		return err
	}
	err := r.attempt(func() error { return r.send(t, "foreign key", d.want.name, r.validateSQL(t, d.want)) })
	if stateOf(err) != sqlstate.ForeignKeyViolation {
		return r.noteForeign(t, d.want, err)
	}
	drop := "ALTER TABLE " + t.sql + " DROP CONSTRAINT " + r.quote(d.want.name)
	if err := r.send(t, "foreign key", d.want.name, drop); err != nil {
		return errors.Join(err)
	}
	r.Done = r.Done[:done]
	r.markPending(t, "foreign key", d.want.name, add, "rows refer to rows that are not there, or are another tenant's")
	return nil
}

func (r *run) noteForeign(t *target, fk *foreignKey, err error) error {
	if err == nil {
		t.has.foreign = append(t.has.foreign, fk)
	}
	return err
}

// foreignObstacle returns why a foreign key is not made here; empty if it is
// made.
func (r *run) foreignObstacle(t *target, d foreignDiff) string {
	parent := r.parent(d.want)
	switch {
	case slices.ContainsFunc(d.obsolete, d.want.clearsTenant):
		return "another form of it clears its columns, and this one would clear the tenant column: " +
			"say in the model's tag what it does, as constraint:OnDelete:CASCADE"
	case parent != nil && parent.has != nil && !parent.has.allowsForeignKey(d.want.refs) && parent.want.allowsForeignKey(d.want.refs):
		return "the key of " + parent.table() + " that it refers to is not there yet"
	case r.sqlite && !t.filled && t.rebuildObstacle != "":
		return t.rebuildObstacle
	case r.sqlite:
		return "SQLite cannot add it to a table with rows"
	case len(d.obsolete) > 0 && t.filled:
		return "the table has rows and has " + d.obsolete[0].describe() + " for it: " + r.remedy()
	case len(d.obsolete) > 0:
		return "the table still has " + d.obsolete[0].describe() + " for it"
	case t.filled && t.has.partitioned:
		return "the table is partitioned and has rows"
	}
	return ""
}
