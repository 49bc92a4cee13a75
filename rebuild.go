package tenancy

import (
	"fmt"
	"slices"
)

// changeSQLite changes keys on SQLite, which can neither drop nor add them: tables
// without rows are made anew, all of them together, since a table cannot be
// dropped while another one's foreign key does not fit it.
func (r *migration) changeSQLite(targets []*target) error {
	for _, t := range targets {
		if err := r.addKeys(t); err != nil {
			return err
		}
	}
	r.chooseRebuilds(targets)
	for _, t := range targets {
		if t.filled || r.rebuilds[t] {
			continue
		}
		if err := r.replaceIndexes(t); err != nil {
			return err
		}
	}
	if len(r.rebuilds) == 0 {
		return nil
	}
	return r.together(func() error { return r.rebuild(targets) })
}

// chooseRebuilds decides which tables are made anew. Whether one has to be, and
// whether it can, depends on the others: it begins with all and takes out what
// does not hold.
func (r *migration) chooseRebuilds(targets []*target) {
	r.rebuilds = map[*target]bool{}
	for _, t := range targets {
		if !t.filled && t.keepsTable() == "" {
			r.rebuilds[t] = true
		}
	}
	for done := false; !done; {
		done = true
		for t := range r.rebuilds {
			if !r.needsRebuild(t) || r.holder(t) != "" {
				delete(r.rebuilds, t)
				done = false
			}
		}
	}
}

// needsRebuild reports whether something has to change that CREATE TABLE makes.
func (r *migration) needsRebuild(t *target) bool {
	return slices.ContainsFunc(t.diffs, func(d keyDiff) bool { return t.isInTable(d) }) ||
		slices.ContainsFunc(t.foreignDiffs(), func(d foreignDiff) bool { return r.willCover(d.want) })
}

// isInTable reports whether CREATE TABLE makes what differs, and not CREATE INDEX.
func (t *target) isInTable(d keyDiff) bool {
	return d.missing && d.want.kind == primaryKey || slices.ContainsFunc(d.forms, func(form *tableIndex) bool {
		return t.has.texts[form.name] == ""
	})
}

// keepsTable says why a table cannot be made anew from its model; empty when it
// can.
func (t *target) keepsTable() string {
	switch {
	case t.has.triggers:
		return "the table has triggers, which making it anew would drop"
	case !containsAll(t.stmt.Schema.DBNames, t.has.columns):
		return "the table has columns that the model does not know, which making it anew would drop"
	}
	return ""
}

// holder names a table that stays and whose foreign key needs the key that is
// there; empty when there is none.
func (r *migration) holder(t *target) string {
	for _, other := range r.all {
		at := slices.IndexFunc(r.targets, func(c *target) bool { return c.has == other })
		if at >= 0 && r.rebuilds[r.targets[at]] {
			continue
		}
		for _, fk := range other.foreign {
			if fk.parent == t.name && !t.want.covers(fk.refs) {
				return other.name.String()
			}
		}
	}
	return ""
}

// replaceIndexes changes what can be changed of a table that is not made anew.
func (r *migration) replaceIndexes(t *target) error {
	for _, d := range t.diffs {
		if t.isInTable(d) {
			reason := t.keepsTable()
			if holder := r.holder(t); reason == "" && holder != "" {
				reason = "a foreign key of " + holder + " needs the key that is there"
			}
			r.leaveKey(t, d, reason)
			continue
		}
		for _, form := range d.forms {
			if err := r.send(t, form.kind.object(), form.name, "DROP INDEX "+r.quote(form.name)); err != nil {
				return err
			}
		}
		if !d.missing {
			continue
		}
		if err := r.createIndex(t, d.want); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes tables without rows anew, and those of their indexes that are not
// their models'.
func (r *migration) rebuild(targets []*target) error {
	for _, t := range targets {
		if !r.rebuilds[t] {
			continue
		}
		if err := r.send(t, "table", "", "DROP TABLE "+t.sql); err != nil {
			return err
		}
	}
	for _, t := range targets {
		if !r.rebuilds[t] {
			continue
		}
		keep := t.otherIndexes()
		if err := r.createTable(t); err != nil {
			return err
		}
		for _, sql := range keep {
			if err := r.send(t, "index", "", sql); err != nil {
				return err
			}
		}
	}
	return nil
}

// otherIndexes returns the statements of the indexes that the model knows nothing
// of.
func (t *target) otherIndexes() (texts []string) {
	for _, index := range t.has.indexes {
		text := t.has.texts[index.name]
		isForm := func(d keyDiff) bool { return slices.Contains(d.forms, index) }
		isNamed := func(want *tableIndex) bool { return want.name == index.name }
		if text != "" && !t.wants(index) && !slices.ContainsFunc(t.diffs, isForm) && !slices.ContainsFunc(t.want.indexes, isNamed) {
			texts = append(texts, text)
		}
	}
	return texts
}

// inlineForeign returns the foreign keys that CREATE TABLE makes on SQLite. One
// that does not fit the parent would make every write fail: what the table had for
// it stays then.
func (r *migration) inlineForeign(t *target) (keys []*foreignKey) {
	for _, want := range t.want.foreign {
		if r.willCover(want) {
			keys = append(keys, want)
			continue
		}
		if t.has == nil {
			continue
		}
		for _, has := range t.has.foreign {
			if has.isFormOf(want) && !slices.Contains(keys, has) {
				kept := *has
				kept.name, kept.parentSQL = want.name, want.parentSQL
				keys = append(keys, &kept)
			}
		}
	}
	return keys
}

// rebuildEmpty makes a table anew that must have no rows.
func (r *migration) rebuildEmpty(t *target) error {
	if err := r.countRows(t); err != nil {
		return err
	}
	reason := t.keepsTable()
	if t.filled {
		reason = "SQLite cannot change the foreign keys of a table with rows"
	}
	if reason != "" {
		return fmt.Errorf("tenancy: %s: %s", t.table(), reason)
	}
	r.rebuilds = map[*target]bool{t: true}
	return r.together(func() error { return r.rebuild([]*target{t}) })
}
