package automigrate

import (
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// stateOf returns the SQLSTATE of an error, also of one that GORM translated or
// that SQLite returned.
func stateOf(err error) string {
	if err == nil {
		return ""
	}
	if state := sqlstate.Of(err); state != "" {
		return state
	}
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey), strings.Contains(err.Error(), "UNIQUE constraint failed"):
		return sqlstate.UniqueViolation
	case errors.Is(err, gorm.ErrForeignKeyViolated):
		return sqlstate.ForeignKeyViolation
	}
	return ""
}

// addKeys makes the keys that can be made on a table with rows while it is in
// use, and leaves the rest.
func (r *run) addKeys(t *target) error {
	if !t.isLive() {
		return nil
	}
	for _, d := range t.diffs {
		if reason := r.obstacle(t, d); reason != "" {
			r.markKeyPending(t, d, reason)
			continue
		}
		if err := r.addKey(t, d); err != nil {
			return err
		}
	}
	return nil
}

// obstacle returns why a key of a table with rows is not made here; empty if it
// is made.
func (r *run) obstacle(t *target, d keyDiff) string {
	if len(d.obsolete) > 0 {
		form := d.obsolete[0]
		switch {
		case form.invalid:
			return "an index of that name is invalid: its build failed or is under way"
		case !d.missing:
			return form.name + " still holds across tenants, in a table with rows"
		case form.isUnique() && d.want.isUnique():
			return "the table has rows and has " + form.describe() + " for it: " + r.remedy()
		}
		return "the table has rows and an index of that name that is " + form.describe()
	}
	switch {
	case d.want.kind == primaryKey:
		return "the table has rows and no primary key"
	case r.isTaken(t, d.want):
		return "another table has an index of that name"
	case t.has.partitioned && (t.filled || d.want.inTable()):
		return "the table is partitioned"
	case r.inTx && t.filled && t.want.scoped() && !r.sqlite:
		return "an index of a table with rows is built CONCURRENTLY, which no transaction can"
	}
	return ""
}

// remedy says how a key of a table with rows is replaced.
func (r *run) remedy() string {
	if r.sqlite {
		return "move the rows to a table that AutoMigrate makes"
	}
	return "PlanKeys plans the change"
}

// addKey makes an index or a unique constraint while the program runs.
func (r *run) addKey(t *target, d keyDiff) error {
	concurrently := !r.sqlite && !r.inTx && t.filled
	sql := r.indexSQL(t, d.want, concurrently)
	err := r.attempt(func() error { return r.send(t, d.want.kind.object(), d.want.name, sql) })
	if err != nil {
		if concurrently {
			drop := "DROP INDEX CONCURRENTLY IF EXISTS " + catalog.Name{Schema: t.name.Schema, Name: d.want.name}.String()
			err = errors.Join(err, r.exec.Exec(drop).Error)
		}
		if stateOf(err) != sqlstate.UniqueViolation {
			return err
		}
		r.markKeyPending(t, d, "rows of the table are equal in it")
		return nil
	}
	r.made(t, d.want)
	if d.want.kind != uniqueConstraint || r.sqlite {
		return nil
	}
	return r.send(t, d.want.kind.object(), d.want.name,
		"ALTER TABLE "+t.sql+" ADD CONSTRAINT "+r.quote(d.want.name)+" UNIQUE USING INDEX "+r.quote(d.want.name))
}

// attempt sends changes that existing rows may violate. In a transaction it
// rolls back to where it was if they do.
func (r *run) attempt(send func() error) error {
	if r.inTx {
		return r.together(send)
	}
	return send()
}
