package tenancy

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// askFit lets the database say what a target means where the spelling does not: once
// for each target, and without a row.
func (ex *execution) askFit(stmt *gorm.Statement, t *table, target *sqltext.Index, keys *uniqueKeys) (*targetFit, error) {
	if ex.plugin.dialect == sqltext.SQLite {
		return ex.askSQLite(stmt, t, target, keys), nil
	}
	return ex.askPostgres(stmt, t, target, keys)
}

// askPostgres compares a target with the keys in PostgreSQL's own spelling: it writes
// an expression back in one way, whoever wrote it. The row type stands in for the
// table, which may be spread over other servers.
func (ex *execution) askPostgres(stmt *gorm.Statement, t *table, target *sqltext.Index, keys *uniqueKeys) (*targetFit, error) {
	asked := *target
	asked.Parts = slices.Clone(target.Parts)
	near := &uniqueKeys{}
	for i := range keys.keys {
		key := keys.keys[i]
		if key.hasShape(target, t.column) || key.hasShape(target, "") {
			key.index.Parts = slices.Clone(key.index.Parts)
			near.keys = append(near.keys, key)
		}
	}
	var list []string
	var spellings []*string
	add := func(x *sqltext.Index) {
		for i := range x.Parts {
			if p := &x.Parts[i]; p.Column == "" {
				list, spellings = append(list, "("+p.Text+")"), append(spellings, &p.Spelling)
			}
		}
		if x.Where != "" && !x.Params {
			list, spellings = append(list, "("+x.Where+")"), append(spellings, &x.Spelling)
		}
	}
	add(&asked)
	for i := range near.keys {
		add(&near.keys[i].index)
	}
	name := stmt.Quote(t.name)
	output, err := sqlrows.Printed(stmt.Context, poolOf(stmt), "SELECT "+strings.Join(list, ", ")+
		" FROM pg_catalog.jsonb_populate_recordset(NULL::"+name+", '[]') AS "+t.qualifier)
	if err != nil {
		return nil, err
	}
	if len(output) == len(spellings) {
		for i, spelling := range spellings {
			*spelling = output[i]
		}
	}
	f := near.fit(&asked, t.column)
	f.target = target // in the author's spelling, which is the models'
	return f, nil
}

// askSQLite prepares an INSERT with the target, which fails where no key is meant.
func (ex *execution) askSQLite(stmt *gorm.Statement, t *table, target *sqltext.Index, keys *uniqueKeys) *targetFit {
	tenant := foldColumn(ex.plugin.dialect, t.column)
	f := keys.fit(target, tenant)
	if target.Params {
		f.own, f.bare = fitNo, fitNo // a value is no part of an index
		return f
	}
	f.own, f.ownKey = ex.inferSQLite(stmt, t, target, keys, f.ownKey, tenant)
	f.bare, f.bareKey = ex.inferSQLite(stmt, t, target, keys, f.bareKey, "")
	return f
}

func (ex *execution) inferSQLite(stmt *gorm.Statement, t *table, target *sqltext.Index, keys *uniqueKeys, best *uniqueKey, added string) (fit, *uniqueKey) {
	for i := range keys.keys {
		if best == nil && keys.keys[i].hasShape(target, added) {
			best = &keys.keys[i]
		}
	}
	if added != "" {
		added = t.quoted + ","
	}
	if best == nil || !ex.isInferred(stmt, t, target, added) {
		return fitNo, nil
	}
	return fitYes, best
}

func (ex *execution) isInferred(stmt *gorm.Statement, t *table, target *sqltext.Index, added string) bool {
	parts := make([]string, len(target.Parts))
	for i, p := range target.Parts {
		if parts[i] = "(" + p.Text + "\n)"; p.Column != "" {
			parts[i] = stmt.Quote(p.Column)
		}
		if p.Collation != "" {
			parts[i] += " COLLATE " + stmt.Quote(p.Collation)
		}
	}
	query := "EXPLAIN INSERT INTO " + stmt.Quote(t.name) + " (" + t.quoted + ") SELECT NULL WHERE 1 = 0 ON CONFLICT (" + added +
		strings.Join(parts, ",") + ")"
	if target.Where != "" {
		query += " WHERE " + target.Where
	}
	ignore := func(sqlrows.Row) error { return nil }
	return sqlrows.Each(stmt.Context, poolOf(stmt), ignore, query+" DO NOTHING") == nil
}

