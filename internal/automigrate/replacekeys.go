package automigrate

import (
	"encoding/json"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// changeKeys changes the keys and indexes of existing tables to the wanted ones. Foreign
// keys that block a change are dropped here, and added at the end.
func (r *run) changeKeys() error {
	var differing []*target
	for _, t := range r.targets {
		if t.has == nil || t.want.partial || t.waiting {
			continue
		}
		if err := r.normalizeExpressions(t); err != nil {
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

// dependent is a foreign key that needs a key of a table.
type dependent struct {
	table catalog.Name
	name  string
}

// readDependents reads which foreign keys need the keys that are to be dropped.
func (r *run) readDependents(targets []*target) error {
	ids := []uint32{}
	for _, t := range targets {
		if !t.filled && slices.ContainsFunc(t.diffs, func(d keyDiff) bool { return len(d.obsolete) > 0 }) {
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
	return sqlrows.Each(r.ctx, r.pool, func(rows sqlrows.Row) error {
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

// blockingForeignKey names a foreign key that needs a key and will not be dropped, because
// its own table has rows or is not migrated here; empty if there is none.
func (r *run) blockingForeignKey(t *target, d keyDiff) string {
	for _, form := range d.obsolete {
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
func (r *run) replaceKeys(t *target) error {
	if t.isLive() {
		return nil
	}
	var diffs []keyDiff
	for _, d := range t.diffs {
		switch holder := r.blockingForeignKey(t, d); {
		case holder != "":
			r.markKeyPending(t, d, "the foreign key "+holder+" needs the key that is there")
		case d.missing && r.isTaken(t, d.want):
			r.markKeyPending(t, d, "another table has an index of that name")
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
	case stateOf(err) == sqlstate.DependentObjectsStillExist:
		for _, d := range diffs {
			r.markKeyPending(t, d, "something else needs the key that is there")
		}
		return nil
	default:
		return err
	}
	for _, d := range diffs {
		t.has.indexes = slices.DeleteFunc(t.has.indexes, func(i *tableIndex) bool { return slices.Contains(d.obsolete, i) })
		if d.missing {
			r.made(t, d.want)
		}
	}
	return nil
}

// replace sends the statements that replace keys.
func (r *run) replace(t *target, diffs []keyDiff) error {
	for _, d := range diffs {
		for _, form := range d.obsolete {
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
func (r *run) replaceSQL(t *target, d keyDiff) string {
	var actions []string
	for _, form := range d.obsolete {
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

// together sends changes in one transaction, or within a savepoint.
func (r *run) together(send func() error) error {
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

func (r *run) markKeyPending(t *target, d keyDiff, reason string) {
	var sql []string
	if !r.sqlite {
		for _, form := range d.obsolete {
			if !form.inTable() {
				sql = append(sql, dropIndexSQL(t, form))
			}
		}
		if replace := r.replaceSQL(t, d); replace != "" {
			sql = append(sql, replace)
		}
	}
	r.markPending(t, d.want.kind.object(), d.want.name, strings.Join(sql, "; "), reason)
}

func dropIndexSQL(t *target, index *tableIndex) string {
	return "DROP INDEX " + catalog.Name{Schema: t.name.Schema, Name: index.name}.String()
}
