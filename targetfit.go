package tenancy

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

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
