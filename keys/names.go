package keys

import (
	"fmt"
	"hash/fnv"
	"unicode/utf8"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// maxName is NAMEDATALEN - 1, the bytes that PostgreSQL keeps of a name.
const maxName = 63

// names hands out unused names.
type names struct {
	relations   map[catalog.Name]bool // tables and indexes share their names
	constraints map[Object]bool
}

func newNames(c *catalog.Catalog) *names {
	n := &names{relations: map[catalog.Name]bool{}, constraints: map[Object]bool{}}
	for _, v := range c.Views {
		n.relations[v.Name] = true
	}
	for _, t := range c.Tables {
		n.relations[t.Name] = true
		for i := range t.Indexes {
			n.relations[catalog.Name{Schema: t.Schema, Name: t.Indexes[i].Name}] = true
		}
		for i := range t.Constraints {
			n.constraints[Object{t.Name, t.Constraints[i].Name}] = true
		}
		for i := range t.Columns {
			n.relations[t.Columns[i].Sequence] = true
		}
	}
	return n
}

// index names an index, which may become a constraint.
func (n *names) index(t catalog.Name, base, suffix string) string {
	return fit(base, suffix, func(name string) bool {
		relation, constraint := catalog.Name{Schema: t.Schema, Name: name}, Object{t, name}
		if n.relations[relation] || n.constraints[constraint] {
			return false
		}
		n.relations[relation], n.constraints[constraint] = true, true
		return true
	})
}

// constraint names a constraint without an index.
func (n *names) constraint(t catalog.Name, base, suffix string) string {
	return fit(base, suffix, func(name string) bool {
		if n.constraints[Object{t, name}] {
			return false
		}
		n.constraints[Object{t, name}] = true
		return true
	})
}

// fit joins a name and a suffix within PostgreSQL's limit. A name that is cut
// gets a hash of the whole name, which keeps it unique.
func fit(base, suffix string, free func(string) bool) string {
	for i := 0; ; i++ {
		end := "_" + suffix
		if i > 0 {
			end = fmt.Sprintf("_%s%d", suffix, i+1)
		}
		name := base
		if len(name)+len(end) > maxName {
			hash := fnv.New32a()
			hash.Write([]byte(base))
			end = fmt.Sprintf("_%08x%s", hash.Sum32(), end)
			name = cut(name, maxName-len(end))
		}
		if free(name + end) {
			return name + end
		}
	}
}

// cut shortens text to so many bytes, between two characters.
func cut(s string, n int) string {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:min(n, len(s))]
}
