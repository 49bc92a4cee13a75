package tenancy

import (
	"fmt"
	"slices"
	"sync"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// fit says whether a conflict target means a key.
type fit uint8

const (
	fitNo fit = iota
	fitMaybe
	fitYes
)

// targetFit says which keys of a table a conflict target means. Whichever is taken, no
// other tenant's row is touched: a target with the tenant column meets the tenant's own
// rows alone, and one without is guarded. It is about the answer being right.
type targetFit struct {
	target  *sqltext.Index
	columns []string   // of the target
	own     fit        // a key with the tenant column
	bare    fit        // one without
	ownKey  *uniqueKey // these
	bareKey *uniqueKey
	inside  bool // the target has the tenant column itself
}

// targets are the fits of the targets that were met, by their text.
type targets struct {
	mu    sync.RWMutex
	known map[string]*targetFit
}

// maxTargets bounds how many targets are kept for a table, and maxTarget how long they are.
const maxTargets, maxTarget = 256, 1 << 10

func (c *targets) find(text string) *targetFit {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[text]
}

func (c *targets) keep(text string, f *targetFit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(text) > maxTarget || len(c.known) >= maxTargets {
		return
	}
	if c.known == nil {
		c.known = map[string]*targetFit{}
	}
	c.known[text] = f
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
		f := keys.targets.find(text)
		if f == nil {
			target, _ := sqltext.ReadIndex(text, ex.plugin.dialect, bareName(t.name))
			f = keys.fit(&target, tenant)
			keys.targets.keep(text, f)
		}
		if f.inside || f.own != fitNo || f.bare != fitNo {
			return f, nil
		}
	}
	if known := t.keys.Load(); known != nil {
		if f := known.targets.find(text); f != nil {
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
	keys.targets.keep(text, f)
	return f, nil
}

// fit compares a target with the keys as they are spelled.
func (k *uniqueKeys) fit(target *sqltext.Index, tenant string) *targetFit {
	f := &targetFit{target: target, inside: target.Column(tenant)}
	for i := range target.Parts {
		if column := target.Parts[i].Column; column != "" {
			f.columns = append(f.columns, column)
		}
	}
	for i := range k.keys {
		key := &k.keys[i]
		if own := key.fit(target, tenant); own > f.own {
			f.own, f.ownKey = own, key
		}
		if bare := key.fit(target, ""); bare > f.bare {
			f.bare, f.bareKey = bare, key
		}
	}
	return f
}

// fit reports whether a target, with one more column unless that is empty, means the
// key. As in the database a part without a collation and an operator class means one
// with any.
func (k *uniqueKey) fit(target *sqltext.Index, added string) fit {
	if !k.hasShape(target, added) {
		return fitNo
	}
	result := fitYes
	for i := range target.Parts {
		result = min(result, k.fitPart(&target.Parts[i]))
	}
	for i := range k.index.Parts {
		p := &k.index.Parts[i]
		if p.Column == "" && !slices.ContainsFunc(target.Parts, func(t sqltext.IndexPart) bool { return t.Column == "" && t.Spelling == p.Spelling }) {
			return fitNo
		}
	}
	switch {
	case k.index.Where == "" || k.index.Spelling == target.Spelling:
		return result
	case target.Where == "":
		return fitNo
	}
	return min(result, fitMaybe) // what the target says may imply it
}

func (k *uniqueKey) fitPart(target *sqltext.IndexPart) fit {
	result := fitNo
	for i := range k.index.Parts {
		p := &k.index.Parts[i]
		if p.Column != target.Column || p.Spelling != target.Spelling {
			continue
		}
		result = max(result, min(fitSuffix(target.Collation, p.Collation), fitSuffix(target.Class, p.Class)))
	}
	return result
}

// fitSuffix compares a collation or an operator class with a key's, which is empty
// where it is the default.
func fitSuffix(target, key string) fit {
	switch {
	case target == "" || target == key:
		return fitYes
	case key == "":
		return fitMaybe
	}
	return fitNo
}

// hasShape reports whether the key has the target's columns, and one more unless that is
// empty, and as many expressions.
func (k *uniqueKey) hasShape(target *sqltext.Index, added string) bool {
	columns, expressions := 0, 0
	for i := range k.index.Parts {
		column := k.index.Parts[i].Column
		switch {
		case column == "":
			expressions++
			continue
		case column == added && k.index.Parts[i].Collation != "":
			return false // it may take two tenants for one
		case column == added:
		case !slices.ContainsFunc(target.Parts, func(t sqltext.IndexPart) bool { return t.Column == column }):
			return false
		}
		columns++
	}
	if added != "" {
		columns--
	}
	for i := range target.Parts {
		column := target.Parts[i].Column
		switch {
		case column == "":
			expressions--
		case !slices.ContainsFunc(target.Parts[:i], func(t sqltext.IndexPart) bool { return t.Column == column }):
			columns--
		}
	}
	return columns == 0 && expressions == 0 && len(target.Parts) > 0
}

// isUnsure reports whether other spellings of the keys could change what a target means.
func (k *uniqueKeys) isUnsure(target *sqltext.Index, tenant string, f *targetFit) bool {
	if f.inside {
		return false
	}
	for i := range k.keys {
		key := &k.keys[i]
		for _, added := range []string{tenant, ""} {
			if key.hasShape(target, added) && key.fit(target, added) != fitYes &&
				(len(key.columns) < len(key.index.Parts) || key.index.Where != "" && target.Where != "") {
				return true
			}
		}
	}
	return false
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
	kept := f.bareKey.primary || ex.plugin.dialect == sqltext.SQLite || ex.keepsBare(t, f)
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

// keepsBare reports whether a model wants the key without the tenant.
func (ex *execution) keepsBare(t *table, f *targetFit) bool {
	keys, err := ex.plugin.tables.modelledKeys(t)
	return err == nil && keys.fit(f.target, foldColumn(ex.plugin.dialect, t.column)).bare == fitYes
}
