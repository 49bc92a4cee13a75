package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// migrateColumns has GORM bring the columns and checks of the tables that are
// there up to date.
func (r *migration) migrateColumns() error {
	var values []any
	for _, t := range r.targets {
		if t.has != nil {
			values = append(values, t.value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	db := r.migrator.db.WithContext(context.WithValue(r.ctx, migrationKey{}, r))
	return db.Migrator().(migrator).Migrator.AutoMigrate(values...)
}

// addHidden adds the tenant columns of join tables that are observed.
func (r *migration) addHidden() error {
	for _, t := range r.targets {
		if t.has == nil || t.want.hidden == nil || slices.Contains(t.has.columns, t.want.column) {
			continue
		}
		if err := r.send(t, "column", t.want.column, "ALTER TABLE "+t.sql+" ADD "+r.hiddenColumn(t)); err != nil {
			return err
		}
		r.changed = true
	}
	return nil
}

// holdsColumn keeps back the tenant column of a table with rows, which need to be
// given their tenants first.
func (r *migration) holdsColumn(value any, name string) (bool, error) {
	t := r.find(value)
	if t == nil || t.want.tenant != name {
		return false, nil
	}
	if err := r.countRows(t); err != nil || !t.filled {
		return false, err
	}
	t.waiting = true
	sql := "ALTER TABLE " + t.sql + " ADD " + r.quote(name) + " " +
		r.migrator.FullDataTypeOf(t.stmt.Schema.FieldsByDBName[name]).SQL
	r.leave(t, "column", name, sql, "the rows that are there need their tenants first; the table's keys follow it")
	return true, nil
}

func (r *migration) changedColumn(value any, name string) {
	r.changed = true
	if t := r.find(value); t != nil {
		r.note(t, "column", name, "")
	}
}

// keeps reports whether the indexes and uniques of a model's table are changed
// here, and not by GORM: those of tenants' tables are.
func (r *migration) keeps(value any) bool {
	t := r.find(value)
	return t == nil || t.want.tenant != "" || t.want.partial
}

// keepsConstraint reports the same of a constraint: foreign keys come last, and
// checks are left to GORM.
func (r *migration) keepsConstraint(value any, name string) bool {
	t := r.find(value)
	if t == nil {
		return true
	}
	if _, isCheck := t.stmt.Schema.ParseCheckConstraints()[name]; isCheck {
		return false
	}
	return t.want.tenant != "" || t.want.partial || constraintOf(t.stmt.Schema, name) != nil
}

// hasNamed reports whether a model's table has an index of a name. It may contain
// the tenant where the table was enforced before.
func (r *migration) hasNamed(value any, name string) bool {
	t := r.find(value)
	return t != nil && t.has != nil && t.has.named(postgresName(name)) && slices.ContainsFunc(t.has.indexes, func(i *tableIndex) bool {
		return i.name == postgresName(name) && slices.ContainsFunc(i.parts, func(p indexPart) bool { return p.column == t.want.column })
	})
}

// find returns the target of a model's value, or of one of the same table: GORM has
// a type for each side of a join table.
func (r *migration) find(value any) *target {
	name := r.migrator.table(value)
	at := slices.IndexFunc(r.targets, func(t *target) bool { return t.stmt.Table == name })
	if at < 0 {
		return nil
	}
	return r.targets[at]
}

// countRows finds out which of the tables have rows, in one query.
func (r *migration) countRows(targets ...*target) error {
	var query []string
	for i, t := range targets {
		if t.counted || t.has == nil {
			continue
		}
		t.counted, t.filled = true, t.has.hidden
		query = append(query, fmt.Sprintf("SELECT %d, EXISTS (SELECT 1 FROM %s)", i, t.sql))
	}
	if len(query) == 0 {
		return nil
	}
	return eachRow(r.ctx, r.pool, func(rows rowScanner) error {
		var at int
		var filled bool
		err := rows.Scan(&at, &filled)
		targets[at].filled = targets[at].filled || filled
		return err
	}, strings.Join(query, " UNION ALL "))
}

// keyDiff is a key that a model wants and what its table has for it.
type keyDiff struct {
	want    *tableIndex
	missing bool
	forms   []*tableIndex // other forms of it, to be dropped
}

// keyDiffs compares the keys and indexes of a tenant's table. Where the model's
// are as they stand, as a root's, what has the name will do, as with GORM.
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
			all[at].forms = append(all[at].forms, has)
		}
	}
	for _, diff := range all {
		isOurs := t.want.scoped() || diff.want.kind != primaryKey && len(diff.forms) == 0
		if isOurs && (diff.missing || len(diff.forms) > 0) {
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

// agree has the database spell the expressions of a table's indexes.
func (r *migration) agree(t *target) error {
	if r.sqlite || !containsAll(t.has.columns, t.stmt.Schema.DBNames) {
		return nil
	}
	if err := agree(r.ctx, r.pool, t.sql, t.want.indexes, t.has.indexes); err != nil {
		return fmt.Errorf("tenancy: compare the indexes of %s: %w", t.table(), err)
	}
	return nil
}

// changeKeys brings the keys and indexes of the tables that are there to what is
// wanted. Foreign keys that stand in the way are dropped here, and added at the
// end.
func (r *migration) changeKeys() error {
	var differing []*target
	for _, t := range r.targets {
		if t.has == nil || t.want.partial || t.waiting {
			continue
		}
		if err := r.agree(t); err != nil {
			return err
		}
		t.diffs = t.keyDiffs()
		if len(t.diffs) > 0 || len(t.foreignDiffs()) > 0 {
			differing = append(differing, t)
		}
	}
	if err := r.countRows(differing...); err != nil {
		return err
	}
	if r.sqlite {
		return r.changeSQLite(differing)
	}
	if err := r.readDependents(differing); err != nil {
		return err
	}
	for _, change := range []func(*target) error{r.addKeys, r.dropForeignKeys, r.replaceKeys} {
		for _, t := range differing {
			if err := change(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// isLive reports whether a table's keys are only changed beside the running
// program.
func (t *target) isLive() bool { return t.filled || t.has.partitioned }

// dependent is a foreign key that needs a key of a table.
type dependent struct {
	table catalog.Name
	name  string
}

// readDependents reads which foreign keys need the keys that are to be dropped.
func (r *migration) readDependents(targets []*target) error {
	ids := []uint32{}
	for _, t := range targets {
		if !t.filled && slices.ContainsFunc(t.diffs, func(d keyDiff) bool { return len(d.forms) > 0 }) {
			ids = append(ids, t.has.oid)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return eachRow(r.ctx, r.pool, func(rows rowScanner) error {
		var child, parent catalog.Name
		var name, index string
		if err := rows.Scan(&child.Schema, &child.Name, &name, &parent.Schema, &parent.Name, &index); err != nil {
			return err
		}
		at := slices.IndexFunc(targets, func(t *target) bool { return t.name == parent })
		if at >= 0 {
			if targets[at].needed == nil {
				targets[at].needed = map[string][]dependent{}
			}
			targets[at].needed[index] = append(targets[at].needed[index], dependent{child, name})
		}
		return nil
	}, postgresDependents, string(text))
}

// isHeld names a foreign key that needs a key and will not be dropped, because
// its own table has rows or is not migrated here; empty when there is none.
func (r *migration) isHeld(t *target, d keyDiff) string {
	for _, form := range d.forms {
		for _, dep := range t.needed[form.name] {
			at := slices.IndexFunc(r.targets, func(c *target) bool { return c.name == dep.table })
			if at < 0 || r.targets[at].keeps(dep.name) {
				return dep.name + " of " + dep.table.String()
			}
		}
	}
	return ""
}

// replaceKeys changes the keys of a table without rows, all of them or none.
func (r *migration) replaceKeys(t *target) error {
	if t.isLive() {
		return nil
	}
	var diffs []keyDiff
	for _, d := range t.diffs {
		switch holder := r.isHeld(t, d); {
		case holder != "":
			r.leaveKey(t, d, "the foreign key "+holder+" needs the key that is there")
		case d.missing && r.isTaken(t, d.want):
			r.leaveKey(t, d, "another table has an index of that name")
		default:
			diffs = append(diffs, d)
		}
	}
	if len(diffs) == 0 {
		return nil
	}
	err := r.together(func() error { return r.replace(t, diffs) })
	switch {
	case err == nil:
	case stateOf(err) == stateDependent:
		for _, d := range diffs {
			r.leaveKey(t, d, "something else needs the key that is there")
		}
		return nil
	default:
		return err
	}
	for _, d := range diffs {
		t.has.indexes = slices.DeleteFunc(t.has.indexes, func(i *tableIndex) bool { return slices.Contains(d.forms, i) })
		if d.missing {
			r.made(t, d.want)
		}
	}
	return nil
}

// replace sends what replaces keys.
func (r *migration) replace(t *target, diffs []keyDiff) error {
	for _, d := range diffs {
		for _, form := range d.forms {
			if form.inTable() {
				continue
			}
			if err := r.send(t, form.kind.object(), form.name, dropIndexSQL(t, form)); err != nil {
				return err
			}
		}
	}
	for _, d := range diffs {
		sql := r.replaceSQL(t, d)
		if sql == "" {
			continue
		}
		if err := r.send(t, d.want.kind.object(), d.want.name, sql); err != nil {
			return err
		}
	}
	return nil
}

// replaceSQL makes a key that is missing and drops the constraints that are other
// forms of it.
func (r *migration) replaceSQL(t *target, d keyDiff) string {
	var actions []string
	for _, form := range d.forms {
		if form.inTable() {
			actions = append(actions, "DROP CONSTRAINT "+r.quote(form.name))
		}
	}
	if d.missing && d.want.inTable() {
		actions = append(actions, "ADD "+r.keySQL(d.want))
	}
	switch {
	case len(actions) > 0:
		return "ALTER TABLE " + t.sql + " " + strings.Join(actions, ", ")
	case d.missing:
		return r.indexSQL(t, d.want, false)
	default:
		return ""
	}
}

// together sends changes in one transaction, or behind a savepoint.
func (r *migration) together(send func() error) error {
	outer, done := r.exec, len(r.Done)
	defer func() { r.exec = outer }()
	err := outer.Transaction(func(tx *gorm.DB) error {
		r.exec = tx
		return send()
	})
	if err != nil {
		r.Done = r.Done[:done]
	}
	return err
}

func (r *migration) leaveKey(t *target, d keyDiff, reason string) {
	var sql []string
	if !r.sqlite {
		for _, form := range d.forms {
			if !form.inTable() {
				sql = append(sql, dropIndexSQL(t, form))
			}
		}
		if replace := r.replaceSQL(t, d); replace != "" {
			sql = append(sql, replace)
		}
	}
	r.leave(t, d.want.kind.object(), d.want.name, strings.Join(sql, "; "), reason)
}

func dropIndexSQL(t *target, index *tableIndex) string {
	return "DROP INDEX " + catalog.Name{Schema: t.name.Schema, Name: index.name}.String()
}
