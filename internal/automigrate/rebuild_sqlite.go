package automigrate

import (
	"fmt"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// changeSQLite changes keys on SQLite, which can neither drop nor add them: tables
// without rows are rebuilt, all together, since a table cannot be dropped while a foreign
// key of another table does not fit it.
func (r *run) changeSQLite(targets []*target) error {
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

// chooseRebuilds decides which tables are rebuilt. Whether a table must be rebuilt, and
// whether it can be, depends on the others. So it begins with all tables and removes
// those that need not or cannot be rebuilt.
func (r *run) chooseRebuilds(targets []*target) {
	r.rebuilds = map[*target]bool{}
	for _, t := range targets {
		if !t.filled {
			r.rebuilds[t] = true
		}
	}
	for _, t := range targets {
		if !t.filled && r.needsRebuild(t) {
			if _, err := r.rebuiltSQL(t); err != nil {
				t.rebuildObstacle = "SQLite has to recreate such a table, and it would lose something: " + err.Error()
				delete(r.rebuilds, t)
			}
		}
	}
	for done := false; !done; {
		done = true
		for t := range r.rebuilds {
			if !r.needsRebuild(t) || r.blockingTable(t) != "" {
				delete(r.rebuilds, t)
				done = false
			}
		}
	}
}

// needsRebuild reports whether something must change that only CREATE TABLE can make.
func (r *run) needsRebuild(t *target) bool {
	return slices.ContainsFunc(t.diffs, func(d keyDiff) bool { return t.isInTable(d) }) ||
		slices.ContainsFunc(t.foreignDiffs(), func(d foreignDiff) bool { return r.willCover(d.want) })
}

// isInTable reports whether CREATE TABLE makes what differs, and not CREATE INDEX.
func (t *target) isInTable(d keyDiff) bool {
	return d.missing && d.want.kind == primaryKey || slices.ContainsFunc(d.obsolete, func(form *tableIndex) bool {
		return t.has.texts[form.name] == ""
	})
}

// blockingTable names a table whose foreign key needs a key that would be dropped; empty
// if there is none.
func (r *run) blockingTable(t *target) string {
	for _, other := range r.all {
		at := slices.IndexFunc(r.targets, func(c *target) bool { return c.has == other })
		var replaced []*foreignKey
		if at >= 0 && r.rebuilds[r.targets[at]] {
			for _, d := range r.foreignChanges(r.targets[at]) {
				replaced = append(replaced, d.obsolete...)
			}
		}
		for _, fk := range other.foreign {
			if fk.parent == t.name && !slices.Contains(replaced, fk) && !t.willHave(fk.refs) {
				return other.name.String()
			}
		}
	}
	return ""
}

// willHave reports whether columns are unique once the table's keys are changed.
func (t *target) willHave(columns []string) bool {
	return t.want.allowsForeignKey(columns) || slices.ContainsFunc(t.has.indexes, func(i *tableIndex) bool {
		isForm := func(d keyDiff) bool { return slices.Contains(d.obsolete, i) }
		return i.allowsForeignKey(columns) && !slices.ContainsFunc(t.diffs, isForm)
	})
}

// replaceIndexes makes the changes that are possible on a table that is not rebuilt.
func (r *run) replaceIndexes(t *target) error {
	for _, d := range t.diffs {
		if t.isInTable(d) {
			reason := t.rebuildObstacle
			if holder := r.blockingTable(t); reason == "" && holder != "" {
				reason = "a foreign key of " + holder + " needs the key that is there"
			}
			r.markKeyPending(t, d, reason)
			continue
		}
		for _, form := range d.obsolete {
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

// rebuild makes tables without rows again, with everything that they have and that is not
// replaced.
func (r *run) rebuild(targets []*target) error {
	texts := map[*target]string{}
	for _, t := range targets {
		if !r.rebuilds[t] {
			continue
		}
		text, err := r.rebuiltSQL(t)
		if err != nil {
			return fmt.Errorf("tenancy: %s: %w", t.table(), err)
		}
		texts[t] = text
	}
	sequences, err := r.sequences()
	if err != nil {
		return err
	}
	for _, t := range targets {
		if r.rebuilds[t] {
			if err := r.send(t, "table", "", "DROP TABLE "+t.sql); err != nil {
				return err
			}
		}
	}
	for _, t := range targets {
		if !r.rebuilds[t] {
			continue
		}
		if err := r.makeAnew(t, texts[t]); err != nil {
			return err
		}
		if last := sequences[t.name]; last > 0 { // ids are not given again
			err := r.exec.Exec("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", t.stmt.Table, last).Error
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// makeAnew makes a dropped table again, with its indexes and triggers.
func (r *run) makeAnew(t *target, text string) error {
	had := t.has
	if err := r.send(t, "table", "", text); err != nil {
		return err
	}
	t.isNew, t.counted = true, true
	t.has = &tableKeys{name: had.name, columns: had.columns, nullable: had.nullable, texts: map[string]string{}}
	t.has.indexes = slices.DeleteFunc(slices.Clone(had.indexes), func(i *tableIndex) bool {
		return slices.ContainsFunc(t.diffs, func(d keyDiff) bool { return slices.Contains(d.obsolete, i) })
	})
	t.has.foreign = slices.Clone(had.foreign)
	for _, index := range t.has.indexes {
		if text := had.texts[index.name]; text != "" {
			if err := r.send(t, index.kind.object(), index.name, text); err != nil {
				return err
			}
		}
	}
	for _, d := range t.diffs {
		switch {
		case !d.missing:
		case d.want.inTable():
			t.has.indexes = append(t.has.indexes, d.want)
		default:
			if err := r.createIndex(t, d.want); err != nil {
				return err
			}
		}
	}
	for _, trigger := range had.triggers {
		if err := r.send(t, "trigger", "", trigger); err != nil {
			return err
		}
	}
	for _, d := range t.rebuilt {
		t.has.foreign = slices.DeleteFunc(t.has.foreign, func(f *foreignKey) bool { return slices.Contains(d.obsolete, f) })
		t.has.foreign = append(t.has.foreign, d.want)
	}
	return nil
}

// sequences returns the last ids that AUTOINCREMENT gave, by table.
func (r *run) sequences() (map[catalog.Name]int64, error) {
	last := map[catalog.Name]int64{}
	there := false
	err := sqlrows.Each(r.ctx, r.pool, func(sqlrows.Row) error { there = true; return nil },
		"SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
	if err != nil || !there {
		return last, err
	}
	return last, sqlrows.Each(r.ctx, r.pool, func(rows sqlrows.Row) error {
		var name string
		var seq int64
		err := rows.Scan(&name, &seq)
		last[sqliteName(name)] = seq
		return err
	}, "SELECT name, seq FROM sqlite_sequence")
}

// rebuildEmpty rebuilds a table that must have no rows.
func (r *run) rebuildEmpty(t *target) error {
	if err := r.countRows(t); err != nil {
		return err
	}
	if t.filled {
		return fmt.Errorf("tenancy: %s: SQLite cannot change the foreign keys of a table with rows", t.table())
	}
	r.rebuilds = map[*target]bool{t: true}
	return r.together(func() error { return r.rebuild([]*target{t}) })
}