// fitTarget finds what a target means, which is text: (lower(email)) WHERE active.
// ask says that the text may be shown to the database.
func (ex *execution) fitTarget(stmt *gorm.Statement, t *table, text string, ask bool) (*targetFit, error) {
	tenant := foldColumn(ex.plugin.dialect, t.column)
	if ex.plugin.config.Keys == KeysFromModels {
		keys, err := ex.plugin.tables.modelledKeys(t)
		if err != nil {
			return nil, err
		}
		f := keys.targets.lookup(text)
		if f == nil {
			target, _ := sqltext.ReadIndex(text, ex.plugin.dialect, bareName(t.name))
			f = keys.fit(&target, tenant)
			keys.targets.remember(text, f)
		}
		if f.inside || f.own != fitNo || f.bare != fitNo {
			return f, nil
		}
	}
	if known := t.keys.Load(); known != nil {
		if f := known.targets.lookup(text); f != nil {
			return f, nil
		}
	}
	target, _ := sqltext.ReadIndex(text, ex.plugin.dialect, bareName(t.name))
	f := (&uniqueKeys{}).fit(&target, tenant)
	if f.inside {
		return f, nil
	}
	keys := ex.keysInDatabase(stmt, t)
	f = keys.fit(&target, tenant)
	if keys.isUnsure(&target, tenant, f) {
		if !ask || poolOf(stmt) == nil {
			return f, nil // and another time it may be
		}
		var err error
		if f, err = ex.askFit(stmt, t, &target, keys); err != nil {
			return nil, err
		}
	}
	keys.targets.remember(text, f)
	return f, nil
}

// widens reports whether a target is given the tenant column. Where there is a key with
// it and one without, the latter is about to be dropped, unless it is the primary key or
// the model keeps it.
func (ex *execution) widens(t *table, f *targetFit) (bool, error) {
	switch {
	case f.inside || f.own == fitNo:
		return false, nil
	case f.bare == fitNo, t.kind == KindMixed:
		return true, nil
	}
	same := f.ownKey.index.Spelling == f.bareKey.index.Spelling
	kept := f.bareKey.primary || ex.plugin.dialect == sqltext.SQLite || ex.modelsWantBare(t, f)
	switch {
	case f.own == fitYes && f.bare == fitYes, same:
		return !kept, nil
	case f.bare == fitYes:
		return false, nil
	case f.own == fitYes && !kept:
		return true, nil
	}
	return false, ex.errorOn(t.name, ErrUnscopedSQL, fmt.Sprintf("the conflict's target may mean the index %s, which has the "+
		"tenant column, or %s, which has not: name the tenant column in the target, or write its condition as the index has it",
		f.ownKey.name, f.bareKey.name))
}

// modelsWantBare reports whether a model wants the key without the tenant.
func (ex *execution) modelsWantBare(t *table, f *targetFit) bool {
	keys, err := ex.plugin.tables.modelledKeys(t)
	return err == nil && keys.fit(f.target, foldColumn(ex.plugin.dialect, t.column)).bare == fitYes
}

// widensTarget implements targetWidener.
func (ex *execution) widensTarget(stmt *gorm.Statement, schema, name, target string) (bool, error) {
	t := ex.plugin.tables.byName(schema, name)
	if !t.isScoped() || t.kind == KindLinked {
		return false, nil
	}
	f, err := ex.fitTarget(stmt, t, target, true)
	if err != nil {
		return false, err
	}
	return ex.widens(t, f)
}
