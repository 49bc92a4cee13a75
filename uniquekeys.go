package tenancy

import (
	"slices"
	"strings"
	"sync"

	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// uniqueKeys are a table's unique keys by name, read once a table.
type uniqueKeys struct {
	keys    []uniqueKey
	targets targets
}

type uniqueKey struct {
	name    string
	columns []string // those of its parts that are columns
	index   sqltext.Index
	primary bool
}

// isPlain reports whether a key is of nothing but columns, and of all rows.
func (k *uniqueKey) isPlain() bool {
	return len(k.columns) == len(k.index.Parts) && k.index.Where == ""
}

// isBinary reports whether a key's values are the same where its columns' are.
func (k *uniqueKey) isBinary() bool {
	return k.isPlain() && !slices.ContainsFunc(k.index.Parts, func(p sqltext.IndexPart) bool { return p.Collation != "" })
}

// has reports whether a set of columns is a key.
func (k *uniqueKeys) has(columns []string) bool { return k.find(columns) != nil }

// find returns the key of all rows that a set of columns is, or nil.
func (k *uniqueKeys) find(columns []string) *uniqueKey {
	for i := range k.keys {
		key := &k.keys[i]
		if len(key.columns) == len(columns) && key.isPlain() && columnset.Contain(key.columns, columns) {
			return key
		}
	}
	return nil
}

// hasOwn reports whether a set of columns is a key of all rows with the tenant, in a
// collation that takes no two tenants for one.
func (k *uniqueKeys) hasOwn(tenant string, columns []string) bool {
	for i := range k.keys {
		key := &k.keys[i]
		if len(key.columns) != len(columns)+1 || !key.isPlain() || !columnset.Contain(key.columns, columns) {
			continue
		}
		if at := slices.Index(key.columns, tenant); at >= 0 && key.index.Parts[at].Collation == "" {
			return true
		}
	}
	return false
}

func (k *uniqueKeys) byName(name string) *uniqueKey {
	for i := range k.keys {
		if k.keys[i].name == name {
			return &k.keys[i]
		}
	}
	return nil
}

// add adds a key, unless its text cannot be read: then no conflict is met by it.
func (k *uniqueKeys) add(key uniqueKey, parts []string, where string, dialect sqltext.Dialect, table string) {
	text := "(" + strings.Join(parts, ", ") + ")"
	if where != "" {
		text += " WHERE " + where
	}
	var ok bool
	if key.index, ok = sqltext.ReadIndex(text, dialect, bareName(table)); ok {
		k.keys = append(k.keys, key)
	}
}

// bareName is a table's name without its schema.
func bareName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// targets are the fits of the targets that were met, by their text.
type targets struct {
	mu    sync.RWMutex
	known map[string]*targetFit
}

// maxTargets bounds how many targets are kept for a table, and maxTarget how long they are.
const maxTargets, maxTarget = 256, 1 << 10

func (c *targets) lookup(text string) *targetFit {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[text]
}

func (c *targets) remember(text string, f *targetFit) {
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

// fit says whether a conflict target means a key.
type fit uint8

const (
	fitNo fit = iota
	fitMaybe
	fitYes
)

// foldColumn returns a column's name as text names it.
func foldColumn(dialect sqltext.Dialect, name string) string {
	if dialect == sqltext.SQLite {
		return sqltext.Lower(name)
	}
	return name
}
